/** The network lock: after start-up neither page nor worker can send anything; without the lock step both can. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch, newPage, stage } from "./support/browser.mjs";
import { DIST } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

/** Tries every way out that a page has, and says which ones were refused. */
async function probePage(base) {
  const within = (ms, promise) =>
    Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, "no answer"))]);
  const violated = new Set();
  document.addEventListener("securitypolicyviolation", (event) => violated.add(event.blockedURI));
  const url = (name) => new URL(`probe-${name}`, base).href;
  const ways = {
    fetch: () =>
      fetch(url("fetch")).then(
        () => "sent",
        () => "refused",
      ),
    XMLHttpRequest: () =>
      new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.onload = () => resolve("sent");
        request.onerror = () => resolve("refused");
        request.open("GET", url("xhr"));
        request.send();
      }),
    sendBeacon: async () => {
      navigator.sendBeacon(url("beacon"), "x");
      await new Promise((resolve) => setTimeout(resolve, 300));
      return violated.has(url("beacon")) ? "refused" : "sent";
    },
    WebSocket: () =>
      new Promise((resolve) => {
        const address = url("socket").replace("http", "ws");
        try {
          const socket = new WebSocket(address);
          // The host speaks no WebSocket: what tells is whether the policy or the host ended the attempt.
          socket.onerror = () =>
            setTimeout(
              () => resolve([...violated].some((uri) => uri.includes("probe-socket")) ? "refused" : "sent"),
              100,
            );
        } catch {
          resolve("refused");
        }
      }),
    EventSource: () =>
      new Promise((resolve) => {
        const source = new EventSource(url("events"));
        source.onerror = () => setTimeout(() => resolve(violated.has(url("events")) ? "refused" : "sent"), 100);
      }),
    Image: () =>
      new Promise((resolve) => {
        const image = new Image();
        image.onerror = () => setTimeout(() => resolve(violated.has(url("image")) ? "refused" : "sent"), 100);
        image.src = url("image");
      }),
    RTCPeerConnection: async () => (typeof RTCPeerConnection === "undefined" ? "refused" : "sent"),
  };
  const entries = Object.entries(ways).map(async ([name, way]) => [name, await within(5000, way())]);
  return Object.fromEntries(await Promise.all(entries));
}

/** The same from inside the worker. */
async function probeWorker(base) {
  const within = (ms, promise) =>
    Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, "no answer"))]);
  const url = (name) => new URL(`probe-worker-${name}`, base).href;
  const violated = new Set();
  addEventListener("securitypolicyviolation", (event) => violated.add(event.blockedURI));
  const ways = {
    fetch: () =>
      fetch(url("fetch")).then(
        () => "sent",
        () => "refused",
      ),
    XMLHttpRequest: () =>
      new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.onload = () => resolve("sent");
        request.onerror = () => resolve("refused");
        request.open("GET", url("xhr"));
        request.send();
      }),
    WebSocket: () =>
      new Promise((resolve) => {
        try {
          const socket = new WebSocket(url("socket").replace("http", "ws"));
          socket.onerror = () =>
            setTimeout(
              () => resolve([...violated].some((uri) => uri.includes("probe-worker-socket")) ? "refused" : "sent"),
              100,
            );
        } catch {
          resolve("refused");
        }
      }),
    import: () =>
      import(url("import.js")).then(
        () => "sent",
        () => (violated.size > 0 ? "refused" : "sent"),
      ),
  };
  const answers = {};
  for (const [name, way] of Object.entries(ways)) answers[name] = await within(5000, way());
  return answers;
}

const all = (value, ...names) => Object.fromEntries(names.map((name) => [name, value]));
const FROM_PAGE = ["fetch", "XMLHttpRequest", "sendBeacon", "WebSocket", "EventSource", "Image", "RTCPeerConnection"];
const FROM_WORKER = ["fetch", "XMLHttpRequest", "WebSocket", "import"];

// The control: the same page but for the lock step, and with a first policy that lets its own host be asked for
// anything, since images and imports are refused from the first byte.
const WITHOUT_LOCK = {
  "start/lock.js": () => "export function giveUpNetwork() {}",
  "index.html": (html) =>
    html
      .toString()
      .replace("img-src data:", "img-src 'self' data:")
      .replace("script-src 'self'", "script-src 'self' http:"),
};

describe("the network lock", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  /** Runs both probes on a page that is ready. */
  async function probe(t, patch) {
    const host = await serve(DIST, { patch });
    const { page, context } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    await page.goto(host.url);
    await stage(page, ["ready"]);
    const [worker] = page.workers();
    assert.match(worker.url(), /^blob:/);
    const n_before = host.requests.length;
    const fromPage = await page.evaluate(probePage, host.url);
    const fromWorker = await worker.evaluate(probeWorker, host.url);
    // Removing the element does not lift the policy.
    const afterRemoval = await page.evaluate((base) => {
      for (const policy of document.querySelectorAll("meta[http-equiv]")) policy.remove();
      return fetch(new URL("probe-after-removal", base)).then(
        () => "sent",
        () => "refused",
      );
    }, host.url);
    return { fromPage, fromWorker, afterRemoval, arrived: host.requests.slice(n_before) };
  }

  test("every way out is refused, from the page and from the worker", async (t) => {
    const { fromPage, fromWorker, afterRemoval, arrived } = await probe(t, {});
    assert.deepEqual(fromPage, all("refused", ...FROM_PAGE));
    assert.deepEqual(fromWorker, all("refused", ...FROM_WORKER));
    assert.equal(afterRemoval, "refused");
    assert.deepEqual(arrived, [], "nothing reached the host");
  });

  test("control: without the lock step the same probes go out", async (t) => {
    const { fromPage, fromWorker, afterRemoval, arrived } = await probe(t, WITHOUT_LOCK);
    assert.deepEqual(fromPage, all("sent", ...FROM_PAGE));
    assert.deepEqual(fromWorker, all("sent", ...FROM_WORKER));
    assert.equal(afterRemoval, "sent");
    for (const name of [
      "fetch",
      "xhr",
      "beacon",
      "socket",
      "events",
      "image",
      "worker-fetch",
      "worker-xhr",
      "worker-import.js",
    ]) {
      assert.ok(
        arrived.some((request) => request.endsWith(`/probe-${name}`)),
        `probe-${name} reached the host`,
      );
    }
  });
});
