/** What the page's worker makes of files: the same stored values as outside of the browser, and no harm from bad ones. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";

import { launch, newPage, shownErrors, stage } from "./support/browser.mjs";
import { DIST, FIXTURES, SHARED, filesBelow, withoutShared } from "./support/project.mjs";
import { serve } from "./support/serve.mjs";

const CONFORMANCE = path.join(SHARED, "conformance");
const GOLDEN = JSON.parse(readFileSync(new URL("../golden/codecs.json", import.meta.url), "utf8"));
const LOSSY = JSON.parse(readFileSync(new URL("../golden/lossy.json", import.meta.url), "utf8"));
const CODECS = path.join(FIXTURES, "codecs");
const CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2";
const N_MUTANTS = 2000;
const MOST_MS = 2000;
const MOST_BYTES = 384 * 1024 * 1024;

/** SHA-256 over little-endian 32-bit integers. */
function digestOf(values) {
  return createHash("sha256")
    .update(Buffer.from(Int32Array.from(values).buffer))
    .digest("hex");
}

/** xorshift32 (Marsaglia 2003). */
function random(seed) {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** A file with some bytes changed, left out, put in, or cut off. */
function mutant(bytes, next) {
  let out = Buffer.from(bytes);
  for (let n = 1 + next(6); n > 0 && out.length > 1; n--) {
    const at = next(out.length);
    switch (next(7)) {
      case 0:
      case 1:
        out[at] = next(256);
        break;
      case 2:
        out[at] ^= 1 << next(8);
        break;
      case 3:
        out = Buffer.concat([out.subarray(0, at), Buffer.from([next(256)]), out.subarray(at)]);
        break;
      case 4:
        out = Buffer.concat([out.subarray(0, at), out.subarray(at + 1)]);
        break;
      case 5:
        out.fill(next(2) * 255, at, Math.min(at + 4, out.length));
        break;
      default:
        if (next(8) === 0) out = out.subarray(0, at + 1);
    }
  }
  return out;
}

describe("decoding in the page", () => {
  let browser;
  let host;
  let opened;
  let page;

  before(async () => {
    browser = await launch();
    host = await serve(DIST);
    opened = await newPage(browser);
    page = opened.page;
    // The worker with the study, by the first message it gets; and a way to ask it beside the page.
    await page.addInitScript(() => {
      const post = Worker.prototype.postMessage;
      let n = 1e9;
      Worker.prototype.postMessage = function (message, transfer) {
        if (message.call === "start") {
          globalThis.pageWorker = this;
          globalThis.workersSeen = (globalThis.workersSeen ?? 0) + 1;
        }
        return post.call(this, message, transfer);
      };
      const ask = (call, args = []) =>
        new Promise((resolve) => {
          const worker = globalThis.pageWorker;
          const id = n++;
          const listen = ({ data }) => {
            if (data.id !== id) return;
            worker.removeEventListener("message", listen);
            resolve(data);
          };
          worker.addEventListener("message", listen);
          post.call(worker, { id, call, args }, []);
        });
      /** For each file: code or digest, and the time; behind each, the digest of the good file. */
      globalThis.decodeAll = async (files, good) => {
        const bytesOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        const answers = [];
        const one = async (name, bytes) => {
          await ask("clear");
          const added = await ask("addFile", [name, bytes]);
          if (added.error) return { code: added.error.code, message: added.error.message };
          const series = (await ask("arrange")).result;
          const slices = series.flatMap((one) => one.slices);
          const digest = slices.length > 0 ? (await ask("fingerprint", [slices[0].id])).result : null;
          // The rest of the way: the picture and the net's input of the first and the last slice of each series.
          const refused = [];
          for (const { hounsfield, slices, window } of series) {
            for (const { id } of [slices[0], slices.at(-1)]) {
              const drawn = await ask("render", [id, window.center_hu, window.width_hu]);
              const input = await ask("input", [id]);
              if (drawn.error) refused.push(drawn.error.code);
              if (input.error?.code !== (hounsfield ? undefined : "NotSearchable"))
                refused.push(input.error?.code ?? "searched");
            }
          }
          const searched = series.filter(({ hounsfield }) => hounsfield).length;
          const unsaid = series.filter(({ hounsfield, notes }) => !hounsfield && notes.length === 0).length;
          return { n_slices: slices.length, digest, searched, not: series.length - searched, unsaid, refused };
        };
        for (const [name, base64] of files) {
          const started = performance.now();
          const answer = await one(name, bytesOf(base64));
          const ms = performance.now() - started;
          answers.push({ name, ms, ...answer, next: good ? (await one("good.dcm", bytesOf(good))).digest : null });
        }
        return { answers, bytes: (await ask("memoryBytes")).result, workers: globalThis.workersSeen };
      };
    });
    await page.goto(host.url);
    await stage(page, ["ready"]);
  });
  after(() => Promise.all([browser?.close(), host?.close()]));

  const base64 = (bytes) => bytes.toString("base64");
  const decodeAll = (files, good = null) =>
    page.evaluate(([files, good]) => globalThis.decodeAll(files, good), [files, good]);

  /** Nothing stopped the one worker, nothing took long, memory stayed below the cap, no request was made. */
  function assertUnharmed({ answers, bytes, workers }, next) {
    for (const { name, ms, code, next: found } of answers) {
      assert.notEqual(code, null, `${name} stopped the worker`);
      assert.ok(ms <= MOST_MS, `${name} took ${ms} ms`);
      assert.equal(found, next, `the good file after ${name}`);
    }
    assert.equal(workers, 1, "one worker for all of them");
    assert.ok(bytes <= MOST_BYTES, `${bytes} bytes of memory`);
  }

  test("every stream of an independent encoder gives the values that it gives natively", async () => {
    const files = filesBelow(CODECS).map((file) => [path.basename(file), base64(readFileSync(file))]);
    assert.equal(files.length, GOLDEN.length);
    const result = await decodeAll(files);
    result.answers.forEach(({ name, digest, code, message }, n) => {
      const { name: what, tolerance, expected } = GOLDEN[n];
      assert.ok(digest, `${what} (${name}): ${code} ${message}`);
      if (tolerance === 0) assert.equal(digest, digestOf(expected), what);
    });
    assertUnharmed(result, null);
  });

  test("real CT files have their reference's values", { skip: withoutShared("conformance/files") }, async (t) => {
    const { files } = JSON.parse(
      readFileSync(path.join(CONFORMANCE, "expected.json"), "utf8").replaceAll(": NaN", ": null"),
    );
    const ct = Object.entries(files).filter(
      ([, one]) => one.sop === CT_IMAGE && /^(exact|max_abs_diff)/.test(one.check ?? "") && one.spp === 1 && !one.zst,
    );
    let n_equal = 0;
    for (const [name, expected] of ct) {
      const { answers } = await decodeAll([[name, base64(readFileSync(path.join(CONFORMANCE, "files", name)))]]);
      const [{ digest, code }] = answers;
      // What is no slice in Hounsfield units, whatever a decoder makes of it.
      if (code === "Localizer" || code === "SignContradictsHeader") continue;
      assert.equal(digest, LOSSY[name]?.sha256_i32le ?? expected.sha256_i32le, `${name}: ${code}`);
      n_equal += 1;
    }
    t.diagnostic(`${n_equal} of ${ct.length} files have the values they have natively`);
    assert.ok(n_equal >= 35, `${n_equal} files`);
  });

  test("hostile files, each followed by a good one", { skip: withoutShared("conformance/malformed") }, async (t) => {
    const good = readFileSync(path.join(CONFORMANCE, "malformed/preamble_html.dcm"));
    const { answers } = await decodeAll([["good.dcm", base64(good)]]);
    const files = filesBelow(path.join(CONFORMANCE, "malformed")).map((file) => [
      path.basename(file),
      base64(readFileSync(file)),
    ]);
    const result = await decodeAll(files, base64(good));
    assertUnharmed(result, answers[0].digest);
    for (const { name, code } of result.answers) {
      assert.equal(code === undefined, /^(pn_|preamble_|bits_32_32_31|zip_slip)/.test(name), `${name}: ${code}`);
    }
    const slowest = Math.max(...result.answers.map(({ ms }) => ms));
    t.diagnostic(
      `${files.length} files; slowest ${Math.round(slowest)} ms; memory ${Math.round(result.bytes / 1048576)} MiB`,
    );
  });

  const contradictions = path.join(CONFORMANCE, "contradictions");
  test("files that contradict themselves", { skip: withoutShared("conformance/contradictions") }, async (t) => {
    const good = readFileSync(path.join(contradictions, "j00_ok.dcm"));
    const { answers } = await decodeAll([["good.dcm", base64(good)]]);
    const table = readFileSync(path.join(contradictions, "expected.csv"), "utf8").trim().split("\n").slice(1);
    const expected = new Map(table.map((row) => /** @type {[string, string]} */ (row.split(",").slice(0, 2))));
    const files = Array.from(expected.keys(), (name) => [name, base64(readFileSync(path.join(contradictions, name)))]);
    const result = await decodeAll(files, base64(good));
    assertUnharmed(result, answers[0].digest);
    for (const { name, code, searched = 0, not = 0, unsaid, refused } of result.answers) {
      const what = `${name}: ${code ?? `${searched} series searched, ${not} not`}`;
      if (expected.get(name) === "read") assert.ok(searched > 0 && not === 0, what);
      if (expected.get(name) === "no_hu") assert.equal(searched, 0, what);
      if (code === undefined) assert.deepEqual([unsaid, refused], [0, []], what);
    }
    // What is no refusal is a badge and a sentence.
    const moved = readFileSync(path.join(contradictions, "p01_hu1024.png"));
    await page.locator("#file-input").setInputFiles([{ name: "moved.png", mimeType: "image/png", buffer: moved }]);
    await stage(page, ["done"]);
    assert.ok(await page.isVisible("[data-testid=not-hu]"));
    assert.match(await page.innerText("body"), /Not HU: the values of this series do not lie as those of a CT/);
    assert.deepEqual(await shownErrors(page), []);
    const slowest = Math.max(...result.answers.map(({ ms }) => ms));
    t.diagnostic(
      `${files.length} files; slowest ${Math.round(slowest)} ms; memory ${Math.round(result.bytes / 1048576)} MiB`,
    );
  });

  test(`${N_MUTANTS} mutants, each followed by a good file`, async (t) => {
    const seeds = ["codecs", "dicom", "bad"].flatMap((folder) => filesBelow(path.join(FIXTURES, folder)));
    const bytes = seeds
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file))
      .filter(({ length }) => length < 50_000);
    const good = readFileSync(path.join(CODECS, "00.dcm"));
    const { answers } = await decodeAll([["good.dcm", base64(good)]]);
    const next = random(20260711);
    let slowest = 0;
    let n_read = 0;
    for (let done = 0; done < N_MUTANTS; done += 200) {
      const files = Array.from({ length: 200 }, (_, n) => [
        `mutant ${done + n}`,
        base64(mutant(bytes[(done + n) % bytes.length], next)),
      ]);
      const result = await decodeAll(files, base64(good));
      assertUnharmed(result, answers[0].digest);
      slowest = Math.max(slowest, ...result.answers.map(({ ms }) => ms));
      n_read += result.answers.filter(({ digest }) => digest).length;
    }
    t.diagnostic(`${n_read} of ${N_MUTANTS} were read; slowest ${Math.round(slowest)} ms`);
  });

  test("a picture carries the badge, and a folder's other files are counted", async () => {
    const eight = readFileSync(path.join(FIXTURES, "bad", "8_bit.png"));
    const n_before = await page.evaluate(() => globalThis.workerCalls.length);
    await page.locator("#file-input").setInputFiles([{ name: "8_bit.png", mimeType: "image/png", buffer: eight }]);
    await stage(page, ["done"]);
    assert.ok(await page.isVisible("[data-testid=not-hu]"));
    const calls = await page.evaluate((from) => globalThis.workerCalls.slice(from), n_before);
    assert.ok(calls.includes("render") && !calls.includes("input"), "shown, and not searched");
    await page.locator("input[webkitdirectory]").setInputFiles(path.join(FIXTURES, "bad"));
    await stage(page, ["done"]);
    const errors = await shownErrors(page);
    assert.ok(
      errors.some(({ code }) => code === "FilesSkipped"),
      JSON.stringify(errors),
    );
    assert.ok(!errors.some(({ code }) => code === "UnknownFormat"), "not one by one");
    assert.deepEqual(opened.complaints, []);
  });
});
