// @ts-check
/** In which order slices are worked on. Pure functions. */

/** @import { SeriesInfo, SliceSummary } from "lesionlens" */
/** @import { Place } from "../state/view.js" */

/**
 * All indices below `length`, the nearest to `from` first, of two as near the later one.
 * @param {number} from one of them
 * @param {number} length
 * @returns {Generator<number, void>}
 */
export function* outwards(from, length) {
  for (let distance = 0; distance < length; distance += 1) {
    if (from + distance < length) yield from + distance;
    if (distance > 0 && from >= distance) yield from - distance;
  }
}

/**
 * The slice to work on next: the one in view, then its neighbours outwards, then the following series in order, each
 * from its first slice; null when `isSettled` holds for all.
 * @param {readonly Pick<SeriesInfo, "slices" | "hounsfield">[]} series
 * @param {Place} view
 * @param {(slice: string) => boolean} isSettled by id
 * @returns {SliceSummary | null}
 */
export function nextSlice(series, view, isSettled) {
  for (let step = 0; step < series.length; step += 1) {
    const { slices = [], hounsfield = false } = series[(view.series + step) % series.length] ?? {};
    if (!hounsfield) continue;
    for (const at of outwards(step === 0 ? view.slice : 0, slices.length)) {
      const slice = slices[at];
      if (slice && !isSettled(slice.id)) return slice;
    }
  }
  return null;
}
