/**
 * The page as it is published: with the headers of docs/headers and without, in a subfolder, and in a frame of another
 * host. Each form of the headers' file says the same.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import { after, before, describe, test } from "node:test";

import { launch, newPage, stage } from "./support/browser.mjs";
import { DIST } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";
import { withoutLock } from "./support/unlocked.mjs";
import { FROM_PAGE } from "./support/ways.mjs";
import { witness } from "./support/witness.mjs";

const read = (file) => readFileSync(new URL(`../../docs/headers/${file}`, import.meta.url), "utf8");
const parse = (file, line) =>
  Object.fromEntries(Array.from(read(file).matchAll(line), ([, name, value]) => [name, value]));
const HEADERS = parse("_headers", /^  ([\w-]+): (.+)$/gm);

describe("published", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  async function host(t, options) {
    const one = await serve(DIST, options);
    t.after(() => one.close());
    return one;
  }

  async function open(t, url) {
    const { page, context, complaints } = await newPage(browser);
    t.after(() => context.close());
    await page.goto(url);
    return { page, context, complaints };
  }

  /** Searches the sample study in a page or a frame of it; how many detections there are. */
  async function search(scope) {
    await stage(scope, ["ready"]);
    await scope.locator("[data-testid=sample]").click();
    await stage(scope, ["done"], 120_000);
    return scope.locator("[data-testid=detection]").count();
  }

  test("every form of the headers says the same", () => {
    assert.deepEqual(parse("nginx.conf", /^add_header ([\w-]+) "(.+)" always;$/gm), HEADERS);
    assert.deepEqual(parse("Caddyfile", /^\t([\w-]+) "(.+)"$/gm), HEADERS);
    assert.ok(Object.keys(HEADERS).length >= 8);
  });

  test("with the headers, in a subfolder, the page works as without", async (t) => {
    const bare = await host(t, {});
    const strict = await host(t, { prefix: "/radiology/teaching/lesionlens/", headers: HEADERS });
    const counts = [];
    for (const { url } of [bare, strict]) {
      const { page, complaints } = await open(t, url);
      counts.push(await search(page));
      // Chromium warns of headers that it does not know.
      assert.deepEqual(
        complaints.filter((text) => !/Permissions-Policy/.test(text)),
        [],
      );
    }
    assert.ok(counts[0] > 0);
    assert.equal(counts[0], counts[1]);
  });

  test("with the headers WebRTC sends nothing, even from a page without the lock; without them it does", async (t) => {
    const webrtc = FROM_PAGE.find(({ name }) => name === "webrtc");
    const patch = withoutLock({ policies: "kept" });
    const arrived = [];
    for (const headers of [HEADERS, {}]) {
      const one = await host(t, { patch, headers });
      const { page, context } = await open(t, one.url);
      const watch = await witness(one, context);
      t.after(() => watch.close());
      await stage(page, ["ready"]);
      await watch.go(page, webrtc, "webrtc");
      arrived.push((await watch.names(page)).has("webrtc"));
    }
    assert.deepEqual(arrived, [false, true]);
  });

  test("a frame of another host holds the page, unless the headers forbid it", async (t) => {
    const inside = await host(t, {});
    const strict = await host(t, { headers: HEADERS });
    const outside = http.createServer((request, response) => {
      const url = request.url === "/strict" ? strict.url : inside.url;
      response.writeHead(200, { "content-type": "text/html" });
      response.end(`<!doctype html><iframe src="${url}" width="1200" height="800"></iframe>`);
    });
    await new Promise((resolve) => outside.listen(0, "127.0.0.1", () => resolve(undefined)));
    t.after(() => outside.close());
    const { port } = /** @type {import("node:net").AddressInfo} */ (outside.address());

    const { page } = await open(t, `http://localhost:${port}/`);
    const frame = await (await page.waitForSelector("iframe")).contentFrame();
    assert.ok((await search(frame)) > 0);

    const { page: refused } = await open(t, `http://localhost:${port}/strict`);
    const blocked = await (await refused.waitForSelector("iframe")).contentFrame();
    assert.equal(await blocked.locator("lesion-lens").count(), 0);
    assert.match(blocked.url(), /^chrome-error:/);
  });
});
