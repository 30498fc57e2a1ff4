// @ts-check
/** The score threshold. Moving it asks the worker for the detections it has kept; the net is not run again. */

/** @import { State } from "../types.js" */
import { make, setText } from "../dom.js";
import { words } from "../words.js";
import { Part } from "./part.js";

export class LlThreshold extends Part {
  #input = make("input", { type: "range", "data-testid": "threshold", min: 0, max: 1, step: 0.01, "aria-label": words.threshold.label });
  #value = make("output");

  /** @override */
  build() {
    this.append(make("label", {}, make("span", {}, words.threshold.label), this.#value, this.#input));
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.#input.addEventListener("input", () => this.app.actions.setThreshold(this.#input.valueAsNumber), { signal });
    this.watch(["threshold", "model"], (state) => this.#show(state), signal);
  }

  /** @param {Readonly<State>} state */
  #show({ threshold, model }) {
    this.#input.disabled = model === null;
    this.#input.min = String(model?.score_floor ?? 0);
    if (this.#input.valueAsNumber !== threshold) this.#input.valueAsNumber = threshold;
    this.#input.setAttribute("aria-valuetext", words.threshold.value(threshold));
    setText(this.#value, words.threshold.value(threshold));
  }
}

customElements.define("ll-threshold", LlThreshold);
