// @ts-check
/**
 * Installs the service worker that keeps the page's files (offline.js), or removes it where the page's address ends in
 * `?offline=off`. Runs before the network is given up; what the browser does not offer, or a host does not have, is gone
 * without.
 */

import { trustScript } from "./trust.js";

/**
 * @param {Document} page
 * @param {() => void} onReady called when the copy is whole
 */
export async function keepCopy(page, onReady) {
  const view = page.defaultView ?? window;
  try {
    // In a sandboxed frame even asking for it throws.
    const { serviceWorker } = view.navigator;
    if (!serviceWorker) return;
    const folder = new URL("./", page.baseURI).href;
    if (new URLSearchParams(view.location.search).get("offline") === "off") {
      const registration = await serviceWorker.getRegistration(folder);
      if (registration?.scope === folder) await registration.unregister();
      const names = await view.caches.keys();
      const own = names.filter((name) => name.startsWith(`lesionlens ${folder} `));
      await Promise.all(own.map((name) => view.caches.delete(name)));
      return;
    }
    const registration = await serviceWorker.register(trustScript(new URL("offline.js", folder).href), {
      scope: folder,
    });
    const worker = registration?.active ?? registration?.waiting ?? registration?.installing;
    if (worker?.state === "activated") onReady();
    else worker?.addEventListener("statechange", () => worker.state === "activated" && onReady());
  } catch {
    // A browser in private mode, a frame without storage, a host without the file: the page works all the same.
  }
}
