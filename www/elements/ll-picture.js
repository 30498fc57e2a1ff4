// @ts-check
/** The slice itself, placed in its room; in words, what is on it. */

/** @import { State } from "../state/state.js" */
import { placingInView, seriesInView, shownInView, sliceInView } from "../state/selectors.js";
import { clean, letters } from "../state/text.js";
import { spoken } from "./details.js";
import { make, setAttributes } from "./dom.js";
import { Part } from "./part.js";

export class LlPicture extends Part {
  #canvas = make("canvas", { "data-testid": "slice-canvas", role: "img", width: 1, height: 1 });
  #isDrawing = false;
  /** @type {ImageData | null} */ #drawn = null;

  /** @override */
  build() {
    this.append(this.#canvas);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(["series", "view", "window", "undrawable"], () => this.#paint(), signal);
    this.watch(["series", "view", "room", "pose"], (state) => this.#place(state), signal);
    this.watch(["inverted"], ({ inverted }) => this.#canvas.classList.toggle("inverted", inverted), signal);
    this.watch(["series", "view", "found", "threshold", "selected", "model"], (state) => this.#describe(state), signal);
  }

  /** Puts the slice on the canvas, asking for it where it is not kept; what was asked for last is drawn last. */
  async #paint() {
    const { store, study } = this.app;
    const state = store.get();
    const { view, window, undrawable } = state;
    const slice = sliceInView(state);
    if (!slice) return;
    const kept = study.picture(slice.id, window);
    if (kept) {
      this.#put(kept);
      const name = clean(seriesInView(state)?.name ?? "");
      setAttributes(this.#canvas, { "data-series": name, "data-slice": view.slice, "aria-busy": null });
      return;
    }
    if (undrawable.has(slice.id)) {
      this.#canvas.getContext("2d")?.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
      this.#drawn = null;
      return;
    }
    setAttributes(this.#canvas, { "aria-busy": "true" });
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    await study.draw(slice.id, window);
    this.#isDrawing = false;
    const now = store.get();
    const isStill = sliceInView(now) === slice && now.window === window;
    if (!isStill || study.picture(slice.id, window)) void this.#paint();
  }

  /** @param {ImageData} picture */
  #put(picture) {
    if (picture === this.#drawn) return;
    const canvas = this.#canvas;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
    }
    canvas.getContext("2d")?.putImageData(picture, 0, 0);
    this.#drawn = picture;
  }

  /**
   * The browser enlarges the canvas to the screen's own pixels; the slice is not drawn anew for it.
   * @param {Readonly<State>} state
   */
  #place(state) {
    const placed = placingInView(state);
    const series = seriesInView(state);
    if (!placed || !series) return;
    const { a, b, c, d, e, f } = placed.transform;
    const { style } = this.#canvas;
    style.width = `${series.cols}px`;
    style.height = `${series.rows}px`;
    style.transform = `matrix(${a}, ${b}, ${c}, ${d}, ${e}, ${f})`;
  }

  /** @param {Readonly<State>} state */
  #describe(state) {
    const { view, model, selected } = state;
    const [series, slice] = [seriesInView(state), sliceInView(state)];
    if (!series || !slice) return;
    const { words } = this;
    const found = shownInView(state);
    const picture = words.viewer.picture(view.slice + 1, series.slices.length, found.length, slice.truth_px.length);
    const chosen = found.find(({ detection }) => detection.id === selected);
    const details = chosen ? spoken(chosen.detection, model, words) : [];
    const label = chosen && words.detections.spoken(letters(chosen.rank), chosen.detection.score, details);
    setAttributes(this.#canvas, { "aria-label": label ? words.viewer.selected(picture, label) : picture });
  }
}

customElements.define("ll-picture", LlPicture);
