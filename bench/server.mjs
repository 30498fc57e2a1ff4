/**
 * A host on 127.0.0.1 for the benchmark: its own files, the built page below /dist/, onnxruntime-web below /ort/,
 * the module with tract's own operators below /plain/. Everything is sent as brotli; pages are isolated, so that
 * onnxruntime-web may use threads.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";

const HERE = fileURLToPath(new URL(".", import.meta.url));
export const ROOT = path.join(HERE, "..");
/** Where `cargo xtask bench` builds what is compared: inside cargo's target folder. */
export const BUILDS = process.env.BENCH_BUILDS ?? path.join(ROOT, "target/bench");
const FOLDERS = { "/dist/": path.join(ROOT, "dist"), "/plain/": path.join(BUILDS, "plain"), "/ort/": path.join(HERE, "node_modules/onnxruntime-web/dist"), "/": HERE };
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };
const PACKED = path.join(BUILDS, "packed");

/** A file of one of the folders and its brotli form, which lies beside it or is made once. */
function find(pathname) {
  const [prefix, folder] = Object.entries(FOLDERS).find(([start]) => pathname.startsWith(start));
  const file = path.join(folder, decodeURIComponent(pathname.slice(prefix.length)));
  if (!file.startsWith(folder) || !existsSync(file)) return null;
  let packed = `${file}.br`;
  if (!existsSync(packed)) {
    const digest = createHash("sha256").update(readFileSync(file)).digest("hex");
    packed = path.join(PACKED, `${digest}.br`);
    if (!existsSync(packed)) {
      mkdirSync(PACKED, { recursive: true });
      const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 24 };
      writeFileSync(packed, brotliCompressSync(readFileSync(file), { params }));
    }
  }
  return { file, packed };
}

/** Bytes after brotli of a file that is served. */
export const packedBytes = (pathname) => readFileSync(find(pathname).packed).length;

export async function serve() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://host");
    const found = find(pathname);
    if (!found) return response.writeHead(404).end();
    response.writeHead(200, {
      "content-type": TYPES[path.extname(found.file)] ?? "application/octet-stream",
      "content-encoding": "br",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
    });
    return response.end(readFileSync(found.packed));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
