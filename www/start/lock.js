// @ts-check
/**
 * The network lock: in three layers, from what no script can undo to what makes mistakes harmless.
 *
 * 1. A Content-Security-Policy added by script cannot be undone, not even by removing its element: from then on fetch,
 *    XHR, WebSocket, EventSource, beacons, pings, images, style sheets, frames by URL, speculation rules, workers from
 *    files and service workers are refused, in this page and in every blob: worker started afterwards.
 * 2. What would leave the page or change its address is cancelled, links that a script clicks too. A link that a person
 *    follows opens beside the page.
 * 3. What no policy covers is taken away (scope.js), and elements that bring a scope of their own, in which all of it
 *    would be back, cannot be made any more: the first policy's Trusted Types forbid them as markup, this file forbids
 *    them by name.
 *
 * What stays open is listed in SECURITY.md, and tests/e2e/lock.test.mjs tries every way with and without the lock.
 */

import { removeFrom, takeAway } from "./scope.js";

// The worker and its glue come from blob: URLs; compiling WebAssembly is no request.
const LOCKED = [
  "default-src 'none'",
  "script-src blob: 'wasm-unsafe-eval'",
  "worker-src blob:",
  "connect-src 'none'",
  "frame-src 'none'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Elements with a scope of their own, and links, whose hints (dns-prefetch, preconnect) no policy covers. */
const FORBIDDEN = new Set([
  "iframe",
  "frame",
  "frameset",
  "object",
  "embed",
  "applet",
  "portal",
  "fencedframe",
  "link",
]);

/**
 * Gives the network up for as long as the page is open.
 * @param {Document} page
 */
export function giveUpNetwork(page) {
  const view = page.defaultView ?? window;
  view.name = "";
  takeAway(view);
  removeFrom(page, "cookie");
  forbidElements(view, page);
  forbidLeaving(view);
  const policy = page.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = LOCKED;
  page.head.append(policy);
}

/**
 * @param {Window & typeof globalThis} view
 * @param {Document} page
 */
function forbidElements(view, page) {
  for (const link of page.querySelectorAll("link:not([rel=stylesheet])")) link.remove();
  const { prototype } = view.Document;
  for (const name of ["open", "write", "writeln", "execCommand"]) removeFrom(page, name);
  removeFrom(page.implementation, "createDocument");
  for (const name of /** @type {const} */ (["createElement", "createElementNS"])) {
    const make = /** @type {(...args: unknown[]) => Element} */ (prototype[name]);
    const nameAt = name === "createElement" ? 0 : 1;
    Object.defineProperty(prototype, name, {
      value(/** @type {unknown[]} */ ...args) {
        // Read once, so that an object cannot give another name when it is asked again.
        const wanted = String(args[nameAt]);
        if (FORBIDDEN.has(wanted.toLowerCase().replace(/^.*:/, ""))) {
          throw new view.DOMException(`<${wanted}> is not made after the network was given up`, "NotAllowedError");
        }
        args[nameAt] = wanted;
        return make.apply(this, args);
      },
      writable: false,
      configurable: false,
    });
  }
}

/** @param {Window & typeof globalThis} view */
function forbidLeaving(view) {
  // Browsers without the Navigation API can be left by script; SECURITY.md says so.
  const { navigation } = /** @type {{ navigation?: EventTarget }} */ (/** @type {unknown} */ (view));
  navigation?.addEventListener("navigate", (event) => {
    const { destination, downloadRequest } =
      /** @type {{ destination: { url: string }, downloadRequest: string | null }} */ (/** @type {unknown} */ (event));
    const isExport = downloadRequest !== null && destination.url.startsWith("blob:");
    if (!isExport && event.cancelable) event.preventDefault();
    if (!isExport) event.stopImmediatePropagation();
  });
  const { dispatchEvent } = view.EventTarget.prototype;
  const { click } = view.HTMLElement.prototype;
  const follows = (/** @type {unknown} */ target) =>
    target instanceof view.Element && target.closest("a[*|href]:not([download]), area[href]") !== null;
  Object.defineProperty(view.EventTarget.prototype, "dispatchEvent", {
    value(/** @type {Event} */ event) {
      if (event instanceof view.MouseEvent && follows(this)) return false;
      return dispatchEvent.call(this, event);
    },
    writable: false,
    configurable: false,
  });
  Object.defineProperty(view.HTMLElement.prototype, "click", {
    value() {
      if (!follows(this)) click.call(this);
    },
    writable: false,
    configurable: false,
  });
}
