/** Detections that the page shows against those of `lesionlens detect`: boxes, scores, diameters, types. */

import assert from "node:assert/strict";

import { detectNatively } from "./project.mjs";

const MOST_PX = 0.5;
const MOST_SCORE = 0.01;
const MOST_MM = 0.1;

/** How far two detections are apart, or infinity where they are not the same one. */
function distance(a, b) {
  const px = Math.max(...a.box_px.map((edge, i) => Math.abs(edge - b.box_px[i])));
  const score = Math.abs(a.score - b.score);
  return px <= MOST_PX && score <= MOST_SCORE ? px + score : Infinity;
}

/** Fails unless a detection has the same diameters and type on both sides. */
function assertSameMeasures(shown, native) {
  assert.equal(shown.type, native.type?.name ?? null);
  assert.equal(shown.axes === null, native.axes === null);
  if (!native.axes) return;
  for (const name of ["long_px", "short_px"]) {
    const px = native.axes[name].flat().map((coordinate, i) => Math.abs(coordinate - shown.axes[name][i]));
    assert.ok(Math.max(...px) <= MOST_PX, `${name}: ${px}`);
  }
  for (const name of ["long_mm", "short_mm"]) {
    assert.equal(shown.axes[name] === null, native.axes[name] === null, name);
    assert.ok(Math.abs(shown.axes[name] - native.axes[name]) <= MOST_MM, name);
  }
}

/**
 * Fails unless both sides have the same detections to 0.5 px and 0.01 in score, with the same diameters and types. A detection closer to the floor than
 * 0.01 may be missing on either side. Returns the number of detections compared.
 * @param {{ series: string, slice: number, score: number, box_px: number[] }[]} shown
 * @param {string[]} paths the files that were opened
 * @param {number} floor
 */
export async function assertSameAsNative(shown, paths, floor) {
  const report = await detectNatively(paths, floor);
  const native = report.images.flatMap(({ series, slice, detections }) =>
    detections.map((d) => ({ ...d, series, slice })),
  );
  const rest = [...native];
  const onlyShown = [];
  for (const detection of shown) {
    const same = rest.filter(({ series, slice }) => series === detection.series && slice === detection.slice);
    const [nearest] = same.sort((a, b) => distance(a, detection) - distance(b, detection));
    if (nearest && distance(nearest, detection) < Infinity) {
      rest.splice(rest.indexOf(nearest), 1);
      assertSameMeasures(detection, nearest);
    } else onlyShown.push(detection);
  }
  const counts = ({ score }) => score >= floor + MOST_SCORE;
  assert.deepEqual(onlyShown.filter(counts), [], "shown by the page alone");
  assert.deepEqual(rest.filter(counts), [], "found by the command line alone");
  return { report, n_compared: native.length - rest.length };
}
