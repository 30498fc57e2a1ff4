// @ts-check
/** What is drawn over the slice, which is also the legend of its colours; and the way to the list of keys. */

import { make, setAttributes } from "./dom.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

export class LlLayers extends Part {
  #boxes = make(
    "button",
    { type: "button", class: "layer detector", title: words.layers.boxesHint },
    make("span", { class: "swatch", "aria-hidden": "true" }),
    words.layers.boxes,
  );
  #truth = make(
    "button",
    { type: "button", class: "layer truth", title: words.layers.truthHint },
    make("span", { class: "swatch", "aria-hidden": "true" }),
    words.layers.truth,
  );
  #help = make(
    "button",
    { type: "button", title: words.layers.helpHint },
    make("kbd", { "aria-hidden": "true" }, "?"),
    words.layers.help,
  );

  /** @override */
  build() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", words.layers.label);
    this.append(this.#boxes, this.#truth, this.#help);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions } = this.app;
    this.#boxes.addEventListener("click", () => actions.toggleBoxes(), { signal });
    this.#truth.addEventListener("click", () => actions.toggleTruth(), { signal });
    this.#help.addEventListener("click", () => actions.setHelp(true), { signal });
    this.watch(
      ["showBoxes", "showTruth", "series"],
      ({ showBoxes, showTruth, series }) => {
        setAttributes(this.#boxes, { "aria-pressed": String(showBoxes) });
        setAttributes(this.#truth, { "aria-pressed": String(showTruth) });
        this.#truth.disabled = !series.some(({ slices }) => slices.some(({ truth_px }) => truth_px.length > 0));
      },
      signal,
    );
  }
}

customElements.define("ll-layers", LlLayers);
