/**
 * The project's one static host, on 127.0.0.1: `cargo xtask serve`, the end-to-end tests and the benchmarks use it.
 * Files are sirv's work: MIME types, ETags, and the `.br` or `.gz` copy beside a file to whoever takes it.
 *
 * As a program, `node xtask/serve.mjs FOLDER [PORT]` serves a folder on that port or the next free one, and prints the
 * address once the page answers.
 */

import { createServer } from "node:http";
import { pathToFileURL } from "node:url";
import sirv from "sirv";

/** How many ports are tried from the wanted one on. */
const N_PORTS = 50;
/** Types that sirv does not know, or that some browsers download instead of showing. */
const TYPES = [
  [/\.md$/, "text/plain;charset=utf-8"],
  [/\.onnx$/, "application/octet-stream"],
];

/**
 * @typedef {import("node:http").IncomingMessage} Request
 * @typedef {import("node:http").ServerResponse} Response
 */

/**
 * @param {Record<string, string>} folders what appears under which path; paths begin and end with a slash, and of two
 *   that fit, the longer one holds
 * @param {object} options
 * @param {number} [options.port] 0 for any free one
 * @param {Record<string, string>} [options.headers] sent with every file
 * @param {(request: Request, response: Response) => boolean} [options.before] sees every request and says whether it
 *   answered
 */
export async function serve(folders, { port = 0, headers = {}, before = () => false } = {}) {
  const mounts = Object.entries(folders)
    .sort(([a], [b]) => b.length - a.length)
    .map(([path, folder]) => ({
      path,
      send: sirv(folder, { dev: true, etag: true, brotli: true, gzip: true, setHeaders }),
    }));

  /** @param {Response} response @param {string} pathname */
  function setHeaders(response, pathname) {
    const type = TYPES.find(([end]) => /** @type {RegExp} */ (end).test(pathname))?.[1];
    if (type) response.setHeader("Content-Type", /** @type {string} */ (type));
    response.setHeader("X-Content-Type-Options", "nosniff");
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  }

  /** @param {Response} response @param {number} status */
  const refuse = (response, status) => response.writeHead(status, { "content-type": "text/plain" }).end(`${status}\n`);

  const server = createServer((request, response) => {
    request.resume();
    if (before(request, response)) return;
    if (request.method !== "GET" && request.method !== "HEAD") {
      refuse(response, 405);
      return;
    }
    const url = request.url ?? "/";
    const mount = mounts.find(({ path }) => url.startsWith(path));
    if (!mount) {
      refuse(response, 404);
      return;
    }
    request.url = url.slice(mount.path.length - 1);
    mount.send(request, response, () => {
      refuse(response, 404);
    });
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(undefined));
  });
  const { port: bound } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return {
    origin: `http://127.0.0.1:${bound}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @param {string} folder @param {number} wanted */
async function serveFrom(folder, wanted) {
  for (let port = wanted; ; port++) {
    try {
      return await serve({ "/": folder }, { port });
    } catch (error) {
      const inUse = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
      if (!inUse || port + 1 >= Math.min(wanted + N_PORTS, 65536)) throw error;
      console.log(`port ${port} is in use`);
    }
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder = "dist", port = "8080"] = process.argv.slice(2);
  const host = await serveFrom(folder, Number(port));
  const { status } = await fetch(`${host.origin}/`);
  if (status !== 200) throw new Error(`${folder} has no page: the server answered ${status}`);
  console.log(`Lesionlens answers at ${host.origin}/ (Ctrl-C ends it)`);
}
