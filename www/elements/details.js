// @ts-check
/** What a model tells of a detection beside box and score, in words. A model that tells nothing gives no words. */

/** @import { DetectionRecord as Detection, ModelInfo } from "lesionlens" */
/** @import { Words } from "../words/index.js" */

/**
 * As it is written in lists and labels.
 * @param {Detection} detection
 * @param {ModelInfo | null} model
 * @param {Words} words
 * @returns {string[]}
 */
export function written({ axes, type }, model, words) {
  return [...(axes ? [words.detections.size(axes)] : []), ...(model?.has_types ? [words.detections.type(type)] : [])];
}

/**
 * As it is read aloud.
 * @param {Detection} detection
 * @param {ModelInfo | null} model
 * @param {Words} words
 * @returns {string[]}
 */
export function spoken({ axes, type }, model, words) {
  return [
    ...(axes ? [words.detections.spokenSize(axes)] : []),
    ...(model?.has_types ? [words.detections.type(type)] : []),
  ];
}
