/** Memory over many studies: what one leaves behind, the next finds. */

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { drop, launch, newPage, stage } from "./support/browser.mjs";
import { DIST, FIXTURES, filesBelow, load, rebuilt } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

const N_STUDIES = 50;
// A module's memory never shrinks; by then every size that these studies ask for has been asked for.
const SETTLED = 10;

/** Each worker says the size of its module's memory after it arranged a study, and after it searched a slice. */
const TELLING = `
;{
  const tell = (name, prototype) => {
    const call = prototype[name];
    prototype[name] = function (...args) {
      const answer = call.apply(this, args);
      console.info("memory " + name + " " + memoryBytes());
      return answer;
    };
  };
  tell("arrange", Workbench.prototype);
  tell("run", Net.prototype);
}
`;

describe("memory", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  test(`stays where it is over ${N_STUDIES} studies, one after the other`, { timeout: 600_000 }, async (t) => {
    const host = await serve(DIST, { patch: rebuilt("glue", (text) => text + TELLING) });
    const { page, context, complaints } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    /** @type {Record<string, number[]>} */
    const told = { arrange: [], run: [] };
    page.on("console", (message) => {
      const [, name, bytes] = /^memory (\w+) (\d+)$/.exec(message.text()) ?? [];
      if (name) told[name].push(Number(bytes));
    });
    await page.goto(host.url);
    await stage(page, ["ready"]);
    const files = load(filesBelow(path.join(FIXTURES, "deeplesion")));
    /** Largest memory of the study's worker and of the nets, study by study. @type {number[][]} */
    const peaks = [];
    for (let n = 1; n <= N_STUDIES; n += 1) {
      told.arrange = [];
      told.run = [];
      await drop(page, files);
      await page
        .waitForFunction(
          () => document.querySelector("[data-testid=status]")?.getAttribute("data-state") !== "done",
          null,
          { timeout: 5_000 },
        )
        .catch(() => {});
      await stage(page, ["done"], 60_000);
      assert.ok(told.arrange.length > 0 && told.run.length > 0, `study ${n} was arranged and searched`);
      peaks.push([Math.max(...told.arrange), Math.max(...told.run)]);
    }
    assert.equal(peaks.length, N_STUDIES);
    assert.deepEqual(peaks.at(-1), peaks[SETTLED], "bytes of the study's worker and of the nets");
    assert.deepEqual(complaints, []);
  });
});
