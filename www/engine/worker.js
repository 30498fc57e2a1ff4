// @ts-check
/**
 * The worker: holds one Workbench of the WebAssembly module, or one Net, and answers one message at a time, in order.
 *
 * In:  `{ id, call, args }`, `call` being `start` or `startNet` (once, first), a method of the Workbench, or `run`.
 * Out: `{ id, result }` or `{ id, error: { name, code, message } }`. An error without a code is a trap: it leaves the
 *      instance unusable, and the page ends this worker.
 *
 * The page starts it from a blob: URL after the network is given up, so it imports nothing but the glue it is handed.
 */

/** @import { Glue, ModelInfo, Net, Workbench } from "../types.js" */

const scope = /** @type {{ postMessage(message: unknown, transfer: Transferable[]): void }} */ (
  /** @type {unknown} */ (globalThis)
);

/** @typedef {{ glueUrl: string, module: WebAssembly.Module, spec: string, model: Uint8Array }} StartKit */

/** @type {Workbench | null} */
let bench = null;
/** @type {Net | null} */
let net = null;

/**
 * @param {StartKit} kit
 * @returns {Promise<Glue>}
 */
async function load(kit) {
  /** @type {Glue} */
  const glue = await import(kit.glueUrl);
  glue.initSync({ module: kit.module });
  return glue;
}

/**
 * @param {StartKit} kit
 * @returns {Promise<ModelInfo>}
 */
async function start(kit) {
  const glue = await load(kit);
  bench = new glue.Workbench(kit.spec, kit.model);
  return bench.modelInfo();
}

/** @param {StartKit} kit */
async function startNet(kit) {
  const glue = await load(kit);
  net = new glue.Net(kit.spec, kit.model);
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
  input: (b, [series, slice]) => b.input(series, slice),
  accept: (b, [series, slice, heads]) => b.accept(series, slice, heads),
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
  if (call === "startNet") return startNet(args[0]);
  if (call === "run" && net) return net.run(args[0], args[1], args[2]);
  const method = calls[call];
  if (!method || !bench) throw new Error(`no call ${call}`);
  return method(bench, args);
}

/**
 * The buffers of a file of the sample study, of a net's input or of its heads, handed over instead of copied.
 * @param {any} result
 * @returns {ArrayBuffer[]}
 */
function buffersOf(result) {
  return [result?.bytes, result?.levels, ...(Array.isArray(result) ? result : [])].flatMap((values) =>
    ArrayBuffer.isView(values) && values.buffer instanceof ArrayBuffer && values.byteLength === values.buffer.byteLength
      ? [values.buffer]
      : [],
  );
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
