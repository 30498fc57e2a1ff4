// @ts-check
/**
 * Start-up, in an order that lets nothing leave later: check the browser, fetch the page's files while the module is
 * already being compiled, verify them, give the network up. Only after that is the module run in a worker, and only
 * then are files accepted.
 */

/** @import { Kit } from "../engine/pool.js" */
import { fetchAll, readBuild } from "./integrity.js";
import { giveUpNetwork } from "./lock.js";
import { StartError } from "./start-error.js";

/**
 * @param {Document} page
 * @param {(done: number, total: number) => void} onProgress bytes
 * @returns {Promise<Kit>} what workers are started from, kept so that a new one needs no network
 */
export async function prepare(page, onProgress) {
  checkBrowser(page);
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
  giveUpNetwork(page);
  const script = { type: "text/javascript" };
  return {
    version: build.version,
    module,
    spec: new TextDecoder().decode(files.spec),
    model: files.model,
    glueUrl: URL.createObjectURL(new Blob([files.glue], script)),
    workerUrl: URL.createObjectURL(new Blob([files.worker], script)),
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
