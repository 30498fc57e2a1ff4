/**
 * Diameters, types and figures on the page. The shipped model may have them or not, so they are put in: figures into its
 * spec, diameters and types into what the module answers.
 */

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { drop, launch, newPage, shownDetections, stage } from "./support/browser.mjs";
import { DIST, FIXTURES, filesBelow, load, rebuilt } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

const FLOOR = 0.05;
const POINTS = [
  { threshold: 0.1, sensitivity: 0.64, sensitivity_95: [0.5, 0.8], marks_per_slice: 4.1 },
  { threshold: 0.2, sensitivity: 0.5, sensitivity_95: [0.333, 0.7], marks_per_slice: 0.87 },
];
const EVIDENCE = {
  sensitivity: "Sensitivity on 22 lesions of 5 patients.",
  marks: "Marks on 40 slices without a box.",
};

const THOROUGH = {
  default_threshold: 0.15,
  operating_points: [{ threshold: 0.15, sensitivity: 0.7, sensitivity_95: [0.6, 0.8], marks_per_slice: 1.5 }],
};

/** The spec of the page with these figures in place of its own. */
const withFigures = (operating_points, thorough = {}) =>
  rebuilt("spec", (text) => {
    const { evidence: _, thorough: __, ...spec } = JSON.parse(text);
    const evidence = operating_points.length > 0 ? { evidence: EVIDENCE } : {};
    const figures = { ...evidence, ...thorough, operating_points };
    return JSON.stringify({ ...spec, ...figures, score_floor: FLOOR, default_threshold: 0.25 });
  });

/** The module's answers with diameters and types: along the box's diagonal and middle, a slice's first detection a lung's. */
const MEASURING = `
;{
  const { modelInfo, accept } = Workbench.prototype;
  Workbench.prototype.modelInfo = function () {
    return { ...modelInfo.call(this), has_axes: true, has_types: true };
  };
  Workbench.prototype.accept = function (ticket, heads) {
    return accept.call(this, ticket, heads).map((detection, rank) => {
      const [x0, y0, x1, y1] = detection.box_px;
      const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
      const mm = rank > 0 ? { long_mm: null, short_mm: null } : { long_mm: 23.4, short_mm: 13.6 };
      const axes = { long_px: [[x0, y], [x1, y]], short_px: [[x, y0 + 2], [x, y1 - 2]], ...mm };
      return { ...detection, axes, type: rank === 0 ? { name: "lung", probability: 0.83 } : null };
    });
  };
}
`;

/** The module's answers without diameters and types, whatever the model has. */
const PLAIN = `
;{
  const { modelInfo, accept } = Workbench.prototype;
  Workbench.prototype.modelInfo = function () {
    return { ...modelInfo.call(this), has_axes: false, has_types: false };
  };
  Workbench.prototype.accept = function (ticket, heads) {
    return accept.call(this, ticket, heads).map((detection) => ({ ...detection, axes: null, type: null }));
  };
}
`;

describe("figures and measures", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  /** A page that is ready, served with patches. */
  async function open(t, patch) {
    const host = await serve(DIST, { patch });
    const { page, context, complaints } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    await page.goto(host.url);
    await stage(page, ["ready"]);
    return { page, complaints };
  }

  /** Takes the focus from whatever has it. @param {import("playwright-core").Page} page */
  const blur = (page) => page.evaluate(() => /** @type {HTMLElement | null} */ (document.activeElement)?.blur());

  /** A page with the generated study, at the lowest threshold, with detections on the slice in view. */
  async function openStudy(t, glue) {
    const { page, complaints } = await open(
      t,
      rebuilt("glue", (text) => text + glue),
    );
    await drop(page, load(filesBelow(path.join(FIXTURES, "deeplesion"))));
    await stage(page, ["done"], 120_000);
    const slider = page.locator("[data-testid=threshold]");
    await slider.fill(await slider.getAttribute("min"));
    await page.waitForSelector("[data-testid=detection]");
    await page.waitForTimeout(300);
    const rows = page.locator("[data-testid=detection]");
    assert.ok((await rows.count()) > 1, "more than one detection");
    return { page, complaints, rows, shown: await shownDetections(page) };
  }

  /**
   * Whether the overlay is painted at a point of the image.
   * @param {import("playwright-core").Page} page
   * @param {number[]} point
   */
  const isPainted = (page, [x, y]) =>
    page.evaluate(
      ([x, y]) => {
        /** @type {HTMLCanvasElement} */
        const overlay = document.querySelector("canvas.overlay");
        /** @type {HTMLCanvasElement} */
        const slice = document.querySelector("canvas[data-testid=slice-canvas]");
        // Where the slice's own place on the screen has the point.
        const [whole, part] = [overlay.getBoundingClientRect(), slice.getBoundingClientRect()];
        const scale = overlay.width / whole.width;
        const across = Math.round((part.left - whole.left + (x / slice.width) * part.width) * scale);
        const down = Math.round((part.top - whole.top + (y / slice.height) * part.height) * scale);
        return overlay.getContext("2d").getImageData(across, down, 1, 1).data[3] > 0;
      },
      [x, y],
    );

  test("the slider says what was measured at or below its position, and the strip at the default", async (t) => {
    const { page, complaints } = await open(t, withFigures(POINTS));
    const slider = page.locator("[data-testid=threshold]");
    const figures = () => page.textContent("[data-testid=operating-point]");
    const spaces = (text) => text.replaceAll("\u00a0", " ");

    assert.match(
      spaces(await page.innerText("ll-notice")),
      /At the default threshold: 50 % of lesions found \(95 % interval 33 to 70 %\), 0\.87 marks per slice\./,
    );
    assert.equal(await page.getAttribute("ll-notice a", "href"), "models/README.md");
    await page.click("[data-testid=sample]");
    await stage(page, ["detecting", "done"], 60_000);
    assert.match(await figures(), /score ≥ 0\.20/);
    for (const [value, expected] of /** @type {[number, RegExp][]} */ ([
      [0.19, /score ≥ 0\.10: 64 % of lesions found \(95 % interval 50 to 80 %\), 4\.1 marks per slice\./],
      [0.09, /Nothing was measured/],
      [0.1, /score ≥ 0\.10/],
      [0.2, /score ≥ 0\.20/],
      [0.9, /score ≥ 0\.20/],
    ])) {
      await slider.fill(String(value));
      await page.waitForFunction(
        (source) =>
          new RegExp(source).test(
            document.querySelector("[data-testid=operating-point]").textContent.replaceAll("\u00a0", " "),
          ),
        expected.source,
      );
      const spoken = spaces(await slider.getAttribute("aria-valuetext"));
      assert.ok(spoken.startsWith(value.toFixed(2)) && expected.test(spoken), spoken);
    }

    // On what it was measured: read aloud with the slider, and behind the summary with every other threshold.
    const described = (await slider.getAttribute("aria-describedby")).split(" ");
    const text = await page.evaluate(
      (ids) => ids.map((id) => document.getElementById(id).textContent).join(" "),
      described,
    );
    assert.ok(text.includes(EVIDENCE.sensitivity) && text.includes(EVIDENCE.marks), text);
    await page.click("ll-threshold summary");
    assert.ok(await page.getByText(EVIDENCE.sensitivity).isVisible());
    assert.deepEqual(
      await page.$$eval("ll-threshold tbody tr", (rows) => rows.map((row) => row.children[0].textContent)),
      ["0.10", "0.20"],
    );
    assert.deepEqual(complaints, []);
  });

  test("thorough searches every slice again, with other scores, from its own threshold and figures", async (t) => {
    const { page, complaints } = await open(t, withFigures(POINTS, { thorough: THOROUGH }));
    const slider = page.locator("[data-testid=threshold]");
    const scores = async () => {
      await slider.fill("0.1");
      await page.waitForTimeout(300);
      return page.$$eval("[data-testid=detection]", (rows) =>
        rows.map((row) => Number(row.getAttribute("data-score"))),
      );
    };
    await drop(page, load(filesBelow(path.join(FIXTURES, "deeplesion"))));
    await stage(page, ["done"], 120_000);
    const once = await scores();
    assert.ok(once.length > 0, "detections to compare");
    await page.check("[data-testid=thorough]");
    await page.waitForSelector("[data-testid=status][data-state=detecting]");
    await stage(page, ["done"], 120_000);
    assert.ok(Math.abs(Number(await slider.inputValue()) - 0.15) < 1e-6);
    assert.match(await page.textContent("[data-testid=operating-point]"), /70.%/);
    const twice = await scores();
    assert.ok(twice.length > 0, "detections to compare");
    assert.notDeepEqual(twice, once);
    await page.uncheck("[data-testid=thorough]");
    await page.waitForSelector("[data-testid=status][data-state=detecting]");
    await stage(page, ["done"], 120_000);
    assert.deepEqual(await scores(), once);
    assert.deepEqual(complaints, []);
  });

  test("a model without figures says nothing of them", async (t) => {
    const { page, complaints } = await open(t, withFigures([]));
    assert.doesNotMatch(await page.innerText("ll-notice"), /found|marks|%/);
    await page.click("[data-testid=sample]");
    await stage(page, ["detecting", "done"], 60_000);
    assert.ok(await page.locator("[data-testid=operating-point]").isHidden());
    assert.ok(await page.locator("[data-testid=thorough]").isHidden());
    assert.ok(await page.locator("ll-threshold details").isHidden());
    const slider = page.locator("[data-testid=threshold]");
    assert.equal(await slider.getAttribute("aria-describedby"), null);
    assert.match(await slider.getAttribute("aria-valuetext"), /^0\.\d\d$/);
    assert.deepEqual(complaints, []);
  });

  test("the list has diameters and types, and the detection selected or pointed at shows its diameters", async (t) => {
    const { page, complaints, rows, shown } = await openStudy(t, MEASURING);
    const details = (at) => rows.nth(at).locator(".details").innerText();
    const name = (at) => rows.nth(at).locator("button").getAttribute("aria-label");
    assert.equal(await details(0), "23 × 14 mm · lung");
    assert.match(await name(0), /^Detection A, score 0\.\d\d, 23 by 14 millimetres, lung, slice \d+, series /);
    const other = shown.findIndex(({ type }) => type === null);
    assert.ok(other > 0, "a slice with more than one detection");
    assert.equal(await details(other), "size in mm unknown · type unknown");
    assert.match(await name(other), /diameters in millimetres unknown, .*type unknown, slice/);
    assert.deepEqual([shown[0].type, shown[other].axes.long_mm], ["lung", null]);

    const [{ axes, slice }] = shown;
    const [x0, y0, x1, y1] = axes.long_px;
    await rows.nth(0).locator("button").click();
    await page.mouse.move(5, 5);
    const label = await page.getAttribute("[data-testid=slice-canvas]", "aria-label");
    assert.match(label, /^Slice .* Selected: Detection A, .*23 by 14 millimetres, lung$/);
    const isOnAxis = async (share) => {
      const at = [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share];
      return (await isPainted(page, at)) ? at : null;
    };
    const onAxis = (await Promise.all([0.2, 0.3, 0.4, 0.6, 0.7, 0.8].map(isOnAxis))).filter((at) => at !== null);
    await page.keyboard.press("Escape");
    await blur(page);
    // Boxes of other detections may cross the diameter; what is left is painted by it alone.
    const isFree = await Promise.all(onAxis.map(async (at) => !(await isPainted(page, at))));
    const point = onAxis.find((_, i) => isFree[i]);
    assert.ok(point, "painted while selected, and not when neither selected nor pointed at");
    assert.doesNotMatch(await page.getAttribute("[data-testid=slice-canvas]", "aria-label"), /Selected/);

    await rows.nth(0).hover();
    assert.ok(await isPainted(page, point), "pointed at in the list");
    await page.mouse.move(5, 5);
    assert.ok(!(await isPainted(page, point)));
    await rows.nth(0).locator("button").focus();
    assert.ok(await isPainted(page, point), "focused");
    await blur(page);
    assert.ok(!(await isPainted(page, point)));

    const canvas = page.locator("[data-testid=slice-canvas]");
    assert.equal(await canvas.getAttribute("data-slice"), String(slice));
    const { x, y, width, height } = await canvas.boundingBox();
    const [cols, n_rows] = await canvas.evaluate((/** @type {HTMLCanvasElement} */ { width, height }) => [
      width,
      height,
    ]);
    const [left, top] = [shown[0].box_px[0] + 1, shown[0].box_px[1] + 1];
    await page.mouse.move(x + (left / cols) * width, y + (top / n_rows) * height);
    assert.ok(await isPainted(page, point), "pointed at on the slice");
    await page.keyboard.press("b");
    assert.ok(!(await isPainted(page, point)), "with the boxes off nothing is drawn");
    assert.deepEqual(complaints, []);
  });

  test("a model without diameters and types gives a list without them", async (t) => {
    const { page, complaints, rows, shown } = await openStudy(t, PLAIN);
    assert.ok(shown.every(({ axes, type }) => axes === null && type === null));
    await rows.nth(0).locator("button").click();
    assert.doesNotMatch(await page.innerText("ll-detections"), /mm|unknown/);
    assert.doesNotMatch(await rows.nth(0).locator("button").getAttribute("aria-label"), /millimetres|unknown/);
    assert.deepEqual(complaints, []);
  });
});
