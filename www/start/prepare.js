// @ts-check
/**
 * Start-up, in an order that lets nothing leave later: check the browser, fetch the page's files while the module is
 * already being compiled, verify them, give the network up, try the ways out. Only after that is the module run in a
 * worker, which tries its own ways out first, and only then are files accepted.
 */

/** @import { Kit } from "../engine/pool.js" */
import { fetchAll, readBuild } from "./integrity.js";
import { giveUpNetwork } from "./lock.js";
import { keepCopy } from "./offline.js";
import { waysOut } from "./scope.js";
import { StartError } from "./start-error.js";
import { trustScript } from "./trust.js";

/**
 * @param {Document} page
 * @param {(done: number, total: number) => void} onProgress bytes
 * @param {() => void} onOffline called when the page would open without a network
 * @returns {Promise<Kit>} what workers are started from, kept so that a new one needs no network
 */
export async function prepare(page, onProgress, onOffline) {
  checkBrowser(page);
  checkStyle(page);
  const build = readBuild(page);
  /** @type {Promise<WebAssembly.Module> | null} */
  let compiling = null;
  const files = await fetchAll(build, page.baseURI, onProgress, (wasm) => {
    compiling = WebAssembly.compileStreaming(new Response(wasm, { headers: { "content-type": "application/wasm" } }));
    // A file that does not arrive is reported by what fetches it.
    compiling.catch(() => {});
  });
  /** @type {WebAssembly.Module} */
  let module;
  try {
    module = await (compiling ?? WebAssembly.compile(files.wasm));
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new StartError("WasmRefused", { file: build.files.wasm.path, cause });
  }
  await keepCopy(page, onOffline);
  giveUpNetwork(page);
  const canary = new URL("canary", page.baseURI).href;
  const open = await waysOut(page.defaultView ?? window, canary);
  if (open.length > 0) throw new StartError("LockFailed", { details: { ways: open.join(", ") } });
  const script = { type: "text/javascript" };
  const blobUrl = (/** @type {Uint8Array<ArrayBuffer>} */ bytes) => URL.createObjectURL(new Blob([bytes], script));
  return {
    version: build.version,
    module,
    spec: new TextDecoder().decode(files.spec),
    model: files.model,
    canary,
    scopeUrl: blobUrl(files.scope),
    glueUrl: blobUrl(files.glue),
    workerUrl: trustScript(blobUrl(files.worker)),
  };
}

/** @param {Document} page */
function checkBrowser(page) {
  const view = page.defaultView ?? globalThis;
  if (!view.isSecureContext) throw new StartError("InsecureContext");
  const needed = {
    WebAssembly: typeof WebAssembly === "object",
    "crypto.subtle": typeof view.crypto?.subtle === "object",
    Worker: typeof Worker === "function",
    ReadableStream: typeof ReadableStream === "function",
  };
  const missing = Object.entries(needed)
    .filter(([, present]) => !present)
    .map(([name]) => name);
  if (missing.length > 0) throw new StartError("BrowserTooOld", { details: { missing: missing.join(", ") } });
}

/** A style sheet that did not arrive or is not the one the page was built with leaves its link without a sheet. @param {Document} page */
function checkStyle(page) {
  for (const link of page.querySelectorAll("link[rel=stylesheet]")) {
    const { sheet } = /** @type {HTMLLinkElement} */ (link);
    if (!sheet) throw new StartError("StyleMismatch", { file: link.getAttribute("href") ?? "" });
  }
}
