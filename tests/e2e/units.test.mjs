/** The page's pure functions. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { nextSlice } from "../../www/state/selectors.js";
import { clean, fileName, letters } from "../../www/state/text.js";

test("text from files loses what can hide, reorder or break", () => {
  for (const [given, cleaned] of [
    ["slice 12.png", "slice 12.png"],
    ["evil\u202Egnp.exe", "evilgnp.exe"],
    ["a\u2066b\u2069c\u200Fd", "abcd"],
    ["line\nbreak\u0000\u001b[31m\u0085", "linebreak[31m"],
    ["\uFEFFzero\u200Bwidth", "zerowidth"],
    ["Größe 肝 القلب", "Größe 肝 القلب"],
    ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
  ]) {
    assert.equal(clean(given), cleaned);
  }
  assert.equal(clean("x".repeat(1000)).length, 401);
  assert.equal(fileName("a/b/c.png"), "c.png");
  assert.equal(fileName("c.png"), "c.png");
});

test("letters count on after Z", () => {
  assert.deepEqual([0, 1, 25, 26, 27, 51, 52, 701, 702].map(letters), [
    "A",
    "B",
    "Z",
    "AA",
    "AB",
    "AZ",
    "BA",
    "ZZ",
    "AAA",
  ]);
});

test("the slice in view comes first, then its neighbours outwards, then the other series", () => {
  const series = [5, 2].map((n_slices) => ({ slices: Array(n_slices).fill({}) }));
  const done = new Set();
  const order = [];
  for (let next; (next = nextSlice(series, { series: 0, slice: 3 }, (s, i) => done.has(`${s}/${i}`)));) {
    done.add(`${next.series}/${next.slice}`);
    order.push(`${next.series}/${next.slice}`);
  }
  assert.deepEqual(order, ["0/3", "0/4", "0/2", "0/1", "0/0", "1/0", "1/1"]);
  assert.equal(
    nextSlice([], { series: 0, slice: 0 }, () => false),
    null,
  );
});
