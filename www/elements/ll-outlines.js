// @ts-check
/** What is drawn over the slice: boxes, and the diameters of those pointed at or selected. */

/** @import { State } from "../state/state.js" */
/** @import { Outline } from "../viewport/layers.js" */
/** @import { Words } from "../words/index.js" */
import { decisionOn } from "../state/reader.js";
import { placingInView, shownInView, sliceInView } from "../state/selectors.js";
import { letters } from "../state/text.js";
import { drawOverlay } from "../viewport/layers.js";
import { make } from "./dom.js";
import { Part } from "./part.js";

export class LlOutlines extends Part {
  #overlay = make("canvas", { class: "overlay", "aria-hidden": "true" });

  /** @override */
  build() {
    this.append(this.#overlay);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(
      [
        "series",
        "view",
        "room",
        "pose",
        "found",
        "threshold",
        "selected",
        "pointed",
        "showTruth",
        "showBoxes",
        "lesions",
        "reader",
        "showReader",
      ],
      (state) => this.#outline(state),
      signal,
    );
  }

  /** @param {Readonly<State>} state */
  #outline(state) {
    const { selected, pointed, showTruth, showBoxes, showReader } = state;
    const [placed, slice] = [placingInView(state), sliceInView(state)];
    if (!placed || !slice) return;
    const { words } = this;
    /** @type {Outline[]} */
    const truth = slice.truth_px.map((box_px) => ({
      box_px,
      label: words.viewer.truth,
      kind: "truth",
      isSelected: false,
      lines: [],
    }));
    /** @type {Outline[]} */
    const detected = shownInView(state).map(({ detection: { id, score, axes, box_px }, rank }) => {
      const measured = id === selected || id === pointed ? axes : null;
      const sign = showReader ? signOn(state, id, words) : "";
      const label = `${words.detections.label(letters(rank), score)}${sign}`;
      return {
        box_px,
        label: measured ? `${label} · ${words.detections.size(measured)}` : label,
        kind: "detector",
        isSelected: id === selected,
        lines: measured ? [measured.long_px, measured.short_px] : [],
      };
    });
    // The selected one last, over the others.
    detected.sort((a, b) => Number(a.isSelected) - Number(b.isSelected));
    const style = getComputedStyle(this);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const colours = { truth: colour("--truth"), detector: colour("--detector"), measure: colour("--measure") };
    const outlines = [...(showTruth ? truth : []), ...(showBoxes ? detected : [])];
    drawOverlay(this.#overlay, placed.transform, outlines, colours);
  }
}

/**
 * The sign of what the reader says about the lesion of a detection.
 * @param {Readonly<State>} state
 * @param {string} id
 * @param {Words} words
 */
function signOn({ lesions, reader }, id, words) {
  if (reader.said.decisions.size === 0) return "";
  const lesion = lesions.find(({ detections }) => detections.includes(id));
  const decision = lesion && decisionOn(reader, lesion);
  return decision ? ` ${words.lesions.signs[decision.verdict]}` : "";
}

customElements.define("ll-outlines", LlOutlines);
