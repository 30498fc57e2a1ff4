/** Several viewers in one page, and words in another language than English. */

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { drop, launch, newPage, stage } from "./support/browser.mjs";
import { DIST, FIXTURES, filesBelow, load, unsealed } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

// Every sentence of English between brackets, as if it were another language.
const BRACKETED = `
;{
  const bracketed = (words) =>
    typeof words === "string" ? "⟦" + words + "⟧"
    : typeof words === "function" ? (...args) => bracketed(words(...args))
    : Array.isArray(words) ? words.map(bracketed)
    : Object.fromEntries(Object.entries(words).map(([name, one]) => [name, bracketed(one)]));
  Object.assign(LANGUAGES, { "en-x-bracketed": bracketed(en) });
}
`;

/** What a person reads or hears in the page that is in no brackets. */
const unbracketed = (page) =>
  page.evaluate(() => {
    const found = [];
    // Sentences hold others, so brackets are taken away from the inside.
    const outside = (text) => (/⟦[^⟦⟧]*⟧/u.test(text) ? outside(text.replace(/⟦[^⟦⟧]*⟧/gu, "")) : text);
    const isWord = (text) => /\p{Letter}{2,}/u.test(outside(text));
    const walker = document.createTreeWalker(document.querySelector("lesion-lens"), NodeFilter.SHOW_ALL);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node instanceof Text && isWord(node.data)) found.push(node.data);
      for (const name of ["aria-label", "aria-valuetext", "title", "placeholder"]) {
        const text = node instanceof Element ? node.getAttribute(name) : null;
        if (text && isWord(text)) found.push(`${name}: ${text}`);
      }
    }
    return found;
  });

describe("viewers", () => {
  /** @type {import("playwright-core").Browser} */
  let browser;
  before(async () => {
    browser = await launch();
  });
  after(() => browser?.close());

  /** @typedef {import("../../www/elements/lesion-lens.js").LesionLens} LesionLens */

  /** A page that is ready, served with patches. */
  async function open(t, patch) {
    const host = await serve(DIST, { patch });
    const { page, context, complaints } = await newPage(browser);
    t.after(() => Promise.all([host.close(), context.close()]));
    await page.goto(host.url);
    await stage(page, ["ready"]);
    return { page, complaints };
  }

  test("two in one page search studies of their own with the same nets", async (t) => {
    const twice = (html) => html.toString().replace("</lesion-lens>", "</lesion-lens><lesion-lens></lesion-lens>");
    const { page, complaints } = await open(t, { "index.html": twice });
    const viewers = page.locator("lesion-lens");
    assert.equal(await viewers.count(), 2);
    assert.equal(await page.locator("#file-input").count(), 1, "an id stands once");
    const dicom = load(filesBelow(path.join(FIXTURES, "dicom")));
    const deepLesion = load(filesBelow(path.join(FIXTURES, "deeplesion")), (file) =>
      file.endsWith(".png") ? `${path.basename(path.dirname(file))}_${path.basename(file)}` : path.basename(file),
    );
    await drop(page, deepLesion, "lesion-lens:nth-of-type(2)");
    await viewers.nth(1).locator("[data-testid=status][data-state=decoding]").waitFor();
    const first = viewers.nth(0).locator("[data-testid=status]");
    assert.equal(await first.getAttribute("data-state"), "ready", "a drop is for one viewer");
    await drop(page, dicom, "lesion-lens:nth-of-type(1)");
    for (const at of [0, 1]) {
      await viewers.nth(at).locator("[data-testid=status][data-state=done]").waitFor({ timeout: 120_000 });
    }
    const names = await Promise.all([0, 1].map((at) => viewers.nth(at).locator(".series-list .name").allInnerTexts()));
    assert.ok(names[0].length > 0 && names[1].length > 0);
    assert.equal(names[0].filter((name) => names[1].includes(name)).length, 0, "each has its own study");
    const calls = await page.evaluate(() => globalThis.workerCalls.slice());
    const n_nets = await page.evaluate(() => Math.min(navigator.hardwareConcurrency, 4));
    assert.equal(calls.filter((call) => call === "start").length, 2, "a worker with a study for each");
    assert.equal(calls.filter((call) => call === "startNet").length, n_nets, "nets for both");
    assert.deepEqual(complaints, []);
  });

  test("the words follow the language, in an open study too", async (t) => {
    const { page, complaints } = await open(t, {
      "words/index.js": (text) => text.toString() + BRACKETED,
      "index.html": (html) => unsealed(html.toString()),
    });
    const bad = load(filesBelow(path.join(FIXTURES, "bad")));
    const good = load(filesBelow(path.join(FIXTURES, "dicom")));
    await drop(page, [...bad, ...good]);
    await stage(page, ["done"], 120_000);
    await page.keyboard.press("n");
    const english = await page.innerText("lesion-lens");
    assert.ok((await page.locator("[data-testid=error]").count()) > 0 && !english.includes("⟦"));

    const speak = async (language) => {
      await page.$eval(
        "lesion-lens",
        (/** @type {LesionLens} */ { app }, to) => app.store.set({ language: to }),
        language,
      );
      await page.waitForSelector(`lesion-lens[lang=${language}]`);
    };
    await speak("en-x-bracketed");
    // Names of files and series, codes, the name of the program's parts: no words of a language.
    const names = await page.$$eval(
      ".file, .id, .name, code, .series-name, [data-testid=error] .file, .slice-list [title], .series-list [title], .at-left, .at-right",
      (elements) => elements.flatMap((element) => [element.textContent, element.getAttribute("title")]).filter(Boolean),
    );
    const known = (text) => names.some((name) => text === name || text === `title: ${name}`);
    const evidence = await page.textContent("ll-threshold .evidence p");
    const left = (await unbracketed(page)).filter((text) => !known(text) && text !== evidence);
    assert.deepEqual(left, []);

    await speak("en");
    assert.equal(await page.innerText("lesion-lens"), english, "and back");
    assert.deepEqual(complaints, []);
  });
});
