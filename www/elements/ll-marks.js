// @ts-check
/** What a person drew, as a list: lengths, RECIST hints, text; tools to draw with; bookmarks out and in. */

/** @import { SeriesInfo } from "lesionlens" */
/** @import { Mark } from "../state/reader.js" */
/** @import { State } from "../state/state.js" */
/** @import { Tool } from "../state/view.js" */
/** @import { Words } from "../words/index.js" */
import { seriesOf } from "../state/lesions.js";
import { diameters } from "../viewport/tools/marks.js";
import { make, setAttributes, setText } from "./dom.js";
import { markText } from "./marks.js";
import { Part } from "./part.js";

/** @type {readonly (readonly [Exclude<Tool, "window">, string])[]} */
const TOOLS = [
  ["diameters", "✛"],
  ["line", "╱"],
  ["arrow", "↗"],
  ["text", "T"],
];

export class LlMarks extends Part {
  #heading = make("h2");
  #tools = TOOLS.map(([tool, sign]) => ({
    tool,
    button: make("button", { type: "button", class: "sign", "data-tool": tool }, sign),
  }));
  #toolGroup = make("span", { role: "group", class: "draw" }, ...this.#tools.map(({ button }) => button));
  #takeOver = make("button", { type: "button", "data-testid": "take-over" });
  #list = make("ol", { class: "mark-list" });
  #textName = make("span", { class: "unseen" });
  #text = make("input", { type: "text", maxlength: 200, "data-testid": "mark-text" });
  #remove = make("button", { type: "button", "data-testid": "mark-remove" });
  #edit = make("div", { class: "mark-edit" }, make("label", {}, this.#textName, this.#text), this.#remove);
  #hint = make("p", { class: "quiet" });
  #save = make("button", { type: "button", "data-testid": "bookmarks-save" });
  #file = make("input", { type: "file", accept: ".csv,text/csv", "data-testid": "bookmarks-file", hidden: true });
  #load = make("button", { type: "button" });
  #said = make("p", { class: "quiet", role: "status" });

  /** @override */
  build() {
    this.append(
      make("header", {}, this.#heading, this.#toolGroup),
      this.#takeOver,
      this.#list,
      this.#edit,
      this.#hint,
      make("div", { class: "bookmarks" }, this.#save, this.#load, this.#file),
      this.#said,
    );
  }

  /** @override @param {Words} words */
  say({ marks }) {
    setText(this.#heading, marks.heading);
    setAttributes(this.#toolGroup, { "aria-label": marks.draw });
    for (const { tool, button } of this.#tools) {
      setAttributes(button, { "aria-label": marks.tools[tool], title: marks.tools[tool] });
    }
    setText(this.#takeOver, marks.takeOver);
    setText(this.#textName, marks.text);
    setAttributes(this.#text, { placeholder: marks.text });
    setText(this.#remove, marks.remove);
    setText(this.#hint, marks.recist);
    setText(this.#save, marks.save);
    setAttributes(this.#save, { title: marks.saveHint });
    setText(this.#load, marks.load);
    setAttributes(this.#load, { title: marks.loadHint });
    setAttributes(this.#file, { "aria-label": marks.load });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions, store } = this.app;
    for (const { tool, button } of this.#tools) {
      button.addEventListener("click", () => actions.takeTool(tool), { signal });
    }
    this.#takeOver.addEventListener("click", () => actions.takeOver(), { signal });
    this.#list.addEventListener(
      "click",
      ({ target }) => {
        const row = target instanceof Element ? target.closest("[data-mark]") : null;
        if (row) actions.selectMark(Number(row.getAttribute("data-mark")));
      },
      { signal },
    );
    this.#text.addEventListener(
      "change",
      () => {
        const { selectedMark } = store.get();
        if (selectedMark !== null) actions.writeMark(selectedMark, this.#text.value.trim());
      },
      { signal },
    );
    this.#remove.addEventListener(
      "click",
      () => {
        const { selectedMark } = store.get();
        if (selectedMark !== null) actions.removeMark(selectedMark);
      },
      { signal },
    );
    this.#save.addEventListener("click", () => this.#saveBookmarks(), { signal });
    this.#load.addEventListener("click", () => this.#file.click(), { signal });
    this.#file.addEventListener("change", () => this.#loadBookmarks(), { signal });
    this.watch(["tool"], ({ tool: now }) => this.#press(now), signal);
    this.watch(["reader", "selectedMark", "series"], (state) => this.#show(state), signal);
    this.watch(["selected", "found"], (state) => this.#offer(state), signal);
    this.watch(["series"], () => setText(this.#said, ""), signal);
  }

  /** @param {Tool} now */
  #press(now) {
    for (const { tool, button } of this.#tools) setAttributes(button, { "aria-pressed": String(tool === now) });
  }

  /** @param {Readonly<State>} state */
  #offer({ selected, found }) {
    const detections = selected === null ? [] : [...found.values()].flat();
    this.#takeOver.disabled = !detections.some(({ id, axes }) => id === selected && axes);
  }

  /** @param {Readonly<State>} state */
  #show(state) {
    const { marks } = state.reader.said;
    const rows = marks.map((mark) => this.#row(state, mark));
    this.#list.replaceChildren(...rows);
    const selected = marks.find(({ id }) => id === state.selectedMark);
    this.#edit.hidden = !selected;
    this.#text.value = selected?.text ?? "";
    if (selected?.kind === "text" && selected.text === "") this.#text.focus();
    const measured = marks.filter(({ kind }) => kind === "diameters");
    this.#hint.hidden = measured.length === 0;
    this.#save.disabled = measured.length === 0;
  }

  /** @param {Readonly<State>} state @param {Mark} mark */
  #row(state, mark) {
    const { words } = this;
    const place = seriesOf(state.series, mark.slice);
    const series = place && state.series[place.series];
    const length = series ? markText(mark, series, words) : "";
    const hint = series ? recistHint(mark, series, words) : "";
    const where = place ? words.series.slice(place.slice + 1) : "";
    const button = make(
      "button",
      { type: "button", "aria-current": mark.id === state.selectedMark ? "true" : null },
      make("span", { class: "what" }, length || words.marks.kinds[mark.kind]),
      make("span", { class: "where" }, where),
      make("span", { class: "hint" }, hint),
    );
    return make("li", { "data-testid": "mark", "data-mark": mark.id, "data-kind": mark.kind }, button);
  }

  async #saveBookmarks() {
    const { marks } = this.app.store.get().reader.said;
    const csv = await this.app.study.bookmarksCsv(marks.filter(({ kind }) => kind === "diameters"));
    if (csv === null) return;
    const link = make("a", {
      download: "bookmarks.csv",
      href: URL.createObjectURL(new Blob([csv], { type: "text/csv" })),
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  async #loadBookmarks() {
    const file = this.#file.files?.[0];
    if (!file) return;
    const bytes = new Uint8Array(await file.arrayBuffer());
    this.#file.value = "";
    const read = await this.app.study.readBookmarks(bytes, file.name);
    if (!read) return;
    const marks = read.bookmarks.map(({ slice, long_px, short_px }) => ({
      kind: /** @type {const} */ ("diameters"),
      points: [...long_px, ...short_px],
      slice,
      text: "",
    }));
    this.app.actions.addMarks(marks);
    setText(this.#said, this.words.marks.loaded(marks.length, read.n_elsewhere + read.n_unmeasured));
  }
}

/**
 * What RECIST 1.1 says of the size. Slices more than 5 mm apart ask for twice their distance.
 * @param {Mark} mark
 * @param {SeriesInfo} series
 * @param {Words} words
 */
function recistHint({ kind, points }, { spacing_mm, spacing_source }, { marks }) {
  if (kind !== "diameters" || spacing_source === "assumed") return "";
  const { long, short } = diameters(points, spacing_mm);
  const least_mm = Math.max(10, (spacing_mm.z ?? 0) > 5 ? 2 * (spacing_mm.z ?? 0) : 0);
  return [marks.long(long >= least_mm, least_mm), ...(short >= 15 ? [marks.node] : [])].join("; ");
}

customElements.define("ll-marks", LlMarks);
