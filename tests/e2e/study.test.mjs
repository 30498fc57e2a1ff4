/** What a person does with the page: open studies, look at slices, read detections. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";

import { drop, launch, newPage, shownDetections, shownErrors, stage } from "./support/browser.mjs";
import { assertSameAsNative } from "./support/compare.mjs";
import { DIST, FIXTURES, SHARED, filesBelow, flatName, load, withoutShared } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

const DEEPLESION = path.join(FIXTURES, "deeplesion");
const DICOM = path.join(FIXTURES, "dicom");
const BAD = path.join(FIXTURES, "bad");
const LESIONS = path.join(SHARED, "data/ct-lesions");
const REAL_SERIES = ["000002_01_01", "000009_03_01", "000010_02_02"];
const REAL_DICOM = [
  "dcm_qa_ct/GE/01.dcm",
  "dcm_qa_ct/GE/14.dcm",
  "dcm_qa_ct/GE/28.dcm",
  "cornerstone-wadoimageloader/CTImage.dcm_LittleEndianExplicitTransferSyntax_1.2.840.10008.1.2.1.dcm",
  "cornerstone-wadoimageloader/CTImage.dcm_BigEndianExplicitTransferSyntax_1.2.840.10008.1.2.2.dcm",
  "cornerstone-wadoimageloader/CTImage.dcm_DeflatedExplicitVRLittleEndianTransferSyntax_1.2.840.10008.1.2.1.99.dcm",
  "highdicom/ct_image.dcm",
].map((file) => path.join(SHARED, "conformance/files", file));

describe("a study", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let host;
  /** @type {Awaited<ReturnType<typeof newPage>>} */
  let opened;
  /** @type {import("playwright-core").Page} */
  let page;
  /** Requests made when the page became ready. */
  let n_requests = 0;

  before(async () => {
    browser = await launch();
    host = await serve(DIST, { prefix: "/lesionlens/" });
  });
  after(() => Promise.all([browser?.close(), host?.close()]));

  beforeEach(async () => {
    opened = await newPage(browser);
    page = opened.page;
    await page.goto(host.url);
    await stage(page, ["ready"]);
    n_requests = host.requests.length;
  });
  afterEach(() => opened.context.close());

  /** After every test: nothing was asked for, nothing was complained about. */
  function assertSilent() {
    assert.deepEqual(host.requests.slice(n_requests), [], "no request after the page was ready");
    assert.equal(
      opened.requests.every((url) => url.startsWith(host.url)),
      true,
    );
    assert.deepEqual(opened.complaints, []);
  }

  /** Sets the threshold as a person moves it. */
  async function setThreshold(value) {
    await page.locator("[data-testid=threshold]").fill(String(value));
    await page.waitForFunction(
      (v) => document.querySelector("ll-threshold output")?.textContent === v,
      value.toFixed(2),
    );
  }

  /** The lowest threshold there is. */
  const floorOf = async () => Number(await page.getAttribute("[data-testid=threshold]", "min"));

  /** Every detection the page can show, once there are no more to come. */
  async function allShown() {
    await stage(page, ["done"], 120_000);
    const floor = await floorOf();
    await setThreshold(floor);
    await settled();
    return { floor, shown: await shownDetections(page) };
  }

  /** Waits until the list of detections stays as it is. */
  async function settled() {
    for (let before = -1, now = -2; before !== now;) {
      before = now;
      await page.waitForTimeout(200);
      now = await page.locator("[data-testid=detection]").count();
    }
  }

  const position = () => page.textContent("[data-testid=slice-position]");
  const calls = () => page.evaluate(() => globalThis.workerCalls.slice());

  test("generated DeepLesion slices in a picked folder: boxes equal those of the command line", async () => {
    await page.locator("input[webkitdirectory]").setInputFiles(DEEPLESION);
    const { floor, shown } = await allShown();
    assert.deepEqual(await shownErrors(page), []);
    const { report, n_compared } = await assertSameAsNative(shown, [DEEPLESION], floor);
    assert.ok(report.images.length > 0 && n_compared > 0, `${n_compared} detections compared`);
    assert.match(await page.innerText("ll-viewer"), /DL_info/);
    assert.match(await page.innerText("ll-viewer"), /R \(assumed\)/);
    assertSilent();
  });

  test("generated DICOM slices, dropped: boxes equal those of the command line", async () => {
    const files = filesBelow(DICOM);
    await drop(page, load(files));
    const { floor, shown } = await allShown();
    const { report, n_compared } = await assertSameAsNative(shown, files, floor);
    assert.ok(report.images.length > 1 && n_compared > 0, `${n_compared} detections compared`);
    assert.deepEqual(
      (await shownErrors(page)).map(({ code }) => code).sort(),
      report.errors.map(({ code }) => code).sort(),
    );
    assert.match(await page.innerText("ll-viewer"), /PixelSpacing/);
    assertSilent();
  });

  test("real DeepLesion slices with their table, dropped", { skip: withoutShared("data/ct-lesions") }, async () => {
    const slices = REAL_SERIES.flatMap((series) => filesBelow(path.join(LESIONS, "Images_png", series)));
    const table = path.join(LESIONS, "DL_info.csv");
    await drop(page, [...load(slices, flatName), ...load([table])]);
    const { floor, shown } = await allShown();
    assert.deepEqual(await shownErrors(page), []);
    const { n_compared } = await assertSameAsNative(shown, [...slices, table], floor);
    assert.ok(n_compared > 0);
    assertSilent();
  });

  test("real DICOM slices, dropped", { skip: withoutShared("conformance/files") }, async () => {
    const files = REAL_DICOM.filter(existsSync);
    await drop(page, load(files));
    const { floor, shown } = await allShown();
    const { report, n_compared } = await assertSameAsNative(shown, files, floor);
    assert.ok(report.images.length >= 3 && n_compared > 0, `${n_compared} detections compared`);
    assert.deepEqual(
      (await shownErrors(page)).map(({ code }) => code).sort(),
      report.errors.map(({ code }) => code).sort(),
    );
    assertSilent();
  });

  test("bad files among good ones are listed, and the good ones are shown", async () => {
    const good = filesBelow(DICOM).slice(0, 2);
    const bad = load(filesBelow(BAD));
    const hostile = { name: "evil\u202Egnp.<img src=x>\u0007.dcm", bytes: Buffer.from("not an image") };
    await page
      .locator("#file-input")
      .setInputFiles(
        [...bad, hostile, ...load(good)].map(({ name, bytes }) => ({ name, mimeType: "", buffer: bytes })),
      );
    await stage(page, ["done"], 120_000);
    const errors = await shownErrors(page);
    assert.ok(errors.length > 0);
    for (const said of await page.locator("[data-testid=error] .message").allInnerTexts()) {
      assert.match(said, /^\p{Lu}.{10,}[.)]$/u);
      assert.doesNotMatch(said, /undefined|NaN|\[object|unexpected/);
    }
    for (const { code } of errors) assert.match(code, /^[A-Za-z][A-Za-z0-9_]+$/);
    assert.ok(!errors.some(({ code }) => /^Worker/.test(code)), `no file stops the worker: ${JSON.stringify(errors)}`);
    assert.ok(
      errors.some(({ file }) => file === "evilgnp.<img src=x>.dcm"),
      "names are cleaned and stay text",
    );
    assert.equal(await page.locator("ll-errors img").count(), 0);
    for (const file of good) {
      const shown = await page.locator(`.slice-list [title="${path.basename(file)}"]`).count();
      assert.ok(shown > 0 || (await page.locator(".series-list li").count()) > 1, `${file} is shown`);
    }
    assertSilent();
  });

  test("the sample study: slices, keys, wheel, threshold, list, labels", async () => {
    await page.click("[data-testid=sample]");
    await stage(page, ["detecting"]);
    const total = Number((await position()).split(" / ")[1]);
    assert.ok(total >= 40, `${total} slices`);
    assert.equal(await position(), `1 / ${total}`);
    assert.match(await page.innerText(".corner.top.right"), /synthetic/i);

    // Keys and wheel while the detector is at work.
    for (const [key, expected] of /** @type {[string, number][]} */ ([
      ["ArrowDown", 2],
      ["ArrowDown", 3],
      ["ArrowUp", 2],
      ["End", total],
      ["ArrowDown", total],
      ["Home", 1],
      ["ArrowUp", 1],
    ])) {
      await page.keyboard.press(key);
      assert.equal(await position(), `${expected} / ${total}`, `after ${key}`);
    }
    const canvas = page.locator("[data-testid=slice-canvas]");
    await canvas.hover();
    for (const [delta, expected] of [
      [120, 2],
      [120, 3],
      [-120, 2],
      [20, 2],
      [20, 2],
      [20, 3],
    ]) {
      await page.mouse.wheel(0, delta);
      await page.waitForFunction(
        (text) => document.querySelector("[data-testid=slice-position]").textContent === text,
        `${expected} / ${total}`,
      );
    }
    await page.waitForSelector("[data-testid=slice-canvas][data-slice='2']");
    assert.equal(await page.locator("ll-slice input").inputValue(), "3");

    const readout = () => page.textContent("[data-testid=window]");
    for (const [key, expected] of [
      ["2", "W 1500 L −600"],
      ["3", "W 150 L 90"],
      ["4", "W 2000 L 350"],
      ["5", "W 80 L 40"],
      ["6", "W 450 L 50"],
      ["7", "W 2524 L 238"],
      ["1", "W 400 L 40"],
    ]) {
      await page.keyboard.press(key);
      assert.equal(await readout(), expected);
    }
    const before = await readout();
    const { x, y, width, height } = await canvas.boundingBox();
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + 40, y + height / 2 - 20, { steps: 4 });
    await page.mouse.up();
    assert.equal(await readout(), "W 440 L 20", `dragged from ${before}`);
    await page.keyboard.press("ArrowDown");
    assert.equal(await readout(), "W 440 L 20", "a chosen window stays through the slices");
    await page.keyboard.press("Space");
    assert.notEqual(await readout(), "W 440 L 20");

    await stage(page, ["done"], 180_000);
    const n_detects = (await calls()).filter((call) => call === "accept").length;
    assert.equal(n_detects, total, "every slice is searched once");

    // A lesion that the phantom is known to have is found, by the shipped net at its default threshold.
    const known = { slice: 12, box_px: [134, 232, 154, 252] };
    const hits = (await shownDetections(page)).filter(
      ({ slice, box_px }) => slice === known.slice && box_px.every((edge, i) => Math.abs(edge - known.box_px[i]) <= 3),
    );
    assert.equal(hits.length, 1, "the known lesion");
    // Its mark is shown, and T takes it away.
    await page.locator(".slice-list button").nth(known.slice).click();
    const greens = () =>
      page.$eval("canvas.overlay", (/** @type {HTMLCanvasElement} */ overlay) => {
        const { data } = overlay.getContext("2d").getImageData(0, 0, overlay.width, overlay.height);
        return data.filter(
          (_, i) => i % 4 === 1 && data[i] > 150 && data[i] > data[i - 1] + 60 && data[i] > data[i + 1] + 40,
        ).length;
      });
    assert.ok((await greens()) > 50, "truth is marked");
    await page.keyboard.press("t");
    assert.equal(await greens(), 0, "without its marks");
    await page.keyboard.press("t");

    // The threshold chooses from what the page has.
    const floor = await floorOf();
    await setThreshold(floor);
    await settled();
    const all = await shownDetections(page);
    assert.ok(all.length > 0);
    const middle = Math.round(100 * all.map(({ score }) => score).sort()[Math.floor(all.length / 2)] + 1) / 100;
    const n_calls = (await calls()).length;
    await setThreshold(middle);
    await settled();
    const fewer = await shownDetections(page);
    assert.deepEqual(
      fewer,
      all.filter(({ score }) => score >= Math.fround(middle)),
    );
    assert.ok(fewer.length < all.length);
    const asked = (await calls()).slice(n_calls).filter((call) => call !== "lesions");
    assert.deepEqual(asked, [], "no slice is searched or drawn again; what is shown is linked anew");
    for (const [i, { series, slice, score }] of all.entries()) {
      assert.ok(slice >= 0 && slice < total && score >= floor && score <= 1);
      const next = all[i + 1];
      assert.ok(
        !next || next.series !== series || next.slice > slice || (next.slice === slice && next.score <= score),
        "in order",
      );
    }

    // A click on a detection shows its slice; N and P step through the list.
    await setThreshold(floor);
    await settled();
    const row = page.locator("[data-testid=detection]").nth(Math.floor(all.length / 2));
    await row.locator("button").click();
    assert.equal(await position(), `${Number(await row.getAttribute("data-slice")) + 1} / ${total}`);
    assert.equal(await row.locator("button").getAttribute("aria-current"), "true");
    await page.keyboard.press("n");
    assert.equal(await row.locator("button").getAttribute("aria-current"), null);
    await page.keyboard.press("p");
    assert.equal(await row.locator("button").getAttribute("aria-current"), "true");
    await page.keyboard.press("?");
    assert.ok(await page.locator("dialog").isVisible());
    await page.keyboard.press("Escape");
    assert.ok(!(await page.locator("dialog").isVisible()));
    assertSilent();
  });

  test("a series says how it was ordered and what is missing in it", async () => {
    const files = filesBelow(DICOM);
    await drop(page, load(files.toSpliced(3, 1)));
    await stage(page, ["done"], 120_000);
    assert.match(await page.innerText("ll-series"), /Ordered by ImagePositionPatient/);
    const notes = await page.locator("ll-series .warnings li").allInnerTexts();
    assert.deepEqual(notes, [
      "There is 1 gap in this series; the first is between slices 3 and 4: 10.0 mm instead of 5.0 mm.",
    ]);
    assertSilent();
  });

  test("another drop cancels the first study at once", async () => {
    await page.click("[data-testid=sample]");
    await stage(page, ["detecting"]);
    const files = filesBelow(DICOM);
    await drop(page, load(files));
    await page.waitForFunction(
      () => document.querySelector("[data-testid=status]").getAttribute("data-state") !== "detecting",
      null,
      { timeout: 1000, polling: 20 },
    );
    await stage(page, ["done"], 120_000);
    const series = new Set((await shownDetections(page)).map((detection) => detection.series));
    assert.ok(![...series].some((id) => id.startsWith("99")), "nothing of the sample is left");
    assert.equal(await page.locator(".corner.top.right .synthetic:visible").count(), 0);
    const after = (await calls()).slice((await calls()).lastIndexOf("clear"));
    assert.ok(after.filter((call) => call === "accept").length <= files.length, "only the new slices are searched");
    assertSilent();
  });

  test("a page that is left alone has nothing under the strip that says what it is not", async () => {
    for (const width of [360, 768, 1024, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      const { overflow, notice } = await page.evaluate(() => ({
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        notice: document.querySelector("ll-notice").getBoundingClientRect().bottom,
      }));
      assert.ok(overflow <= 0, `no sideways scrolling at ${width} px`);
      assert.ok(notice <= 800.5, `the notice is in sight at ${width} px`);
    }
    assertSilent();
  });
});
