// @ts-check
/**
 * The detections at the present threshold, by series and slice, with diameters and type where the model tells them. A
 * click shows one on its slice; the one pointed at or focused shows its diameters there.
 */

/** @import { Detection, State } from "../types.js" */
import { make, setAttributes, setText } from "./dom.js";
import { detectionKey } from "../state/selectors.js";
import { spoken, written } from "./details.js";
import { clean, letters } from "../words/text.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

/**
 * @typedef {{
 *   item: HTMLLIElement, button: HTMLElement, letter: HTMLElement, where: HTMLElement, details: HTMLElement,
 *   seriesName: HTMLElement,
 * }} Row
 */

export class LlDetections extends Part {
  #count = make("span", { class: "quiet count" });
  #previous = make(
    "button",
    { type: "button", class: "arrow", "aria-label": words.detections.previous, title: words.detections.previous },
    "‹",
  );
  #next = make(
    "button",
    { type: "button", class: "arrow", "aria-label": words.detections.next, title: words.detections.next },
    "›",
  );
  #list = make("ol", { class: "detection-list" });
  #empty = make("p", { class: "quiet empty" });
  /** @type {Map<string, Row>} */ #rows = new Map();

  /** @override */
  build() {
    this.append(
      make(
        "header",
        {},
        make("h2", {}, words.detections.heading),
        make(
          "span",
          { role: "group", class: "steps", "aria-label": words.detections.jump },
          this.#previous,
          this.#next,
        ),
        this.#count,
      ),
      this.#list,
      this.#empty,
    );
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions, store } = this.app;
    this.#previous.addEventListener("click", () => actions.stepDetection(-1), { signal });
    this.#next.addEventListener("click", () => actions.stepDetection(1), { signal });
    for (const type of ["pointerover", "focusin"]) {
      this.#list.addEventListener(type, (event) => actions.point(keyAt(event.target)), { signal });
    }
    for (const type of ["pointerleave", "focusout"])
      this.#list.addEventListener(type, () => actions.point(null), { signal });
    this.#list.addEventListener(
      "click",
      (event) => {
        const key = keyAt(event.target);
        const detection = store.get().detections.find((d) => detectionKey(d) === key);
        if (detection) actions.select(detection);
      },
      { signal },
    );
    this.watch(["detections", "series", "model"], (state) => this.#show(state), signal);
    this.watch(["detections", "selected", "pointed", "view"], (state) => this.#mark(state), signal);
    this.watch(["stage", "detections", "threshold"], (state) => this.#summarise(state), signal);
  }

  /** Keeps the rows that stay, so that focus and scroll position do. @param {Readonly<State>} state */
  #show({ detections, series, model }) {
    this.#list.classList.toggle("detailed", model !== null && (model.has_axes || model.has_types));
    /** @type {Map<string, Row>} */
    const rows = new Map();
    let rank = 0;
    for (const [i, detection] of detections.entries()) {
      const before = detections[i - 1];
      const isFirst = !before || before.series !== detection.series || before.slice !== detection.slice;
      rank = isFirst ? 0 : rank + 1;
      const key = detectionKey(detection);
      const row = this.#rows.get(key) ?? rowOf(detection, key);
      row.item.classList.toggle("first", isFirst);
      setText(row.letter, letters(rank));
      setText(row.where, isFirst ? words.series.slice(detection.slice + 1) : "");
      const isNewSeries = isFirst && series.length > 1 && before?.series !== detection.series;
      const name = clean(detection.series_id);
      setText(row.seriesName, isNewSeries ? name : "");
      setText(row.details, written(detection, model).join(" · "));
      const details = [...spoken(detection, model), words.detections.place(detection.slice + 1, name)];
      setAttributes(row.button, { "aria-label": words.detections.spoken(letters(rank), detection.score, details) });
      rows.set(key, row);
    }
    for (const [key, { item }] of this.#rows) if (!rows.has(key)) item.remove();
    let at = this.#list.firstElementChild;
    for (const { item } of rows.values()) {
      if (item === at) at = at.nextElementSibling;
      else this.#list.insertBefore(item, at);
    }
    this.#rows = rows;
  }

  /** @param {Readonly<State>} state */
  #mark({ detections, selected, pointed, view }) {
    for (const detection of detections) {
      const key = detectionKey(detection);
      const row = this.#rows.get(key);
      if (!row) continue;
      row.item.classList.toggle("in-view", detection.series === view.series && detection.slice === view.slice);
      row.item.classList.toggle("pointed", key === pointed);
      const isSelected = key === selected;
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
  #summarise({ stage, detections, threshold, series }) {
    const isEmpty = detections.length === 0;
    setText(this.#count, series.length === 0 ? "" : words.detections.count(detections.length, threshold));
    this.#list.hidden = isEmpty;
    this.#empty.hidden = !isEmpty;
    setText(this.#empty, stage === "done" ? words.detections.none : words.detections.waiting);
    this.#previous.disabled = isEmpty;
    this.#next.disabled = isEmpty;
  }
}

/**
 * @param {Detection} detection
 * @param {string} key
 * @returns {Row}
 */
function rowOf(detection, key) {
  const filled = make("span");
  filled.style.inlineSize = `${detection.score * 100}%`;
  const letter = make("span", { class: "letter" });
  const where = make("span", { class: "where" });
  const details = make("span", { class: "details", title: words.detections.detailsHint });
  const seriesName = make("span", { class: "series-name" });
  const button = make(
    "button",
    { type: "button" },
    letter,
    make("span", { class: "score" }, words.detections.score(detection.score)),
    make("span", { class: "bar", "aria-hidden": "true" }, filled),
    where,
    details,
  );
  const { axes, type } = detection;
  const item = make(
    "li",
    {
      "data-testid": "detection",
      "data-key": key,
      "data-series": clean(detection.series_id),
      "data-slice": detection.slice,
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
  return { item, button, letter, where, details, seriesName };
}

/** The key of the detection whose row holds a node. @param {EventTarget | null} target */
function keyAt(target) {
  const row = target instanceof Element ? target.closest("[data-key]") : null;
  return row?.getAttribute("data-key") ?? null;
}

customElements.define("ll-detections", LlDetections);
