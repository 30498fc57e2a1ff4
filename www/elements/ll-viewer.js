// @ts-check
/** The slice, the boxes over it, and what must stand beside every CT slice: window, spacing, side, scale, file. */

/** @import { Detection, SeriesInfo, State } from "../types.js" */
/** @import { Outline } from "../viewport/layers.js" */
import { spoken } from "./details.js";
import { make, setAttributes, setText } from "./dom.js";
import { detectionKey, onSlice, sliceKey } from "../state/selectors.js";
import { drawOverlay } from "../viewport/layers.js";
import { clean, fileName, letters } from "../words/text.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

// Wheel movement for one slice: a notch of a mouse is more, a trackpad adds up to it.
const WHEEL_STEP_PX = 50;
// A press that moves less than this is a click.
const CLICK_PX = 4;
const SCALE_MM = 50;

export class LlViewer extends Part {
  #canvas = make("canvas", { "data-testid": "slice-canvas", role: "img", width: 1, height: 1 });
  #overlay = make("canvas", { class: "overlay", "aria-hidden": "true" });
  #frame = make("div", { class: "frame" }, this.#canvas, this.#overlay);
  #file = make("span", { class: "file" });
  #series = make("span", { class: "id" });
  #synthetic = make("span", { class: "tag synthetic" }, words.viewer.synthetic);
  #notHounsfield = make("span", { class: "tag not-hu", "data-testid": "not-hu" }, words.viewer.notHounsfield);
  #position = make("span");
  #waiting = make("span", { class: "waiting" });
  #window = make("span", { class: "window", "data-testid": "window" });
  #spacing = make("span");
  #scaleBar = make("span", { class: "scale-bar" });
  #scale = make("span", { class: "scale" }, this.#scaleBar, words.viewer.scale);
  #sides = {
    left: make("span", { class: "side at-left" }),
    right: make("span", { class: "side at-right" }),
    top: make("span", { class: "side at-top" }),
    bottom: make("span", { class: "side at-bottom" }),
  };
  #stage = make(
    "div",
    { class: "stage", tabindex: 0, role: "group", "aria-label": words.viewer.label },
    this.#frame,
    make("div", { class: "corner top left" }, this.#file, this.#series),
    make("div", { class: "corner top right" }, this.#synthetic, this.#notHounsfield, this.#position, this.#waiting),
    make("div", { class: "corner bottom left" }, this.#window, this.#spacing),
    make("div", { class: "corner bottom right" }, this.#scale),
    ...Object.values(this.#sides),
  );
  #wheel_px = 0;
  #isDrawing = false;
  /** @type {ImageData | null} */ #drawn = null;
  /** @type {{ x: number, y: number, window: import("../types.js").DisplayWindow, moved: boolean } | null} */ #press =
    null;

  /** @override */
  build() {
    this.append(this.#stage);
  }

  /** Gives the keyboard to the viewer. */
  takeFocus() {
    this.#stage.focus({ preventScroll: true });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { store } = this.app;
    this.#stage.addEventListener("wheel", (event) => this.#onWheel(event), { signal, passive: false });
    this.#stage.addEventListener("pointerdown", (event) => this.#onPress(event), { signal });
    this.#stage.addEventListener("pointermove", (event) => this.#onDrag(event), { signal });
    this.#stage.addEventListener("pointerup", (event) => this.#onRelease(event), { signal });
    this.#stage.addEventListener("pointercancel", () => (this.#press = null), { signal });
    this.#stage.addEventListener("pointerleave", () => this.app.actions.point(null), { signal });
    const resized = new ResizeObserver(() => {
      this.#fit(store.get());
      this.#outline(store.get());
    });
    resized.observe(this.#stage);
    signal.addEventListener("abort", () => resized.disconnect(), { once: true });
    this.watch(["series", "view"], (state) => this.#fit(state), signal);
    this.watch(["series", "view", "window", "undrawable"], () => this.#paint(), signal);
    this.watch(
      ["series", "view", "detections", "selected", "pointed", "showTruth", "showBoxes"],
      (state) => this.#outline(state),
      signal,
    );
    this.watch(
      ["series", "view", "window", "detected", "undrawable", "stage"],
      (state) => this.#annotate(state),
      signal,
    );
  }

  /** Puts the slice on the canvas, asking for it where it is not kept; what was asked for last is drawn last. */
  async #paint() {
    const { series, view, window, undrawable } = this.app.store.get();
    if (!series[view.series]) return;
    const kept = this.app.study.picture(view, window);
    if (kept) {
      this.#put(kept);
      setAttributes(this.#canvas, {
        "data-series": clean(series[view.series]?.id ?? ""),
        "data-slice": view.slice,
        "aria-busy": null,
      });
      return;
    }
    if (undrawable.has(sliceKey(view.series, view.slice))) {
      this.#canvas.getContext("2d")?.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
      this.#drawn = null;
      return;
    }
    setAttributes(this.#canvas, { "aria-busy": "true" });
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    await this.app.study.draw(view, window);
    this.#isDrawing = false;
    const now = this.app.store.get();
    const isStill = now.series === series && now.view === view && now.window === window;
    if (!isStill || this.app.study.picture(view, window)) void this.#paint();
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

  /** Sizes the frame so that the slice fits the stage in its true proportions. @param {Readonly<State>} state */
  #fit({ series, view }) {
    const shown = series[view.series];
    if (!shown) return;
    const { clientWidth, clientHeight } = this.#stage;
    const { x, y } = shown.spacing_mm;
    const width = shown.cols * x;
    const height = shown.rows * y;
    const pxPerMm = Math.min(clientWidth / width, clientHeight / height);
    this.#frame.style.width = `${width * pxPerMm}px`;
    this.#frame.style.height = `${height * pxPerMm}px`;
    this.#scale.hidden = shown.spacing_source === "assumed";
    this.#scaleBar.style.width = `${SCALE_MM * pxPerMm}px`;
  }

  /**
   * Draws the boxes, and the diameters of those pointed at or selected, and says in words what is drawn.
   * @param {Readonly<State>} state
   */
  #outline({ series, view, detections, model, selected, pointed, showTruth, showBoxes }) {
    const shown = series[view.series];
    const slice = shown?.slices[view.slice];
    if (!shown || !slice) return;
    const found = onSlice(detections, view);
    /** @type {Outline[]} */
    const truth = slice.truth_px.map((box_px) => ({
      box_px,
      label: words.viewer.truth,
      kind: "truth",
      isSelected: false,
      lines: [],
    }));
    /** @type {Outline[]} */
    const detected = found.map((d, rank) => {
      const key = detectionKey(d);
      const isMeasured = key === selected || key === pointed;
      const label = words.detections.label(letters(rank), d.score);
      return {
        box_px: d.box_px,
        label: isMeasured && d.axes ? `${label} · ${words.detections.size(d.axes)}` : label,
        kind: "detector",
        isSelected: key === selected,
        lines: isMeasured && d.axes ? [d.axes.long_px, d.axes.short_px] : [],
      };
    });
    // The selected one last, over the others.
    detected.sort((a, b) => Number(a.isSelected) - Number(b.isSelected));
    const style = getComputedStyle(this);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const colours = { truth: colour("--truth"), detector: colour("--detector"), measure: colour("--measure") };
    drawOverlay(this.#overlay, shown, [...(showTruth ? truth : []), ...(showBoxes ? detected : [])], colours);
    const picture = words.viewer.picture(view.slice + 1, shown.slices.length, found.length, truth.length);
    const at = found.findIndex((d) => detectionKey(d) === selected);
    const chosen = found[at];
    const label = chosen && words.detections.spoken(letters(at), chosen.score, spoken(chosen, model));
    setAttributes(this.#canvas, { "aria-label": label ? words.viewer.selected(picture, label) : picture });
  }

  /** @param {Readonly<State>} state */
  #annotate({ series, synthetic, view, window, detected, undrawable, stage }) {
    const shown = series[view.series];
    const slice = shown?.slices[view.slice];
    if (!shown || !slice) return;
    const key = sliceKey(view.series, view.slice);
    setText(this.#file, fileName(clean(slice.path)));
    setText(this.#series, clean(shown.id));
    this.#synthetic.hidden = !synthetic;
    this.#notHounsfield.hidden = shown.hounsfield;
    setText(this.#position, slice.position_mm === null ? "" : words.viewer.position(slice.position_mm));
    const isWaiting = stage === "detecting" && !detected.has(key);
    setText(this.#waiting, undrawable.has(key) ? words.viewer.undrawable : isWaiting ? words.viewer.waiting : "");
    setText(this.#window, words.viewer.window(window.width_hu, window.center_hu));
    setText(this.#spacing, spacingText(shown));
    const letters = sideLetters(shown.orientation, slice.path);
    for (const [side, element] of Object.entries(this.#sides)) setText(element, letters[side] ?? "");
  }

  /** @param {WheelEvent} event */
  #onWheel(event) {
    if (event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    const isNotch = event.deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(event.deltaY) >= WHEEL_STEP_PX;
    this.#wheel_px = isNotch ? Math.sign(event.deltaY) * WHEEL_STEP_PX : this.#wheel_px + event.deltaY;
    if (Math.abs(this.#wheel_px) < WHEEL_STEP_PX) return;
    this.app.actions.step(Math.sign(this.#wheel_px));
    this.#wheel_px = 0;
  }

  /** @param {PointerEvent} event */
  #onPress(event) {
    if (event.button !== 0 || event.pointerType === "touch") return;
    this.#press = { x: event.clientX, y: event.clientY, window: this.app.store.get().window, moved: false };
    this.#stage.setPointerCapture(event.pointerId);
  }

  /**
   * Across is width, down is level, in steps that suit the width the drag began with. Without a press, the detection
   * under the pointer is pointed at.
   * @param {PointerEvent} event
   */
  #onDrag(event) {
    const press = this.#press;
    if (!press) {
      const under = this.#under(event);
      this.app.actions.point(under ? detectionKey(under) : null);
      return;
    }
    const dx = event.clientX - press.x;
    const dy = event.clientY - press.y;
    press.moved ||= Math.hypot(dx, dy) >= CLICK_PX;
    if (!press.moved) return;
    const huPerPx = Math.max(0.25, press.window.width_hu / 400);
    this.app.actions.setWindow({
      width_hu: press.window.width_hu + dx * huPerPx,
      center_hu: press.window.center_hu + dy * huPerPx,
    });
  }

  /** @param {PointerEvent} event */
  #onRelease(event) {
    const press = this.#press;
    this.#press = null;
    if (!press || press.moved) return;
    const under = this.#under(event);
    if (under) this.app.actions.select(under);
    else this.app.actions.unselect();
  }

  /** The detection under the pointer: of several, the one with the highest score. @param {PointerEvent} event */
  #under(event) {
    const { showBoxes, detections, view } = this.app.store.get();
    return showBoxes ? onSlice(detections, view).find((d) => this.#covers(d, event)) : undefined;
  }

  /**
   * @param {Detection} detection
   * @param {PointerEvent} event
   */
  #covers({ box_px: [x0, y0, x1, y1] }, event) {
    const frame = this.#frame.getBoundingClientRect();
    const x_px = ((event.clientX - frame.left) / frame.width) * this.#canvas.width;
    const y_px = ((event.clientY - frame.top) / frame.height) * this.#canvas.height;
    return x_px >= x0 && x_px < x1 && y_px >= y0 && y_px < y1;
  }
}

/**
 * The letters at the edges. A PNG says nothing about its orientation; DeepLesion's have the patient's right on the left.
 * @param {string | null} orientation
 * @param {string} path
 * @returns {Record<string, string>}
 */
function sideLetters(orientation, path) {
  if (orientation === null) return { left: /\.png$/i.test(path) ? words.viewer.assumedRight : "" };
  const [left = "", right = "", top = "", bottom = ""] = clean(orientation).split(/[\\ ]/);
  return { left, right, top, bottom };
}

/** @param {SeriesInfo} series */
function spacingText({ spacing_mm, spacing_source }) {
  return words.viewer.spacing(spacing_mm, words.viewer.spacingSource[spacing_source] ?? clean(spacing_source));
}

customElements.define("ll-viewer", LlViewer);
