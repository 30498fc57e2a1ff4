/**
 * The static host as `cargo xtask serve` starts it: many loads at once, each with connections that stay open and idle
 * as browsers leave them, are all answered; and it sends what a plain static host would.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { launch, newPage, stage } from "./support/browser.mjs";
import { DIST } from "./support/project.mjs";

const PROGRAM = fileURLToPath(new URL("../../xtask/serve.mjs", import.meta.url));
/** Longest wait for an answer of a few bytes, also on a busy machine. */
const ANSWER_MS = 10_000;
/** How many connections a browser opens to one host. */
const N_PER_LOAD = 6;
const N_LOADS = 11;

/** Starts the program on a folder; resolves with its port and a way to end it once it says that it answers. */
async function start(folder, port = 0) {
  const program = spawn(process.execPath, [PROGRAM, folder, String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise((resolve) => program.once("exit", resolve));
  const end = async () => {
    program.kill();
    await exited;
  };
  for await (const line of createInterface(program.stdout)) {
    const [, bound] = /^Lesionlens answers at http:\/\/127\.0\.0\.1:(\d+)\//.exec(line) ?? [];
    if (bound) return { port: Number(bound), url: `http://127.0.0.1:${bound}/`, end };
  }
  throw new Error(`the program ended with ${await exited}`);
}

/** Opens a connection, asks for the page and leaves the connection open; resolves when the answer begins. */
function ask(port) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"));
    const timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
    socket.once("error", reject);
    socket.once("data", (bytes) => {
      clearTimeout(timer);
      if (bytes.toString("latin1").startsWith("HTTP/1.1 200 ")) resolve(socket);
      else reject(new Error(bytes.toString("latin1")));
    });
  });
}

describe("the static host", () => {
  let folder;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "lesionlens-serve-"));
    writeFileSync(path.join(folder, "index.html"), "<p>page</p>");
    writeFileSync(path.join(folder, "index.html.gz"), gzipSync("<p>page, packed</p>"));
    writeFileSync(path.join(folder, "a b.wasm"), "module");
    writeFileSync(path.join(folder, "card.md"), "# Card");
    writeFileSync(path.join(folder, "net.onnx"), "net");
  });
  after(() => rmSync(folder, { recursive: true }));

  test(`${N_LOADS} bursts of up to ${N_LOADS * N_PER_LOAD} connections, each left open: every one is answered`, async (t) => {
    const host = await start(folder);
    t.after(host.end);
    // Bursts that grow and leave: a server that counts on threads of earlier bursts has too few for the next.
    for (let load = 1; load <= N_LOADS; load++) {
      const sockets = await Promise.all(Array.from({ length: load * N_PER_LOAD }, () => ask(host.port)));
      assert.equal(sockets.length, load * N_PER_LOAD);
      for (const socket of sockets) socket.destroy();
    }
  });

  test("many pages at once get ready in one browser", async (t) => {
    const host = await start(DIST);
    const browser = await launch();
    t.after(() => Promise.all([host.end(), browser.close()]));
    const idle = await Promise.all(Array.from({ length: N_PER_LOAD }, () => ask(host.port)));
    const ready = await Promise.all(
      Array.from({ length: N_LOADS }, async () => {
        const { page, context } = await newPage(browser);
        await page.goto(host.url);
        await stage(page, ["ready", "failed"], 180_000);
        const state = await page.getAttribute("[data-testid=status]", "data-state");
        await context.close();
        return state;
      }),
    );
    assert.deepEqual(ready, Array(N_LOADS).fill("ready"));
    for (const socket of idle) socket.destroy();
  });

  test("files have their types, copies go to those who take them, nothing else is sent", async (t) => {
    const host = await start(folder);
    t.after(host.end);
    const get = (name, options) => fetch(new URL(name, host.url), options);
    const plain = await get("", { headers: { "accept-encoding": "identity" } });
    assert.equal(await plain.text(), "<p>page</p>");
    const packed = await get("?x=1", { headers: { "accept-encoding": "gzip" } });
    assert.equal(packed.headers.get("content-encoding"), "gzip");
    assert.equal(packed.headers.get("vary"), "Accept-Encoding");
    assert.equal(await packed.text(), "<p>page, packed</p>");
    for (const [name, type] of /** @type {[string, RegExp][]} */ ([
      ["", /^text\/html;\s*charset=utf-8$/],
      ["a%20b.wasm", /^application\/wasm$/],
      ["net.onnx", /^application\/octet-stream$/],
      ["card.md", /^text\/plain/],
    ])) {
      const { headers } = await get(name);
      assert.match(headers.get("content-type") ?? "", type);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("cache-control"), "no-cache");
    }
    assert.equal((await get("missing.js")).status, 404);
    assert.equal((await get("", { method: "POST" })).status, 405);
    assert.equal(await (await get("", { method: "HEAD" })).text(), "");
  });

  test("no address leads out of the folder", async (t) => {
    const beside = `${folder}-beside`;
    writeFileSync(beside, "secret");
    const host = await start(folder);
    t.after(async () => {
      await host.end();
      rmSync(beside);
    });
    const name = path.basename(beside);
    for (const target of [
      `/../${name}`,
      `/%2e%2e/${name}`,
      `/..%2f${name}`,
      `/x/../../${name}`,
      `//..//${name}`,
      "/%",
      "/%00",
      "/%ff",
    ]) {
      const answer = await new Promise((resolve, reject) => {
        const socket = net.connect(host.port, "127.0.0.1", () =>
          socket.write(`GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`),
        );
        let text = "";
        socket
          .on("data", (bytes) => (text += bytes.toString("latin1")))
          .once("end", () => resolve(text))
          .once("error", reject);
      });
      assert.match(answer, /^HTTP\/1\.1 404 /, target);
      assert.doesNotMatch(answer, /secret/, target);
    }
  });

  test("the next port is taken when one is in use", async (t) => {
    const first = await start(folder);
    t.after(first.end);
    const second = await start(folder, first.port);
    t.after(second.end);
    assert.ok(second.port > first.port);
  });
});
