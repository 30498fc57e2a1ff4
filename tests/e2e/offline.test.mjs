/**
 * Without a network: the page and its results are the same when the host is gone after it was loaded, and on the next
 * visit. The service worker keeps the page's own files and no others, refuses a build with a changed byte, makes room
 * for the next build, and goes when it is told to.
 */

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { drop, launch, newPage, shownDetections, stage } from "./support/browser.mjs";
import { DIST, FIXTURES, filesBelow, load } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";
import { stored } from "./support/stored.mjs";

const DICOM = path.join(FIXTURES, "dicom");

describe("offline", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  async function visit(t, { patch = {}, prefix = "/lesionlens/" } = {}) {
    const host = await serve(DIST, { prefix, patch });
    const { page, context } = await newPage(browser, { serviceWorkers: "allow" });
    t.after(() => Promise.all([host.close().catch(() => {}), context.close()]));
    await page.goto(host.url);
    await stage(page, ["ready"]);
    return { host, page, context };
  }

  const untilOffline = (page) => page.waitForSelector("ll-lock[data-offline]");

  async function search(page) {
    await drop(page, load(filesBelow(DICOM)));
    await stage(page, ["done"], 120_000);
    return shownDetections(page);
  }

  test("with the host gone after loading, and on the next visit, results are the same", async (t) => {
    const { host, page, context } = await visit(t);
    const online = await search(page);
    assert.ok(online.length > 0);
    await untilOffline(page);
    await host.close();

    const second = await context.newPage();
    await second.goto(host.url);
    await stage(second, ["ready"]);
    assert.deepEqual(await search(second), online);
    await assert.rejects(second.goto(new URL("absent.html", host.url).href), /ERR_CONNECTION_REFUSED/);
  });

  test("control: without the service worker the page does not open without its host", async (t) => {
    const host = await serve(DIST);
    const { page, context } = await newPage(browser);
    t.after(() => context.close());
    await page.goto(host.url);
    await stage(page, ["ready"]);
    await host.close();
    await assert.rejects(page.goto(host.url), /ERR_CONNECTION_REFUSED/);
  });

  test("what is kept is the page's own files, before and after a study", async (t) => {
    const { host, page, context } = await visit(t);
    await untilOffline(page);
    const neighbour = await context.newPage();
    await neighbour.goto(new URL("models/README.md", host.url).href);
    const kept = async () => (await stored(neighbour)).filter((text) => text.startsWith("http")).sort();
    const before = await kept();
    const own = filesBelow(DIST)
      .filter((file) => !/\.(br|gz|d\.ts)$|SHA256SUMS$|bom\.cdx\.json$|^offline\.js$/.test(path.relative(DIST, file)))
      .map((file) => new URL(path.relative(DIST, file), host.url).href);
    assert.deepEqual(before, [...own, host.url].sort());
    const n_asked = host.requests.length;
    await search(page);
    assert.deepEqual(await kept(), before);
    // The text beside the page has an icon looked for.
    const asked = host.requests.slice(n_asked).filter((request) => !request.endsWith("/favicon.ico"));
    assert.deepEqual(asked, [], "and nothing is asked for");
  });

  test("a build with a changed byte is not kept", async (t) => {
    const { page, context, host } = await visit(t, { patch: { "models/README.md": (bytes) => `${bytes} ` } });
    const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent("serviceworker"));
    assert.match(worker.url(), /offline\.js$/);
    const neighbour = await context.newPage();
    await neighbour.goto(host.origin);
    await neighbour.waitForFunction(async () => (await navigator.serviceWorker.getRegistrations()).length === 0);
    assert.equal(await page.locator("ll-lock[data-offline]").count(), 0);
  });

  test("the next build takes the place of the one before; ?offline=off removes both", async (t) => {
    let change = (/** @type {Buffer} */ bytes) => bytes.toString();
    const { host, page, context } = await visit(t, { patch: { "offline.js": (bytes) => change(bytes) } });
    await untilOffline(page);
    const neighbour = await context.newPage();
    await neighbour.goto(host.origin);
    const names = () => neighbour.evaluate(() => caches.keys());
    const [first] = await names();
    // Another build: the name of the copy is the digest of its page.
    change = (bytes) => bytes.toString().replace("const CACHE = `", "const CACHE = `${PREFIX}next `; void `");
    await page.close();
    const second = await context.newPage();
    await second.goto(host.url);
    await stage(second, ["ready"]);
    await second.close();
    await neighbour.waitForFunction(async (first) => (await caches.keys()).every((name) => name !== first), first, {
      timeout: 20_000,
    });
    assert.equal((await names()).length, 1);

    const third = await context.newPage();
    await third.goto(`${host.url}?offline=off`);
    await stage(third, ["ready"]);
    assert.deepEqual(await names(), []);
    assert.equal(await third.locator("ll-lock[data-offline]").count(), 0);
  });
});
