// @ts-check
/**
 * `<lesion-lens>`: one viewer, with its own state and its own worker. With the attribute `whole-page` it hears keys and
 * drops of the whole document; without it, only its own.
 */

/** @import { App, Kit, State } from "../types.js" */
import { createActions } from "../state/actions.js";
import { make } from "./dom.js";
import { attachKeys } from "./keys.js";
import { SOFT_TISSUE } from "../state/presets.js";
import { createStore } from "../state/store.js";
import { Study } from "../session/study.js";
import { clean } from "../words/text.js";
import { words } from "../words/en.js";
import { LlDetections } from "./ll-detections.js";
import { LlDrop } from "./ll-drop.js";
import { LlErrors } from "./ll-errors.js";
import { LlHelp } from "./ll-help.js";
import { LlLayers } from "./ll-layers.js";
import { LlLock } from "./ll-lock.js";
import { LlNotice } from "./ll-notice.js";
import { LlOpen } from "./ll-open.js";
import { LlPresets } from "./ll-presets.js";
import { LlSeries } from "./ll-series.js";
import { LlSlice } from "./ll-slice.js";
import { LlStatus } from "./ll-status.js";
import { LlThreshold } from "./ll-threshold.js";
import { LlViewer } from "./ll-viewer.js";
import { LlWelcome } from "./ll-welcome.js";
import { Part } from "./part.js";

/** @type {State} */
const INITIAL = {
  stage: "loading",
  progress: null,
  failure: null,
  version: "",
  model: null,
  series: [],
  synthetic: false,
  view: { series: 0, slice: 0 },
  window: SOFT_TISSUE,
  ownWindow: true,
  threshold: 0,
  operatingPoint: null,
  detections: [],
  detected: new Set(),
  undrawable: new Set(),
  msPerSlice: null,
  selected: null,
  pointed: null,
  showTruth: true,
  showBoxes: true,
  errors: [],
  helpOpen: false,
};

export class LesionLens extends Part {
  #viewer = new LlViewer();
  #open = new LlOpen();
  #welcome = new LlWelcome();
  #drop = new LlDrop();
  #header = make("header", { class: "page-header" });

  constructor() {
    super();
    this.app = viewerApp();
  }

  /** @override */
  build() {
    const part = (/** @type {Part} */ element) => {
      element.app = this.app;
      return element;
    };
    this.#drop.target = this.#wholeTarget();
    this.#header.append(
      make("div", { class: "brand" }, make("h1", {}, words.title), part(new LlLock())),
      part(new LlStatus()),
    );
    part(this.#open);
    this.replaceChildren(
      this.#header,
      make(
        "main",
        {},
        part(this.#welcome),
        make(
          "section",
          { class: "series-panel panel", "aria-label": words.series.heading },
          part(new LlSeries()),
          part(new LlErrors()),
        ),
        make(
          "section",
          { class: "middle", "aria-label": words.viewer.label },
          part(this.#viewer),
          part(new LlSlice()),
          make("div", { class: "tools" }, part(new LlPresets()), part(new LlLayers())),
        ),
        make(
          "section",
          { class: "found-panel panel", "aria-label": words.detections.heading },
          part(new LlThreshold()),
          part(new LlDetections()),
        ),
      ),
      part(new LlNotice()),
      part(new LlHelp()),
      part(this.#drop),
    );
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    attachKeys(this.#wholeTarget(), this.app, signal);
    this.watch(["stage", "series", "errors"], (state) => this.#arrange(state), signal);
  }

  /**
   * Starts this viewer: the page's files are fetched and checked by `prepare`, then the worker is started.
   * @param {(onProgress: (done: number, total: number) => void) => Promise<Kit>} prepare
   */
  async start(prepare) {
    const { store, study } = this.app;
    try {
      await study.start(await prepare((done, total) => store.set({ progress: { done, total, unit: "bytes" } })));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "Unexpected";
      const file = error instanceof Error && "file" in error ? String(error.file) : "";
      const message = clean(error instanceof Error ? error.message : String(error));
      store.set({
        stage: "failed",
        progress: null,
        failure: { code, message },
        errors: [{ file: clean(file), code, message: message || (words.failure.codes[code] ?? words.failure.other) }],
      });
    }
  }

  /** What hears keys and drops. */
  #wholeTarget() {
    return this.hasAttribute("whole-page") ? this.ownerDocument : this;
  }

  /** The buttons stand in the middle of the page until a study is opened, then in its head. @param {Readonly<State>} state */
  #arrange({ stage, series, errors }) {
    const isOpen =
      series.length > 0 || stage === "decoding" || stage === "detecting" || errors.length > 0 || stage === "done";
    const view = stage === "failed" ? "failed" : isOpen ? "study" : "welcome";
    if (this.dataset["view"] === view) return;
    this.dataset["view"] = view;
    if (view === "study") {
      this.#header.append(this.#open);
      this.#viewer.takeFocus();
    } else this.#welcome.slotForOpen.append(this.#open);
  }
}

/** The state of a viewer and what acts on it. @returns {App} */
function viewerApp() {
  const store = createStore(INITIAL);
  const study = new Study(store);
  return { store, study, actions: createActions(store, study) };
}

customElements.define("lesion-lens", LesionLens);
