// @ts-check
/**
 * What a person has opened, what was found in it, and what the person says about it: the threshold and the selection.
 *
 * Series, slices and detections are named by ids that last as long as the study is open, so that whatever refers to them
 * stays true when the list of series is made anew.
 */

/** @import { DetectionRecord as Detection, SeriesInfo } from "lesionlens" */

/**
 * `synthetic`: it is the sample study. `found` has every detection from the model's score floor up, by slice id and
 * falling score; a slice without an entry was not searched. `undrawable` holds ids of slices, `selected` that of a
 * detection.
 * @typedef {{
 *   series: readonly SeriesInfo[],
 *   synthetic: boolean,
 *   found: ReadonlyMap<string, readonly Detection[]>,
 *   undrawable: ReadonlySet<string>,
 *   threshold: number,
 *   selected: string | null,
 * }} StudyDocument
 */

/** Nothing opened. @type {Readonly<StudyDocument>} */
export const EMPTY_DOCUMENT = Object.freeze({
  series: [],
  synthetic: false,
  found: new Map(),
  undrawable: new Set(),
  threshold: 0,
  selected: null,
});

/**
 * A study that was just opened: nothing of the one before but the threshold.
 * @param {{ synthetic: boolean }} what
 * @returns {Partial<StudyDocument>}
 */
export const opened = ({ synthetic }) => ({
  series: [],
  synthetic,
  found: new Map(),
  undrawable: new Set(),
  selected: null,
});

/**
 * With what was found on one more slice.
 * @param {Readonly<StudyDocument>} document
 * @param {string} slice id
 * @param {readonly Detection[]} detections by falling score
 * @returns {Partial<StudyDocument>}
 */
export const withFound = ({ found }, slice, detections) => ({ found: new Map(found).set(slice, detections) });

/**
 * With one more slice that cannot be drawn.
 * @param {Readonly<StudyDocument>} document
 * @param {string} slice id
 * @returns {Partial<StudyDocument>}
 */
export const withUndrawable = ({ undrawable }, slice) => ({ undrawable: new Set(undrawable).add(slice) });
