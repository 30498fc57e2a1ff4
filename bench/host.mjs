/**
 * The benchmark's pages on the project's static host: this folder's files, the built page below /dist/, onnxruntime-web
 * below /ort/, the module with tract's own operators below /plain/. What weighs is sent as brotli: the page has its
 * copies, those of the others are made once in cargo's target folder. Pages are isolated, so that onnxruntime-web may
 * use threads.
 */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

import { DIST } from "../tests/e2e/support/project.mjs";
import { serve } from "../xtask/serve.mjs";

const HERE = fileURLToPath(new URL(".", import.meta.url));
/** Where `cargo xtask bench` builds what is compared: inside cargo's target folder. */
export const BUILDS = process.env.BENCH_BUILDS ?? path.join(HERE, "../target/bench");
const PACKED = path.join(BUILDS, "packed");
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 } };

/** Files that are sent from copies, by the path they appear under: where they come from and their names. */
const COPIED = {
  plain: [path.join(BUILDS, "plain"), "lesionlens.js", "lesionlens_bg.wasm"],
  ort: [
    path.join(HERE, "node_modules/onnxruntime-web/dist"),
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
  ],
};

/** Copies a file with its brotli form beside it, unless the same bytes lie there. */
function pack(from, to) {
  const bytes = readFileSync(from);
  if (existsSync(`${to}.br`) && readFileSync(to).equals(bytes)) return;
  mkdirSync(path.dirname(to), { recursive: true });
  writeFileSync(to, bytes);
  writeFileSync(`${to}.br`, brotliCompressSync(bytes, BROTLI));
}

/** Bytes after brotli of onnxruntime-web's files. */
export const ortBytes = () =>
  COPIED.ort.slice(1).reduce((sum, name) => sum + readFileSync(path.join(PACKED, "ort", `${name}.br`)).length, 0);

export function serveBench() {
  for (const [to, [from, ...names]] of Object.entries(COPIED)) {
    for (const name of names) pack(path.join(from, name), path.join(PACKED, to, name));
  }
  const folders = {
    "/": HERE,
    "/dist/": DIST,
    "/plain/": path.join(PACKED, "plain"),
    "/ort/": path.join(PACKED, "ort"),
  };
  return serve(folders, {
    headers: {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
    },
  });
}
