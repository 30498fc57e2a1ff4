// @ts-check
/** What a person says about lesions, and its history. Pure functions of it. */

/** @import { Lesion } from "lesionlens" */
/** @import { Shape } from "../viewport/tools/marks.js" */

/**
 * Why a person disagrees.
 * @typedef {"vessel" | "bowel" | "rib" | "node" | "artefact" | "other"} Reason
 *
 * @typedef {Readonly<{ verdict: "agree" } | { verdict: "disagree", reason: Reason } | { verdict: "unsure" }>} Decision
 *
 * What a person drew on a slice. `id` counts up; `text` is what the person wrote beside it.
 * @typedef {Readonly<Shape & { id: number, slice: string, text: string }>} Mark
 *
 * `decisions` by the id of the detection that named the lesion when it was decided on.
 * @typedef {Readonly<{ decisions: ReadonlyMap<string, Decision>, marks: readonly Mark[] }>} Said
 *
 * What is said now, what was said before, latest last, and what was taken back, latest last.
 * @typedef {Readonly<{ said: Said, past: readonly Said[], undone: readonly Said[] }>} Reader
 */

/** @type {readonly Reason[]} */
export const REASONS = ["vessel", "bowel", "rib", "node", "artefact", "other"];

/** Nothing said. @type {Reader} */
export const SILENT = Object.freeze({ said: Object.freeze({ decisions: new Map(), marks: [] }), past: [], undone: [] });

/**
 * @param {Reader} reader
 * @param {Said} said
 * @returns {Reader}
 */
const saying = (reader, said) => ({ said, past: [...reader.past, reader.said], undone: [] });

/**
 * Decides on a lesion, or takes its decision away.
 * @param {Reader} reader
 * @param {Pick<Lesion, "id" | "detections">} lesion
 * @param {Decision | null} decision
 * @returns {Reader}
 */
export function decided(reader, lesion, decision) {
  const decisions = new Map(reader.said.decisions);
  // A lesion that grew may hold decisions on its parts.
  for (const id of lesion.detections) decisions.delete(id);
  if (decision) decisions.set(lesion.id, decision);
  return saying(reader, { ...reader.said, decisions });
}

/**
 * With marks more, which get the next ids.
 * @param {Reader} reader
 * @param {readonly Omit<Mark, "id">[]} marks
 * @returns {Reader}
 */
export function marked(reader, marks) {
  const first = reader.said.marks.reduce((next, { id }) => Math.max(next, id + 1), 0);
  const more = marks.map((mark, at) => ({ ...mark, id: first + at }));
  return saying(reader, { ...reader.said, marks: [...reader.said.marks, ...more] });
}

/**
 * With a mark in place of the one that has its id.
 * @param {Reader} reader
 * @param {Mark} mark
 * @returns {Reader}
 */
export function changed(reader, mark) {
  const marks = reader.said.marks.map((one) => (one.id === mark.id ? mark : one));
  return saying(reader, { ...reader.said, marks });
}

/**
 * Without a mark.
 * @param {Reader} reader
 * @param {number} id
 * @returns {Reader}
 */
export function unmarked(reader, id) {
  return saying(reader, { ...reader.said, marks: reader.said.marks.filter((mark) => mark.id !== id) });
}

/** @param {Reader} reader @returns {Reader} */
export function undone(reader) {
  const said = reader.past.at(-1);
  return said ? { said, past: reader.past.slice(0, -1), undone: [...reader.undone, reader.said] } : reader;
}

/** @param {Reader} reader @returns {Reader} */
export function redone(reader) {
  const said = reader.undone.at(-1);
  return said ? { said, past: [...reader.past, reader.said], undone: reader.undone.slice(0, -1) } : reader;
}

/**
 * What is said about a lesion. Which detection names it changes while slices are still searched, so a decision on any of
 * its detections is one on it.
 * @param {Reader} reader
 * @param {Pick<Lesion, "id" | "detections">} lesion
 * @returns {Decision | null}
 */
export function decisionOn({ said: { decisions } }, { id, detections }) {
  const part = decisions.has(id) ? id : detections.find((one) => decisions.has(one));
  return (part !== undefined && decisions.get(part)) || null;
}
