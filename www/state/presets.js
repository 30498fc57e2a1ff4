// @ts-check
/** Display windows by key, as reading rooms know them. */

/** @import { Window as DisplayWindow } from "lesionlens" */

/**
 * @typedef {"softTissue" | "lung" | "liver" | "bone" | "brain" | "deepLesion" | "model" | "file"} PresetName
 * @type {readonly { key: string, name: PresetName, window: DisplayWindow | null }[]}
 * The window of `file` is the series' own. `model` spans what the net is given, −1024 to 1500 HU.
 */
export const PRESETS = [
  { key: "1", name: "softTissue", window: { width_hu: 400, center_hu: 40 } },
  { key: "2", name: "lung", window: { width_hu: 1500, center_hu: -600 } },
  { key: "3", name: "liver", window: { width_hu: 150, center_hu: 90 } },
  { key: "4", name: "bone", window: { width_hu: 2000, center_hu: 350 } },
  { key: "5", name: "brain", window: { width_hu: 80, center_hu: 40 } },
  { key: "6", name: "deepLesion", window: { width_hu: 450, center_hu: 50 } },
  { key: "7", name: "model", window: { width_hu: 2524, center_hu: 238 } },
  { key: "0", name: "file", window: null },
];

/** The window before a series is open. */
export const SOFT_TISSUE = Object.freeze({ width_hu: 400, center_hu: 40 });
