/**
 * Every code has words, and every word a code: those that the module reports (tests/golden/codes.json, which the crate's
 * own tests hold to its enums) and those of the page's scripts.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { formats } from "../../www/words/formats.js";
import { noteText, problemText, ruleText, wordsIn } from "../../www/words/index.js";
import { filesBelow } from "./support/project.mjs";

const WWW = fileURLToPath(new URL("../../www", import.meta.url));
const GOLDEN = JSON.parse(readFileSync(new URL("../golden/codes.json", import.meta.url), "utf8"));
const LANGUAGES = ["en"];
const DURING = ["start", "read", "arrange", "draw", "search"];
/** Details that answer to any name: those that are codes with one, all others with a number, which every formatter takes. */
const CODED = { format: GOLDEN.foreign_formats[0], advice: GOLDEN.advice[0] };
const ANY = new Proxy(CODED, { get: (coded, name) => coded[name] ?? 2 });

/** The page's scripts without comments. */
const scripts = filesBelow(WWW)
  .filter((file) => file.endsWith(".js") && !file.includes(`${path.sep}words${path.sep}`))
  .map((file) => readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ""));

/** Codes that the page's scripts give to problems. */
const ofThePage = new Set(
  scripts.flatMap((text) =>
    [
      /(?:StartError|ReadError)\(\s*"(\w+)"/g,
      /\bcode: "(\w+)"/g,
      /#lose\([^)]*"(\w+)"/g,
      /new WorkerLost\("(\w+)"/g,
      /: "(Unexpected)"/g,
    ].flatMap((pattern) => Array.from(text.matchAll(pattern), ([, code]) => code)),
  ),
);
const ofTheModule = new Set(GOLDEN.errors.map(({ code }) => code));

for (const language of LANGUAGES) {
  const words = wordsIn(language);

  /** The sentence for a code, which must be one. */
  const sentence = (code, during) => {
    const text = problemText(words, { code, during, details: ANY, cause: "" });
    assert.match(text, /\p{Letter}.*[.)]$/u, `${code}: ${text}`);
    assert.doesNotMatch(text, /undefined|NaN|null|\[object/, code);
    return text;
  };

  describe(`words in ${language}`, () => {
    test("every code of a problem has a sentence of its own, and no sentence is without a code", () => {
      assert.ok(ofThePage.size >= 12 && ofTheModule.size >= 50, `${ofThePage.size} and ${ofTheModule.size} codes`);
      const unexpected = sentence("Unexpected", "read");
      const codes = new Set([...ofThePage, ...ofTheModule]);
      for (const code of codes) {
        for (const during of DURING) {
          if (code !== "Unexpected") assert.notEqual(sentence(code, during), unexpected, `${code} during ${during}`);
        }
      }
      const written = [...Object.keys(words.codes.problems), ...Object.keys(words.codes.workers)];
      assert.deepEqual(
        written.filter((code) => !codes.has(code)),
        [],
      );
    });

    test("codes that are known have no sentence of one that is not", () => {
      assert.equal(sentence("NoSuchCode", "read"), sentence("Unexpected", "read"));
    });

    for (const { name, codes, table, textOf } of /** @type {any[]} */ ([
      { name: "rules of order", codes: GOLDEN.order_rules, table: words.codes.rules, textOf: ruleText },
      { name: "notes on a series", codes: GOLDEN.notes, table: words.codes.notes, textOf: noteText },
    ])) {
      test(`${name}: as many sentences as codes`, () => {
        assert.ok(codes.length > 0);
        assert.deepEqual(Object.keys(table).toSorted(), codes.toSorted());
        for (const code of codes) {
          const text = textOf(words, new Proxy({ code }, { get: (said, key) => said[key] ?? 2 }));
          assert.match(text, /\p{Letter}.*\.$/u, code);
          assert.doesNotMatch(text, /undefined|NaN|null|\[object/, code);
        }
      });
    }

    for (const [name, codes, table] of [
      ["sources of spacing", GOLDEN.spacing_sources, words.codes.spacingSources],
      ["types of lesions", GOLDEN.lesion_types, words.codes.types],
      ["formats that are not read", GOLDEN.foreign_formats, words.codes.formatNames],
      ["advice", GOLDEN.advice, words.codes.advice],
    ]) {
      test(`${name}: as many names as codes`, () => {
        assert.ok(codes.length > 0);
        assert.deepEqual(Object.keys(table).toSorted(), codes.toSorted());
      });
    }
  });
}

test("numbers and plurals are those of the language", () => {
  const en = formats("en");
  const forms = { one: "slice", other: "slices" };
  assert.deepEqual(
    [0, 1, 2, 1234].map((n) => en.count(n, forms)),
    ["0 slices", "1 slice", "2 slices", "1,234 slices"],
  );
  assert.equal(en.tenths(-2.25), "−2.3");
  assert.equal(en.plain(-1500), "−1500");
  assert.equal(en.tenths(-0.01), "0.0");
  assert.equal(en.hundreds(0.144), "14");
  assert.equal(formats("de").tenths(1234.5), "1.234,5");
  const polish = { one: "obraz", few: "obrazy", many: "obrazów", other: "obrazu" };
  assert.deepEqual(
    [1, 2, 5].map((n) => formats("pl").form(n, polish)),
    ["obraz", "obrazy", "obrazów"],
  );
});
