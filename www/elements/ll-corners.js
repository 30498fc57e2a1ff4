// @ts-check
/** What must stand beside every CT slice: window, spacing, side, scale, file. */

/** @import { SeriesInfo } from "lesionlens" */
/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
import { placingInView, seriesInView, sliceInView } from "../state/selectors.js";
import { clean, fileName } from "../state/text.js";
import { sidesOnScreen } from "../viewport/transform.js";
import { make, setText } from "./dom.js";
import { LlProbe } from "./ll-probe.js";
import { Part } from "./part.js";

// The bar is the longest of these that is shorter than a third of the room.
const SCALES_MM = [1, 2, 5, 10, 20, 50, 100];

export class LlCorners extends Part {
  #file = make("span", { class: "file" });
  #series = make("span", { class: "id" });
  #synthetic = make("span", { class: "tag synthetic" });
  #notHounsfield = make("span", { class: "tag not-hu", "data-testid": "not-hu" });
  #position = make("span");
  #waiting = make("span", { class: "waiting" });
  #window = make("span", { class: "window", "data-testid": "window" });
  #zoom = make("span", { "data-testid": "zoom" });
  #spacing = make("span");
  #probe = new LlProbe();
  #scaleBar = make("span", { class: "scale-bar" });
  #scaleLength = make("span");
  #scale = make("span", { class: "scale" }, this.#scaleBar, this.#scaleLength);
  #sides = {
    left: make("span", { class: "side at-left" }),
    right: make("span", { class: "side at-right" }),
    top: make("span", { class: "side at-top" }),
    bottom: make("span", { class: "side at-bottom" }),
  };

  /** @override */
  build() {
    this.#probe.app = this.app;
    this.append(
      make("div", { class: "corner top left" }, this.#file, this.#series),
      make("div", { class: "corner top right" }, this.#synthetic, this.#notHounsfield, this.#position, this.#waiting),
      make("div", { class: "corner bottom left" }, this.#probe, this.#window, this.#spacing),
      make("div", { class: "corner bottom right" }, this.#zoom, this.#scale),
      ...Object.values(this.#sides),
    );
  }

  /** @override @param {Words} words */
  say({ viewer }) {
    setText(this.#synthetic, viewer.synthetic);
    setText(this.#notHounsfield, viewer.notHounsfield);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(["series", "view", "window", "found", "undrawable", "stage"], (state) => this.#annotate(state), signal);
    this.watch(["series", "view", "room", "pose"], (state) => this.#measure(state), signal);
  }

  /** @param {Readonly<State>} state */
  #annotate(state) {
    const { synthetic, window, found, undrawable, stage } = state;
    const [shown, slice] = [seriesInView(state), sliceInView(state)];
    if (!shown || !slice) return;
    const { viewer, codes } = this.words;
    setText(this.#file, fileName(clean(slice.path)));
    setText(this.#series, clean(shown.name));
    this.#synthetic.hidden = !synthetic;
    this.#notHounsfield.hidden = shown.hounsfield;
    setText(this.#position, slice.position_mm === null ? "" : viewer.position(slice.position_mm));
    const isWaiting = stage === "detecting" && shown.hounsfield && !found.has(slice.id);
    setText(this.#waiting, undrawable.has(slice.id) ? viewer.undrawable : isWaiting ? viewer.waiting : "");
    setText(this.#window, viewer.window(window.width_hu, window.center_hu));
    const source = codes.spacingSources[shown.spacing_source] ?? clean(shown.spacing_source);
    setText(this.#spacing, viewer.spacing(shown.spacing_mm, source));
  }

  /** Sides, scale and size follow how the slice is placed. @param {Readonly<State>} state */
  #measure(state) {
    const [placed, shown, slice] = [placingInView(state), seriesInView(state), sliceInView(state)];
    if (!placed || !shown || !slice) return;
    const { viewer } = this.words;
    const letters = sidesOnScreen(sideLetters(shown, slice.path, viewer.assumedRight), state.pose.facing);
    for (const side of /** @type {const} */ (["left", "right", "top", "bottom"])) {
      setText(this.#sides[side], letters[side]);
    }
    const longest_mm = Math.min(state.room.width / 3, 260) / placed.pxPerMm;
    const scale_mm = SCALES_MM.findLast((mm) => mm <= longest_mm) ?? 1;
    this.#scale.hidden = shown.spacing_source === "assumed";
    this.#scaleBar.style.width = `${scale_mm * placed.pxPerMm}px`;
    setText(this.#scaleLength, viewer.scale(scale_mm));
    setText(this.#zoom, state.pose.zoom === 1 ? "" : viewer.zoom(state.pose.zoom));
  }
}

/**
 * The letters at the edges. A PNG says nothing about its orientation; DeepLesion's have the patient's right on the left.
 * @param {SeriesInfo} series
 * @param {string} path of the slice
 * @param {string} assumed what stands at the left where the orientation is only assumed
 */
function sideLetters({ orientation }, path, assumed) {
  const unknown = { left: /\.png$/i.test(path) ? assumed : "", right: "", top: "", bottom: "" };
  if (orientation === null) return unknown;
  const [left = "", right = "", top = "", bottom = ""] = clean(orientation).split(/[\\ ]/);
  return { left, right, top, bottom };
}

customElements.define("ll-corners", LlCorners);
