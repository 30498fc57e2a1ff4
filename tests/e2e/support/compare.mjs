/** Boxes that the page shows against those of `lesionlens detect`. */

import assert from "node:assert/strict";

import { detectNatively } from "./project.mjs";

const MOST_PX = 0.5;
const MOST_SCORE = 0.01;

/** How far two detections are apart, or infinity where they are not the same one. */
function distance(a, b) {
  const px = Math.max(...a.box_px.map((edge, i) => Math.abs(edge - b.box_px[i])));
  const score = Math.abs(a.score - b.score);
  return px <= MOST_PX && score <= MOST_SCORE ? px + score : Infinity;
}

/**
 * Fails unless both sides have the same detections to 0.5 px and 0.01 in score. A detection closer to the floor than
 * 0.01 may be missing on either side. Returns the number of detections compared.
 * @param {{ series: string, slice: number, score: number, box_px: number[] }[]} shown
 * @param {string[]} paths the files that were opened
 * @param {number} floor
 */
export async function assertSameAsNative(shown, paths, floor) {
  const report = await detectNatively(paths, floor);
  const native = report.images.flatMap(({ series, slice, detections }) => detections.map((d) => ({ ...d, series, slice })));
  const rest = [...native];
  const onlyShown = [];
  for (const detection of shown) {
    const same = rest.filter(({ series, slice }) => series === detection.series && slice === detection.slice);
    const [nearest] = same.sort((a, b) => distance(a, detection) - distance(b, detection));
    if (nearest && distance(nearest, detection) < Infinity) rest.splice(rest.indexOf(nearest), 1);
    else onlyShown.push(detection);
  }
  const counts = ({ score }) => score >= floor + MOST_SCORE;
  assert.deepEqual(onlyShown.filter(counts), [], "shown by the page alone");
  assert.deepEqual(rest.filter(counts), [], "found by the command line alone");
  return { report, n_compared: native.length - rest.length };
}
