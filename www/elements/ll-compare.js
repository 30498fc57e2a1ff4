// @ts-check
/**
 * What the detector found of what a table marks: hits, misses and unmatched marks, in total and by slice, and the FROC
 * curve of the study with the model's measured points behind it. Matching and the curve are the module's.
 */

/** @import { Comparison, OperatingPoint } from "lesionlens" */
/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
import { operatingPoints } from "../state/selectors.js";
import { seriesOf } from "../state/lesions.js";
import { drawFroc } from "../viewport/froc.js";
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlCompare extends Part {
  #summary = make("summary");
  #total = make("p", { "data-testid": "compare-total" });
  #canvas = make("canvas", { role: "img", class: "froc", "data-testid": "froc" });
  #legend = make("p", { class: "quiet" });
  #slices = make("ol", { class: "compare-list" });
  #details = make("details", {}, this.#summary, this.#total, this.#canvas, this.#legend, this.#slices);
  #isAsking = false;
  /** @type {Pick<State, "found" | "threshold"> | null} */ #asked = null;
  /** @type {Comparison | null} */ #comparison = null;

  /** @override */
  build() {
    this.append(this.#details);
  }

  /** @override @param {Words} words */
  say({ compare }) {
    setText(this.#summary, compare.heading);
    setText(this.#legend, compare.legend);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const update = () => void this.#ask();
    this.#details.addEventListener("toggle", update, { signal });
    this.#slices.addEventListener(
      "click",
      ({ target }) => {
        const row = target instanceof Element ? target.closest("[data-slice-id]") : null;
        const place = seriesOf(this.app.store.get().series, row?.getAttribute("data-slice-id") ?? "");
        if (place) this.app.actions.show(place);
      },
      { signal },
    );
    this.watch(["found", "threshold", "series", "model"], update, signal);
  }

  /** Asks for one comparison at a time, while a person looks at it. */
  async #ask() {
    const { store, study } = this.app;
    const { found, threshold, series } = store.get();
    this.hidden = !series.some(({ slices }) => slices.some(({ truth_px }) => truth_px.length > 0));
    if (this.hidden || !this.#details.open) return;
    const isKnown = this.#asked?.found === found && this.#asked.threshold === threshold;
    if (isKnown && this.#comparison) this.#show(store.get(), this.#comparison);
    if (this.#isAsking || isKnown) return;
    this.#isAsking = true;
    this.#asked = { found, threshold };
    this.#comparison = await study.compare(threshold);
    this.#isAsking = false;
    void this.#ask();
  }

  /** @param {Readonly<State>} state @param {Comparison} comparison */
  #show(state, { slices, curve }) {
    const { compare } = this.words;
    const sum = (/** @type {(one: Comparison["slices"][number]) => number} */ count) =>
      slices.reduce((total, one) => total + count(one), 0);
    const [n_hit, n_truth] = [sum((one) => one.n_hit), sum((one) => one.n_truth)];
    const n_unmatched = sum((one) => one.unmatched.length);
    setText(this.#total, compare.total(n_hit, n_truth, n_unmatched, slices.length));
    setAttributes(this.#total, { "data-hit": n_hit, "data-truth": n_truth, "data-unmatched": n_unmatched });
    this.#slices.replaceChildren(
      ...slices.map(({ slice, n_hit, n_truth, unmatched }) => {
        const place = seriesOf(state.series, slice);
        const text = compare.slice((place?.slice ?? 0) + 1, n_hit, n_truth, unmatched.length);
        return make("li", {}, make("button", { type: "button", "data-slice-id": slice }, text));
      }),
    );
    const style = getComputedStyle(this);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const points = operatingPoints(state);
    drawFroc(this.#canvas, curve, points.map(pointOf), state.threshold, {
      line: colour("--detector"),
      behind: colour("--quiet"),
      text: colour("--text"),
      grid: colour("--line"),
      across: compare.across,
      up: compare.up,
      tick: compare.tick,
      percent: compare.percent,
    });
    const now = curve.findLast(({ score }) => score >= Math.fround(state.threshold));
    setAttributes(this.#canvas, {
      "aria-label": now ? compare.spoken(now.sensitivity, now.false_positives_per_image) : compare.nothing,
    });
  }
}

/** A measured point as the picture needs it. @param {OperatingPoint} point */
const pointOf = ({ marks_per_slice, sensitivity, sensitivity_95: [low, high] }) => ({
  across: marks_per_slice,
  up: sensitivity,
  low,
  high,
});

customElements.define("ll-compare", LlCompare);
