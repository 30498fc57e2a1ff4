// @ts-check
/**
 * The score threshold, and what was measured at its position. Moving it asks the worker for the detections it has kept
 * and for the figures; the net is not run again. A model without figures leaves the slider alone.
 */

/** @import { ModelInfo, State } from "../types.js" */
import { make, setAttributes, setText } from "./dom.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

// Elements name each other by ids, and several viewers may stand in one page.
let n_made = 0;

export class LlThreshold extends Part {
  #id = `ll-threshold-${(n_made += 1)}`;
  #input = make("input", {
    type: "range",
    "data-testid": "threshold",
    min: 0,
    max: 1,
    step: 0.01,
    "aria-label": words.threshold.label,
  });
  #value = make("output");
  #measured = make("p", {
    class: "quiet measured",
    id: `${this.#id}-measured`,
    "data-testid": "operating-point",
    hidden: true,
  });
  #evidence = make("p", { id: `${this.#id}-evidence` });
  #rows = make("tbody");
  #details = make(
    "details",
    { class: "quiet evidence", hidden: true },
    make("summary", {}, words.threshold.evidence),
    this.#evidence,
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...words.threshold.columns.map((name) => make("th", { scope: "col" }, name)))),
      this.#rows,
    ),
  );

  /** @override */
  build() {
    this.append(
      make("label", {}, make("span", {}, words.threshold.label), this.#value, this.#input),
      this.#measured,
      this.#details,
    );
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.#input.addEventListener("input", () => this.app.actions.setThreshold(this.#input.valueAsNumber), { signal });
    this.watch(["model"], ({ model }) => this.#explain(model), signal);
    this.watch(["threshold", "model", "operatingPoint"], (state) => this.#show(state), signal);
  }

  /** All that was measured, and on what. @param {ModelInfo | null} model */
  #explain(model) {
    const evidence = model?.evidence;
    const points = model?.operating_points ?? [];
    const hasFigures = points.length > 0;
    this.#measured.hidden = !hasFigures;
    this.#details.hidden = !hasFigures;
    setText(this.#evidence, evidence ? `${evidence.sensitivity} ${evidence.marks}` : "");
    this.#rows.replaceChildren(
      ...points.map((point) => make("tr", {}, ...words.threshold.row(point).map((cell) => make("td", {}, cell)))),
    );
    const described = `${this.#measured.id} ${this.#evidence.id}`;
    setAttributes(this.#input, { "aria-describedby": hasFigures ? described : null });
  }

  /** @param {Readonly<State>} state */
  #show({ threshold, model, operatingPoint }) {
    this.#input.disabled = model === null;
    this.#input.min = String(model?.score_floor ?? 0);
    if (this.#input.valueAsNumber !== threshold) this.#input.valueAsNumber = threshold;
    const value = words.threshold.value(threshold);
    const hasFigures = (model?.operating_points.length ?? 0) > 0;
    const measured = operatingPoint ? words.threshold.measured(operatingPoint) : words.threshold.below;
    this.#input.setAttribute("aria-valuetext", hasFigures ? `${value}. ${measured}` : value);
    setText(this.#measured, hasFigures ? measured : "");
    setText(this.#value, value);
  }
}

customElements.define("ll-threshold", LlThreshold);
