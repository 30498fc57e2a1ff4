/**
 * The engines that are compared, each loading one ONNX file and running one slice at a time: this project's as the page
 * has it, tract's own operators, and onnxruntime-web. Addresses are those of `host.mjs`.
 */

/** @typedef {{ name: string, run: (levels: Uint8Array, rows: number, cols: number) => Promise<Float32Array[]> }} Engine */

export const MODEL = "/dist/models/detector.onnx";
const SPEC = "/dist/models/detector.json";
const WASM = "/dist/pkg/lesionlens_bg.wasm";

const bytesOf = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());

/** The module compiled while it arrives, beside everything else that its start needs. */
export async function loadOwn() {
  const glue = await import("/dist/pkg/lesionlens.js");
  const [{ memory }, spec, model] = await Promise.all([
    glue.default({ module_or_path: WASM }),
    fetch(SPEC).then((response) => response.text()),
    bytesOf(MODEL),
  ]);
  return { glue, memory, spec, model };
}

/** This project's engine. */
export function own({ glue, spec, model }) {
  const net = new glue.Net(spec, model);
  if (net.notInteger() !== undefined) throw new Error(`the net does not run as integers: ${net.notInteger()}`);
  return { name: "own", run: async (levels, rows, cols) => net.run(levels, rows, cols) };
}

/** tract's own operators, optimised for the size that comes along. */
export async function plain({ spec, model }) {
  const glue = await import("/plain/lesionlens.js");
  await glue.default({ module_or_path: "/plain/lesionlens_bg.wasm" });
  const net = glue.Net.plain(spec, model);
  return { name: "tract", run: async (levels, rows, cols) => net.run(levels, rows, cols) };
}

/** onnxruntime-web on its WebAssembly backend. */
export async function onnxruntime(numThreads) {
  const ort = await import("/ort/ort.wasm.min.mjs");
  ort.env.wasm.numThreads = numThreads;
  ort.env.wasm.wasmPaths = "/ort/";
  ort.env.logLevel = "error";
  const session = await ort.InferenceSession.create(MODEL, {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  const [input] = session.inputNames;
  return {
    name: "onnxruntime",
    run: async (levels, rows, cols) => {
      const results = await session.run({ [input]: new ort.Tensor("uint8", levels, [1, 3, rows, cols]) });
      return session.outputNames.map((name) => results[name].data);
    },
  };
}

/** Slices of that size: a body of smooth tissue with noise, another one for every seed. */
export function slice(rows, cols, seed) {
  let state = seed + 1;
  const noise = () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) >>> 24;
  const levels = new Uint8Array(3 * rows * cols);
  for (let at = 0; at < levels.length; at++) {
    const [y, x] = [Math.floor(at / cols) % rows, at % cols];
    const inside = Math.hypot((y - rows / 2) / rows, (x - cols / 2) / cols) < 0.45;
    const tissue = 140 + 40 * Math.sin(y / 17 + seed) * Math.cos(x / 23 - seed);
    levels[at] = inside ? tissue + noise() / 16 : noise() / 32;
  }
  return levels;
}
