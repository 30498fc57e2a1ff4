/** The project's static host for the built page, with a list of what it was asked for and files changed on the way. */

import { readFileSync } from "node:fs";
import path from "node:path";

import { serve as host } from "../../../xtask/serve.mjs";

const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

/**
 * @param {string} root folder to serve
 * @param {{
 *   prefix?: string, patch?: Record<string, (bytes: Buffer) => Buffer | string>, headers?: Record<string, string>,
 * }} options
 *   `prefix`: the path the folder appears under; `patch`: files that are changed on the way, by their path in the folder;
 *   `headers`: sent with every file
 */
export async function serve(root, { prefix = "/", patch = {}, headers = {} } = {}) {
  /** Method and path of every request, in order. */
  const requests = [];
  const { origin, close } = await host(
    { [prefix]: root },
    {
      headers,
      before(request, response) {
        const { pathname } = new URL(request.url ?? "/", "http://host");
        requests.push(`${request.method} ${pathname}`);
        const inside = pathname.startsWith(prefix) ? pathname.slice(prefix.length) || "index.html" : "";
        if (!Object.hasOwn(patch, inside)) return false;
        response.writeHead(200, {
          ...headers,
          "content-type": TYPES[path.extname(inside)] ?? "application/octet-stream",
        });
        response.end(patch[inside](readFileSync(path.join(root, inside))));
        return true;
      },
    },
  );
  return { origin, url: `${origin}${prefix}`, requests, close };
}
