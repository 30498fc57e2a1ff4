// @ts-check
/** Moving through the slices: a slider, the position, and a strip that marks where detections and truth lie. */

/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
import { bestScores, seriesInView } from "../state/selectors.js";
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlSlice extends Part {
  #previous = make("button", { type: "button", class: "arrow" }, "‹");
  #next = make("button", { type: "button", class: "arrow" }, "›");
  #slider = make("input", { type: "range", min: 1, max: 1, step: 1, "data-slice-slider": true });
  #marks = make("canvas", { class: "marks", "aria-hidden": "true" });
  #position = make("output", { "data-testid": "slice-position" });

  /** @override */
  build() {
    this.append(this.#previous, make("div", { class: "track" }, this.#slider, this.#marks), this.#next, this.#position);
  }

  /** @override @param {Words} words */
  say({ slice }) {
    setAttributes(this.#previous, { "aria-label": slice.previous, title: slice.previous });
    setAttributes(this.#next, { "aria-label": slice.next, title: slice.next });
    setAttributes(this.#slider, { "aria-label": slice.label });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions, store } = this.app;
    this.#previous.addEventListener("click", () => actions.step(-1), { signal });
    this.#next.addEventListener("click", () => actions.step(1), { signal });
    this.#slider.addEventListener("input", () => actions.showSlice(this.#slider.valueAsNumber - 1), { signal });
    this.#marks.addEventListener("pointerdown", (event) => this.#drag(event), { signal });
    this.#marks.addEventListener("pointermove", (event) => this.#drag(event), { signal });
    this.watch(["series", "view"], (state) => this.#show(state), signal);
    this.watch(
      ["series", "view", "found", "threshold", "showTruth", "showBoxes"],
      (state) => this.#mark(state),
      signal,
    );
    const resized = new ResizeObserver(() => this.#mark(store.get()));
    resized.observe(this.#marks);
    signal.addEventListener("abort", () => resized.disconnect(), { once: true });
  }

  /** @param {Readonly<State>} state */
  #show({ series, view }) {
    const total = series[view.series]?.slices.length ?? 0;
    const position = total === 0 ? 0 : view.slice + 1;
    this.hidden = total === 0;
    this.#slider.max = String(Math.max(total, 1));
    this.#slider.valueAsNumber = Math.max(position, 1);
    this.#slider.disabled = total < 2;
    setAttributes(this.#slider, { "aria-valuetext": this.words.slice.spoken(position, total) });
    this.#previous.disabled = view.slice <= 0;
    this.#next.disabled = view.slice >= total - 1;
    setText(this.#position, this.words.slice.position(position, total));
  }

  /** Goes to the slice under a pressed pointer. @param {PointerEvent} event */
  #drag(event) {
    if (event.type === "pointerdown") this.#marks.setPointerCapture(event.pointerId);
    if ((event.buttons & 1) === 0) return;
    const { left, width } = this.#marks.getBoundingClientRect();
    const n_slices = seriesInView(this.app.store.get())?.slices.length ?? 0;
    this.app.actions.showSlice(Math.floor(((event.clientX - left) / width) * n_slices));
  }

  /**
   * One column per slice: grey where the detector has been, orange by its best score, green where truth lies.
   * @param {Readonly<State>} state
   */
  #mark(state) {
    const { found, showTruth, showBoxes } = state;
    const canvas = this.#marks;
    const scale = devicePixelRatio;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * scale));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * scale));
    const pen = canvas.getContext("2d");
    const slices = seriesInView(state)?.slices ?? [];
    if (!pen || slices.length === 0) return;
    const style = getComputedStyle(this);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const best = bestScores(state);
    const step = canvas.width / slices.length;
    pen.globalAlpha = 0.25;
    pen.fillStyle = colour("--text");
    pen.fillRect(Math.floor(state.view.slice * step), 0, Math.max(2 * scale, step), canvas.height);
    const half = canvas.height / 2;
    for (const [i, { id, truth_px }] of slices.entries()) {
      const x = Math.floor(i * step);
      const width = Math.max(1, Math.ceil((i + 1) * step) - x - (step > 4 * scale ? scale : 0));
      const paint = (
        /** @type {string} */ fill,
        /** @type {number} */ alpha,
        /** @type {number} */ y,
        /** @type {number} */ height,
      ) => {
        pen.globalAlpha = alpha;
        pen.fillStyle = fill;
        pen.fillRect(x, y, width, height);
      };
      paint(colour(found.has(id) ? "--searched" : "--unsearched"), 1, half - scale, 2 * scale);
      if (showTruth && truth_px.length > 0) paint(colour("--truth"), 1, 0, half - 2 * scale);
      const score = best.get(i);
      if (showBoxes && score !== undefined)
        paint(colour("--detector"), 0.35 + 0.65 * score, half + 2 * scale, half - 2 * scale);
    }
  }
}

customElements.define("ll-slice", LlSlice);
