/** Start-up: what is fetched, what is refused, and that nothing leaves afterwards. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { launch, newPage, shownErrors, stage } from "./support/browser.mjs";
import { DIST, filesBelow, readBuild, rebuilt, unsealed } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

const flip = (bytes) => {
  bytes[bytes.length - 1] ^= 1;
  return bytes;
};
/** The last byte, a line's end, changed into a tab. */
const toTab = (bytes) => {
  assert.equal(bytes.at(-1), 10);
  bytes[bytes.length - 1] = 9;
  return bytes;
};

describe("start-up", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  /** A page served with patches. */
  async function open(t, patch) {
    const host = await serve(DIST, { patch });
    const { page, context } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    await page.goto(host.url);
    return { host, page };
  }

  for (const prefix of ["/", "/teaching/lesionlens/"]) {
    test(`the page gets ready at ${prefix} with requests to its own files only`, async (t) => {
      const host = await serve(DIST, { prefix });
      t.after(() => host.close());
      const { page, context, complaints, requests } = await newPage(browser);
      t.after(() => context.close());
      await page.goto(host.url);
      await stage(page, ["ready"]);
      assert.ok(await page.locator("[data-testid=sample]").isEnabled());
      assert.match((await page.textContent("ll-notice")) ?? "", /not a medical device/i);
      assert.equal(await page.getAttribute("ll-notice a", "href"), "models/README.md");
      assert.ok(readFileSync(path.join(DIST, "models/README.md"), "utf8").length > 0, "the model card is shipped");
      assert.ok(requests.length > 5);
      for (const url of requests) assert.ok(url.startsWith(host.url), `${url} is not under ${host.url}`);
      const asked = host.requests.map((request) => request.replace("GET ", ""));
      for (const [name, { path: file }] of Object.entries(readBuild().files)) {
        // The page imports this one itself, besides handing it to its workers.
        const n_times = name === "scope" ? 2 : 1;
        assert.equal(
          asked.filter((url) => url === prefix + file).length,
          n_times,
          `${file} is fetched ${n_times} times`,
        );
      }
      assert.deepEqual(complaints, []);
    });
  }

  test("the first bytes of the page hold a strict policy", () => {
    const html = readFileSync(path.join(DIST, "index.html"), "utf8");
    const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(html);
    assert.ok(
      policy && policy.index < html.indexOf("<link") && policy.index < html.indexOf("<script"),
      "before anything is fetched",
    );
    assert.match(policy[1], /default-src 'none'/);
    assert.doesNotMatch(policy[1], /unsafe-inline|'unsafe-eval'|\*|https?:/);
  });

  for (const name of /** @type {const} */ (["wasm", "glue", "worker", "model", "spec"])) {
    test(`a changed byte in the ${name} keeps the page from starting`, async (t) => {
      const file = readBuild().files[name].path;
      const host = await serve(DIST, { patch: { [file]: flip } });
      t.after(() => host.close());
      const { page, context } = await newPage(browser);
      t.after(() => context.close());
      await page.goto(host.url);
      await stage(page, ["failed", "ready"]);
      assert.equal(await page.getAttribute("[data-testid=status]", "data-state"), "failed");
      assert.deepEqual(await shownErrors(page), [{ file, code: "IntegrityMismatch" }]);
      assert.match(await page.innerText("[role=alert]"), /SHA-256/);
      assert.equal(page.workers().length, 0, "no worker was started");
      assert.ok(await page.locator("#file-input").isDisabled(), "no file is accepted");
    });
  }

  // The last byte of each is a line's end, so the changed script or style would still work.
  const scripts = filesBelow(DIST)
    .filter((file) => file.endsWith(".js"))
    .map((file) => path.relative(DIST, file))
    // The service worker is installed, and refuses what is not of its build.
    .filter((file) => file !== "offline.js" && !Object.values(readBuild().files).some((built) => built.path === file));
  const LAST_BYTE = { "style.css": toTab, ...Object.fromEntries(scripts.map((file) => [file, toTab])) };

  test("every script of the page has a digest that the browser checks", () => {
    const html = readFileSync(path.join(DIST, "index.html"), "utf8");
    const [, map] = /<script type="importmap">([^<]*)<\/script>/.exec(html);
    const { integrity } = JSON.parse(map);
    for (const file of scripts) {
      const digest = createHash("sha256")
        .update(readFileSync(path.join(DIST, file)))
        .digest("base64");
      assert.equal(integrity[`./${file}`], `sha256-${digest}`, file);
    }
    assert.ok(scripts.length > 30, `${scripts.length} scripts`);
  });

  for (const file of ["main.js", "start/lock.js", "words/formats.js", "style.css"]) {
    test(`a changed byte in ${file} keeps the page from starting`, async (t) => {
      const patch = { [file]: LAST_BYTE[file] };
      const { page, host } = await open(t, patch);
      await page.waitForSelector("[role=alert]:visible");
      assert.match(await page.innerText("[role=alert]:visible"), /not the one this page was built with/);
      assert.match(await page.innerText("body"), /not a medical device/i);
      assert.equal(page.workers().length, 0, "no worker was started");
      assert.equal(await page.locator("#file-input:enabled").count(), 0, "no file is accepted");
      assert.ok(!host.requests.some((request) => request.endsWith(".onnx")), "no model was fetched");

      const { page: control } = await open(t, { ...patch, "index.html": (html) => unsealed(html.toString()) });
      await stage(control, ["ready"]);
    });
  }

  test("a missing file and a page that was not built are said plainly", async (t) => {
    for (const { patch, code, words } of [
      {
        patch: { "index.html": (html) => html.toString().replace(/(id="build">)[^<]*/, "$1{}") },
        code: "BuildMissing",
        words: /cargo xtask web/,
      },
      {
        patch: { "index.html": (html) => html.toString().replace("pkg/lesionlens_bg.wasm", "pkg/absent.wasm") },
        code: "DownloadFailed",
        words: /404/,
      },
    ]) {
      const host = await serve(DIST, { patch });
      const { page, context } = await newPage(browser);
      t.after(() => Promise.all([host.close(), context.close()]));
      await page.goto(host.url);
      await stage(page, ["failed", "ready"]);
      assert.deepEqual(
        (await shownErrors(page)).map((error) => error.code),
        [code],
      );
      assert.match(await page.innerText("[role=alert]"), words);
    }
  });

  test("a model that is not its description's keeps the page from starting, and says so", async (t) => {
    const other = (spec) => JSON.stringify({ ...JSON.parse(spec), sha256: "0".repeat(64) });
    const host = await serve(DIST, { patch: rebuilt("spec", other) });
    const { page, context } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    await page.goto(host.url);
    await stage(page, ["failed", "ready"]);
    assert.deepEqual(await shownErrors(page), [{ file: "", code: "ModelSha256" }]);
    assert.match(await page.innerText("[role=alert]"), /not the file that its description names/);
    assert.ok(await page.locator("#file-input").isDisabled(), "no file is accepted");
  });

  test("without a secure context the page says what it needs", async (t) => {
    const host = await serve(DIST);
    const insecure = await launch(["--host-resolver-rules=MAP insecure.test 127.0.0.1"]);
    t.after(() => Promise.all([host.close(), insecure.close()]));
    const { page } = await newPage(insecure);
    await page.goto(host.url.replace("127.0.0.1", "insecure.test"));
    await stage(page, ["failed", "ready"]);
    assert.deepEqual(
      (await shownErrors(page)).map((error) => error.code),
      ["InsecureContext"],
    );
    assert.match(await page.innerText("[role=alert]"), /https:.*localhost/);
  });
});
