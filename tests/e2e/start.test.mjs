/** Start-up: what is fetched, what is refused, and that nothing leaves afterwards. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { launch, newPage, shownErrors, stage } from "./support/browser.mjs";
import { DIST, readBuild, rebuilt } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

describe("start-up", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

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
      for (const { path: file } of Object.values(readBuild().files)) {
        assert.equal(asked.filter((url) => url === prefix + file).length, 1, `${file} is fetched once`);
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
      const flip = (bytes) => {
        bytes[bytes.length - 1] ^= 1;
        return bytes;
      };
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
