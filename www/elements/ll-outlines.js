// @ts-check
/** What is drawn over the slice: boxes, and the diameters of those pointed at or selected. */

/** @import { State } from "../state/state.js" */
/** @import { Mark as Drawn, Outline } from "../viewport/layers.js" */
/** @import { Words } from "../words/index.js" */
import { decisionOn } from "../state/reader.js";
import { placingInView, seriesInView, shownInView, sliceInView } from "../state/selectors.js";
import { letters } from "../state/text.js";
import { drawOverlay } from "../viewport/layers.js";
import { linesOf } from "../viewport/tools/marks.js";
import { make } from "./dom.js";
import { markText } from "./marks.js";
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
        "draft",
        "selectedMark",
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
    const colours = {
      truth: colour("--truth"),
      detector: colour("--detector"),
      measure: colour("--measure"),
      reader: colour("--reader"),
    };
    const outlines = [...(showTruth ? truth : []), ...(showBoxes ? detected : [])];
    const marks = showReader ? this.#marks(state, slice.id) : [];
    drawOverlay(this.#overlay, placed.transform, outlines, marks, colours);
  }

  /**
   * What a person drew on a slice, and draws just now, the selected one last.
   * @param {Readonly<State>} state
   * @param {string} slice
   * @returns {Drawn[]}
   */
  #marks(state, slice) {
    const { reader, draft, selectedMark } = state;
    const series = seriesInView(state);
    if (!series) return [];
    const kept = reader.said.marks.filter((mark) => mark.slice === slice && mark.id !== draft?.id);
    const changing = draft && reader.said.marks.find(({ id }) => id === draft.id);
    const all = [...kept, ...(draft ? [{ ...draft.shape, id: draft.id, text: changing?.text ?? "" }] : [])];
    const isSelected = (/** @type {{ id: number | null }} */ { id }) => id === (draft ? draft.id : selectedMark);
    return all
      .map((mark) => ({
        points: mark.points,
        lines: linesOf(mark),
        isArrow: mark.kind === "arrow",
        label: markText(mark, series, this.words),
        isSelected: isSelected(mark),
      }))
      .sort((a, b) => Number(a.isSelected) - Number(b.isSelected));
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
