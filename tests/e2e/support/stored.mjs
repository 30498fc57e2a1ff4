/** Everything that a host's pages have stored in a browser, as texts: names and, where they are texts, values. */

/** @param {import("playwright-core").Page} page of that host, in which nothing was taken away */
export function stored(page) {
  return page.evaluate(async () => {
    const texts = [...Object.entries(localStorage), ...Object.entries(sessionStorage)].flat();
    texts.push(...document.cookie.split(/; |=/), ...(await caches.keys()));
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) texts.push(request.url, await (await cache.match(request)).text());
    }
    texts.push(...(await indexedDB.databases()).map(({ name }) => name));
    const folder = /** @type {any} */ (await navigator.storage.getDirectory());
    for await (const name of folder.keys()) texts.push(name);
    texts.push(...(await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope));
    return texts.filter((text) => text !== "");
  });
}
