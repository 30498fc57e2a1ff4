// @ts-check
/** What is looked at, and how. */

/** @import { Window as DisplayWindow } from "lesionlens" */
import { SOFT_TISSUE } from "./presets.js";

/**
 * A place: indices into the series and their slices, from 0.
 * @typedef {{ series: number, slice: number }} Place
 *
 * `ownWindow`: the window follows the series in view. `pointed`: id of the detection under the pointer, or with the
 * focus in the list.
 * @typedef {{
 *   view: Place,
 *   window: DisplayWindow,
 *   ownWindow: boolean,
 *   pointed: string | null,
 *   showTruth: boolean,
 *   showBoxes: boolean,
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
  showTruth: true,
  showBoxes: true,
  helpOpen: false,
  language: "en",
});

/** What of the view begins anew with a study. @type {Readonly<Partial<ViewState>>} */
export const NEW_STUDY_VIEW = Object.freeze({ view: { series: 0, slice: 0 }, ownWindow: true, pointed: null });
