// @ts-check
/** What is drawn over the slice, which is also the legend of its colours; and the way to the list of keys. */

/** @import { Words } from "../words/index.js" */
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlLayers extends Part {
  #boxesName = make("span");
  #truthName = make("span");
  #helpName = make("span");
  #boxes = make("button", { type: "button", class: "layer detector" }, swatch(), this.#boxesName);
  #truth = make("button", { type: "button", class: "layer truth" }, swatch(), this.#truthName);
  #readerName = make("span");
  #reader = make("button", { type: "button", class: "layer reader" }, swatch(), this.#readerName);
  #help = make("button", { type: "button" }, make("kbd", { "aria-hidden": "true" }, "?"), this.#helpName);

  /** @override */
  build() {
    this.setAttribute("role", "group");
    this.append(this.#boxes, this.#truth, this.#reader, this.#help);
  }

  /** @override @param {Words} words */
  say({ layers }) {
    setAttributes(this, { "aria-label": layers.label });
    setText(this.#boxesName, layers.boxes);
    setText(this.#truthName, layers.truth);
    setText(this.#readerName, layers.reader);
    setAttributes(this.#reader, { title: layers.readerHint });
    setText(this.#helpName, layers.help);
    setAttributes(this.#boxes, { title: layers.boxesHint });
    setAttributes(this.#truth, { title: layers.truthHint });
    setAttributes(this.#help, { title: layers.helpHint });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions } = this.app;
    this.#boxes.addEventListener("click", () => actions.toggleBoxes(), { signal });
    this.#truth.addEventListener("click", () => actions.toggleTruth(), { signal });
    this.#reader.addEventListener("click", () => actions.toggleReader(), { signal });
    this.#help.addEventListener("click", () => actions.setHelp(true), { signal });
    this.watch(
      ["showBoxes", "showTruth", "showReader", "series"],
      ({ showBoxes, showTruth, showReader, series }) => {
        setAttributes(this.#boxes, { "aria-pressed": String(showBoxes) });
        setAttributes(this.#truth, { "aria-pressed": String(showTruth) });
        setAttributes(this.#reader, { "aria-pressed": String(showReader) });
        this.#truth.disabled = !series.some(({ slices }) => slices.some(({ truth_px }) => truth_px.length > 0));
      },
      signal,
    );
  }
}

/** The colour of a layer. */
const swatch = () => make("span", { class: "swatch", "aria-hidden": "true" });

customElements.define("ll-layers", LlLayers);
