/** Chromium and the built page in it. */

import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A headless Chromium with a fresh profile: the one that the environment variable CHROMIUM names. */
export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [...FLAGS, ...more],
  });
}

/** The same with a profile in a folder that is kept. @param {string} profile */
export function launchIn(profile) {
  return chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: FLAGS,
  });
}

/** What the browser says when the page and its workers try their own ways out (www/start/scope.js). */
const REFUSED = [
  /^Connecting to '(blob:|[^']*\/canary')/,
  /^Fetch API cannot load (blob:|\S*\/canary\.)/,
  /^Loading the image 'data:image\/gif;/,
];

/**
 * A fresh page, with what it said and asked for.
 * @param {import("playwright-core").Browser} browser
 * @param {import("playwright-core").BrowserContextOptions} options
 */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    // It asks for every file once more; offline.test.mjs is about it.
    serviceWorkers: "block",
    ...options,
  });
  const page = await context.newPage();
  /** Errors in the console and uncaught ones, but for those of the lock's own tries. */
  const complaints = [];
  /** Addresses of all requests but those that stay inside the browser. */
  const requests = [];
  page.on("console", (message) => {
    const isTry = REFUSED.some((said) => said.test(message.text()));
    if (message.type() === "error" && !isTry) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  context.on("request", (request) => {
    if (!/^(blob|data):/.test(request.url())) requests.push(request.url());
  });
  // Messages from the page to its worker, so that a test can tell what the worker was asked to do.
  await page.addInitScript(() => {
    const post = Worker.prototype.postMessage;
    const calls = [];
    Object.defineProperty(globalThis, "workerCalls", { value: calls });
    Worker.prototype.postMessage = function (message, transfer) {
      calls.push(message.call);
      return post.call(this, message, transfer);
    };
  });
  return { page, context, complaints, requests };
}

/**
 * Waits until the page's stage is one of those named.
 * @param {import("playwright-core").Page} page
 * @param {string[]} stages
 * @param {number} timeout_ms
 */
export async function stage(page, stages, timeout_ms = 60_000) {
  const selector = stages.map((name) => `[data-testid=status][data-state=${name}]`).join(", ");
  await page.waitForSelector(selector, { timeout: timeout_ms, state: "attached" });
}

/**
 * Drops files on the page as a person does, through one DataTransfer.
 * @param {import("playwright-core").Page} page
 * @param {{ name: string, bytes: Buffer }[]} files
 * @param {string} selector what they are dropped on
 */
export async function drop(page, files, selector = "body") {
  const transfer = await page.evaluateHandle(() => new DataTransfer());
  for (const { name, bytes } of files) {
    await page.evaluate(
      ({ to, name, base64 }) => {
        const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        to.items.add(new File([bytes], name));
      },
      { to: transfer, name, base64: bytes.toString("base64") },
    );
  }
  for (const type of ["dragenter", "dragover", "drop"])
    await page.dispatchEvent(selector, type, { dataTransfer: transfer });
}

/** The detections that the page shows. Ends of diameters lie flat, `[x0, y0, x1, y1]`. */
export function shownDetections(page) {
  return page.$$eval("[data-testid=detection]", (rows) =>
    rows.map(({ dataset }) => {
      const numbers = (text) => text?.split(",").map(Number) ?? null;
      const one = (text) => numbers(text)?.[0] ?? null;
      const [long_px, short_px] = [numbers(dataset.long), numbers(dataset.short)];
      return {
        series: dataset.series,
        slice: Number(dataset.slice),
        score: Number(dataset.score),
        box_px: numbers(dataset.box),
        axes: long_px && { long_px, short_px, long_mm: one(dataset.longMm), short_mm: one(dataset.shortMm) },
        type: dataset.type ?? null,
      };
    }),
  );
}

/** The errors that the page shows. */
export function shownErrors(page) {
  return page.$$eval("[data-testid=error]", (rows) =>
    rows.map(({ dataset }) => ({ file: dataset.file, code: dataset.code })),
  );
}
