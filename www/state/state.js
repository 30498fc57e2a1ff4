// @ts-check
/** The whole state of one viewer: what is going on, what is open, what is looked at. */

/** @import { ModelInfo } from "lesionlens" */
/** @import { StudyDocument } from "./document.js" */
/** @import { ViewState } from "./view.js" */
import { EMPTY_DOCUMENT } from "./document.js";
import { FIRST_VIEW } from "./view.js";

/**
 * @typedef {"loading" | "ready" | "decoding" | "detecting" | "done" | "failed"} Stage
 * @typedef {{ done: number, total: number, unit: "bytes" | "files" | "slices" }} Progress
 *
 * What went wrong, to be put into words when it is drawn: a stable code, the file it is about (its cleaned path, or
 * empty), what was being done, the numbers and names that belong to the code, and what the program itself says.
 * @typedef {Readonly<{
 *   code: string, file: string, during: During, details: Readonly<Record<string, unknown>>, cause: string,
 * }>} Problem
 * @typedef {"start" | "read" | "arrange" | "draw" | "search"} During
 *
 * `failure`: why the page could not start. `worksOffline`: the browser holds a copy of the page's own files.
 * @typedef {{
 *   stage: Stage,
 *   progress: Progress | null,
 *   msPerSlice: number | null,
 *   failure: Problem | null,
 *   problems: readonly Problem[],
 *   version: string,
 *   worksOffline: boolean,
 *   model: ModelInfo | null,
 * }} Work
 *
 * @typedef {Work & StudyDocument & ViewState} State
 * @typedef {import("./store.js").Store<State>} StateStore
 */

/** A viewer whose page is starting. @type {Readonly<State>} */
export const INITIAL = Object.freeze({
  stage: "loading",
  progress: null,
  msPerSlice: null,
  failure: null,
  problems: [],
  version: "",
  worksOffline: false,
  model: null,
  ...EMPTY_DOCUMENT,
  ...FIRST_VIEW,
});
