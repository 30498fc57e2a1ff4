// @ts-check
/**
 * The score threshold, and what was measured at its position. Moving it chooses from what the page already has. A model
 * without figures leaves the slider alone.
 */

/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
import { operatingPoint, operatingPoints } from "../state/selectors.js";
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

// Elements name each other by ids, and several viewers may stand in one page.
let n_made = 0;

export class LlThreshold extends Part {
  #id = `ll-threshold-${(n_made += 1)}`;
  #label = make("span");
  #input = make("input", { type: "range", "data-testid": "threshold", min: 0, max: 1, step: 0.01 });
  #value = make("output");
  #measured = make("p", {
    class: "quiet measured",
    id: `${this.#id}-measured`,
    "data-testid": "operating-point",
    hidden: true,
  });
  #thorough = make("input", { type: "checkbox", "data-testid": "thorough" });
  #thoroughLabel = make("span");
  #thoroughRow = make("label", { class: "quiet thorough", hidden: true }, this.#thorough, this.#thoroughLabel);
  #evidence = make("p", { id: `${this.#id}-evidence` });
  #summary = make("summary");
  #columns = make("tr");
  #rows = make("tbody");
  #details = make(
    "details",
    { class: "quiet evidence", hidden: true },
    this.#summary,
    this.#evidence,
    make("table", {}, make("thead", {}, this.#columns), this.#rows),
  );

  /** @override */
  build() {
    this.append(
      make("label", {}, this.#label, this.#value, this.#input),
      this.#measured,
      this.#thoroughRow,
      this.#details,
    );
  }

  /** @override @param {Words} words */
  say({ threshold }) {
    setText(this.#label, threshold.label);
    setAttributes(this.#input, { "aria-label": threshold.label });
    setText(this.#thoroughLabel, threshold.thorough);
    setText(this.#summary, threshold.evidence);
    this.#columns.replaceChildren(...threshold.columns.map((name) => make("th", { scope: "col" }, name)));
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.#input.addEventListener("input", () => this.app.actions.setThreshold(this.#input.valueAsNumber), { signal });
    this.#thorough.addEventListener("change", () => this.app.study.setThorough(this.#thorough.checked), { signal });
    this.watch(["model", "thorough"], (state) => this.#explain(state), signal);
    this.watch(["threshold", "model", "thorough"], (state) => this.#show(state), signal);
  }

  /** All that was measured, and on what. @param {Readonly<State>} state */
  #explain(state) {
    const { model, thorough } = state;
    const evidence = model?.evidence;
    const points = operatingPoints(state);
    this.#thoroughRow.hidden = !model?.thorough;
    this.#thorough.checked = thorough;
    const hasFigures = points.length > 0;
    this.#measured.hidden = !hasFigures;
    this.#details.hidden = !hasFigures;
    setText(this.#evidence, evidence ? `${evidence.sensitivity} ${evidence.marks}` : "");
    this.#rows.replaceChildren(
      ...points.map((point) => make("tr", {}, ...this.words.threshold.row(point).map((cell) => make("td", {}, cell)))),
    );
    const described = `${this.#measured.id} ${this.#evidence.id}`;
    setAttributes(this.#input, { "aria-describedby": hasFigures ? described : null });
  }

  /** @param {Readonly<State>} state */
  #show(state) {
    const { threshold, model } = state;
    const words = this.words.threshold;
    const point = operatingPoint(state);
    this.#input.disabled = model === null;
    this.#input.min = String(model?.score_floor ?? 0);
    if (this.#input.valueAsNumber !== threshold) this.#input.valueAsNumber = threshold;
    const value = words.value(threshold);
    const hasFigures = operatingPoints(state).length > 0;
    const measured = point ? words.measured(point) : words.below;
    this.#input.setAttribute("aria-valuetext", hasFigures ? `${value}. ${measured}` : value);
    setText(this.#measured, hasFigures ? measured : "");
    setText(this.#value, value);
  }
}

customElements.define("ll-threshold", LlThreshold);
