// @ts-check
/**
 * The lesions at the present threshold, a row each: what the detector found on neighbouring slices, taken together. They
 * can be sorted and filtered; a click shows the slice on which the score is highest.
 */

/** @import { State } from "../state/state.js" */
/** @import { Listed } from "../state/lesions.js" */
/** @import { Filter, Sort } from "../state/view.js" */
/** @import { Words } from "../words/index.js" */
import { FILTERS, SORTS, listedLesions, selectedLesion } from "../state/lesions.js";
import { letters } from "../state/text.js";
import { make, setAttributes, setText } from "./dom.js";
import { LlDecision } from "./ll-decision.js";
import { Part } from "./part.js";

export class LlLesions extends Part {
  #heading = make("h2");
  #count = make("span", { class: "quiet count" });
  #previous = make("button", { type: "button", class: "arrow" }, "‹");
  #next = make("button", { type: "button", class: "arrow" }, "›");
  #steps = make("span", { role: "group", class: "steps" }, this.#previous, this.#next);
  #sort = make("select", { "data-testid": "lesion-sort" }, ...SORTS.map((value) => make("option", { value })));
  #filter = make("select", { "data-testid": "lesion-filter" }, ...FILTERS.map((value) => make("option", { value })));
  #list = make("ol", { class: "lesion-list" });
  #source = make("p", { class: "quiet source" });
  #decision = new LlDecision();
  /** @type {Map<string, HTMLLIElement>} */ #rows = new Map();

  /** @override */
  build() {
    this.#decision.app = this.app;
    this.append(
      make("header", {}, this.#heading, this.#steps, this.#count),
      make("div", { class: "choices" }, this.#sort, this.#filter),
      this.#list,
      this.#source,
      this.#decision,
    );
  }

  /** @override @param {Words} words */
  say({ lesions }) {
    setText(this.#heading, lesions.heading);
    setAttributes(this.#steps, { "aria-label": lesions.jump });
    setAttributes(this.#previous, { "aria-label": lesions.previous, title: lesions.previous });
    setAttributes(this.#next, { "aria-label": lesions.next, title: lesions.next });
    setAttributes(this.#sort, { "aria-label": lesions.sort });
    setAttributes(this.#filter, { "aria-label": lesions.filter });
    for (const option of this.#sort.options) setText(option, lesions.sorts[/** @type {Sort} */ (option.value)]);
    for (const option of this.#filter.options) setText(option, lesions.filters[/** @type {Filter} */ (option.value)]);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions } = this.app;
    this.#previous.addEventListener("click", () => actions.stepLesion(-1), { signal });
    this.#next.addEventListener("click", () => actions.stepLesion(1), { signal });
    this.#sort.addEventListener("change", () => actions.sortLesions(/** @type {Sort} */ (this.#sort.value)), {
      signal,
    });
    this.#filter.addEventListener("change", () => actions.filterLesions(/** @type {Filter} */ (this.#filter.value)), {
      signal,
    });
    this.#list.addEventListener(
      "click",
      ({ target }) => {
        const row = target instanceof Element ? target.closest("[data-key]") : null;
        actions.selectLesion(row?.getAttribute("data-key") ?? "");
      },
      { signal },
    );
    this.watch(["lesions", "series", "reader", "lesionSort", "lesionFilter"], (state) => this.#show(state), signal);
    this.watch(["lesions", "selected", "view", "lesionFilter", "reader"], (state) => this.#mark(state), signal);
  }

  /** Keeps the rows that stay, so that the focus does. @param {Readonly<State>} state */
  #show(state) {
    const all = listedLesions(state);
    const { lesions } = this.words;
    setText(this.#count, state.series.length > 0 ? lesions.count(all.length, state.lesions.length) : "");
    this.#previous.disabled = all.length === 0;
    this.#next.disabled = all.length === 0;
    /** @type {Map<string, HTMLLIElement>} */
    const rows = new Map();
    for (const listed of all) {
      const row = this.#rows.get(listed.lesion.id) ?? emptyRow(listed.lesion.id);
      fill(row, listed, this.words);
      rows.set(listed.lesion.id, row);
    }
    for (const [id, row] of this.#rows) if (!rows.has(id)) row.remove();
    let at = this.#list.firstElementChild;
    for (const row of rows.values()) {
      if (row === at) at = at.nextElementSibling;
      else this.#list.insertBefore(row, at);
    }
    this.#rows = rows;
    const { codes } = this.words;
    const sources = [...new Set(state.series.map(({ spacing_source }) => codes.spacingSources[spacing_source]))];
    setText(this.#source, all.some(({ lesion }) => lesion.axes) ? lesions.source(sources.join(", ")) : "");
  }

  /** @param {Readonly<State>} state */
  #mark(state) {
    const selected = selectedLesion(state)?.id;
    for (const { lesion, series } of listedLesions(state)) {
      const row = this.#rows.get(lesion.id);
      const button = row?.firstElementChild;
      if (!row || !button) continue;
      const isHere = lesion.first_slice_idx <= state.view.slice && state.view.slice <= lesion.last_slice_idx;
      row.classList.toggle("in-view", series === state.view.series && isHere);
      const isSelected = lesion.id === selected;
      if (isSelected && !button.hasAttribute("aria-current")) reveal(this.#list, row);
      setAttributes(button, { "aria-current": isSelected ? "true" : null });
    }
  }
}

/** Scrolls the list alone, so that a row is in sight. @param {HTMLElement} list @param {HTMLElement} row */
function reveal(list, row) {
  const [inner, outer] = [row.getBoundingClientRect(), list.getBoundingClientRect()];
  if (inner.top < outer.top) list.scrollTop += inner.top - outer.top;
  else if (inner.bottom > outer.bottom) list.scrollTop += inner.bottom - outer.bottom;
}

/** @param {string} id */
function emptyRow(id) {
  const part = (/** @type {string} */ name) => make("span", { class: name });
  const parts = ["letter", "score", "size", "verdict", "where", "type"].map(part);
  return make("li", { "data-testid": "lesion", "data-key": id }, make("button", { type: "button" }, ...parts));
}

/**
 * @param {HTMLLIElement} row
 * @param {Listed} listed
 * @param {Words} words
 */
function fill(row, { lesion, rank, decision }, words) {
  const { lesions, detections } = words;
  const { score, first_slice_idx: first, last_slice_idx: last, axes, type } = lesion;
  setAttributes(row, {
    "data-score": score,
    "data-first": first,
    "data-last": last,
    "data-long-mm": axes?.long_mm ?? null,
    "data-type": type?.name ?? null,
    "data-verdict": decision?.verdict ?? null,
  });
  const verdict = decision ? lesions.decision(decision) : "";
  const texts = {
    letter: letters(rank),
    score: detections.score(score),
    size: axes ? detections.size(axes) : "",
    verdict: decision ? lesions.signs[decision.verdict] : "",
    where: lesions.slices(first + 1, last + 1),
    type: detections.type(type),
  };
  for (const [name, text] of Object.entries(texts)) {
    const part = row.querySelector(`.${name}`);
    if (part) setText(part, text);
  }
  const details = [axes ? detections.spokenSize(axes) : "", texts.type, texts.where, verdict].filter(Boolean);
  const button = row.firstElementChild;
  if (button) setAttributes(button, { "aria-label": lesions.spoken(texts.letter, score, details), title: verdict });
}

customElements.define("ll-lesions", LlLesions);
