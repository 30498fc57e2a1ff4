// @ts-check
/** The list of lesions as it is shown. Pure functions of the state; which detections are one lesion the module tells. */

/** @import { Lesion, SeriesInfo } from "lesionlens" */
/** @import { Decision } from "./reader.js" */
/** @import { State } from "./state.js" */
/** @import { Filter, Sort } from "./view.js" */
import { decisionOn } from "./reader.js";

/**
 * A lesion with its place. `rank` counts all lesions from 0 by falling score; `slice` is that of its highest score.
 * @typedef {Readonly<{
 *   lesion: Lesion, rank: number, series: number, slice: number, decision: Decision | null,
 * }>} Listed
 */

/** @type {readonly Sort[]} */
export const SORTS = ["score", "size", "slice"];
/** @type {readonly Filter[]} */
export const FILTERS = ["all", "open", "agree", "disagree", "unsure"];

/** Where slices lie, by id. @type {WeakMap<readonly SeriesInfo[], Map<string, { series: number, slice: number }>>} */
const places = new WeakMap();

/** @param {readonly SeriesInfo[]} series */
function placesIn(series) {
  let known = places.get(series);
  if (!known) {
    const entries = series.flatMap(({ slices }, s) =>
      slices.map(({ id }, slice) => /** @type {const} */ ([id, { series: s, slice }])),
    );
    known = new Map(entries);
    places.set(series, known);
  }
  return known;
}

/**
 * Where a slice lies.
 * @param {readonly SeriesInfo[]} series
 * @param {string} slice id
 */
export const seriesOf = (series, slice) => placesIn(series).get(slice) ?? null;

/** How one lesion stands to another in each order; the first in score is the first of equals. */
const ORDERS = {
  score: () => 0,
  size: (/** @type {Listed} */ a, /** @type {Listed} */ b) => longest(b) - longest(a),
  slice: (/** @type {Listed} */ a, /** @type {Listed} */ b) =>
    a.series - b.series || a.lesion.first_slice_idx - b.lesion.first_slice_idx,
};

/** Long diameter in mm; what has none comes last. @param {Listed} listed */
const longest = ({ lesion }) => lesion.axes?.long_mm ?? -1;

/**
 * @param {Readonly<Pick<State, "lesions" | "series" | "reader" | "lesionSort" | "lesionFilter">>} state
 * @returns {readonly Listed[]}
 */
export function listedLesions({ lesions, series, reader, lesionSort, lesionFilter }) {
  const known = placesIn(series);
  return lesions
    .flatMap((lesion, rank) => {
      const place = known.get(lesion.slice);
      return place ? [{ lesion, rank, ...place, decision: decisionOn(reader, lesion) }] : [];
    })
    .filter(({ decision }) => lesionFilter === "all" || (decision?.verdict ?? "open") === lesionFilter)
    .sort(ORDERS[lesionSort]);
}

/**
 * The lesion that the selected detection belongs to.
 * @param {Readonly<Pick<State, "lesions" | "selected">>} state
 * @returns {Lesion | null}
 */
export const selectedLesion = ({ lesions, selected }) =>
  (selected !== null && lesions.find(({ detections }) => detections.includes(selected))) || null;
