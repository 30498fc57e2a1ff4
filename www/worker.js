// @ts-check
/**
 * The worker: holds one Workbench of the WebAssembly module and answers one message at a time, in order.
 *
 * In:  `{ id, call, args }`, `call` being `start` (once, first) or a method of the Workbench.
 * Out: `{ id, result }` or `{ id, error: { name, code, message } }`. An error without a code is a trap: it leaves the
 *      instance unusable, and the page ends this worker.
 *
 * The page starts it from a blob: URL after the network is given up, so it imports nothing but the glue it is handed.
 */

/** @import { Glue, ModelInfo, Workbench } from "./types.js" */

const scope = /** @type {{ postMessage(message: unknown, transfer: Transferable[]): void }} */ (/** @type {unknown} */ (globalThis));

/** @type {Workbench | null} */
let bench = null;

/**
 * @param {{ glueUrl: string, module: WebAssembly.Module, spec: string, model: Uint8Array }} kit
 * @returns {Promise<ModelInfo>}
 */
async function start(kit) {
  /** @type {Glue} */
  const glue = await import(kit.glueUrl);
  glue.initSync({ module: kit.module });
  bench = new glue.Workbench(kit.spec, kit.model);
  return bench.modelInfo();
}

/** @type {Record<string, (bench: Workbench, args: any[]) => unknown>} */
const calls = {
  operatingPoint: (b, [threshold]) => b.operatingPoint(threshold),
  addFile: (b, [path, bytes]) => b.addFile(path, bytes),
  clear: (b) => b.clear(),
  arrange: (b) => b.arrange(),
  render: (b, [series, slice, center_hu, width_hu]) => b.render(series, slice, center_hu, width_hu),
  fingerprint: (b, [series, slice]) => b.fingerprint(series, slice),
  memoryBytes: (b) => b.memoryBytes(),
  detect: (b, [series, slice]) => b.detect(series, slice),
  detections: (b, [threshold]) => b.detections(threshold),
  sampleSize: (b) => b.sampleSize(),
  sampleFile: (b, [index]) => b.sampleFile(index),
};

/**
 * @param {string} call
 * @param {any[]} args
 */
function answer(call, args) {
  if (call === "start") return start(args[0]);
  const method = calls[call];
  if (!method || !bench) throw new Error(`no call ${call}`);
  return method(bench, args);
}

/**
 * The buffer of a file of the sample study, handed over instead of copied.
 * @param {any} result
 * @returns {ArrayBuffer[]}
 */
function buffersOf(result) {
  const bytes = result?.bytes;
  return bytes instanceof Uint8Array && bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength
    ? [bytes.buffer]
    : [];
}

/** @param {any} error */
function describe(error) {
  return {
    name: String(error?.name ?? "Error"),
    code: typeof error?.code === "string" ? error.code : null,
    message: String(error?.message ?? error),
  };
}

addEventListener("message", async (event) => {
  const { id, call, args } = event.data;
  try {
    const result = await answer(call, args);
    scope.postMessage({ id, result }, buffersOf(result));
  } catch (error) {
    scope.postMessage({ id, error: describe(error) }, []);
  }
});
