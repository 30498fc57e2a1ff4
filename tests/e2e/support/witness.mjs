/**
 * What sees data arrive: the page's own host, another host, ports of UDP, another page of the same host, the browser's
 * storage, its downloads. Every sighting is a text that ends in the name of the way.
 */

import dgram from "node:dgram";
import http from "node:http";

import { stored } from "./stored.mjs";

/** Longest time for one way to be tried. */
const TRY_MS = 3000;
/** What is sent last has this long to arrive; a busy machine takes its time. */
const SETTLE_MS = 2000;

/**
 * @param {Awaited<ReturnType<typeof import("./serve.mjs").serve>>} host the page's own
 * @param {import("playwright-core").BrowserContext} context that holds the page
 */
export async function witness(host, context) {
  /** @type {string[]} */
  const seen = [];
  /** @type {dgram.Socket[]} */
  const sockets = [];
  const other = http.createServer((request, response) => {
    seen.push(`another host: ${request.url}`);
    response.writeHead(200, { "content-type": "text/plain" }).end("other");
  });
  await new Promise((resolve) => other.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (other.address());
  const [page] = context.pages();
  page.on("download", (download) => seen.push(`download: ${download.suggestedFilename()}`));

  // Another page of the same host, without any policy.
  const neighbour = await context.newPage();
  await neighbour.goto(new URL("models/README.md", host.url).href);
  await neighbour.evaluate(() => {
    const heard = [];
    new BroadcastChannel("ways").onmessage = ({ data }) => heard.push(data);
    Object.defineProperty(globalThis, "heard", { value: heard });
  });

  /** @param {string} name */
  async function addressesOf(name) {
    const socket = dgram.createSocket("udp4").on("message", () => seen.push(`udp: ${name}`));
    sockets.push(socket);
    await new Promise((resolve) => socket.bind(0, "127.0.0.1", () => resolve(undefined)));
    return {
      name,
      own: new URL(`way/${name}`, host.url).href,
      other: `http://localhost:${port}/way/${name}`,
      stun: `stun:127.0.0.1:${socket.address().port}`,
    };
  }

  return {
    /**
     * Goes one way from a page or a worker.
     * @param {{ evaluate(script: string): Promise<unknown> }} scope
     * @param {import("./ways.mjs").Way} way
     * @param {string} name under which it sends
     */
    async go(scope, way, name) {
      const at = JSON.stringify(await addressesOf(name));
      const late = `new Promise((resolve) => setTimeout(resolve, ${TRY_MS}))`;
      const script = `(async () => { await Promise.race([(${way.run})(${at}), ${late}]); })().catch((error) => String(error))`;
      // A page that is left has no answer to give.
      return scope.evaluate(script).catch((error) => String(error));
    },
    /**
     * The names that arrived anywhere.
     * @param {import("playwright-core").Page} page
     */
    async names(page) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const heard = await neighbour.evaluate(() => /** @type {any} */ (globalThis).heard);
      const devtools = await context.newCDPSession(page);
      const storageId = { securityOrigin: host.origin, isLocalStorage: false };
      const { entries } = await devtools.send("DOMStorage.getDOMStorageItems", { storageId });
      const all = [...seen, ...host.requests, ...heard, ...(await stored(neighbour)), ...entries.map(([key]) => key)];
      return new Set(all.map((text) => text.replace(/^.*[/ ]/, "").replace(/(\.js|\?.*)$/, "")).filter(Boolean));
    },
    async close() {
      other.closeAllConnections();
      other.close();
      for (const socket of sockets) socket.close();
    },
  };
}
