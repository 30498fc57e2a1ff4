// @ts-check
/**
 * Trusted Types: the page's policy lets no text become markup, script or a script's address, but for addresses that
 * were named here. There is one policy of this name, and the Content-Security-Policy lets no other be made.
 */

/** @typedef {{ createScriptURL(url: string): string }} Policy */

/** @type {Set<string>} */
const trusted = new Set();
/** Browsers without Trusted Types take the text as it is. @type {Policy | undefined} */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("lesionlens", {
  createScriptURL(/** @type {string} */ url) {
    if (!trusted.has(url)) throw new TypeError(`${url} is no script of this page`);
    return url;
  },
});

/**
 * An address that a worker may be started from.
 * @param {string} url
 * @returns {string} typed as text, as `new Worker` is
 */
export function trustScript(url) {
  trusted.add(url);
  return policy?.createScriptURL(url) ?? url;
}
