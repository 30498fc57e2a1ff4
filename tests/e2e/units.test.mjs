/** The page's pure functions. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Pool, netsFor } from "../../www/engine/pool.js";
import { MOST_LOSSES, blame, newJob, setAside, settle } from "../../www/session/job.js";
import { nextSlice, outwards } from "../../www/session/order.js";
import { problemOf } from "../../www/session/problems.js";
import { EMPTY_DOCUMENT, withFound } from "../../www/state/document.js";
import { bestScores, operatingPoint, shownDetections, shownInView } from "../../www/state/selectors.js";
import { INITIAL } from "../../www/state/state.js";
import { clean, fileName, letters } from "../../www/state/text.js";
import { SILENT, decided, decisionOn, marked, redone, undone } from "../../www/state/reader.js";
import { handleAt } from "../../www/viewport/tools/drawing.js";
import { Gesture } from "../../www/viewport/tools/gesture.js";
import { diameters, dragged, drawn, length_mm } from "../../www/viewport/tools/marks.js";
import {
  UPRIGHT,
  canvasFromImage,
  covers,
  imageFromCanvas,
  moved,
  oneToOne,
  placing,
  rectangleOf,
  sidesOnScreen,
  turned,
  zoomed,
} from "../../www/viewport/transform.js";

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

describe("the order of work", () => {
  const seriesOf = (...sizes) =>
    sizes.map((size, s) => ({
      hounsfield: true,
      slices: Array.from({ length: size }, (_, i) => ({ id: `${s}/${i}`, path: "", position_mm: null, truth_px: [] })),
    }));
  /** Ids in the order in which they are taken. */
  const taken = (series, view) => {
    const done = new Set();
    for (let next; (next = nextSlice(series, view, (id) => done.has(id)));) done.add(next.id);
    return [...done];
  };

  test("goes from the slice in view outwards, then to the other series", () => {
    const order = taken(seriesOf(5, 2), { series: 0, slice: 3 });
    assert.deepEqual(order, ["0/3", "0/4", "0/2", "0/1", "0/0", "1/0", "1/1"]);
    assert.deepEqual(taken([], { series: 0, slice: 0 }), []);
  });

  test("leaves out slices without Hounsfield units, even the one in view", () => {
    const [picture, ct] = seriesOf(2, 2);
    assert.deepEqual(taken([{ ...picture, hounsfield: false }, ct], { series: 0, slice: 1 }), ["1/0", "1/1"]);
  });

  test("reaches every index once", () => {
    for (const from of [0, 3, 6]) {
      const indices = [...outwards(from, 7)];
      assert.equal(indices[0], from);
      assert.deepEqual(
        indices.toSorted((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6],
      );
    }
    assert.deepEqual([...outwards(0, 0)], []);
  });
});

describe("what is shown", () => {
  const slice = (id) => ({ id, path: "", position_mm: null, truth_px: [] });
  /** @type {any} */
  const series = [{ slices: [slice("a"), slice("b")] }, { slices: [slice("c")] }];
  /** @type {(id: string, score: number) => any} */
  const detection = (id, score) => ({ id, slice: id[0], box_px: [0, 0, 1, 1], score, axes: null, type: null });
  const found = new Map([
    ["c", [detection("c.0", 0.9)]],
    ["b", [detection("b.0", 0.8), detection("b.1", Math.fround(0.3)), detection("b.2", 0.1)]],
  ]);
  const state = { ...INITIAL, series, found, threshold: 0.3, view: { series: 0, slice: 1 } };
  const ids = (shown) => shown.map(({ detection: { id } }) => id);

  test("are the detections at the threshold, by series, slice and score, a 32-bit score at its own value included", () => {
    assert.deepEqual(ids(shownDetections(state)), ["b.0", "b.1", "c.0"]);
    assert.deepEqual(ids(shownDetections({ ...state, threshold: 0.31 })), ["b.0", "c.0"]);
    assert.deepEqual(ids(shownInView(state)), ["b.0", "b.1"]);
    assert.deepEqual([...bestScores(state)], [[1, 0.8]]);
    assert.deepEqual(
      shownDetections(state).map(({ rank }) => rank),
      [0, 1, 0],
    );
  });

  test("is the same list as long as nothing changed, and another one after", () => {
    const selected = { ...state, selected: "b.0" };
    assert.equal(shownDetections(state), shownDetections(selected));
    const more = { ...state, ...withFound(state, "a", [detection("a.0", 0.5)]) };
    assert.deepEqual(ids(shownDetections(more)), ["a.0", "b.0", "b.1", "c.0"]);
    assert.deepEqual(ids(shownDetections(state)), ["b.0", "b.1", "c.0"]);
    assert.equal(EMPTY_DOCUMENT.found.size, 0);
  });

  test("has the figures of the highest threshold that is not above the slider's", () => {
    /** @type {any[]} */
    const points = [0.1, 0.2].map((threshold) => ({ threshold: Math.fround(threshold) }));
    const at = (threshold) =>
      operatingPoint({ ...state, model: /** @type {any} */ ({ operating_points: points }), threshold });
    assert.deepEqual(
      [0.05, 0.1, 0.19, 0.2, 0.9].map((threshold) => points.indexOf(at(threshold))),
      [-1, 0, 0, 1, 1],
    );
    assert.equal(operatingPoint({ ...state, model: null }), null);
  });
});

describe("a lost worker", () => {
  const source = (path) => ({ path, read: () => Promise.reject(new Error("not read here")) });
  const sources = Array.from({ length: 20 }, (_, i) => source(`${i}`));
  const reading = (at, good = []) => {
    const job = newJob(async () => sources);
    return Object.assign(job, { sources, good: new Set(good), added: [...good], reading: sources[at] });
  };
  const loss = (call, about = "") => ({ code: "WorkerTrap", call, about });

  test("over an untried file sets that file aside", () => {
    const job = reading(3, sources.slice(0, 3));
    const verdict = blame(job, loss("addFile"));
    assert.deepEqual(verdict.aside, [{ source: sources[3], code: "WorkerTrap" }]);
    assert.equal(verdict.losses, 0);
    assert.equal(job.bad.size, 0, "blaming changes nothing");
    settle(job, verdict);
    assert.deepEqual([...job.bad], [sources[3]]);
  });

  test("over a file that was read before has run out of memory: the last tenth has no room", () => {
    const verdict = blame(reading(19, sources), loss("addFile"));
    assert.deepEqual(verdict.aside, [
      { source: sources[18], code: "MemoryFull" },
      { source: sources[19], code: "MemoryFull" },
    ]);
  });

  test("over a slice skips that slice, in the search alone", () => {
    for (const [call, during, skipped] of /** @type {[string, string, string[]][]} */ ([
      ["input", "search", ["s"]],
      ["accept", "search", ["s"]],
      ["run", "search", ["s"]],
      ["render", "draw", []],
    ])) {
      const job = newJob(async () => sources);
      const verdict = blame(job, loss(call, "s"));
      assert.deepEqual([verdict.slice, verdict.during, verdict.losses], ["s", during, 1], call);
      settle(job, verdict);
      assert.deepEqual([...job.skipped], skipped, call);
    }
  });

  test("over the order of slices leaves nothing to read", () => {
    const job = reading(0, sources.slice(0, 2));
    settle(job, blame(job, loss("arrange")));
    assert.deepEqual([...job.good], []);
    assert.deepEqual([...job.bad], sources.slice(0, 2));
  });

  test("again and again ends the search once, then the study, but never for the nets' sake", () => {
    const job = newJob(async () => sources);
    const ends = Array.from({ length: 2 * MOST_LOSSES + 1 }, () => {
      const verdict = blame(job, loss("render", "s"));
      settle(job, verdict);
      return [verdict.isStopped, verdict.isOver];
    });
    assert.equal(ends.filter(([isStopped]) => isStopped).length, 1);
    assert.ok(ends[MOST_LOSSES - 1]?.[0]);
    assert.deepEqual(
      ends.map(([, isOver]) => isOver),
      [...Array(2 * MOST_LOSSES).fill(false), true],
    );
    assert.equal(blame(job, loss("run", "s")).isOver, false);
  });

  test("setting a file aside takes it from the good ones", () => {
    const job = reading(0, sources.slice(0, 2));
    setAside(job, sources[0]);
    assert.deepEqual([[...job.good], [...job.bad]], [[sources[1]], [sources[0]]]);
  });
});

test("problems keep code, file and details, cleaned", () => {
  const error = Object.assign(new Error("why\u202E"), { code: "CsvBadCell", details: { line: 3, found: "a\u0007b" } });
  assert.deepEqual(problemOf(error, "read", "x\u200B.csv"), {
    code: "CsvBadCell",
    during: "read",
    file: "x.csv",
    details: { line: 3, found: "ab" },
    cause: "why",
  });
  assert.equal(problemOf("thrown", "draw").code, "Unexpected");
});

describe("image and canvas", () => {
  const transform = { a: 2, b: 0, c: 0, d: 3, e: 10, f: 20 };

  test("map onto each other and back", () => {
    for (const point of /** @type {[number, number][]} */ ([
      [0, 0],
      [5.5, 7.25],
      [-3, 512],
    ])) {
      assert.deepEqual(imageFromCanvas(transform, canvasFromImage(transform, point)), point);
    }
    assert.deepEqual(canvasFromImage(transform, [1, 1]), [12, 23]);
    assert.deepEqual(rectangleOf(transform, [1, 1, 3, 2]), { x: 12, y: 23, width: 4, height: 3 });
  });

  const image = { cols: 100, rows: 50 };
  const spacing = { x: 1, y: 2 };
  const room = { width: 400, height: 300 };

  test("keep the slice's proportions in the middle of the room there is", () => {
    const { transform: wide, pxPerMm } = placing(image, { x: 1, y: 1 }, { width: 400, height: 150 }, UPRIGHT);
    assert.deepEqual(wide, { a: 3, b: 0, c: 0, d: 3, e: 50, f: 0 });
    assert.equal(pxPerMm, 3);
    const tall = placing(image, spacing, { width: 50, height: 400 }, UPRIGHT);
    assert.deepEqual(tall.transform, { a: 0.5, b: 0, c: 0, d: 1, e: 0, f: 175 });
  });

  test("a quarter turn fits the slice the other way round", () => {
    const pose = turned(UPRIGHT, "quarter");
    const { transform } = placing(image, { x: 1, y: 1 }, { width: 100, height: 400 }, pose);
    assert.deepEqual(canvasFromImage(transform, [0, 0]), [100, 100], "the corner at the top left is at the top right");
    assert.deepEqual(rectangleOf(transform, [0, 0, 100, 50]), { x: 0, y: 100, width: 100, height: 200 });
  });

  test("zooming keeps what is under the pointer, and moving moves by as much", () => {
    const about = /** @type {const} */ ([120, 90]);
    const at = (pose) => imageFromCanvas(placing(image, spacing, room, pose).transform, about);
    const rounded = (point) => point.map((value) => Math.round(value * 1e9) / 1e9);
    for (const facing of [UPRIGHT, turned(UPRIGHT, "quarter"), turned(turned(UPRIGHT, "across"), "quarter")]) {
      const near = zoomed(image, spacing, room, facing, 2.5, about);
      assert.equal(near.zoom, 2.5);
      assert.deepEqual(rounded(at(near)), rounded(at(facing)));
      const [x, y] = canvasFromImage(placing(image, spacing, room, near).transform, [50, 25]);
      const there = canvasFromImage(
        placing(image, spacing, room, moved(image, spacing, room, near, [7, -4])).transform,
        [50, 25],
      );
      assert.deepEqual(rounded(there), rounded([x + 7, y - 4]));
    }
    assert.equal(zoomed(image, spacing, room, UPRIGHT, 1e9, about).zoom, 30);
    const far = moved(image, spacing, room, UPRIGHT, [1e6, 1e6]);
    assert.deepEqual(far.middle, [0, 0], "something of the slice stays in sight");
  });

  test("one to one is one device pixel for each pixel across", () => {
    const pose = oneToOne(image, spacing, room, UPRIGHT, 2);
    assert.equal(placing(image, spacing, room, pose).transform.a, 0.5);
  });

  test("two flips or four turns are none, and letters follow", () => {
    for (const how of /** @type {const} */ (["across", "down"])) {
      assert.deepEqual(turned(turned(UPRIGHT, how), how), UPRIGHT);
    }
    const quarter = (pose) => turned(pose, "quarter");
    assert.deepEqual(quarter(quarter(quarter(quarter(UPRIGHT)))), UPRIGHT);
    const sides = { left: "R", right: "L", top: "A", bottom: "P" };
    assert.deepEqual(sidesOnScreen(sides, UPRIGHT.facing), sides);
    assert.deepEqual(sidesOnScreen(sides, turned(UPRIGHT, "across").facing), { ...sides, left: "L", right: "R" });
    assert.deepEqual(sidesOnScreen(sides, turned(UPRIGHT, "down").facing), { ...sides, top: "P", bottom: "A" });
    assert.deepEqual(sidesOnScreen(sides, quarter(UPRIGHT).facing), { top: "R", right: "A", bottom: "L", left: "P" });
  });

  test("a box is half-open", () => {
    const box = /** @type {const} */ ([1, 1, 3, 2]);
    assert.ok(covers(box, [1, 1]) && covers(box, [2.9, 1.9]));
    assert.ok(!covers(box, [3, 1]) && !covers(box, [1, 2]) && !covers(box, [0.9, 1.5]));
  });
});

describe("gestures", () => {
  const pointer = (at, more = {}) => ({ id: 1, type: "mouse", button: 0, at, ...more });

  test("a press that hardly moves is a click, of the left button alone", () => {
    const gesture = new Gesture();
    gesture.press(pointer([10, 10]));
    assert.equal(gesture.move(pointer([12, 11]), "slices"), null);
    assert.equal(gesture.release(1), true);
    gesture.press(pointer([10, 10], { button: 2 }));
    assert.equal(gesture.release(1), false);
    gesture.press(pointer([10, 10]));
    assert.deepEqual(gesture.move(pointer([30, 10]), "slices"), { kind: "window", total: [20, 0] });
    assert.equal(gesture.release(1), false);
    assert.equal(gesture.isUnderway, false);
  });

  test("the middle button moves, the right one zooms about where it was pressed", () => {
    const gesture = new Gesture();
    gesture.press(pointer([10, 10], { button: 1 }));
    assert.deepEqual(gesture.move(pointer([15, 12], { button: 1 }), "slices"), { kind: "move", by: [5, 2] });
    gesture.release(1);
    gesture.press(pointer([10, 200], { button: 2 }));
    const ask = gesture.move(pointer([10, 50], { button: 2 }), "slices");
    assert.deepEqual(ask, { kind: "zoom", factor: 2, about: [10, 200] });
  });

  test("one finger scrolls or windows, two pinch", () => {
    const gesture = new Gesture();
    const finger = (id, at) => pointer(at, { id, type: "touch" });
    gesture.press(finger(1, [100, 100]));
    assert.deepEqual(gesture.move(finger(1, [100, 130]), "slices"), { kind: "scroll", by: 2 });
    assert.deepEqual(gesture.move(finger(1, [110, 130]), "window"), { kind: "window", total: [10, 30] });
    gesture.press(finger(2, [210, 130]));
    const ask = gesture.move(finger(2, [310, 130]), "slices");
    assert.deepEqual(ask, { kind: "pinch", factor: 2, about: [210, 130], by: [50, 0] });
    assert.equal(gesture.release(2), false);
    assert.equal(gesture.release(1), false, "no click is left over");
  });
});

describe("what a person draws", () => {
  const spacing = { x: 0.5, y: 1 };
  const cross = (/** @type {readonly any[]} */ [a, b, c, d]) =>
    (b[0] - a[0]) * (d[0] - c[0]) * 0.25 + (b[1] - a[1]) * (d[1] - c[1]);
  const isNear = (value, expected) => assert.ok(Math.abs(value - expected) < 1e-9, `${value} is about ${expected}`);

  test("diameters cross at a right angle in millimetres, however they are drawn and dragged", () => {
    const shape = drawn("diameters", [10, 10], [50, 25], spacing, 40);
    assert.equal(shape.points.length, 4);
    isNear(cross(shape.points), 0);
    isNear(diameters(shape.points, spacing).long, Math.hypot(20, 15));
    isNear(diameters(shape.points, spacing).short, 0.6 * Math.hypot(20, 15));
    for (const [handle, to] of /** @type {[number, [number, number]][]} */ ([
      [0, [3, 14]],
      [1, [44, 60]],
      [2, [30, 40]],
      [3, [36, 2]],
    ])) {
      const other = dragged(shape, handle, to, spacing);
      isNear(cross(other.points), 0);
      if (handle < 2) assert.deepEqual(other.points[handle], to);
    }
    // The other half of the short diameter keeps its length.
    const half = (points, at) => {
      const [a, b] = points;
      const [dx, dy] = [(b[0] - a[0]) * 0.5, b[1] - a[1]];
      return ((points[at][1] - a[1]) * dx - (points[at][0] - a[0]) * 0.5 * dy) / Math.hypot(dx, dy);
    };
    isNear(half(dragged(shape, 2, [30, 40], spacing).points, 3), half(shape.points, 3));
  });

  test("a length is millimetres, an arrow points at where it was begun, a click draws no line", () => {
    assert.equal(length_mm([0, 0], [6, 4], spacing), 5);
    assert.deepEqual(drawn("arrow", [1, 2], [30, 40], spacing, 50).points, [
      [30, 40],
      [1, 2],
    ]);
    assert.equal(drawn("line", [1, 2], [2, 2], spacing, 1), null);
    assert.deepEqual(drawn("text", [1, 2], [1, 2], spacing, 0).points, [[1, 2]]);
  });

  test("the nearest handle within reach is grasped, by a finger from further away", () => {
    const shapes = [
      {
        kind: /** @type {const} */ ("line"),
        points: /** @type {const} */ ([
          [0, 0],
          [100, 0],
        ]),
      },
    ];
    const same = (point) => point;
    assert.equal(handleAt(shapes, same, [95, 5], "mouse")?.handle, 1);
    assert.equal(handleAt(shapes, same, [88, 5], "mouse"), null);
    assert.equal(handleAt(shapes, same, [88, 5], "touch")?.handle, 1);
  });

  test("what is said is taken back and said again", () => {
    const mark = { kind: /** @type {const} */ ("text"), points: [], slice: "s", text: "" };
    const one = marked(SILENT, [mark]);
    const two = decided(one, { id: "a", detections: ["a", "b"] }, { verdict: "agree" });
    assert.equal(decisionOn(two, { id: "b", detections: ["a", "b"] })?.verdict, "agree");
    const back = undone(two);
    assert.equal(back.said, one.said);
    assert.equal(undone(back).said.marks.length, 0);
    assert.equal(undone(undone(back)).said.marks.length, 0, "there is nothing before nothing");
    assert.equal(redone(back).said, two.said);
    assert.equal(redone(redone(back)).said, two.said);
    assert.equal(redone(marked(back, [mark])).said.marks.length, 2, "something else said ends what was taken back");
    assert.deepEqual(
      marked(one, [mark, mark]).said.marks.map(({ id }) => id),
      [0, 1, 2],
    );
  });
});

test("there are as many nets as processors, but no more than four", () => {
  assert.deepEqual([undefined, 0, 1, 2, 4, 16].map(netsFor), [1, 1, 1, 2, 4, 4]);
});

test("nets are lent to whoever waited longest, and come back when the work fails", async () => {
  const kit = {
    version: "",
    module: null,
    spec: "",
    model: null,
    canary: "",
    scopeUrl: "",
    glueUrl: "",
    workerUrl: "",
  };
  const pool = new Pool(kit, 2);
  const order = [];
  let busy = 0;
  const work = (name) =>
    pool.lend(async () => {
      busy += 1;
      assert.ok(busy <= 2, "no more at once than there are nets");
      await new Promise((resolve) => setTimeout(resolve, 5));
      busy -= 1;
      order.push(name);
      if (name === "b") throw new Error("b fails");
      return name;
    });
  const ends = await Promise.allSettled(["a", "b", "c", "d", "e"].map(work));
  assert.deepEqual(order, ["a", "b", "c", "d", "e"]);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"],
  );
});
