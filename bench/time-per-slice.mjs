/**
 * Times the built page: `node bench/time-per-slice.mjs` after `cargo xtask web`. Prints JSON.
 *
 * The sample study is opened three times in one fresh Chromium; a time is that from the first slice searched to the
 * last, divided by their number, with as many nets as the page uses on this machine: input, net, heads and suppression,
 * with the drawing of slices in between. Start-up is the time from navigation until files are accepted, from a server on this machine.
 */

import os from "node:os";

import { launch, newPage, stage } from "../tests/e2e/support/browser.mjs";
import { DIST } from "../tests/e2e/support/project.mjs";
import { serve } from "../tests/e2e/support/serve.mjs";

const RUNS = 3;
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const host = await serve(DIST);
const browser = await launch();
const perSlice_ms = [];
const start_ms = [];
let n_slices = 0;
for (let run = 0; run < RUNS; run++) {
  const { page, context } = await newPage(browser);
  const opened = performance.now();
  await page.goto(host.url);
  await stage(page, ["ready"]);
  start_ms.push(performance.now() - opened);
  await page.click("[data-testid=sample]");
  await stage(page, ["detecting"], 120_000);
  const started = performance.now();
  await stage(page, ["done"], 300_000);
  const position = await page.textContent("[data-testid=slice-position]");
  n_slices = Number(position.split("/")[1]);
  perSlice_ms.push((performance.now() - started) / n_slices);
  await context.close();
}
const report = {
  browser: `Chromium ${browser.version()}`,
  processor: os.cpus()[0]?.model ?? "unknown",
  n_slices,
  runs: RUNS,
  per_slice_ms: { median: Math.round(median(perSlice_ms)), all: perSlice_ms.map(Math.round) },
  start_ms: { median: Math.round(median(start_ms)), all: start_ms.map(Math.round) },
};
console.log(JSON.stringify(report, null, 1));
await browser.close();
await host.close();
