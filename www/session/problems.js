// @ts-check
/** Problems: from errors to records of the state, which are put into words when they are drawn. */

/** @import { During, Problem, StateStore } from "../state/state.js" */
import { clean } from "../state/text.js";

/**
 * @param {{ code: string, during: During, file?: string, details?: Readonly<Record<string, unknown>>, cause?: string }} what
 * @returns {Problem}
 */
export function problem({ code, during, file = "", details = {}, cause = "" }) {
  return { code: clean(code), during, file: clean(file), details: cleaned(details), cause: clean(cause) };
}

/**
 * What an error says. One without a code was not foreseen.
 * @param {unknown} error
 * @param {During} during
 * @param {string} file the file it is about, where the error does not say
 */
export function problemOf(error, during, file = "") {
  const about = error instanceof Error ? /** @type {Error & Record<string, unknown>} */ (error) : null;
  const details = about?.["details"];
  return problem({
    code: about && "code" in about ? String(about["code"]) : "Unexpected",
    during,
    file: file || String(about?.["file"] ?? ""),
    details: details && typeof details === "object" ? { ...details } : {},
    cause: about ? about.message : String(error),
  });
}

/**
 * Whether an error says that a file is nothing to look at. Such a file is counted where it only lies in the folder that
 * was opened, and refused where it was opened by itself.
 * @param {unknown} error
 */
export const isUnrelated = (error) => error instanceof Error && "unrelated" in error && error.unrelated === true;

/**
 * @param {StateStore} store
 * @param {readonly Problem[]} problems
 */
export function report(store, ...problems) {
  store.set({ problems: [...store.get().problems, ...problems] });
}

/**
 * Details with their texts cleaned, since some come out of files.
 * @param {Readonly<Record<string, unknown>>} details
 */
function cleaned(details) {
  const entries = Object.entries(details).map(([name, value]) => [
    name,
    typeof value === "string" ? clean(value) : value,
  ]);
  return Object.fromEntries(entries);
}
