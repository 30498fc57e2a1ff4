// @ts-check
/**
 * What follows from the state. Pure functions of it; the threshold is applied here and nowhere else.
 *
 * Scores and thresholds are 32-bit floats in the module, so the slider's value is rounded to one before it is compared.
 */

/** @import { DetectionRecord as Detection, OperatingPoint, SeriesInfo } from "lesionlens" */
/** @import { StudyDocument } from "./document.js" */
/** @import { State } from "./state.js" */
import { placing } from "../viewport/transform.js";

/**
 * A detection at the threshold with its place. `rank` counts from 0 on its slice, by falling score.
 * @typedef {Readonly<{ detection: Detection, series: number, slice: number, rank: number }>} Shown
 */

/**
 * What was shown last of a map of detections. Elements ask one after the other, and get the same list.
 * @type {WeakMap<ReadonlyMap<string, readonly Detection[]>, { series: readonly SeriesInfo[], threshold: number, shown: readonly Shown[] }>}
 */
const last = new WeakMap();

/**
 * The detections at the threshold, by series, slice and falling score.
 * @param {Readonly<Pick<StudyDocument, "series" | "found" | "threshold">>} document
 * @returns {readonly Shown[]}
 */
export function shownDetections({ series, found, threshold }) {
  const before = last.get(found);
  if (before && before.series === series && before.threshold === threshold) return before.shown;
  const shown = series.flatMap(({ slices }, s) =>
    slices.flatMap(({ id }, slice) =>
      atThreshold(found.get(id), threshold).map((detection, rank) => ({ detection, series: s, slice, rank })),
    ),
  );
  last.set(found, { series, threshold, shown });
  return shown;
}

/**
 * The detections at the threshold on the slice in view, by falling score.
 * @param {Readonly<State>} state
 * @returns {readonly Shown[]}
 */
export function shownInView(state) {
  const { found, threshold, view } = state;
  const here = found.get(sliceInView(state)?.id ?? "");
  return atThreshold(here, threshold).map((detection, rank) => ({ detection, ...view, rank }));
}

/**
 * @param {readonly Detection[] | undefined} detections by falling score
 * @param {number} threshold
 */
function atThreshold(detections = [], threshold) {
  const lowest = Math.fround(threshold);
  return detections.filter(({ score }) => score >= lowest);
}

/**
 * The best score at the threshold on each slice of the series in view that has a detection, by slice.
 * @param {Readonly<State>} state
 * @returns {Map<number, number>}
 */
export function bestScores(state) {
  /** @type {Map<number, number>} */
  const best = new Map();
  for (const { series, slice, rank, detection } of shownDetections(state)) {
    if (series === state.view.series && rank === 0) best.set(slice, detection.score);
  }
  return best;
}

/**
 * What was measured in the way that the study is searched.
 * @param {Readonly<State>} state
 * @returns {readonly OperatingPoint[]}
 */
export const operatingPoints = ({ model, thorough }) =>
  (thorough ? model?.thorough?.operating_points : model?.operating_points) ?? [];

/**
 * What was measured at the highest threshold that is not above the slider's; null where nothing was.
 * @param {Readonly<State>} state
 * @returns {OperatingPoint | null}
 */
export function operatingPoint(state) {
  const lowest = Math.fround(state.threshold);
  return operatingPoints(state).findLast((point) => Math.fround(point.threshold) <= lowest) ?? null;
}

/** The series in view. @param {Readonly<State>} state */
export const seriesInView = ({ series, view }) => series[view.series];

/** The slice in view. @param {Readonly<State>} state */
export const sliceInView = (state) => seriesInView(state)?.slices[state.view.slice];

/**
 * Where the slice in view lies in its room; null where there is no slice or no room.
 * @param {Readonly<State>} state
 * @returns {ReturnType<typeof placing> | null}
 */
export function placingInView(state) {
  const series = seriesInView(state);
  if (!series || state.room.width === 0 || state.room.height === 0) return null;
  return placing(series, series.spacing_mm, state.room, state.pose);
}

/** @param {Readonly<State>} state */
export const n_slices = ({ series }) => series.reduce((sum, { slices }) => sum + slices.length, 0);

/** Whether files are accepted. @param {Readonly<State>} state */
export const acceptsFiles = ({ stage }) => stage !== "loading" && stage !== "failed";
