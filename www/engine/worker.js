// @ts-check
/**
 * The worker: holds one Workbench of the WebAssembly module, or one Net, and answers one message at a time, in order.
 *
 * In:  `{ id, call, args }`, `call` being `start` or `startNet` (once, first) or one of `calls`.
 * Out: `{ id, result }` or `{ id, error }`, a Refusal (see client.js). An error without a code is a trap: it leaves the
 *      instance unusable, and the page ends this worker.
 *
 * The page starts it from a blob: URL after the network is given up, so it imports nothing but the scripts it is handed.
 * Before the module is there it tries its own ways out, and does not start where one is open.
 */

/** @import { Net, Sample, Workbench } from "lesionlens" */
/** @import { Refusal } from "./client.js" */

const scope = /** @type {{ postMessage(message: unknown, transfer: Transferable[]): void }} */ (
  /** @type {unknown} */ (globalThis)
);

/**
 * `canary`: an address of the page's own host, which must not be reached.
 * @typedef {{ canary: string, scopeUrl: string, glueUrl: string, module: WebAssembly.Module, spec: string }} StudyKit
 */
/** @typedef {StudyKit & { model: Uint8Array }} NetKit */

/** @type {typeof import("lesionlens") | null} */
let glue = null;
/** @type {Workbench | null} */
let bench = null;
/** @type {Net | null} */
let net = null;
/** @type {Sample | null} */
let sample = null;

/** @param {StudyKit} kit */
async function load({ canary, scopeUrl, glueUrl, module }) {
  /** @type {{ takeAway(scope: typeof globalThis): void, waysOut(scope: typeof globalThis, url: string): Promise<string[]> }} */
  const { takeAway, waysOut } = await import(scopeUrl);
  takeAway(globalThis);
  const open = await waysOut(globalThis, canary);
  if (open.length > 0) throw Object.assign(new Error(), { code: "LockFailed", details: { ways: open.join(", ") } });
  /** @type {typeof import("lesionlens")} */
  const loaded = await import(glueUrl);
  loaded.initSync({ module });
  glue = loaded;
  return loaded;
}

/** The study's bench, once it was started. */
function study() {
  if (!bench) throw new Error("no study was started");
  return bench;
}

/** The sample study, which is made when it is asked for. */
function sampleStudy() {
  if (!glue) throw new Error("no study was started");
  sample ??= new glue.Sample();
  return sample;
}

/** @type {Record<string, (...args: any[]) => unknown>} */
const calls = {
  start: async (/** @type {StudyKit} */ kit) => {
    const { Workbench } = await load(kit);
    bench = new Workbench(kit.spec);
    return bench.modelInfo();
  },
  startNet: async (/** @type {NetKit} */ kit) => {
    const { Net } = await load(kit);
    net = new Net(kit.spec, kit.model);
  },
  run: (levels, rows, cols) => net?.run(levels, rows, cols),
  runThorough: (levels, rows, cols) => net?.runThorough(levels, rows, cols),
  addFile: (path, bytes) => study().addFile(path, bytes),
  clear: () => study().clear(),
  arrange: () => study().arrange(),
  render: (slice, center_hu, width_hu) => study().render(slice, center_hu, width_hu),
  thumbnail: (slice, longest) => study().thumbnail(slice, longest),
  huAt: (slice, col, row) => study().huAt(slice, col, row),
  lesions: (threshold) => study().lesions(threshold),
  compare: (threshold) => study().compare(threshold),
  bookmarksCsv: (bookmarks) => study().bookmarksCsv(bookmarks),
  readBookmarks: (bytes) => study().readBookmarks(bytes),
  fingerprint: (slice) => study().fingerprint(slice),
  input: (slice) => study().input(slice),
  accept: (ticket, heads) => study().accept(ticket, heads),
  sampleSize: () => sampleStudy().nFiles(),
  sampleFile: (file) => sampleStudy().file(file),
  memoryBytes: () => glue?.memoryBytes(),
};

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

/**
 * @param {any} error
 * @returns {Refusal}
 */
function describe(error) {
  return {
    name: String(error?.name ?? "Error"),
    code: typeof error?.code === "string" ? error.code : null,
    fault: error?.fault ?? "program",
    unrelated: error?.unrelated === true,
    details: error?.details ?? {},
    message: String(error?.message ?? error),
  };
}

addEventListener("message", async (event) => {
  const { id, call, args } = event.data;
  try {
    const answer = calls[call];
    if (!answer) throw new Error(`no call ${call}`);
    const result = await answer(...args);
    scope.postMessage({ id, result }, buffersOf(result));
  } catch (error) {
    scope.postMessage({ id, error: describe(error) }, []);
  }
});
