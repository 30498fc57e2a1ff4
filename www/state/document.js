// @ts-check
/**
 * What a person has opened, what was found in it, and what the person says about it: the threshold and the selection.
 *
 * Series, slices and detections are named by ids that last as long as the study is open, so that whatever refers to them
 * stays true when the list of series is made anew.
 */

/** @import { DetectionRecord as Detection, Lesion, ModelInfo, SeriesInfo } from "lesionlens" */

/** @import { Reader } from "./reader.js" */
import { SILENT } from "./reader.js";

/**
 * `synthetic`: it is the sample study. `found` has every detection from the model's score floor up, by slice id and
 * falling score; a slice without an entry was not searched. `thorough`: each slice is
 * looked at twice. `lesions`: what was found at the threshold, linked over slices, by falling score; it follows `found`
 * and the threshold with some delay. `undrawable` holds ids of slices, `selected` that of a
 * detection.
 * @typedef {{
 *   series: readonly SeriesInfo[],
 *   synthetic: boolean,
 *   found: ReadonlyMap<string, readonly Detection[]>,
 *   lesions: readonly Lesion[],
 *   reader: Reader,
 *   undrawable: ReadonlySet<string>,
 *   threshold: number,
 *   thorough: boolean,
 *   selected: string | null,
 * }} StudyDocument
 */

/** Nothing opened. @type {Readonly<StudyDocument>} */
export const EMPTY_DOCUMENT = Object.freeze({
  series: [],
  synthetic: false,
  found: new Map(),
  lesions: [],
  reader: SILENT,
  undrawable: new Set(),
  threshold: 0,
  thorough: false,
  selected: null,
});

/**
 * A study that was just opened: nothing of the one before but the threshold and how it is searched.
 * @param {{ synthetic: boolean }} what
 * @returns {Partial<StudyDocument>}
 */
export const opened = ({ synthetic }) => ({
  series: [],
  synthetic,
  found: new Map(),
  lesions: [],
  reader: SILENT,
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
 * To be searched anew in the other way, from that way's default threshold on.
 * @param {Readonly<StudyDocument>} document
 * @param {Readonly<ModelInfo>} model
 * @param {boolean} thorough
 * @returns {Partial<StudyDocument>}
 */
export const searchedAnew = ({ reader }, model, thorough) => ({
  thorough,
  threshold: thorough && model.thorough ? model.thorough.default_threshold : model.default_threshold,
  found: new Map(),
  lesions: [],
  // Detections of the other way have other ids; what was drawn has not.
  reader: { ...SILENT, said: { ...SILENT.said, marks: reader.said.marks } },
  selected: null,
});

/**
 * With one more slice that cannot be drawn.
 * @param {Readonly<StudyDocument>} document
 * @param {string} slice id
 * @returns {Partial<StudyDocument>}
 */
export const withUndrawable = ({ undrawable }, slice) => ({ undrawable: new Set(undrawable).add(slice) });
