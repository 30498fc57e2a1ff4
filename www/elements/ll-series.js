// @ts-check
/** The series of the study; the one in view with its slices, how they were ordered, and notes on it. */

/** @import { SeriesInfo, SliceSummary } from "lesionlens" */
/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
/** @import { App } from "./part.js" */
import { bestScores } from "../state/selectors.js";
import { clean, fileName } from "../state/text.js";
import { noteText, ruleText, wordsIn } from "../words/index.js";
import { make, setAttributes, setText } from "./dom.js";
import { LlThumbnail } from "./ll-thumbnail.js";
import { Part } from "./part.js";

export class LlSeries extends Part {
  #heading = make("h2");
  #list = make("ol", { class: "series-list" });
  #slicesHeading = make("h3");
  #rule = make("p", { class: "quiet" });
  #notes = make("ul", { class: "warnings" });
  #slices = make("ol", { class: "slice-list" });
  /** @type {readonly SeriesInfo[] | null} */ #shownSeries = null;
  /** @type {SeriesInfo | null} */ #shownSlices = null;

  /** @override */
  build() {
    this.append(this.#heading, this.#list, this.#slicesHeading, this.#rule, this.#notes, this.#slices);
  }

  /** @override @param {Words} words */
  say({ series }) {
    setText(this.#heading, series.heading);
    setText(this.#slicesHeading, series.slices);
    setAttributes(this.#notes, { "aria-label": series.notes });
    // What is shown has words in it, and is made anew.
    this.#shownSeries = null;
    this.#shownSlices = null;
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions } = this.app;
    this.#list.addEventListener(
      "click",
      (event) => {
        const series = indexOf(event);
        if (series !== null && series !== this.app.store.get().view.series) actions.show({ series, slice: 0 });
      },
      { signal },
    );
    this.#slices.addEventListener(
      "click",
      (event) => {
        const slice = indexOf(event);
        if (slice !== null) actions.showSlice(slice);
      },
      { signal },
    );
    this.watch(["series", "view", "found", "threshold"], (state) => this.#show(state), signal);
  }

  /** @param {Readonly<State>} state */
  #show(state) {
    const { series, view, synthetic } = state;
    const { words } = this;
    if (series !== this.#shownSeries) {
      this.#list.replaceChildren(...series.map((one, index) => seriesEntry(one, index, synthetic, this.app)));
      this.#shownSeries = series;
    }
    markCurrent(this.#list, view.series);
    const current = series[view.series] ?? null;
    if (current !== this.#shownSlices) {
      const notes = (current?.notes ?? []).map((note) => noteText(words, note));
      this.#slices.replaceChildren(...(current?.slices ?? []).map((slice, at) => sliceEntry(slice, at, words)));
      this.#notes.replaceChildren(...notes.map((note) => make("li", {}, note)));
      this.#notes.hidden = notes.length === 0;
      setText(this.#rule, current ? ruleText(words, current.rule) : "");
      this.#shownSlices = current;
    }
    markCurrent(this.#slices, view.slice);
    this.#showBest(state);
  }

  /** Writes the best score beside each slice. @param {Readonly<State>} state */
  #showBest(state) {
    const best = bestScores(state);
    for (const [slice, place] of [...this.#slices.querySelectorAll(".best")].entries()) {
      const score = best.get(slice);
      setText(place, score === undefined ? "" : this.words.detections.score(score));
    }
  }
}

/** The index a click in a list was on. @param {Event} event */
function indexOf(event) {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  return button ? Number(button.dataset["index"]) : null;
}

/**
 * @param {HTMLElement} list
 * @param {number} index
 */
function markCurrent(list, index) {
  const before = list.querySelector("[aria-current]");
  const now = list.children[index]?.firstElementChild ?? null;
  if (before === now) return;
  before?.removeAttribute("aria-current");
  if (!now) return;
  setAttributes(now, { "aria-current": "true" });
  // Scrolls the list alone; scrollIntoView would move the page too.
  const row = now.getBoundingClientRect();
  const box = list.getBoundingClientRect();
  if (row.top < box.top) list.scrollTop += row.top - box.top;
  else if (row.bottom > box.bottom) list.scrollTop += row.bottom - box.bottom;
}

/**
 * @param {SeriesInfo} series
 * @param {number} index
 * @param {boolean} synthetic
 * @param {App} app
 */
function seriesEntry(series, index, synthetic, app) {
  const words = wordsIn(app.store.get().language);
  const thumbnail = new LlThumbnail();
  thumbnail.app = app;
  thumbnail.slice = series.slices[series.slices.length >> 1]?.id ?? "";
  const n_truth = series.slices.reduce((sum, { truth_px }) => sum + truth_px.length, 0);
  const name = clean(series.name);
  const tags = [
    ...(synthetic ? [make("span", { class: "tag synthetic" }, words.series.synthetic)] : []),
    ...(n_truth > 0 ? [make("span", { class: "tag truth" }, words.series.truth(n_truth))] : []),
  ];
  return make(
    "li",
    {},
    make(
      "button",
      { type: "button", "data-index": index, title: name },
      thumbnail,
      make("span", { class: "name" }, name),
      make("span", { class: "quiet" }, words.series.size(series.slices.length, series.cols, series.rows)),
      ...(tags.length > 0 ? [make("span", { class: "tags" }, ...tags)] : []),
    ),
  );
}

/**
 * @param {SliceSummary} slice
 * @param {number} index
 * @param {Words} words
 */
function sliceEntry(slice, index, words) {
  const path = clean(slice.path);
  return make(
    "li",
    {},
    make(
      "button",
      { type: "button", "data-index": index, title: path },
      make("span", { class: "number" }, words.series.number(index + 1)),
      make("span", { class: "name" }, fileName(path)),
      make("span", { class: slice.truth_px.length > 0 ? "truth-mark" : "" }),
      make("span", { class: "best" }),
    ),
  );
}

customElements.define("ll-series", LlSeries);
