/**
 * The built files: no address of another host but those listed here, none of which is ever fetched; markup enters the page
 * nowhere; digests of everything; a bill of materials. What is not read as text is searched for addresses too.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";

import { launch, newPage, shownErrors, stage } from "./support/browser.mjs";
import { DIST, filesBelow, readBuild } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

/** Beginnings of addresses that stand in the page's files: names, and what a person may look up. */
const ALLOWED = [
  "http://www.w3.org/2000/svg",
  "https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/",
  "https://cyclonedx.org/",
  "http://cyclonedx.org/",
];
/** Names of packages' own sources that the compiler puts into the module for its messages are no addresses. */
const ADDRESS = /\b(?:https?|wss?|ftp):\/\/[\w.-]+(?:\/[\w./-]*)?/g;

const files = () =>
  filesBelow(DIST).map((file) => {
    const bytes = readFileSync(file);
    return {
      file: path.relative(DIST, file),
      text: (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("latin1"),
    };
  });

const strangers = (list) =>
  list.flatMap(({ file, text }) =>
    (text.match(ADDRESS) ?? [])
      .filter((found) => !ALLOWED.some((start) => found.startsWith(start)))
      .map((found) => `${file}: ${found}`),
  );

describe("the built files", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  test("name no other host", () => {
    const built = files();
    assert.ok(built.some(({ file }) => file.endsWith(".wasm")) && built.length > 60, `${built.length} files`);
    assert.deepEqual(strangers(built), []);
    const control = { file: "a.js", text: "fetch('https://example.org/collect')" };
    assert.deepEqual(strangers([control]), ["a.js: https://example.org/collect"]);
  });

  test("have digests that sha256sum takes, and a changed byte that it does not", (t) => {
    const copy = mkdtempSync(path.join(os.tmpdir(), "lesionlens-dist-"));
    t.after(() => rmSync(copy, { recursive: true }));
    cpSync(DIST, copy, { recursive: true });
    const check = () =>
      execFileSync("sha256sum", ["--check", "--strict", "--quiet", "SHA256SUMS"], { cwd: copy, stdio: "pipe" });
    check();
    const listed = readFileSync(path.join(copy, "SHA256SUMS"), "utf8").trim().split("\n");
    assert.equal(listed.length, filesBelow(copy).length - 1, "every file but the list itself");
    const style = path.join(copy, "style.css");
    writeFileSync(style, `${readFileSync(style)} `);
    assert.throws(check, /1 computed checksum did NOT match/);
  });

  test("come with a bill of materials that names the packages of the module and the model", () => {
    const bill = JSON.parse(readFileSync(path.join(DIST, "bom.cdx.json"), "utf8"));
    assert.equal(bill.bomFormat, "CycloneDX");
    assert.equal(bill.metadata.component.name, "lesionlens");
    const names = bill.components.map(({ name }) => name);
    for (const name of ["tract-onnx", "wasm-bindgen", "image", readBuild().files.model.path])
      assert.ok(names.includes(name), name);
    for (const name of ["proptest", "dicom-object", "clap"])
      assert.ok(!names.includes(name), `${name} is no part of the page`);
    const model = bill.components.find(({ type }) => type === "machine-learning-model");
    assert.equal(model.hashes[0].content, readBuild().files.model.sha256);
    assert.ok(!("serialNumber" in bill), "two builds give the same bytes");
  });

  test("let no text become markup or script from the first byte, before the lock too", async (t) => {
    const host = await serve(DIST, { patch: { "main.js": () => "" } });
    const { page, context } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    // main.js is refused for its digest, so nothing has run yet.
    await page.goto(host.url);
    const refused = await page.evaluate(() => {
      const tries = {
        markup: () => (document.createElement("div").innerHTML = "<b></b>"),
        frame: () => (document.createElement("iframe").srcdoc = "<b></b>"),
        script: () => (document.createElement("script").src = "main.js"),
        worker: () => new Worker("engine/worker.js"),
        policy: () => /** @type {any} */ (globalThis).trustedTypes.createPolicy("other", {}),
      };
      return Object.entries(tries).flatMap(([name, run]) => {
        try {
          run();
          return [];
        } catch (error) {
          return [`${name} ${error.name}`];
        }
      });
    });
    assert.deepEqual(refused, [
      "markup TypeError",
      "frame TypeError",
      "script TypeError",
      "worker TypeError",
      "policy TypeError",
    ]);
  });

  test("say what this is on first paint, without scripts, and on paper", async (t) => {
    const host = await serve(DIST);
    const { page: bare, context } = await newPage(browser, { javaScriptEnabled: false });
    t.after(() => Promise.all([host.close(), context.close()]));
    await bare.goto(host.url);
    assert.match(await bare.innerText("body"), /Not a medical device; not for diagnosis/);

    const { page, context: second } = await newPage(browser);
    t.after(() => second.close());
    await page.goto(host.url);
    await stage(page, ["ready"]);
    await page.click("[data-testid=sample]");
    await stage(page, ["done"], 120_000);
    await page.emulateMedia({ media: "print" });
    const notice = page.locator("ll-notice");
    assert.ok(await notice.isVisible());
    assert.match(await notice.innerText(), /Not a medical device; not for diagnosis/);
    const style = await notice.evaluate((element) => {
      const { color, backgroundColor, position } = getComputedStyle(element);
      return { color, backgroundColor, position };
    });
    // What is fixed stands on every sheet.
    assert.deepEqual(style, { color: "rgb(0, 0, 0)", backgroundColor: "rgb(255, 255, 255)", position: "fixed" });
    assert.deepEqual(await shownErrors(page), []);
  });
});
