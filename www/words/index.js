// @ts-check
/**
 * Every word of the page, by language. Words are asked for when they are drawn, and never kept: a viewer may change its
 * language while it is open. A language is one file with a table of the same form as English, named here.
 */

import { en } from "./en.js";

/** @typedef {typeof en} Words */

/** By BCP 47 tag. @type {Readonly<Record<string, Words>>} */
const LANGUAGES = { en };

/**
 * The words of a language, English where there are none.
 * @param {string} language BCP 47 tag
 * @returns {Words}
 */
export const wordsIn = (language) => LANGUAGES[language] ?? en;

/**
 * What a problem is and what to do about it, as a sentence.
 * @param {Words} words
 * @param {{ code: string, during: string, details: Readonly<Record<string, unknown>>, cause: string }} problem
 */
export function problemText({ codes }, { code, during, details, cause }) {
  const sentence = codes.workers[code]?.[during] ?? codes.problems[code] ?? codes.problems["Unexpected"];
  return sentence?.(details, cause) ?? "";
}

/**
 * How slices were ordered, or a note on a series, as a sentence.
 * @param {Readonly<Record<string, import("./en-codes.js").Sentence>>} sentences
 * @param {Readonly<{ code: string }>} said a code with its numbers
 */
export const saidText = (sentences, said) => sentences[said.code]?.(said, "") ?? said.code;
