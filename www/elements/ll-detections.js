// @ts-check
/**
 * The detections at the present threshold, by series and slice, with diameters and type where the model tells them. A
 * click shows one on its slice; the one pointed at or focused shows its diameters there.
 */

/** @import { State } from "../state/state.js" */
/** @import { Shown } from "../state/selectors.js" */
/** @import { Words } from "../words/index.js" */
import { seriesInView, shownDetections } from "../state/selectors.js";
import { clean, letters } from "../state/text.js";
import { spoken, written } from "./details.js";
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

/**
 * @typedef {{
 *   item: HTMLLIElement, button: HTMLElement, letter: HTMLElement, score: HTMLElement, where: HTMLElement,
 *   details: HTMLElement, seriesName: HTMLElement,
 * }} Row
 */

export class LlDetections extends Part {
  #heading = make("h2");
  #count = make("span", { class: "quiet count" });
  #previous = make("button", { type: "button", class: "arrow" }, "‹");
  #next = make("button", { type: "button", class: "arrow" }, "›");
  #steps = make("span", { role: "group", class: "steps" }, this.#previous, this.#next);
  #list = make("ol", { class: "detection-list" });
  #empty = make("p", { class: "quiet empty" });
  /** @type {Map<string, Row>} */ #rows = new Map();

  /** @override */
  build() {
    this.append(make("header", {}, this.#heading, this.#steps, this.#count), this.#list, this.#empty);
  }

  /** @override @param {Words} words */
  say({ detections }) {
    setText(this.#heading, detections.heading);
    setAttributes(this.#steps, { "aria-label": detections.jump });
    setAttributes(this.#previous, { "aria-label": detections.previous, title: detections.previous });
    setAttributes(this.#next, { "aria-label": detections.next, title: detections.next });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions } = this.app;
    this.#previous.addEventListener("click", () => actions.stepDetection(-1), { signal });
    this.#next.addEventListener("click", () => actions.stepDetection(1), { signal });
    for (const type of ["pointerover", "focusin"]) {
      this.#list.addEventListener(type, (event) => actions.point(idAt(event.target)), { signal });
    }
    for (const type of ["pointerleave", "focusout"])
      this.#list.addEventListener(type, () => actions.point(null), { signal });
    this.#list.addEventListener("click", (event) => actions.select(idAt(event.target)), { signal });
    this.watch(["found", "threshold", "series", "model"], (state) => this.#show(state), signal);
    this.watch(["found", "threshold", "selected", "pointed", "view"], (state) => this.#mark(state), signal);
    this.watch(["stage", "found", "threshold", "series"], (state) => this.#summarise(state), signal);
  }

  /** Keeps the rows that stay, so that focus and scroll position do. @param {Readonly<State>} state */
  #show(state) {
    const { series, model } = state;
    const { words } = this;
    const all = shownDetections(state);
    this.#list.classList.toggle("detailed", model !== null && (model.has_axes || model.has_types));
    /** @type {Map<string, Row>} */
    const rows = new Map();
    for (const [i, shown] of all.entries()) {
      const { detection, rank } = shown;
      const isFirst = rank === 0;
      const name = clean(series[shown.series]?.name ?? "");
      const row = this.#rows.get(detection.id) ?? rowOf(shown, name);
      row.item.classList.toggle("first", isFirst);
      setText(row.letter, letters(rank));
      setText(row.score, words.detections.score(detection.score));
      setText(row.where, isFirst ? words.series.slice(shown.slice + 1) : "");
      const isNewSeries = series.length > 1 && all[i - 1]?.series !== shown.series;
      setText(row.seriesName, isNewSeries ? name : "");
      setText(row.details, written(detection, model, words).join(" · "));
      setAttributes(row.details, { title: words.detections.detailsHint });
      const details = [...spoken(detection, model, words), words.detections.place(shown.slice + 1, name)];
      setAttributes(row.button, { "aria-label": words.detections.spoken(letters(rank), detection.score, details) });
      rows.set(detection.id, row);
    }
    for (const [id, { item }] of this.#rows) if (rows.get(id)?.item !== item) item.remove();
    let at = this.#list.firstElementChild;
    for (const { item } of rows.values()) {
      if (item === at) at = at.nextElementSibling;
      else this.#list.insertBefore(item, at);
    }
    this.#rows = rows;
  }

  /** @param {Readonly<State>} state */
  #mark(state) {
    const { selected, pointed, view } = state;
    for (const { detection, series, slice } of shownDetections(state)) {
      const row = this.#rows.get(detection.id);
      if (!row) continue;
      row.item.classList.toggle("in-view", series === view.series && slice === view.slice);
      row.item.classList.toggle("pointed", detection.id === pointed);
      const isSelected = detection.id === selected;
      if (isSelected && row.button.getAttribute("aria-current") !== "true") this.#reveal(row.item);
      setAttributes(row.button, { "aria-current": isSelected ? "true" : null });
    }
  }

  /** Scrolls the list alone, so that a row is in sight. @param {HTMLElement} row */
  #reveal(row) {
    const inner = row.getBoundingClientRect();
    const outer = this.#list.getBoundingClientRect();
    if (inner.top < outer.top) this.#list.scrollTop += inner.top - outer.top;
    else if (inner.bottom > outer.bottom) this.#list.scrollTop += inner.bottom - outer.bottom;
  }

  /** @param {Readonly<State>} state */
  #summarise(state) {
    const { detections } = this.words;
    const n_shown = shownDetections(state).length;
    setText(this.#count, seriesInView(state) ? detections.count(n_shown, state.threshold) : "");
    this.#list.hidden = n_shown === 0;
    this.#empty.hidden = n_shown > 0;
    setText(this.#empty, state.stage === "done" ? detections.none : detections.waiting);
    this.#previous.disabled = n_shown === 0;
    this.#next.disabled = n_shown === 0;
  }
}

/**
 * A row without words.
 * @param {Shown} shown
 * @param {string} seriesId cleaned name of the series
 * @returns {Row}
 */
function rowOf({ detection, slice }, seriesId) {
  const filled = make("span");
  filled.style.inlineSize = `${detection.score * 100}%`;
  const letter = make("span", { class: "letter" });
  const score = make("span", { class: "score" });
  const where = make("span", { class: "where" });
  const details = make("span", { class: "details" });
  const seriesName = make("span", { class: "series-name" });
  const bar = make("span", { class: "bar", "aria-hidden": "true" }, filled);
  const button = make("button", { type: "button" }, letter, score, bar, where, details);
  const { axes, type } = detection;
  const item = make(
    "li",
    {
      "data-testid": "detection",
      "data-key": detection.id,
      "data-series": seriesId,
      "data-slice": slice,
      "data-score": detection.score,
      "data-box": detection.box_px.join(","),
      "data-long": axes ? axes.long_px.flat().join(",") : null,
      "data-short": axes ? axes.short_px.flat().join(",") : null,
      "data-long-mm": axes?.long_mm ?? null,
      "data-short-mm": axes?.short_mm ?? null,
      "data-type": type?.name ?? null,
    },
    seriesName,
    button,
  );
  return { item, button, letter, score, where, details, seriesName };
}

/** The id of the detection whose row holds a node. @param {EventTarget | null} target */
function idAt(target) {
  const row = target instanceof Element ? target.closest("[data-key]") : null;
  return row?.getAttribute("data-key") ?? null;
}

customElements.define("ll-detections", LlDetections);
