// @ts-check
/** Orders: of detections, of slices to detect, and the names by which both are told apart. Pure functions. */

/** @import { Detection, SeriesInfo, View } from "../types.js" */

/**
 * @param {number} series
 * @param {number} slice
 */
export const sliceKey = (series, slice) => `${series}/${slice}`;

/** @param {Detection} detection */
export const detectionKey = (detection) => `${detection.series}/${detection.slice}/${detection.box_px.join(",")}`;

/**
 * The slice to work on next: the one in view, then its neighbours outwards, then the following series in order,
 * each from its first slice; null when `isSettled` holds for all.
 * @param {readonly SeriesInfo[]} series
 * @param {View} view
 * @param {(series: number, slice: number) => boolean} isSettled
 * @returns {View | null}
 */
export function nextSlice(series, view, isSettled) {
  for (let step = 0; step < series.length; step += 1) {
    const s = (view.series + step) % series.length;
    const n_slices = series[s]?.slices.length ?? 0;
    const from = step === 0 ? view.slice : 0;
    for (let distance = 0; distance < n_slices; distance += 1) {
      for (const slice of distance === 0 ? [from] : [from + distance, from - distance]) {
        if (slice >= 0 && slice < n_slices && !isSettled(s, slice)) return { series: s, slice };
      }
    }
  }
  return null;
}

/**
 * The best score on each slice of a series that has a detection, by slice.
 * @param {readonly Detection[]} detections
 * @param {number} series
 * @returns {Map<number, number>}
 */
export function bestScores(detections, series) {
  /** @type {Map<number, number>} */
  const best = new Map();
  for (const { series: s, slice, score } of detections) {
    if (s === series) best.set(slice, Math.max(score, best.get(slice) ?? 0));
  }
  return best;
}

/**
 * The detections on one slice, in their order of falling score; a detection's letter is its place in this list.
 * @param {readonly Detection[]} detections
 * @param {View} view
 */
export function onSlice(detections, view) {
  return detections.filter((d) => d.series === view.series && d.slice === view.slice);
}
