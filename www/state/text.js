// @ts-check
/** Text that came from files. It reaches the page only through `textContent` and attributes, cleaned here first. */

// Control characters (C0, DEL, C1), bidirectional controls, zero-width characters, line and paragraph separators.
const UNWANTED = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
const LONGEST = 400;

/**
 * `text` without characters that can hide, reorder or break what stands around it, at most 400 characters long.
 * @param {string} text
 */
export function clean(text) {
  const cleaned = text.replace(UNWANTED, "");
  return cleaned.length > LONGEST ? `${cleaned.slice(0, LONGEST)}…` : cleaned;
}

/**
 * The last component of a path.
 * @param {string} path
 */
export function fileName(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * The label of the detection with this rank on its slice: A to Z, then AA, AB and so on.
 * @param {number} rank 0-based
 */
export function letters(rank) {
  let label = "";
  for (let n = rank + 1; n > 0; n = Math.floor((n - 1) / 26)) label = String.fromCharCode(65 + ((n - 1) % 26)) + label;
  return label;
}
