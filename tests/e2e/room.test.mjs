/** The reading room: how a slice is placed, windowed, scrolled and read, with mouse, keys and fingers. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { drop, launch, newPage, stage } from "./support/browser.mjs";
import { DIST, FIXTURES, filesBelow, load } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

describe("the reading room", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  /** @type {Awaited<ReturnType<typeof serve>>} */
  let host;
  before(async () => {
    browser = await launch();
    host = await serve(DIST);
  });
  after(() => Promise.all([browser?.close(), host?.close()]));

  /** The sample study, open and being searched. */
  async function sample(t, options = {}) {
    const { page, context, complaints } = await newPage(browser, options);
    t.after(() => context.close());
    await page.goto(host.url);
    await stage(page, ["ready"]);
    await page.click("[data-testid=sample]");
    await stage(page, ["detecting", "done"]);
    await page.waitForSelector("[data-testid=slice-canvas][data-slice='0']");
    return { page, complaints };
  }

  const position = async (page) => Number((await page.textContent("[data-testid=slice-position]")).split(" / ")[0]);
  const place = (page) =>
    page.$eval("[data-testid=slice-canvas]", (canvas) => {
      const { left, top, width, height } = canvas.getBoundingClientRect();
      return { left, top, width, height };
    });
  const middle = async (page) => {
    const { left, top, width, height } = await page.$eval(".stage", (stage) => stage.getBoundingClientRect().toJSON());
    return /** @type {const} */ ([left + width / 2, top + height / 2]);
  };
  const near = (one, other, by = 0.51) => assert.ok(Math.abs(one - other) < by, `${one} is about ${other}`);

  test("the right button zooms, the middle one moves, the left one windows, and Space undoes", async (t) => {
    const { page, complaints } = await sample(t);
    const [x, y] = await middle(page);
    const whole = await place(page);
    const drag = async (button, dx, dy) => {
      await page.mouse.move(x, y);
      await page.mouse.down({ button });
      await page.mouse.move(x + dx, y + dy, { steps: 4 });
      await page.mouse.up({ button });
    };
    await drag("right", 0, -150);
    const large = await place(page);
    near(large.width, 2 * whole.width);
    near(large.left + large.width / 2, x);
    assert.equal(await page.textContent("[data-testid=zoom]"), "× 2.00");
    await drag("middle", 40, -25);
    const moved = await place(page);
    near(moved.left, large.left + 40);
    near(moved.top, large.top - 25);
    const window = await page.textContent("[data-testid=window]");
    await drag("left", 60, 30);
    assert.notEqual(await page.textContent("[data-testid=window]"), window);
    await page.keyboard.press(" ");
    assert.deepEqual(await place(page), whole);
    assert.equal(await page.textContent("[data-testid=window]"), window);
    assert.deepEqual(complaints, []);
  });

  test("keys zoom, fit, invert, turn; letters at the edges follow", async (t) => {
    const { page, complaints } = await sample(t);
    const sides = () =>
      Promise.all(["left", "right", "top", "bottom"].map((side) => page.textContent(`.side.at-${side}`)));
    const whole = await place(page);
    assert.deepEqual(await sides(), ["R (assumed)", "", "", ""]);
    await page.keyboard.press("h");
    assert.deepEqual(await sides(), ["", "R (assumed)", "", ""]);
    await page.keyboard.press("r");
    assert.deepEqual(await sides(), ["", "", "", "R (assumed)"]);
    await page.keyboard.press("v");
    assert.deepEqual(await sides(), ["", "", "R (assumed)", ""]);
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    near((await place(page)).width, whole.width * 1.25 ** 2);
    await page.keyboard.press("-");
    near((await place(page)).width, whole.width * 1.25);
    await page.keyboard.press("=");
    near((await place(page)).width, whole.width);
    await page.keyboard.press("i");
    await page.waitForSelector("[data-testid=slice-canvas].inverted");
    await page.click("[data-place=oneToOne]");
    near((await place(page)).width, 512);
    assert.deepEqual(complaints, []);
  });

  test("DICOM's letters follow a flip", async (t) => {
    const { page, context } = await newPage(browser);
    t.after(() => context.close());
    await page.goto(host.url);
    await stage(page, ["ready"]);
    await drop(page, load(filesBelow(path.join(FIXTURES, "dicom"))));
    await stage(page, ["detecting", "done"]);
    const left = await page.textContent(".side.at-left");
    const right = await page.textContent(".side.at-right");
    assert.ok(left !== "" && left !== right);
    await page.keyboard.press("h");
    assert.equal(await page.textContent(".side.at-left"), right);
    assert.equal(await page.textContent(".side.at-right"), left);
  });

  test("the value under the pointer is the module's, in the pixel that is shown there", async (t) => {
    const { page, complaints } = await sample(t);
    const whole = await place(page);
    const probe = page.locator("[data-testid=probe]");
    // The corner of the phantom's slices is air.
    await page.mouse.move(whole.left + 2, whole.top + 2);
    await page.waitForFunction(() => / HU at /.test(document.querySelector("[data-testid=probe]").textContent));
    const [, hu, x, y] = /^(−?\d+) HU at (\d+), (\d+)$/.exec(await probe.textContent());
    assert.ok(Number(hu.replace("−", "-")) < -800, `air is ${hu}`);
    assert.ok(Number(x) < 4 && Number(y) < 4);
    const scale = whole.width / 512;
    await page.keyboard.press("h");
    await page.mouse.move(whole.left + 100.5 * scale, whole.top + 200.5 * scale);
    await page.waitForFunction(() => document.querySelector("[data-testid=probe]").textContent.endsWith("at 411, 200"));
    await page.mouse.move(1, 1);
    await page.waitForFunction(() => document.querySelector("[data-testid=probe]").textContent === "");
    assert.deepEqual(complaints, []);
  });

  test("the window is typed in numbers, and keys typed there are no commands", async (t) => {
    const { page } = await sample(t);
    await page.fill("[data-testid=window-width]", "1234");
    await page.fill("[data-testid=window-level]", "-56");
    await page.press("[data-testid=window-level]", "Enter");
    assert.equal(await page.textContent("[data-testid=window]"), "W 1234 L −56");
    await page.focus("[data-testid=window-width]");
    await page.keyboard.press("ArrowUp");
    assert.equal(await position(page), 1);
    await page.fill("[data-testid=window-width]", "");
    await page.press("[data-testid=window-width]", "Enter");
    assert.match(await page.inputValue("[data-testid=window-width]"), /^123[45]$/);
  });

  test("the strip is dragged, slices play, and series have pictures", async (t) => {
    const { page, complaints } = await sample(t);
    const marks = await page.$eval(".marks", (canvas) => canvas.getBoundingClientRect().toJSON());
    await page.mouse.move(marks.left + 1, marks.top + 5);
    await page.mouse.down();
    await page.mouse.move(marks.left + marks.width / 2, marks.top + 5, { steps: 3 });
    await page.mouse.up();
    const total = Number((await page.textContent("[data-testid=slice-position]")).split(" / ")[1]);
    near(await position(page), total / 2, 2);
    await page.mouse.move(marks.left + marks.width - 1, marks.top + 5);
    await page.waitForTimeout(50);
    near(await position(page), total / 2, 2);
    await page.selectOption("ll-cine select", "25");
    await page.keyboard.press("c");
    const from = await position(page);
    await page.waitForFunction(
      (from) => parseInt(document.querySelector("[data-testid=slice-position]").textContent, 10) !== from,
      from,
    );
    await page.keyboard.press("c");
    await page.waitForSelector("ll-thumbnail[data-drawn]");
    const [width, height] = await page.$eval("ll-thumbnail canvas", (/** @type {HTMLCanvasElement} */ canvas) => [
      canvas.width,
      canvas.height,
    ]);
    assert.ok(width > 40 && width <= 96 && height <= 96, `${width} × ${height}`);
    assert.deepEqual(complaints, []);
  });

  test("one finger scrolls or windows, two pinch, on a dense screen", async (t) => {
    const { page, complaints } = await sample(t, {
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 3,
      hasTouch: true,
      isMobile: true,
    });
    const client = await page.context().newCDPSession(page);
    const touch = (type, ...points) =>
      client.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: points.map(([x, y], id) => ({ x, y, id })),
      });
    await page.locator(".stage").scrollIntoViewIfNeeded();
    const [x, y] = await middle(page);
    await touch("touchStart", [x, y]);
    for (let dy = 10; dy <= 70; dy += 10) await touch("touchMove", [x, y + dy]);
    await touch("touchEnd");
    await page.waitForFunction(() =>
      /^[456] /.test(document.querySelector("[data-testid=slice-position]").textContent),
    );
    const whole = await place(page);
    await touch("touchStart", [x - 40, y], [x + 40, y]);
    for (let apart = 45; apart <= 80; apart += 5) await touch("touchMove", [x - apart, y], [x + apart, y]);
    await touch("touchEnd");
    await page.waitForTimeout(100);
    near((await place(page)).width, 2 * whole.width, 2);
    const window = await page.textContent("[data-testid=window]");
    await page.tap("[data-place=finger]");
    await touch("touchStart", [x, y]);
    await touch("touchMove", [x + 50, y]);
    await touch("touchMove", [x + 60, y]);
    await touch("touchEnd");
    await page.waitForFunction((w) => document.querySelector("[data-testid=window]").textContent !== w, window);
    const overlay = await page.$eval("canvas.overlay", (/** @type {HTMLCanvasElement} */ canvas) => [
      canvas.width,
      canvas.clientWidth,
    ]);
    assert.equal(overlay[0], 3 * overlay[1], "boxes are drawn in the screen's own pixels");
    const small = await page.$$eval(".tools button", (buttons) =>
      buttons.filter((b) => b.getClientRects().length > 0).map((b) => b.getBoundingClientRect()),
    );
    for (const { width, height } of small) assert.ok(width >= 44 && height >= 44, `${width} × ${height}`);
    assert.deepEqual(complaints, []);
  });

  test("lesions: a row for what neighbouring slices show, sorted, filtered, stepped through, decided on, undone", async (t) => {
    const { page, complaints } = await sample(t);
    await stage(page, ["done"], 180_000);
    await page.waitForTimeout(300);
    const rows = () => page.$$eval("[data-testid=lesion]", (items) => items.map(({ dataset }) => ({ ...dataset })));
    const all = await rows();
    const detections = await page.$$eval("[data-testid=detection]", (items) => items.map(({ dataset }) => dataset.key));
    assert.ok(all.length > 3 && all.length < detections.length, `${all.length} of ${detections.length}`);
    assert.ok(all.every(({ key }) => detections.includes(key)));
    const scores = all.map(({ score }) => Number(score));
    assert.deepEqual(
      scores,
      scores.toSorted((a, b) => b - a),
    );
    const long = all.find(({ first, last }) => Number(last) > Number(first) + 1);
    assert.ok(long, "a lesion reaches over slices");

    await page.click(`[data-testid=lesion][data-key="${long.key}"] button`);
    const at = (await position(page)) - 1;
    assert.ok(Number(long.first) <= at && at <= Number(long.last));
    assert.equal(await page.locator(`[data-testid=detection][data-key="${long.key}"] [aria-current]`).count(), 1);

    const verdict = () => page.getAttribute(`[data-testid=lesion][data-key="${long.key}"]`, "data-verdict");
    await page.click("ll-decision [data-verdict=agree]");
    assert.equal(await verdict(), "agree");
    await page.selectOption("ll-decision select", "vessel");
    assert.equal(await verdict(), "disagree");
    await page.keyboard.press("Control+z");
    assert.equal(await verdict(), "agree");
    await page.keyboard.press("Control+z");
    assert.equal(await verdict(), null);
    await page.keyboard.press("Control+y");
    assert.equal(await verdict(), "agree");
    await page.selectOption("[data-testid=lesion-filter]", "agree");
    assert.deepEqual(
      (await rows()).map(({ key }) => key),
      [long.key],
    );
    await page.selectOption("[data-testid=lesion-filter]", "all");

    await page.selectOption("[data-testid=lesion-sort]", "slice");
    const firsts = (await rows()).map(({ first }) => Number(first));
    assert.deepEqual(
      firsts,
      firsts.toSorted((a, b) => a - b),
    );
    await page.selectOption("[data-testid=lesion-sort]", "size");
    const sizes = (await rows()).map(({ longMm }) => Number(longMm));
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    );
    const current = () =>
      page.$eval(".lesion-list [aria-current]", (button) => button.closest("li").getAttribute("data-key"));
    const order = (await rows()).map(({ key }) => key);
    await page.locator(".stage").focus();
    await page.keyboard.press("j");
    assert.equal(await current(), order[(order.indexOf(long.key) + 1) % order.length]);
    await page.keyboard.press("k");
    assert.equal(await current(), long.key);

    await page.fill("[data-testid=threshold]", "0.6");
    await page.waitForFunction((n) => document.querySelectorAll("[data-testid=lesion]").length < n, all.length);
    assert.ok((await rows()).every(({ score }) => Number(score) >= 0.6));
    assert.deepEqual(complaints, []);
  });

  test("diameters, lengths, arrows and text are drawn, dragged, taken back, saved and loaded", async (t) => {
    const { page, complaints } = await sample(t);
    const whole = await place(page);
    const scale = whole.width / 512;
    const at = (x, y) => /** @type {[number, number]} */ ([whole.left + x * scale, whole.top + y * scale]);
    const drag = async (from, to) => {
      await page.mouse.move(...at(...from));
      await page.mouse.down();
      await page.mouse.move(...at(...to), { steps: 4 });
      await page.mouse.up();
    };
    const marks = () =>
      page.$$eval("[data-testid=mark]", (rows) =>
        rows.map((row) => ({ kind: row.dataset.kind, text: row.querySelector(".what").textContent })),
      );
    const window = await page.textContent("[data-testid=window]");

    await page.keyboard.press("m");
    await drag([200, 200], [250, 200]);
    const [first] = await marks();
    assert.equal(first.kind, "diameters");
    // 50 pixels of 0.8 mm, and the share that the short one begins with.
    const [, long, short] = /^([\d.]+) × ([\d.]+) mm$/.exec(first.text);
    near(Number(long), 40, 0.6);
    near(Number(short), 24, 0.6);
    assert.match(await page.textContent("[data-testid=mark] .hint"), /measurable; short axis ≥ 15/);
    assert.equal(await page.textContent("[data-testid=window]"), window, "drawing does not window");

    await drag([250, 200], [215, 200]);
    // The long one is 15 pixels now; the short one stays and is the longer of both.
    const [, longer, shorter] = /^([\d.]+) × ([\d.]+) mm$/.exec((await marks())[0].text);
    near(Number(longer), 24, 0.6);
    near(Number(shorter), 12, 0.6);
    await page.keyboard.press("Control+z");
    assert.deepEqual(await marks(), [first]);

    await page.keyboard.press("l");
    await drag([300, 300], [300, 330]);
    await page.keyboard.press("a");
    await drag([100, 300], [130, 330]);
    await page.click("[data-tool=text]");
    await page.mouse.click(...at(350, 150));
    await page.fill("[data-testid=mark-text]", "here");
    await page.press("[data-testid=mark-text]", "Enter");
    const all = await marks();
    assert.deepEqual(
      all.map(({ kind }) => kind),
      ["diameters", "line", "arrow", "text"],
    );
    near(parseFloat(all[1].text), 24, 0.6);
    assert.equal(all[3].text, "here");

    const download = page.waitForEvent("download");
    await page.click("[data-testid=bookmarks-save]");
    const saved = await (await download).path();
    const csv = readFileSync(saved, "utf8");
    assert.match(csv, /^File_name,Patient_index,Study_index,Series_ID,Key_slice_index,Measurement_coordinates/);
    assert.equal(csv.trim().split("\n").length, 2, "a row for the diameters alone");

    for (let n = 0; n < 5; n += 1) await page.keyboard.press("Control+z");
    await page.locator(".stage").focus();
    for (let n = 0; n < 6; n += 1) await page.keyboard.press("Control+z");
    assert.deepEqual(await marks(), []);
    await page.setInputFiles("[data-testid=bookmarks-file]", saved);
    await page.waitForSelector("[data-testid=mark]");
    assert.deepEqual(await marks(), [first], "as it was saved");
    await page.keyboard.press("End");
    await page.click("[data-testid=mark] button");
    assert.equal(await position(page), 1);
    await page.click("[data-testid=mark-remove]");
    assert.deepEqual(await marks(), []);
    assert.deepEqual(complaints, []);
  });

  test("a click takes the detector's diameters over, to be corrected", async (t) => {
    const { page, complaints } = await sample(t);
    await page.waitForSelector("[data-testid=lesion]", { timeout: 60_000 });
    assert.ok(await page.isDisabled("[data-testid=take-over]"));
    await page.locator("[data-testid=lesion] button").first().click();
    const key = await page.getAttribute(".detection-list li:has([aria-current])", "data-long-mm");
    await page.click("[data-testid=take-over]");
    const text = await page.textContent("[data-testid=mark] .what");
    near(parseFloat(text), Number(key), 0.06);
    assert.deepEqual(complaints, []);
  });

  test("hits, misses and unmatched marks follow the threshold, with the study's FROC curve", async (t) => {
    const { page, complaints } = await sample(t);
    await stage(page, ["done"], 180_000);
    await page.click("ll-compare summary");
    await page.waitForSelector("[data-testid=compare-total][data-truth]");
    const totals = () =>
      page.$eval("[data-testid=compare-total]", ({ dataset }) => [+dataset.hit, +dataset.truth, +dataset.unmatched]);
    const [hit, truth, unmatched] = await totals();
    const n_boxes = Number((await page.textContent(".tag.truth")).split(" ")[0]);
    assert.equal(truth, n_boxes);
    assert.ok(hit > 0 && hit <= truth, `${hit} of ${truth}`);
    const slices = await page.locator(".compare-list button").allTextContents();
    assert.ok(slices.length > 3 && slices.every((text) => /^Slice \d+: ✓ \d+ of \d+, \? \d+$/.test(text)));
    const sum = (pattern) => slices.reduce((all, text) => all + Number(pattern.exec(text)[1]), 0);
    assert.deepEqual([sum(/✓ (\d+)/), sum(/of (\d+)/), sum(/\? (\d+)/)], [hit, truth, unmatched]);
    assert.match(await page.getAttribute("[data-testid=froc]", "aria-label"), /% of truth boxes found at/);
    await page.fill("[data-testid=threshold]", "0.9");
    await page.waitForFunction(
      (n) => Number(document.querySelector("[data-testid=compare-total]").getAttribute("data-hit")) < n,
      hit,
    );
    await page.locator(".compare-list button").last().click();
    assert.equal(await position(page), Number(/^Slice (\d+)/.exec(slices.at(-1))[1]));
    assert.deepEqual(complaints, []);
  });
});
