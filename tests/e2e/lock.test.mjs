/**
 * The network lock: every way out of page and worker (support/ways.mjs) is tried after the lock is closed, and once more
 * in the same page without lock and policies, where each must get through: a way that this proves nothing about says so.
 * Then the lock's own check: a page or a worker in which the lock does not hold takes no file.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch, newPage, shownErrors, stage } from "./support/browser.mjs";
import { DIST, unsealed } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";
import { withoutLock } from "./support/unlocked.mjs";
import { FROM_PAGE, FROM_WORKER } from "./support/ways.mjs";
import { witness } from "./support/witness.mjs";

describe("the network lock", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  // With the service worker, which could be a way out too.
  async function open(t, patch) {
    const host = await serve(DIST, { patch });
    const { page, context } = await newPage(browser, { serviceWorkers: "allow" });
    t.after(() => Promise.all([host.close(), context.close()]));
    const watch = await witness(host, context);
    t.after(() => watch.close());
    await page.goto(host.url);
    await stage(page, ["ready"]);
    return { host, page, watch };
  }

  /** Names of the ways that got through, of page and worker. */
  async function tryAll(t, patch) {
    const { host, page, watch } = await open(t, patch);
    const [worker] = page.workers();
    assert.match(worker.url(), /^blob:/);
    for (const way of FROM_WORKER) await watch.go(worker, way, `worker.${way.name}`);
    for (const way of FROM_PAGE) {
      if (!page.url().startsWith(host.url) || page.url().includes("/way/") || page.url().includes("#")) {
        await page.goto(host.url, { waitUntil: "domcontentloaded" });
      }
      await page.bringToFront();
      await watch.go(page, way, `page.${way.name}`);
      if (way.leaves) await page.waitForTimeout(500);
    }
    const isThere = page.url() === host.url;
    // Removing the element does not lift the policy.
    await page.evaluate(() => document.querySelectorAll("meta[http-equiv]").forEach((policy) => policy.remove()));
    const removal = { name: "policy-removed", run: ({ own }) => fetch(own), lock: /** @type {const} */ ("closed") };
    await watch.go(page, removal, "page.policy-removed");
    return { names: await watch.names(page), isThere };
  }

  const listed = (is) => [
    ...FROM_WORKER.filter(is).map(({ name }) => `worker.${name}`),
    ...FROM_PAGE.filter(is).map(({ name }) => `page.${name}`),
  ];

  test("every way out that the table calls closed is closed, from page and worker", async (t) => {
    const { names, isThere } = await tryAll(t, {});
    const arrived = [...listed(() => true), "page.policy-removed"].filter((name) => names.has(name));
    assert.deepEqual(
      arrived,
      listed(({ lock }) => lock === "open"),
    );
    assert.ok(isThere, "the page was not left");
  });

  test("control: without the lock every one of them gets through", async (t) => {
    const { names } = await tryAll(t, withoutLock());
    const expected = [...listed(({ control }) => control !== false), "page.policy-removed"];
    assert.deepEqual(
      expected.filter((name) => !names.has(name)),
      [],
    );
    assert.deepEqual(
      listed(({ control }) => control === false).filter((name) => names.has(name)),
      [],
      "these have a control after all",
    );
  });

  test("the page says that it tried, and takes files", async (t) => {
    const { host, page } = await open(t, {});
    assert.equal(await page.getAttribute("ll-lock", "data-lock"), "closed");
    assert.match(await page.innerText("ll-lock"), /checked/i);
    assert.ok(await page.locator("#file-input").isEnabled());
    assert.ok(!host.requests.some((request) => request.endsWith("/canary")), "its own tries went nowhere");
  });

  /** A page that must refuse to take files, since `ways` are open. */
  async function refuses(page, ways) {
    await stage(page, ["failed", "ready"]);
    assert.deepEqual(
      (await shownErrors(page)).map(({ code }) => code),
      ["LockFailed"],
    );
    assert.match(await page.innerText("[role=alert]"), ways);
    assert.equal(await page.getAttribute("ll-lock", "data-lock"), "failed");
    assert.ok(await page.locator("ll-lock").isVisible());
    assert.ok(await page.locator("#file-input").isDisabled(), "no file is accepted");
  }

  test("a browser in which the second policy does not take gets no files", async (t) => {
    const host = await serve(DIST);
    const { page, context } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    await page.addInitScript(() => {
      const { append } = Element.prototype;
      Element.prototype.append = function (...nodes) {
        append.apply(
          this,
          nodes.filter((node) => !(node instanceof HTMLMetaElement)),
        );
      };
    });
    await page.goto(host.url);
    await refuses(page, /connection, request/);
    assert.ok(
      host.requests.some((request) => request.endsWith("/canary")),
      "the canary got through",
    );
    assert.equal(page.workers().length, 0, "no worker was started");
  });

  test("a browser that does not let WebRTC be taken away gets no files", async (t) => {
    const host = await serve(DIST);
    const { page, context } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    await page.addInitScript(() =>
      Object.defineProperty(window, "RTCPeerConnection", { value: 1, configurable: false }),
    );
    await page.goto(host.url);
    await refuses(page, /RTCPeerConnection/);
  });

  test("workers that do not inherit the lock get no files, though the page's own check passes", async (t) => {
    const host = await serve(DIST, {
      patch: {
        // A worker from a file, as hosts serve it, has no policy.
        "start/prepare.js": (script) =>
          script.toString().replace("trustScript(blobUrl(files.worker))", 'trustScript("engine/worker.js")'),
        "start/lock.js": (script) => script.toString().replace("worker-src blob:", "worker-src 'self'"),
        "index.html": (html) => unsealed(html.toString()).replace("worker-src blob:", "worker-src 'self'"),
      },
    });
    const { page, context } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    await page.goto(host.url);
    await refuses(page, /connection, request/);
  });
});
