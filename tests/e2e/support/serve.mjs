/** A static host on 127.0.0.1 for the built page, which keeps a list of what it was asked for. */

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".md": "text/markdown; charset=utf-8",
};

/**
 * @param {string} root folder to serve
 * @param {{ prefix?: string, patch?: Record<string, (bytes: Buffer) => Buffer | string> }} options
 *   `prefix`: the path the folder appears under; `patch`: files that are changed on the way, by their path in the folder
 */
export async function serve(root, { prefix = "/", patch = {} } = {}) {
  /** Method and path of every request, in order. */
  const requests = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://host");
    requests.push(`${request.method} ${pathname}`);
    request.resume();
    if (!pathname.startsWith(prefix)) {
      response.writeHead(404).end();
      return;
    }
    const inside = decodeURIComponent(pathname.slice(prefix.length)) || "index.html";
    const file = path.join(root, inside);
    const found = file.startsWith(path.resolve(root)) ? await stat(file).catch(() => null) : null;
    if (!found?.isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[path.extname(file)] ?? "application/octet-stream" });
    if (patch[inside]) response.end(patch[inside](await readFile(file)));
    else createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    url: `${origin}${prefix}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
