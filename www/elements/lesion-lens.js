// @ts-check
/**
 * `<lesion-lens>`: one viewer, with a state of its own. With the attribute `whole-page` it hears keys and
 * drops of the whole document; without it, only its own.
 */

/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
/** @import { App } from "./part.js" */
import { make, setAttributes, setText } from "./dom.js";
import { attachKeys } from "./keys.js";
import { LlCine } from "./ll-cine.js";
import { LlCompare } from "./ll-compare.js";
import { LlDetections } from "./ll-detections.js";
import { LlDrop } from "./ll-drop.js";
import { LlErrors } from "./ll-errors.js";
import { LlHelp } from "./ll-help.js";
import { LlLayers } from "./ll-layers.js";
import { LlLesions } from "./ll-lesions.js";
import { LlLock } from "./ll-lock.js";
import { LlMarks } from "./ll-marks.js";
import { LlNotice } from "./ll-notice.js";
import { LlOpen } from "./ll-open.js";
import { LlPlace } from "./ll-place.js";
import { LlPresets } from "./ll-presets.js";
import { LlSeries } from "./ll-series.js";
import { LlSlice } from "./ll-slice.js";
import { LlStatus } from "./ll-status.js";
import { LlThreshold } from "./ll-threshold.js";
import { LlViewer } from "./ll-viewer.js";
import { LlWelcome } from "./ll-welcome.js";
import { LlWindow } from "./ll-window.js";
import { Part } from "./part.js";

export class LesionLens extends Part {
  #viewer = new LlViewer();
  #open = new LlOpen();
  #welcome = new LlWelcome();
  #drop = new LlDrop();
  #header = make("header", { class: "page-header" });
  #title = make("h1");
  #seriesPanel = make("section", { class: "series-panel panel" });
  #middle = make("section", { class: "middle" });
  #foundPanel = make("section", { class: "found-panel panel" });
  #isOpen = false;

  /**
   * Gives the element what it shows. It is empty until then.
   * @param {App} app
   */
  open(app) {
    this.app = app;
    this.#isOpen = true;
    if (this.isConnected) this.connectedCallback();
  }

  /** @override */
  connectedCallback() {
    if (this.#isOpen) super.connectedCallback();
  }

  /** @override */
  build() {
    const part = (/** @type {Part} */ element) => {
      element.app = this.app;
      return element;
    };
    this.#drop.target = this.#wholeTarget();
    this.#header.append(make("div", { class: "brand" }, this.#title, part(new LlLock())), part(new LlStatus()));
    part(this.#open);
    this.#seriesPanel.append(part(new LlSeries()), part(new LlErrors()));
    this.#middle.append(
      part(this.#viewer),
      part(new LlSlice()),
      make("div", { class: "tools" }, part(new LlPlace()), part(new LlCine()), part(new LlLayers())),
      make("div", { class: "tools" }, part(new LlPresets()), part(new LlWindow())),
    );
    this.#foundPanel.append(
      part(new LlThreshold()),
      part(new LlLesions()),
      part(new LlDetections()),
      part(new LlMarks()),
      part(new LlCompare()),
    );
    this.replaceChildren(
      this.#header,
      make("main", {}, part(this.#welcome), this.#seriesPanel, this.#middle, this.#foundPanel),
      part(new LlNotice()),
      part(new LlHelp()),
      part(this.#drop),
    );
  }

  /** @override @param {Words} words */
  say(words) {
    this.lang = this.app.store.get().language;
    setText(this.#title, words.title);
    setAttributes(this.#seriesPanel, { "aria-label": words.series.heading });
    setAttributes(this.#middle, { "aria-label": words.viewer.label });
    setAttributes(this.#foundPanel, { "aria-label": words.detections.heading });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    attachKeys(this.#wholeTarget(), this.app, signal);
    this.watch(["stage", "series", "problems"], (state) => this.#arrange(state), signal);
  }

  /** What hears keys and drops. */
  #wholeTarget() {
    return this.hasAttribute("whole-page") ? this.ownerDocument : this;
  }

  /** The buttons stand in the middle of the page until a study is opened, then in its head. @param {Readonly<State>} state */
  #arrange({ stage, series, problems }) {
    const isOpen =
      series.length > 0 || stage === "decoding" || stage === "detecting" || problems.length > 0 || stage === "done";
    const view = stage === "failed" ? "failed" : isOpen ? "study" : "welcome";
    if (this.dataset["view"] === view) return;
    this.dataset["view"] = view;
    if (view === "study") {
      this.#header.append(this.#open);
      this.#viewer.takeFocus();
    } else this.#welcome.slotForOpen.append(this.#open);
  }
}

customElements.define("lesion-lens", LesionLens);
