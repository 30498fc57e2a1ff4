// @ts-check
/** Every word on the page, in one table. A function where a sentence holds a number or a name. */

/** @import { Axes, OperatingPoint, TypeEstimate } from "../types.js" */

const n = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat("en", { style: "percent" });
const marks = new Intl.NumberFormat("en", { minimumSignificantDigits: 2, maximumSignificantDigits: 2 });
const two = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
/** @param {number} value @param {string} word */
const count = (value, word) => `${n.format(value)} ${word}${value === 1 ? "" : "s"}`;
/** A share as a percentage, the sign set apart. @param {number} share */
const percent = (share) => whole.format(share).replace("%", "\u00a0%");
/** What was measured at a threshold. @param {OperatingPoint} point */
const found = ({ sensitivity, sensitivity_95: [low, high], marks_per_slice }) =>
  `${percent(sensitivity)} of lesions found (95\u00a0% interval ${whole.format(low).replace("%", "")} to ${percent(high)}), ` +
  `${marks.format(marks_per_slice)} marks per slice`;
/** A number with a true minus sign. @param {number} value */
const signed = (value) => n.format(value).replace("-", "−");

export const words = {
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
    bytes: (done, total) => `${one.format(done / 1e6)} of ${one.format(total / 1e6)} MB`,
    /** @param {number} done @param {number} total */
    files: (done, total) => `${n.format(done)} of ${count(total, "file")}`,
    /** @param {number} done @param {number} total */
    slices: (done, total) => `${n.format(done)} of ${count(total, "slice")}`,
    /** @param {number} ms */
    pace: (ms) => `${two.format(ms / 1000)} s per slice`,
    /** @param {number} slices @param {number} detections @param {number} threshold */
    summary: (slices, detections, threshold) =>
      `${count(slices, "slice")}, ${count(detections, "detection")} at score ≥ ${two.format(threshold)}`,
    nothing: "No slice could be shown",
    preparing: "Preparing the detector",
    progress: "Progress",
  },

  lock: {
    open: "Fetching the page's files",
    closed: "The page makes no request",
    explain:
      "Once it has fetched its own files, the page gives the network up for as long as it is open. What you open is read on this machine and stays on it.",
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
    /** @type {Record<string, string>} */
    codes: {
      InsecureContext:
        "The page must check its own files by SHA-256, and browsers offer that only on https: or on localhost. Open the page through one of these.",
      BrowserTooOld: "This browser lacks something the page needs. A current Chromium, Firefox or Safari has it.",
      BuildMissing:
        "The page was served without being built: its list of files is missing. Build it with “cargo xtask web” and serve dist/.",
      DownloadFailed: "One of the page's files could not be fetched. Reload the page to try again.",
      IntegrityMismatch:
        "One of the page's files is not the one this page was built with, so nothing was started. Reload the page; if this stays, whoever serves it should publish all its files together.",
      WasmRefused: "This browser refused the WebAssembly module.",
      ModelError: "The detector model could not be loaded.",
      WorkerTrap: "The worker stopped while it was starting.",
      WorkerTimeout: "The worker did not start in time.",
    },
    other: "Something unexpected happened during start-up.",
    /** @param {string} missing */
    missing: (missing) => `Missing: ${missing}.`,
    /** @param {string} path @param {string} expected @param {string} found */
    integrity: (path, expected, found) => `${path}: SHA-256 is ${found}, expected ${expected}.`,
    /** @param {string} path @param {number} expected @param {number} found */
    size: (path, expected, found) => `${path}: ${n.format(found)} bytes, expected ${n.format(expected)}.`,
    /** @param {string} path @param {string} why */
    download: (path, why) => `${path}: ${why}.`,
    /** @param {number} status */
    http: (status) => `the server answered ${status}`,
  },

  errors: {
    /** @param {number} value */
    heading: (value) => `Problems (${n.format(value)})`,
    unreadable: "The browser could not read this file.",
    tooLarge: "The file is larger than the memory the decoder may use.",
    trap: "The decoder stopped on this file. It was started anew; the other files go on.",
    timeout: "This file took longer than 20 seconds. The decoder was started anew; the other files go on.",
    memory: "No room left: the decoder's memory is full with the slices read so far.",
    detectTrap: "The detector stopped on this slice. It was started anew; the other slices go on.",
    detectTimeout:
      "The detector took longer than 20 seconds on this slice. It was started anew; the other slices go on.",
    renderTrap: "This slice could not be drawn. The decoder was started anew.",
    arrangeTrap: "The files could not be put in order.",
    stopped:
      "The detector stopped on several slices and was not started again for this study. The slices can still be viewed.",
    sample: "the sample study",
    /** @param {number} value */
    skipped: (value) =>
      `${count(value, "file")} in folders or archives ${value === 1 ? "is" : "are"} no CT image and no DL_info.csv, and ${value === 1 ? "was" : "were"} skipped.`,
  },

  series: {
    heading: "Series",
    /** @param {number} slices @param {number} cols @param {number} rows */
    size: (slices, cols, rows) => `${count(slices, "slice")} · ${cols} × ${rows}`,
    slices: "Slices",
    /** @param {number} slice 1-based */
    slice: (slice) => `Slice ${n.format(slice)}`,
    /** @param {number} value */
    truth: (value) => `${n.format(value)} truth`,
    synthetic: "synthetic",
    warnings: "Notes on this series",
  },

  viewer: {
    label: "Slice viewer",
    /** @param {number} slice @param {number} total @param {number} detections @param {number} truth */
    picture: (slice, total, detections, truth) =>
      `Slice ${slice} of ${total}: ${count(detections, "detection")}, ${count(truth, "truth box").replace("boxs", "boxes")}`,
    /** @param {string} picture @param {string} detection */
    selected: (picture, detection) => `${picture}. Selected: ${detection}`,
    /** @param {number} width @param {number} center */
    window: (width, center) => `W ${n.format(width).replace(",", "")} L ${signed(center).replace(",", "")}`,
    /** @param {{x: number, y: number, z: number | null}} mm @param {string} source */
    spacing: (mm, source) => {
      const inPlane = Math.abs(mm.x - mm.y) < 5e-4 ? `${mm.x.toFixed(3)}` : `${mm.x.toFixed(3)} × ${mm.y.toFixed(3)}`;
      const between = mm.z === null ? "" : ` · ${one.format(mm.z)} mm between slices`;
      return `${inPlane} mm/px (${source})${between}`;
    },
    /** @type {Record<string, string>} */
    spacingSource: { PixelSpacing: "PixelSpacing", DL_info: "DL_info", assumed: "assumed" },
    /** @param {number} mm */
    position: (mm) => `z ${one.format(mm).replace("-", "−")} mm`,
    assumedRight: "R (assumed)",
    scale: "50 mm",
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
    position: (slice, total) => `${slice} / ${total}`,
    /** @param {number} slice @param {number} total */
    spoken: (slice, total) => `slice ${slice} of ${total}`,
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
    value: (value) => two.format(value),
    /** @param {OperatingPoint} point */
    measured: (point) => `Measured at score ≥ ${two.format(point.threshold)}: ${found(point)}.`,
    below: "Nothing was measured at so low a threshold.",
    evidence: "On what this was measured",
    columns: ["Score ≥", "Found", "95 % interval", "Marks per slice"],
    /** @param {OperatingPoint} point */
    row: ({ threshold, sensitivity, sensitivity_95: [low, high], marks_per_slice }) => [
      two.format(threshold),
      percent(sensitivity),
      `${whole.format(low).replace("%", "")}–${percent(high)}`,
      marks.format(marks_per_slice),
    ],
  },

  detections: {
    heading: "Detections",
    /** @param {number} shown @param {number} threshold */
    count: (shown, threshold) => `${n.format(shown)} at score ≥ ${two.format(threshold)}`,
    none: "No detection at this threshold.",
    waiting: "Detections appear here, slice by slice.",
    /** @param {number} score */
    score: (score) => two.format(score),
    /** @param {string} letter @param {number} score */
    label: (letter, score) => `${letter} ${two.format(score)}`,
    /** @param {string} letter @param {number} score @param {string[]} details */
    spoken: (letter, score, details) => [`Detection ${letter}`, `score ${two.format(score)}`, ...details].join(", "),
    /** @param {number} slice 1-based @param {string} series */
    place: (slice, series) => `slice ${slice}, series ${series}`,
    /** Long and short diameter. @param {Axes} axes */
    size: ({ long_mm, short_mm }) =>
      long_mm === null || short_mm === null ? "size in mm unknown" : `${n.format(long_mm)} × ${n.format(short_mm)} mm`,
    /** @param {Axes} axes */
    spokenSize: ({ long_mm, short_mm }) =>
      long_mm === null || short_mm === null
        ? "diameters in millimetres unknown, since the files do not say their pixel spacing"
        : `${n.format(long_mm)} by ${n.format(short_mm)} millimetres`,
    /** @param {TypeEstimate | null} type */
    type: (type) => (type ? type.name : "type unknown"),
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
