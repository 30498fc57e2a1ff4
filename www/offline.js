// @ts-check
/**
 * The service worker: keeps one copy of the page's own files, so that the page opens without a network.
 *
 * It takes the files that the build listed here, each only with its digest, and answers for them alone. Everything else
 * goes past it, and it hears no messages, so nothing of a study can reach it. A new build has another list: it is fetched
 * whole beside the old one, and takes over when no page of the old one is open. `?offline=off` in the page's address
 * removes it (start/offline.js).
 */

/** SHA-256 of each file by its path; `cargo xtask web` writes it. @type {Readonly<Record<string, string>>} */
const FILES = {};
const PAGE = "index.html";

const service = /** @type {any} */ (globalThis);
/** Pages of other folders of the host keep copies of their own. @type {string} */
const PREFIX = `lesionlens ${service.registration.scope} `;
const CACHE = `${PREFIX}${FILES[PAGE]}`;

/** @param {string} url @returns {string | null} the listed file that an address names */
function fileOf(url) {
  const { origin, pathname } = new URL(url);
  const folder = new URL(service.registration.scope);
  if (origin !== folder.origin || !pathname.startsWith(folder.pathname)) return null;
  const path = decodeURI(pathname.slice(folder.pathname.length)) || PAGE;
  return Object.hasOwn(FILES, path) ? path : null;
}

async function install() {
  const cache = await caches.open(CACHE);
  await Promise.all(
    Object.entries(FILES).map(async ([path, expected]) => {
      const url = new URL(path, service.registration.scope);
      const response = await fetch(url, { cache: "no-cache", credentials: "omit" });
      const bytes = await response.clone().arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      if (!response.ok || found !== expected) throw new Error(`${path} is not the one of this build`);
      await cache.put(url, response);
    }),
  );
}

async function activate() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** @param {string} path */
async function answer(path) {
  const url = new URL(path, service.registration.scope);
  return (await (await caches.open(CACHE)).match(url)) ?? fetch(url, { credentials: "omit" });
}

service.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
service.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));
service.addEventListener("fetch", (/** @type {any} */ event) => {
  const path = event.request.method === "GET" ? fileOf(event.request.url) : null;
  if (path !== null) event.respondWith(answer(path));
});
