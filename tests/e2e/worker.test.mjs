/** A worker that traps or hangs: it is ended, a new one goes on with the other files, and the person is told. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import path from "node:path";

import { drop, launch, newPage, shownErrors, stage } from "./support/browser.mjs";
import { DIST, FIXTURES, filesBelow, load, rebuilt } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

// No known file traps the module, so its glue is wrapped: names decide what happens.
const FRAGILE = `
;{
  const { addFile, input, arrange, render } = Workbench.prototype;
  let paths = {};
  Workbench.prototype.addFile = function (path, bytes) {
    if (path.includes("trap-on-read")) throw new WebAssembly.RuntimeError("unreachable");
    if (path.includes("hang-on-read")) for (;;);
    return addFile.call(this, path, bytes);
  };
  Workbench.prototype.arrange = function () {
    const series = arrange.call(this);
    paths = Object.fromEntries(series.flatMap(({ slices }) => slices.map(({ id, path }) => [id, path])));
    return series;
  };
  Workbench.prototype.input = function (slice) {
    if (paths[slice].includes("trap-on-input")) throw new WebAssembly.RuntimeError("unreachable");
    const made = input.call(this, slice);
    if (paths[slice].includes("trap-on-detect")) made.rows = -1;
    return made;
  };
  Workbench.prototype.render = function (slice, center_hu, width_hu) {
    if (paths[slice].includes("trap-on-draw")) throw new WebAssembly.RuntimeError("unreachable");
    return render.call(this, slice, center_hu, width_hu);
  };
  const { run } = Net.prototype;
  Net.prototype.run = function (levels, rows, cols) {
    if (rows < 0) throw new WebAssembly.RuntimeError("unreachable");
    return run.call(this, levels, rows, cols);
  };
}
`;

describe("a lost worker", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  /** Drops generated slices, some under names that the wrapped glue stumbles over. */
  async function dropNamed(t, rename, n_files = 4) {
    const host = await serve(DIST, { patch: rebuilt("glue", (text) => text + FRAGILE) });
    const { page, context, complaints } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    await page.goto(host.url);
    await stage(page, ["ready"]);
    const files = load(filesBelow(path.join(FIXTURES, "dicom")).slice(0, n_files));
    await drop(
      page,
      files.map(({ name, bytes }, i) => ({ name: rename[i] ?? name, bytes })),
    );
    await stage(page, ["done"], 120_000);
    const n_slices = await page.$$eval(".series-list .quiet", (rows) =>
      rows.reduce((sum, row) => sum + parseInt(row.textContent, 10), 0),
    );
    const calls = await page.evaluate(() => globalThis.workerCalls.slice());
    assert.deepEqual(complaints, []);
    return { page, n_slices, calls, errors: await shownErrors(page) };
  }

  test("that trapped or hung on a file: the other files are shown and searched", async (t) => {
    const { n_slices, calls, errors } = await dropNamed(t, { 1: "b-trap-on-read.dcm", 2: "c-hang-on-read.dcm" });
    assert.deepEqual(
      errors.sort((a, b) => (a.file < b.file ? -1 : 1)),
      [
        { file: "b-trap-on-read.dcm", code: "WorkerTrap" },
        { file: "c-hang-on-read.dcm", code: "WorkerTimeout" },
      ],
    );
    assert.equal(n_slices, 2);
    assert.equal(calls.filter((call) => call === "start").length, 3);
    assert.equal(calls.filter((call) => call === "accept").length, 2);
  });

  test("that trapped on one slice after the other costs these slices alone", async (t) => {
    const bad = [1, 3, 5, 6].map((i) => [i, `${"abcdefg"[i]}-trap-on-input.dcm`]);
    const { page, n_slices, calls, errors } = await dropNamed(t, Object.fromEntries(bad), 7);
    const traps = bad.map(([, file]) => ({ file, code: "WorkerTrap" }));
    assert.deepEqual(
      errors.sort((a, b) => (a.file < b.file ? -1 : 1)),
      traps,
    );
    assert.equal(n_slices, 7);
    assert.equal(calls.filter((call) => call === "accept").length, 3, "every other slice is searched, once");
    assert.match(await page.innerText("[data-testid=status]"), /Done/);
  });

  for (const where of ["input", "detect", "draw"]) {
    test(`that trapped on a slice's ${where}: the slice stays in the list, the others go on`, async (t) => {
      const { page, n_slices, errors } = await dropNamed(t, { 1: `b-trap-on-${where}.dcm` });
      assert.deepEqual(errors, [{ file: `b-trap-on-${where}.dcm`, code: "WorkerTrap" }]);
      assert.equal(n_slices, 4);
      assert.match(await page.innerText("[data-testid=status]"), /Done/);
    });
  }
});
