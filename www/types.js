// @ts-check
/**
 * The records that cross between the page, its worker and the WebAssembly module.
 * `orientation` holds the letters at the left, right, top and bottom edge, as in `R\L A\P`. Suffixes give units: `_px` image pixels (half-open edges), `_mm`, `_hu`. Indices are 0-based.
 */

/**
 * @typedef {[[number, number], [number, number]]} Line both ends, `[x, y]` in image pixels
 *
 * Diameters; their lengths are null where the files do not say their spacing.
 * @typedef {{ long_px: Line, short_px: Line, long_mm: number | null, short_mm: number | null }} Axes
 *
 * @typedef {{ name: string, probability: number }} TypeEstimate
 *
 * What was measured at one threshold: the share of lesions found, its 95 % interval, detections per slice.
 * @typedef {{ threshold: number, sensitivity: number, sensitivity_95: [number, number], marks_per_slice: number }} OperatingPoint
 */

/**
 * @typedef {{ center_hu: number, width_hu: number }} DisplayWindow
 *
 * @typedef {{ path: string, position_mm: number | null, truth_px: [number, number, number, number][] }} SliceInfo
 *
 * @typedef {{
 *   id: string, rows: number, cols: number,
 *   spacing_mm: { x: number, y: number, z: number | null },
 *   spacing_source: "PixelSpacing" | "DL_info" | "assumed",
 *   rule: string, warnings: string[],
 *   window: DisplayWindow, orientation: string | null, hounsfield: boolean,
 *   slices: SliceInfo[],
 * }} SeriesInfo
 *
 * @typedef {{
 *   series: number, series_id: string, slice: number,
 *   box_px: [number, number, number, number], score: number,
 *   axes: Axes | null, type: TypeEstimate | null,
 * }} Detection
 *
 * `operating_points` come by rising threshold, and with `evidence`: a sentence each on what they were measured.
 * @typedef {{
 *   name: string, sha256: string, default_threshold: number, score_floor: number, has_axes: boolean, has_types: boolean,
 *   operating_points: OperatingPoint[], default_operating_point: OperatingPoint | null,
 *   evidence: { sensitivity: string, marks: string } | null,
 * }} ModelInfo
 */

/**
 * The WebAssembly module's classes, as wasm-bindgen exports them.
 * @typedef {{ levels: Uint8Array<ArrayBuffer>, rows: number, cols: number }} NetInput
 * @typedef {{ run(levels: Uint8Array, rows: number, cols: number): Float32Array[] }} Net
 * @typedef {{
 *   modelInfo(): ModelInfo,
 *   operatingPoint(threshold: number): OperatingPoint | null,
 *   addFile(path: string, bytes: Uint8Array): { kind: "image" | "table", n_slices: number, n_rows: number, n_skipped: number },
 *   clear(): void,
 *   arrange(): SeriesInfo[],
 *   render(series: number, slice: number, center_hu: number, width_hu: number): ImageData,
 *   fingerprint(series: number, slice: number): string,
 *   memoryBytes(): number,
 *   input(series: number, slice: number): NetInput,
 *   accept(series: number, slice: number, heads: Float32Array[]): void,
 *   detections(threshold: number): Detection[],
 *   sampleSize(): number,
 *   sampleFile(i: number): { path: string, bytes: Uint8Array },
 * }} Workbench
 *
 * @typedef {{
 *   initSync(input: { module: WebAssembly.Module }): unknown,
 *   Workbench: new (spec_json: string, onnx: Uint8Array) => Workbench,
 *   Net: new (spec_json: string, onnx: Uint8Array) => Net,
 * }} Glue
 */

/**
 * What `cargo xtask web` writes into the page: one entry per file that start-up fetches.
 * @typedef {{ path: string, sha256: string, bytes: number }} BuiltFile
 * @typedef {"wasm" | "glue" | "worker" | "model" | "spec"} BuiltFileName
 * @typedef {{ version: string, commit: string, files: Record<BuiltFileName, BuiltFile> }} Build
 */

/**
 * Everything a worker needs, fetched and checked, kept so that a new worker needs no network.
 * @typedef {{
 *   build: Build, module: WebAssembly.Module, spec: string, model: Uint8Array<ArrayBuffer>,
 *   glueUrl: string, workerUrl: string,
 * }} Kit
 */

/**
 * A file to read: one that was dropped or picked, or one of the sample study, whose path is known after reading.
 * @typedef {{ path: string, read(): Promise<{ path: string, bytes: Uint8Array<ArrayBuffer> }> }} Source
 */

/**
 * @typedef {"loading" | "ready" | "decoding" | "detecting" | "done" | "failed"} Stage
 * @typedef {{ done: number, total: number, unit: "bytes" | "files" | "slices" }} Progress
 * @typedef {{ code: string, message: string }} Failure
 * @typedef {{ file: string, code: string, message: string }} FileError
 * @typedef {{ series: number, slice: number }} View
 */

/**
 * The whole state of one viewer. `synthetic`: the sample study is open. `ownWindow`: the window follows the series in view. `detected` and `undrawable` hold
 * slice keys, `selected` and `pointed` (under the pointer, or with the focus in the list) a detection key (see
 * order.js). `operatingPoint` says what was measured at or below the threshold.
 * @typedef {{
 *   stage: Stage,
 *   progress: Progress | null,
 *   failure: Failure | null,
 *   version: string,
 *   model: ModelInfo | null,
 *   series: readonly SeriesInfo[],
 *   synthetic: boolean,
 *   view: View,
 *   window: DisplayWindow,
 *   ownWindow: boolean,
 *   threshold: number,
 *   operatingPoint: OperatingPoint | null,
 *   detections: readonly Detection[],
 *   detected: ReadonlySet<string>,
 *   undrawable: ReadonlySet<string>,
 *   msPerSlice: number | null,
 *   selected: string | null,
 *   pointed: string | null,
 *   showTruth: boolean,
 *   showBoxes: boolean,
 *   errors: readonly FileError[],
 *   helpOpen: boolean,
 * }} State
 *
 * @typedef {import("./state/store.js").Store<State>} StateStore
 *
 * What every element of a viewer is given.
 * @typedef {{ store: StateStore, study: import("./session/study.js").Study, actions: import("./state/actions.js").Actions }} App
 */

export {};
