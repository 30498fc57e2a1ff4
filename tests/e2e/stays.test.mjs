/**
 * Nothing of a study stays: its every text attribute and file name holds a canary, and after it was opened, searched and
 * closed, the canary is in no storage, address, title, history, console or sentence of the page, nor in any file of the
 * browser's profile. The control leaves the canary in each of these places, and each must find it.
 */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { describe, test } from "node:test";

import { drop, launchIn, shownErrors, stage } from "./support/browser.mjs";
import { dicom } from "./support/dicom.mjs";
import { DIST, filesBelow } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";
import { stored } from "./support/stored.mjs";

// 16 characters, as much as the shortest of the attributes may hold.
const CANARY = "ZQKANARY7W3XVJ2P";
const N_SLICES = 3;
/** Chromium writes some of its files only when it closes, and some after a while. */
const WRITTEN_AFTER_MS = 3000;

const files = () => [
  ...Array.from({ length: N_SLICES }, (_, slice) => ({
    name: `${CANARY}-${slice}.dcm`,
    bytes: dicom({ text: CANARY, slice }),
  })),
  { name: `${CANARY}-refused.dcm`, bytes: dicom({ text: CANARY, slice: 9, modality: "MR" }) },
  { name: `${CANARY}-damaged.dcm`, bytes: dicom({ text: CANARY, slice: 8 }).subarray(0, 9000) },
  { name: `${CANARY}.txt`, bytes: Buffer.from(CANARY) },
];

/** Files below a folder that hold the canary in UTF-8 or UTF-16, of which IndexedDB writes names with the high byte first. */
function withCanary(folder) {
  const utf16 = Buffer.from(CANARY, "utf16le");
  const forms = [Buffer.from(CANARY), Buffer.from(CANARY.toLowerCase()), utf16, Buffer.from(utf16).swap16()];
  return filesBelow(folder).filter((file) => {
    const bytes = readFileSync(file);
    return path.basename(file).includes(CANARY) || forms.some((form) => bytes.includes(form));
  });
}

/** Runs `use` in a browser with a profile of its own; what it said, and which files of the profile hold the canary. */
async function inProfile(t, use) {
  const profile = mkdtempSync(path.join(os.tmpdir(), "lesionlens-profile-"));
  t.after(() => rmSync(profile, { recursive: true, force: true }));
  const host = await serve(DIST);
  t.after(() => host.close());
  const context = await launchIn(profile);
  const said = [];
  const [page] = context.pages();
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await page.goto(host.url);
  await stage(page, ["ready"]);
  const found = await use(page, host);
  const neighbour = await context.newPage();
  await neighbour.goto(new URL("models/README.md", host.url).href);
  const texts = await stored(neighbour);
  const devtools = await context.newCDPSession(page);
  const { entries } = await devtools.send("Page.getNavigationHistory");
  await page.waitForTimeout(WRITTEN_AFTER_MS);
  await context.close();
  return { found, said, stored: texts, history: entries.flatMap(({ url, title }) => [url, title]), profile };
}

const holdsCanary = (texts) => texts.some((text) => text.includes(CANARY));

describe("nothing stays", () => {
  test("of a study with canaries in every text attribute and file name", async (t) => {
    const { found, said, stored, history, profile } = await inProfile(t, async (page) => {
      await drop(page, files());
      await stage(page, ["done"], 120_000);
      assert.equal(await page.innerText("[data-testid=slice-position]"), `1 / ${N_SLICES}`);
      const errors = await shownErrors(page);
      assert.equal(errors.length, 3, JSON.stringify(errors));
      // File names are shown to the reader; sentences about them hold nothing of what is inside.
      const sentences = await page.$$eval("[data-testid=error] .message", (texts) => texts.map((t) => t.textContent));
      assert.ok(sentences.length > 0);
      return { sentences, title: await page.title(), url: page.url() };
    });
    assert.ok(!holdsCanary([...found.sentences, found.title, found.url]), JSON.stringify(found));
    assert.ok(!holdsCanary(said), "in the console");
    assert.ok(!holdsCanary(stored), "in storage");
    assert.ok(!holdsCanary(history), JSON.stringify(history));
    assert.deepEqual(withCanary(profile), []);
  });

  test("control: a canary that is left behind is found in each of these places", async (t) => {
    const { said, stored, history, profile } = await inProfile(t, async (page, host) => {
      await page.goto(new URL("models/README.md", host.url).href);
      await page.evaluate(async (canary) => {
        localStorage.setItem("a", canary);
        document.cookie = `b=${canary}; max-age=9999`;
        await new Promise((resolve) => (indexedDB.open(canary).onsuccess = resolve));
        await (await caches.open("c")).put("/c", new Response(canary));
        document.title = canary;
        window.history.pushState(null, "", `#${canary}`);
        console.log(canary);
      }, CANARY);
    });
    assert.ok(holdsCanary(said), "the console");
    assert.equal(stored.filter((text) => text.includes(CANARY)).length, 4, "every storage");
    assert.ok(holdsCanary(history), "the history");
    const places = withCanary(profile).map((file) => path.relative(profile, file));
    for (const place of [/Local Storage/, /IndexedDB/, /Cache ?Storage/i, /History/]) {
      assert.ok(
        places.some((file) => place.test(file)),
        `${place} of ${places.join(", ")}`,
      );
    }
  });
});
