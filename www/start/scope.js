// @ts-check
/**
 * What is taken away from the page and from every worker once the page's files are there, and the check that the
 * network lock holds. In goes a global scope; out come the names of ways that are still open, none if all is well.
 *
 * The page imports this file; a worker is handed its bytes as a blob: URL, so it imports nothing itself. A policy is
 * what refuses requests (lock.js); taking names away closes what no policy covers: WebRTC, other pages of the same
 * host, and everything that would stay in the browser.
 */

/** Ways to other machines, to other pages and to storage. Workers lack many of them from the start. */
const TAKEN = [
  // Policies do not cover WebRTC.
  "RTCPeerConnection",
  "webkitRTCPeerConnection",
  "mozRTCPeerConnection",
  "WebTransport",
  "PresentationRequest",
  "PaymentRequest",
  // Other pages and workers of the same host.
  "BroadcastChannel",
  "SharedWorker",
  "open",
  "opener",
  "showModalDialog",
  // What would stay.
  "localStorage",
  "sessionStorage",
  "indexedDB",
  "caches",
  "cookieStore",
  "sharedStorage",
  "webkitRequestFileSystem",
  "webkitRequestFileSystemSync",
  // Makes elements from markup without passing by Trusted Types.
  "XSLTProcessor",
];
/** Of the navigator. */
const TAKEN_OF_NAVIGATOR = [
  "serviceWorker",
  "storage",
  "storageBuckets",
  "credentials",
  "share",
  "locks",
  "presentation",
  "registerProtocolHandler",
  "joinAdInterestGroup",
  "runAdAuction",
  "bluetooth",
  "serial",
  "usb",
  "hid",
];

const BLOCKED_IMAGE = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
/** Longest wait for one way out to be refused, in milliseconds. */
const PATIENCE_MS = 5000;

/**
 * Takes the names away from a scope, for as long as it lives.
 * @param {typeof globalThis} scope of a page or of a worker
 */
export function takeAway(scope) {
  for (const name of TAKEN) removeFrom(scope, name);
  for (const name of TAKEN_OF_NAVIGATOR) removeFrom(scope.navigator, name);
  // A worker needs no other worker; the page starts its own after this, through Trusted Types.
  if (!("document" in scope)) removeFrom(scope, "Worker");
}

/**
 * Removes a property from an object and from all that it inherits from.
 * @param {object} object
 * @param {string} name
 */
export function removeFrom(object, name) {
  /** @type {object | null} */
  let holder = object;
  for (; holder; holder = Reflect.getPrototypeOf(holder)) Reflect.deleteProperty(holder, name);
}

/**
 * Tries the ways out of a scope. A blob: URL is the canary: the page's first policy lets it be fetched, the lock does
 * not, and without the network it is there all the same, so that a missing network is not taken for a lock.
 * @param {typeof globalThis} scope of a page or of a worker
 * @param {string} url of the page's own host
 * @returns {Promise<string[]>} those that were not refused
 */
export async function waysOut(scope, url) {
  const canary = URL.createObjectURL(new Blob(["canary"]));
  /** @type {Record<string, () => Promise<boolean>>} whether it is open */
  const ways = {
    connection: () => isFetched(canary),
    request: () => isFetched(url),
    ...("document" in scope ? { image: () => isShown(scope.document, BLOCKED_IMAGE) } : {}),
  };
  const tried = await Promise.all(Object.entries(ways).map(async ([name, isOpen]) => ((await isOpen()) ? [name] : [])));
  URL.revokeObjectURL(canary);
  const left = TAKEN.filter((name) => name in scope);
  const leftOfNavigator = TAKEN_OF_NAVIGATOR.filter((name) => name in scope.navigator);
  return [...tried.flat(), ...left, ...leftOfNavigator];
}

/** No answer in time counts as open: what is refused is refused at once. @param {string} url */
function isFetched(url) {
  const answered = fetch(url, { cache: "no-store", credentials: "omit", mode: "no-cors" }).then(
    () => true,
    () => false,
  );
  return Promise.race([answered, late()]);
}

/**
 * @param {Document} page
 * @param {string} url
 */
function isShown(page, url) {
  const image = page.createElement("img");
  const shown = new Promise((resolve) => {
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
  });
  image.src = url;
  return Promise.race([/** @type {Promise<boolean>} */ (shown), late()]);
}

/** @returns {Promise<boolean>} */
const late = () => new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, true));
