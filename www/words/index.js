// @ts-check
/**
 * Every word of the page, by language. Words are asked for when they are drawn, and never kept: a viewer may change its
 * language while it is open. A language is one file with a table of the same form as English, named here.
 */

/** @import { Note, OrderRule } from "lesionlens" */
import { en } from "./en.js";

/**
 * @typedef {typeof en} Words
 *
 * Puts a problem into words. `details` are the numbers and names that come with its code, `cause` is what the program
 * itself says, in English.
 * @typedef {(details: any, cause: string) => string} Sentence
 */

/**
 * A sentence for each code of an error that the module throws, from that code's own details.
 * @template {{ code: string }} E
 * @typedef {{
 *   [Code in E["code"]]:
 *     (details: Extract<E, { code: Code }> extends { details: infer D } ? D : {}, cause: string) => string
 * }} Sentences
 */

/**
 * A sentence for each code of what the module says of a series.
 * @template {{ code: string }} S
 * @typedef {{ [Code in S["code"]]: (said: Extract<S, { code: Code }>) => string }} Said
 */

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
  /** @type {Readonly<Record<string, Sentence>>} */
  const problems = codes.problems;
  const sentence = codes.workers[code]?.[during] ?? problems[code] ?? problems["Unexpected"];
  return sentence?.(details, cause) ?? "";
}

/**
 * How the slices of a series were ordered, as a sentence.
 * @param {Words} words
 * @param {OrderRule} rule
 */
export const ruleText = ({ codes }, rule) => saidText(codes.rules, rule);

/**
 * What a reader of a series should know, as a sentence.
 * @param {Words} words
 * @param {Note} note
 */
export const noteText = ({ codes }, note) => saidText(codes.notes, note);

/**
 * @param {Readonly<Record<string, (said: any) => string>>} sentences
 * @param {Readonly<{ code: string }>} said
 */
const saidText = (sentences, said) => sentences[said.code]?.(said) ?? said.code;
