// @ts-check
/** English: every word on the page. A function where a sentence holds a number or a name. */

/** @import { DetectionRecord as Detection, OperatingPoint } from "lesionlens" */
/** @typedef {"vessel" | "bowel" | "rib" | "node" | "artefact" | "other"} Reason */
import { codes } from "./en-codes.js";
import { formats } from "./formats.js";

const f = formats("en");
const SLICES = { one: "slice", other: "slices" };
const FILES = { one: "file", other: "files" };
const DETECTIONS = { one: "detection", other: "detections" };
const UNMATCHED = { one: "unmatched mark", other: "unmatched marks" };
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
    /** @param {number} hu @param {number} x column @param {number} y row, both from 0 */
    probe: (hu, x, y) => `${f.plain(hu)} HU at ${f.plain(x)}, ${f.plain(y)}`,
    /** @param {number} zoom 1 fits */
    zoom: (zoom) => `× ${f.hundredths(zoom)}`,
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

  place: {
    label: "How the slice is placed",
    names: {
      zoomIn: "Zoom in",
      zoomOut: "Zoom out",
      fit: "Fit",
      oneToOne: "One pixel as one of the screen",
      invert: "Invert",
      across: "Flip left and right",
      down: "Flip top and bottom",
      quarter: "Turn a quarter",
    },
    /** @param {string} name @param {string} key */
    hint: (name, key) => (key ? `${name} (key ${key})` : name),
    finger: "Finger sets window",
    fingerHint: "One finger sets window and level instead of moving through slices",
  },

  cine: {
    play: "Play slices (key C)",
    stop: "Stop (key C)",
    pace: "Pace",
    /** @param {number} pace slices per second */
    perSecond: (pace) => `${f.integer(pace)}/s`,
  },

  window: { width: "W", level: "L" },

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
    reader: "Reader",
    readerHint: "What you say about lesions: ✓ agree, ✗ disagree, ? unsure",
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

  lesions: {
    heading: "Lesions",
    /** @param {number} shown @param {number} all */
    count: (shown, all) => (shown === all ? f.integer(all) : `${f.integer(shown)} of ${f.integer(all)}`),
    jump: "Steps through the lesions",
    previous: "Previous lesion (key K)",
    next: "Next lesion (key J)",
    sort: "Order",
    sorts: { score: "By score", size: "By size", slice: "By slice" },
    filter: "Shown",
    filters: { all: "All", open: "Undecided", agree: "Agreed", disagree: "Disagreed", unsure: "Unsure" },
    /** @param {number} first @param {number} last 1-based */
    slices: (first, last) => (first === last ? `slice ${f.plain(first)}` : `slices ${f.plain(first)}–${f.plain(last)}`),
    /** @param {string} letter @param {number} score @param {string[]} details */
    spoken: (letter, score, details) => [`Lesion ${letter}`, `score ${f.hundredths(score)}`, ...details].join(", "),
    /** @param {string} source of the spacing, in words */
    source: (source) => `Long × short as the detector measures, on the slice where it is longest. Spacing: ${source}.`,
    decide: "What you say about the selected lesion",
    agree: "Agree",
    disagree: "Disagree…",
    disagreeBecause: "Disagree, because it is",
    unsure: "Unsure",
    reasons: {
      vessel: "a vessel",
      bowel: "bowel",
      rib: "a rib",
      node: "a node of normal size",
      artefact: "an artefact",
      other: "something else",
    },
    signs: { agree: "✓", disagree: "✗", unsure: "?" },
    /** @param {{ verdict: "agree" | "unsure" } | { verdict: "disagree", reason: Reason }} decision @returns {string} */
    decision: (decision) =>
      decision.verdict === "disagree"
        ? `disagreed: ${en.lesions.reasons[decision.reason]}`
        : decision.verdict === "agree"
          ? "agreed"
          : "unsure",
    undo: "Undo (Ctrl+Z)",
    redo: "Redo (Ctrl+Y)",
  },

  marks: {
    heading: "Measurements",
    draw: "Draw on the slice",
    tools: {
      diameters: "Long and short diameter (key M)",
      line: "Length (key L)",
      arrow: "Arrow (key A)",
      text: "Text",
    },
    kinds: { diameters: "Diameters", line: "Length", arrow: "Arrow", text: "Text" },
    takeOver: "Take over the detector's diameters",
    text: "Text",
    remove: "Remove",
    /** @param {number} length @param {"mm" | "px"} unit */
    length: (length, unit) => `${f.tenths(length)} ${unit}`,
    /** @param {number} long @param {number} short @param {"mm" | "px"} unit */
    size: (long, short, unit) => `${f.tenths(long)} × ${f.tenths(short)} ${unit}`,
    /** @param {boolean} isMeasurable @param {number} least_mm */
    long: (isMeasurable, least_mm) =>
      isMeasurable
        ? `long axis ≥ ${f.plain(least_mm)} mm: measurable`
        : `long axis < ${f.plain(least_mm)} mm: not measurable`,
    node: "short axis ≥ 15 mm: as a node measurable too",
    recist:
      "RECIST 1.1 (Eisenhauer 2009): measurable from 10 mm long axis on slices of 5 mm or less, thicker ones from twice their distance; a lymph node from 15 mm short axis.",
    save: "Save bookmarks",
    saveHint: "The diameters as a table with DeepLesion's columns. It names the files of the slices.",
    load: "Load bookmarks",
    loadHint: "A table with DeepLesion's columns, for the slices that are open",
    /** @param {number} n @param {number} others */
    loaded: (n, others) => `${f.integer(n)} loaded; ${f.integer(others)} rows without measurement or for other slices.`,
  },

  compare: {
    heading: "Compared with truth",
    /** @param {number} hit @param {number} truth @param {number} unmatched @param {number} slices */
    total: (hit, truth, unmatched, slices) =>
      `✓ ${f.integer(hit)} found, ✗ ${f.integer(truth - hit)} missed, ? ${f.count(unmatched, UNMATCHED)}, on ${f.count(slices, SLICES)} with truth`,
    /** @param {number} slice 1-based @param {number} hit @param {number} truth @param {number} unmatched */
    slice: (slice, hit, truth, unmatched) =>
      `Slice ${f.integer(slice)}: ✓ ${f.integer(hit)} of ${f.integer(truth)}, ? ${f.integer(unmatched)}`,
    across: "False positives per image",
    up: "Lesions found",
    /** @param {number} value */
    tick: (value) => f.any(value),
    /** @param {number} share */
    percent: (share) => percent(share),
    legend:
      "Orange: this study's truth boxes, met from an overlap (IoU) of 0.5 up; slices without truth do not count. Grey: the model's measured points with their 95 % intervals, by marks per slice. One study has no interval.",
    /** @param {number} sensitivity @param {number} rate */
    spoken: (sensitivity, rate) =>
      `FROC curve; at this threshold ${percent(sensitivity)} of truth boxes found at ${f.hundredths(rate)} false positives per image`,
    nothing: "FROC curve; nothing is found at this threshold",
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
      ["middle drag", "move"],
      ["right drag, + −", "zoom"],
      ["=", "fit"],
      ["I", "invert"],
      ["H, V, R", "flip left and right, flip top and bottom, turn a quarter"],
      ["C", "play slices"],
      ["one finger", "slices, or window by the button"],
      ["two fingers", "zoom and move"],
      ["1 – 7", "soft tissue, lung, liver, bone, brain, DeepLesion, model input"],
      ["0", "the file's own window"],
      ["Space", "reset window, place and selection"],
      ["N, P", "next and previous detection"],
      ["point or select", "long and short diameter of a detection"],
      ["M, L, A", "draw diameters, a length, an arrow"],
      ["J, K", "next and previous lesion"],
      ["Ctrl+Z, Ctrl+Y", "undo and redo what you say"],
      ["T", "truth boxes on and off"],
      ["B", "detector boxes on and off"],
      ["?", "this list"],
    ],
    about: (/** @type {string} */ version, /** @type {string} */ model) => `Lesionlens ${version}, model ${model}`,
  },
};
