// @ts-check
/** English: every word on the page. A function where a sentence holds a number or a name. */

/** @import { DetectionRecord as Detection, OperatingPoint } from "lesionlens" */
import { codes } from "./en-codes.js";
import { formats } from "./formats.js";

const f = formats("en");
const SLICES = { one: "slice", other: "slices" };
const FILES = { one: "file", other: "files" };
const DETECTIONS = { one: "detection", other: "detections" };
const TRUTH_BOXES = { one: "truth box", other: "truth boxes" };
/** A share as a percentage, the sign set apart. @param {number} share */
const percent = (share) => `${f.hundreds(share)}\u00a0%`;
/** What was measured at a threshold. @param {OperatingPoint} point */
const found = ({ sensitivity, sensitivity_95: [low, high], marks_per_slice }) =>
  `${percent(sensitivity)} of lesions found (95\u00a0% interval ${f.hundreds(low)} to ${percent(high)}), ` +
  `${f.twoDigits(marks_per_slice)} marks per slice`;

export const en = {
  title: "Lesionlens",
  subtitle: "Universal CT lesion detector, computed in this browser",

  notice: "Research and teaching software. Not a medical device; not for diagnosis, triage or care.",
  /** @param {OperatingPoint} point */
  noticeFigures: (point) => `At the default threshold: ${found(point)}.`,
  modelCard: "Model card",

  status: {
    loading: "Starting",
    ready: "Ready",
    decoding: "Decoding",
    detecting: "Detecting",
    done: "Done",
    failed: "Cannot start",
    /** @param {number} done @param {number} total bytes */
    bytes: (done, total) => `${f.tenths(done / 1e6)} of ${f.tenths(total / 1e6)} MB`,
    /** @param {number} done @param {number} total */
    files: (done, total) => `${f.integer(done)} of ${f.count(total, FILES)}`,
    /** @param {number} done @param {number} total */
    slices: (done, total) => `${f.integer(done)} of ${f.count(total, SLICES)}`,
    /** @param {number} ms */
    pace: (ms) => `${f.hundredths(ms / 1000)} s per slice`,
    /** @param {number} slices @param {number} detections @param {number} threshold */
    summary: (slices, detections, threshold) =>
      `${f.count(slices, SLICES)}, ${f.count(detections, DETECTIONS)} at score ≥ ${f.hundredths(threshold)}`,
    nothing: "No slice could be shown",
    preparing: "Preparing the detector",
    progress: "Progress",
  },

  lock: {
    open: "Fetching the page's files",
    closed: "Checked: the page makes no request",
    closedOffline: "Checked: the page makes no request, and opens without a network",
    failed: "The network could not be given up",
    explain:
      "Once it has fetched its own files, the page gives the network up for as long as it is open, then tries the ways out itself, and takes files only if every one is refused. What you open is read on this machine and stays on it. A link that you follow, and what you save or print, is up to you; extensions of your browser are beyond any page's reach.",
  },

  open: {
    files: "Open files",
    folder: "Open folder",
    sample: "Try the sample study",
    sampleHint: "A synthetic phantom with known lesions",
    group: "Open a study",
  },

  welcome: {
    heading: "Drop CT slices here",
    body: "Single files, several at once, or whole folders.",
    formats: [
      ["DICOM CT", "plain or compressed, single or enhanced"],
      ["NIfTI, NRRD, TIFF, zip", "volumes, slices, and archives of any of these"],
      ["DeepLesion PNG", "16 bits, HU + 32768"],
      ["DL_info.csv", "dropped along: truth boxes, spacing, window"],
    ],
  },

  drop: "Drop to open",

  failure: {
    heading: "The page cannot start",
    hint: "No file has been read.",
  },

  problems: {
    /** @param {number} value */
    heading: (value) => `Problems (${f.integer(value)})`,
    sample: "the sample study",
  },

  /** What codes stand for: those of the page and those that the module reports. */
  codes,

  series: {
    heading: "Series",
    /** @param {number} slices @param {number} cols @param {number} rows */
    size: (slices, cols, rows) => `${f.count(slices, SLICES)} · ${cols} × ${rows}`,
    slices: "Slices",
    /** @param {number} slice 1-based */
    slice: (slice) => `Slice ${f.integer(slice)}`,
    /** @param {number} slice 1-based */
    number: (slice) => f.plain(slice),
    /** @param {number} value */
    truth: (value) => `${f.integer(value)} truth`,
    synthetic: "synthetic",
    notes: "Notes on this series",
  },

  viewer: {
    label: "Slice viewer",
    /** @param {number} slice @param {number} total @param {number} detections @param {number} truth */
    picture: (slice, total, detections, truth) =>
      `Slice ${f.integer(slice)} of ${f.integer(total)}: ${f.count(detections, DETECTIONS)}, ${f.count(truth, TRUTH_BOXES)}`,
    /** @param {string} picture @param {string} detection */
    selected: (picture, detection) => `${picture}. Selected: ${detection}`,
    /** @param {number} width @param {number} center */
    window: (width, center) => `W ${f.plain(width)} L ${f.plain(center)}`,
    /** @param {{ x: number, y: number, z: number | null }} mm @param {string} source where it comes from, in words */
    spacing: (mm, source) => {
      const inPlane =
        Math.abs(mm.x - mm.y) < 5e-4 ? f.thousandths(mm.x) : `${f.thousandths(mm.x)} × ${f.thousandths(mm.y)}`;
      const between = mm.z === null ? "" : ` · ${f.tenths(mm.z)} mm between slices`;
      return `${inPlane} mm/px (${source})${between}`;
    },
    /** @param {number} mm */
    position: (mm) => `z ${f.tenths(mm)} mm`,
    assumedRight: "R (assumed)",
    /** @param {number} mm */
    scale: (mm) => `${f.plain(mm)} mm`,
    synthetic: "Synthetic",
    notHounsfield: "Not HU",
    truth: "Truth",
    waiting: "Not yet searched",
    undrawable: "This slice could not be drawn",
  },

  slice: {
    label: "Slice",
    previous: "Previous slice",
    next: "Next slice",
    /** @param {number} slice @param {number} total */
    position: (slice, total) => `${f.plain(slice)} / ${f.plain(total)}`,
    /** @param {number} slice @param {number} total */
    spoken: (slice, total) => `slice ${f.integer(slice)} of ${f.integer(total)}`,
  },

  presets: {
    label: "Window",
    names: {
      softTissue: "Soft tissue",
      lung: "Lung",
      liver: "Liver",
      bone: "Bone",
      brain: "Brain",
      deepLesion: "DeepLesion",
      model: "Model input",
      file: "File",
    },
    /** @param {string} name @param {string} window @param {string} key */
    hint: (name, window, key) => `${name}: ${window} (key ${key})`,
  },

  layers: {
    label: "Shown on the slice",
    truth: "Truth",
    boxes: "Detector",
    truthHint: "Truth boxes: green, solid (key T)",
    boxesHint: "Detections: orange, dashed (key B)",
    help: "Keys",
    helpHint: "Keys and mouse (key ?)",
  },

  threshold: {
    label: "Score threshold",
    /** @param {number} value */
    value: (value) => f.hundredths(value),
    /** @param {OperatingPoint} point */
    measured: (point) => `Measured at score ≥ ${f.hundredths(point.threshold)}: ${found(point)}.`,
    below: "Nothing was measured at so low a threshold.",
    thorough: "Thorough: look at each slice twice, in twice the time",
    evidence: "On what this was measured",
    columns: ["Score ≥", "Found", "95 % interval", "Marks per slice"],
    /** @param {OperatingPoint} point */
    row: ({ threshold, sensitivity, sensitivity_95: [low, high], marks_per_slice }) => [
      f.hundredths(threshold),
      percent(sensitivity),
      `${f.hundreds(low)}–${percent(high)}`,
      f.twoDigits(marks_per_slice),
    ],
  },

  detections: {
    heading: "Detections",
    /** @param {number} shown @param {number} threshold */
    count: (shown, threshold) => `${f.integer(shown)} at score ≥ ${f.hundredths(threshold)}`,
    none: "No detection at this threshold.",
    waiting: "Detections appear here, slice by slice.",
    /** @param {number} score */
    score: (score) => f.hundredths(score),
    /** @param {string} letter @param {number} score */
    label: (letter, score) => `${letter} ${f.hundredths(score)}`,
    /** @param {string} letter @param {number} score @param {string[]} details */
    spoken: (letter, score, details) => [`Detection ${letter}`, `score ${f.hundredths(score)}`, ...details].join(", "),
    /** @param {number} slice 1-based @param {string} series */
    place: (slice, series) => `slice ${f.integer(slice)}, series ${series}`,
    /** Long and short diameter. @param {NonNullable<Detection["axes"]>} axes */
    size: ({ long_mm, short_mm }) =>
      long_mm === null || short_mm === null
        ? "size in mm unknown"
        : `${f.integer(long_mm)} × ${f.integer(short_mm)} mm`,
    /** @param {NonNullable<Detection["axes"]>} axes */
    spokenSize: ({ long_mm, short_mm }) =>
      long_mm === null || short_mm === null
        ? "diameters in millimetres unknown, since the files do not say their pixel spacing"
        : `${f.integer(long_mm)} by ${f.integer(short_mm)} millimetres`,
    /** @param {Detection["type"]} type */
    type: (type) => (type ? (codes.types[type.name] ?? type.name) : "type unknown"),
    detailsHint: "Long and short diameter and coarse type, as the detector estimates them",
    previous: "Previous detection",
    next: "Next detection",
    jump: "Steps through the detections",
  },

  help: {
    heading: "Keys and mouse",
    close: "Close",
    rows: [
      ["↑ ↓ or wheel", "slice"],
      ["Home, End", "first and last slice"],
      ["left drag", "window (across) and level (down)"],
      ["1 – 7", "soft tissue, lung, liver, bone, brain, DeepLesion, model input"],
      ["0", "the file's own window"],
      ["Space", "reset window and selection"],
      ["N, P", "next and previous detection"],
      ["point or select", "long and short diameter of a detection"],
      ["T", "truth boxes on and off"],
      ["B", "detector boxes on and off"],
      ["?", "this list"],
    ],
    about: (/** @type {string} */ version, /** @type {string} */ model) => `Lesionlens ${version}, model ${model}`,
  },
};
