/**
 * Measures the built page's engine against onnxruntime-web and plain tract, all in one Chromium: `cargo xtask bench`.
 *
 * Arguments: the JSON file to write, if any. What is compared takes turns, so ratios hold on a busy machine too; times do
 * not. The run fails when outputs disagree.
 */

import { readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { launch, newPage } from "../tests/e2e/support/browser.mjs";
import { BUILDS, ortBytes, serveBench } from "./host.mjs";

const ROUNDS = 24;
const COLD_STARTS = 7;
const LINK = { offline: false, latency: 20, downloadThroughput: 20e6 / 8, uploadThroughput: 5e6 / 8 };
const THREADS = 2;

const host = await serveBench();
const browser = await launch();

const quantile = (values, q) => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return low + (high - low) * (at % 1);
};
const rounded = (value, digits = 3) => Number(value.toPrecision(digits));
/** @typedef {{ median: number, quartiles: number[], least: number, n: number }} Summary */

/** @returns {Summary} */
const summary = (values) => ({
  median: rounded(quantile(values, 0.5)),
  quartiles: [rounded(quantile(values, 0.25)), rounded(quantile(values, 0.75))],
  least: rounded(Math.min(...values)),
  n: values.length,
});
/** @returns {Record<string, Summary>} */
const summaries = (times) => Object.fromEntries(Object.entries(times).map(([name, values]) => [name, summary(values)]));
const ratio = (times, over, under) => rounded(quantile(times[over], 0.5) / quantile(times[under], 0.5));
/** Ratio of the shortest times: what is left when nothing else ran. */
const ratioOfLeast = (times, over, under) => rounded(Math.min(...times[over]) / Math.min(...times[under]));

async function inPage(call, ...args) {
  const { page, context } = await newPage(browser);
  page.setDefaultTimeout(600_000);
  await page.goto(`${host.origin}/page.html`);
  await page.waitForFunction(() => document.title.endsWith("(loaded)"));
  const result = await page.evaluate(([name, given]) => globalThis[name](...given), [call, args]);
  await context.close();
  return result;
}

async function coldStart(engine, link) {
  const { page, context } = await newPage(browser);
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  if (link) await session.send("Network.emulateNetworkConditions", link);
  await page.goto(`${host.origin}/cold.html?${engine}`);
  await page.waitForFunction(() => "firstHeads_ms" in globalThis, undefined, { timeout: 120_000 });
  const time = await page.evaluate(() => globalThis.firstHeads_ms);
  await context.close();
  return time;
}

function checkAgreement({ agreement }) {
  for (const [name, heads] of Object.entries(agreement)) {
    for (const { same_length, equal_share } of heads) {
      if (!same_length || equal_share < 1) throw new Error(`${name} gives other heads: ${JSON.stringify(heads)}`);
    }
  }
}

const single = await inPage("single", ROUNDS);
checkAgreement(single);
const threaded = await inPage("threaded", ROUNDS, THREADS);
checkAgreement(threaded);
const pools = await inPage("pools", [1, 2], 24, 4);
const cold = { own: [], onnxruntime: [] };
const coldOverLink = { own: [], onnxruntime: [] };
for (let start = 0; start < COLD_STARTS; start++) {
  for (const engine of ["own", "onnxruntime"]) {
    cold[engine].push(await coldStart(engine, null));
    coldOverLink[engine].push(await coldStart(engine, LINK));
  }
}

const sizes = JSON.parse(readFileSync(path.join(BUILDS, "../sizes.json"), "utf8"));
const spec = JSON.parse(readFileSync(new URL("../models/detector.json", import.meta.url), "utf8"));
const threads_ms = summaries(threaded.times_ms);
const report = {
  browser: `Chromium ${browser.version()}`,
  processor: `${os.cpus()[0]?.model ?? "unknown"}, ${os.cpus().length} cores`,
  onnxruntime_web: JSON.parse(
    readFileSync(new URL("node_modules/onnxruntime-web/package.json", import.meta.url), "utf8"),
  ).version,
  model: { name: spec.name, sha256: spec.sha256, input: [512, 512] },
  net_ratio_onnxruntime_web: ratio(single.times_ms, "own", "onnxruntime"),
  net_ratio_stock_tract: ratio(single.times_ms, "own", "tract"),
  net_ratio_onnxruntime_web_least: ratioOfLeast(single.times_ms, "own", "onnxruntime"),
  net_ratio_stock_tract_least: ratioOfLeast(single.times_ms, "own", "tract"),
  net_ms: summaries(single.times_ms),
  agreement: single.agreement,
  net_ratio_onnxruntime_web_threads: ratio(threaded.times_ms, "own", "onnxruntime"),
  net_threads_ms: { threads_of_onnxruntime: THREADS, ...threads_ms },
  first_detection_brotli_bytes: sizes.total.brotli,
  bytes: sizes,
  onnxruntime_web_brotli_bytes: ortBytes(),
  cold_start_ratio: ratio(coldOverLink, "own", "onnxruntime"),
  cold_start_ratio_unthrottled: ratio(cold, "own", "onnxruntime"),
  cold_start_ms: { link: "20 Mbit/s, 20 ms", over_link: summaries(coldOverLink), unthrottled: summaries(cold) },
  two_worker_speedup: rounded(quantile(pools.times_ms[1], 0.5) / quantile(pools.times_ms[2], 0.5)),
  pools_ms: { slices: 24, ...summaries(pools.times_ms) },
  peak_wasm_bytes: Math.max(...pools.memory_bytes),
};
await browser.close();
await host.close();

/** @param {string} what @param {Summary} times */
const row = (what, { median, quartiles: [low, high], least }) =>
  console.log(
    `${what.padEnd(44)} ${String(median).padStart(8)} ${`${low} to ${high}`.padStart(18)} ${String(least).padStart(8)}`,
  );
console.log(
  `${report.browser}, ${report.processor}, onnxruntime-web ${report.onnxruntime_web}, ${report.model.name}\n`,
);
console.log(`${"ms".padEnd(44)} ${"median".padStart(8)} ${"quartiles".padStart(18)} ${"least".padStart(8)}`);
row("net, this engine", report.net_ms.own);
row("net, tract's own operators", report.net_ms.tract);
row("net, onnxruntime-web, 1 thread", report.net_ms.onnxruntime);
row(`net, onnxruntime-web, ${THREADS} threads`, threads_ms.onnxruntime);
row("24 slices, 1 worker", report.pools_ms[1]);
row("24 slices, 2 workers", report.pools_ms[2]);
row("cold start, this engine, 20 Mbit/s", report.cold_start_ms.over_link.own);
row("cold start, onnxruntime-web, 20 Mbit/s", report.cold_start_ms.over_link.onnxruntime);
row("cold start, this engine, no link's limit", report.cold_start_ms.unthrottled.own);
row("cold start, onnxruntime-web, no link's limit", report.cold_start_ms.unthrottled.onnxruntime);
console.log("");
for (const [key, value] of Object.entries(report))
  if (typeof value === "number") console.log(`${key.padEnd(44)} ${value}`);
if (process.argv[2]) writeFileSync(process.argv[2], `${JSON.stringify(report, null, 1)}\n`);
