// @ts-check
/** What is looked at, and how. */

/** @import { Window as DisplayWindow } from "lesionlens" */
/** @import { Shape } from "../viewport/tools/marks.js" */
/** @import { Point, Pose, Size } from "../viewport/transform.js" */
import { UPRIGHT } from "../viewport/transform.js";
import { SOFT_TISSUE } from "./presets.js";

/**
 * A place: indices into the series and their slices, from 0.
 * @typedef {{ series: number, slice: number }} Place
 *
 * What the left button, or one finger, does: windows, or draws.
 * @typedef {"window" | "arrow" | "line" | "diameters" | "text"} Tool
 *
 * @typedef {"score" | "size" | "slice"} Sort
 * @typedef {"all" | "open" | "agree" | "disagree" | "unsure"} Filter
 *
 * `ownWindow`: the window follows the series in view. `pointed`: id of the detection under the pointer, or with the
 * focus in the list. `room`: canvas pixels that there are for the slice. `probed`: the image pixel under the pointer,
 * indices from 0. `draft`: what is being drawn, or how the mark with that id is being changed. `finger`: what one finger does on the slice.
 * @typedef {{
 *   view: Place,
 *   window: DisplayWindow,
 *   ownWindow: boolean,
 *   pointed: string | null,
 *   room: Size,
 *   pose: Pose,
 *   inverted: boolean,
 *   probed: Point | null,
 *   finger: "slices" | "window",
 *   playing: boolean,
 *   showTruth: boolean,
 *   showBoxes: boolean,
 *   showReader: boolean,
 *   tool: Tool,
 *   draft: Readonly<{ id: number | null, shape: Shape }> | null,
 *   selectedMark: number | null,
 *   lesionSort: Sort,
 *   lesionFilter: Filter,
 *   helpOpen: boolean,
 *   language: string,
 * }} ViewState
 */

/** @type {Readonly<ViewState>} */
export const FIRST_VIEW = Object.freeze({
  view: { series: 0, slice: 0 },
  window: SOFT_TISSUE,
  ownWindow: true,
  pointed: null,
  room: { width: 0, height: 0 },
  pose: UPRIGHT,
  inverted: false,
  probed: null,
  finger: "slices",
  playing: false,
  showTruth: true,
  showBoxes: true,
  showReader: true,
  tool: "window",
  draft: null,
  selectedMark: null,
  lesionSort: "score",
  lesionFilter: "all",
  helpOpen: false,
  language: "en",
});

/** What of the view begins anew with a study. @type {Readonly<Partial<ViewState>>} */
export const NEW_STUDY_VIEW = Object.freeze({
  view: { series: 0, slice: 0 },
  ownWindow: true,
  pointed: null,
  pose: UPRIGHT,
  inverted: false,
  probed: null,
  playing: false,
  draft: null,
  selectedMark: null,
});
