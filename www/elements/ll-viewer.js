// @ts-check
/** The slice, the boxes over it, and what must stand beside every CT slice: window, spacing, side, scale, file. */

/** @import { SeriesInfo, Window as DisplayWindow } from "lesionlens" */
/** @import { Shown } from "../state/selectors.js" */
/** @import { State } from "../state/state.js" */
/** @import { Outline } from "../viewport/layers.js" */
/** @import { Words } from "../words/index.js" */
import { seriesInView, shownInView, sliceInView } from "../state/selectors.js";
import { clean, fileName, letters } from "../state/text.js";
import { drawOverlay } from "../viewport/layers.js";
import { covers, filling, fitting, imageFromCanvas } from "../viewport/transform.js";
import { spoken } from "./details.js";
import { make, setAttributes, setText } from "./dom.js";
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
  #synthetic = make("span", { class: "tag synthetic" });
  #notHounsfield = make("span", { class: "tag not-hu", "data-testid": "not-hu" });
  #position = make("span");
  #waiting = make("span", { class: "waiting" });
  #window = make("span", { class: "window", "data-testid": "window" });
  #spacing = make("span");
  #scaleBar = make("span", { class: "scale-bar" });
  #scaleLength = make("span");
  #scale = make("span", { class: "scale" }, this.#scaleBar, this.#scaleLength);
  #sides = {
    left: make("span", { class: "side at-left" }),
    right: make("span", { class: "side at-right" }),
    top: make("span", { class: "side at-top" }),
    bottom: make("span", { class: "side at-bottom" }),
  };
  #stage = make(
    "div",
    { class: "stage", tabindex: 0, role: "group" },
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
  /** @type {{ x: number, y: number, window: DisplayWindow, moved: boolean } | null} */ #press = null;

  /** @override */
  build() {
    this.append(this.#stage);
  }

  /** @override @param {Words} words */
  say({ viewer }) {
    setAttributes(this.#stage, { "aria-label": viewer.label });
    setText(this.#synthetic, viewer.synthetic);
    setText(this.#notHounsfield, viewer.notHounsfield);
    setText(this.#scaleLength, viewer.scale(SCALE_MM));
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
      ["series", "view", "found", "threshold", "selected", "pointed", "showTruth", "showBoxes"],
      (state) => this.#outline(state),
      signal,
    );
    this.watch(["series", "view", "window", "found", "undrawable", "stage"], (state) => this.#annotate(state), signal);
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

  /** Sizes the frame so that the slice fits the stage in its true proportions. @param {Readonly<State>} state */
  #fit(state) {
    const shown = seriesInView(state);
    if (!shown) return;
    const room = { width: this.#stage.clientWidth, height: this.#stage.clientHeight };
    const { width, height, pxPerMm } = fitting(shown, shown.spacing_mm, room);
    this.#frame.style.width = `${width}px`;
    this.#frame.style.height = `${height}px`;
    this.#scale.hidden = shown.spacing_source === "assumed";
    this.#scaleBar.style.width = `${SCALE_MM * pxPerMm}px`;
  }

  /**
   * Draws the boxes, and the diameters of those pointed at or selected, and says in words what is drawn.
   * @param {Readonly<State>} state
   */
  #outline(state) {
    const { view, model, selected, pointed, showTruth, showBoxes } = state;
    const [shown, slice] = [seriesInView(state), sliceInView(state)];
    if (!shown || !slice) return;
    const { words } = this;
    const found = shownInView(state);
    /** @type {Outline[]} */
    const truth = slice.truth_px.map((box_px) => ({
      box_px,
      label: words.viewer.truth,
      kind: "truth",
      isSelected: false,
      lines: [],
    }));
    /** @type {Outline[]} */
    const detected = found.map(({ detection: { id, score, axes, box_px }, rank }) => {
      const measured = id === selected || id === pointed ? axes : null;
      const label = words.detections.label(letters(rank), score);
      return {
        box_px,
        label: measured ? `${label} · ${words.detections.size(measured)}` : label,
        kind: "detector",
        isSelected: id === selected,
        lines: measured ? [measured.long_px, measured.short_px] : [],
      };
    });
    // The selected one last, over the others.
    detected.sort((a, b) => Number(a.isSelected) - Number(b.isSelected));
    const style = getComputedStyle(this);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const colours = { truth: colour("--truth"), detector: colour("--detector"), measure: colour("--measure") };
    drawOverlay(this.#overlay, shown, [...(showTruth ? truth : []), ...(showBoxes ? detected : [])], colours);
    const picture = words.viewer.picture(view.slice + 1, shown.slices.length, found.length, truth.length);
    const chosen = found.find(({ detection }) => detection.id === selected);
    const details = chosen ? spoken(chosen.detection, model, words) : [];
    const label = chosen && words.detections.spoken(letters(chosen.rank), chosen.detection.score, details);
    setAttributes(this.#canvas, { "aria-label": label ? words.viewer.selected(picture, label) : picture });
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
    const letters = sideLetters(shown, slice.path, viewer.assumedRight);
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
      this.app.actions.point(this.#under(event)?.detection.id ?? null);
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
    if (under) this.app.actions.select(under.detection.id);
    else this.app.actions.unselect();
  }

  /**
   * The detection under the pointer: of several, the one with the highest score.
   * @param {PointerEvent} event
   * @returns {Shown | undefined}
   */
  #under(event) {
    const state = this.app.store.get();
    const shown = seriesInView(state);
    if (!shown || !state.showBoxes) return undefined;
    const frame = this.#frame.getBoundingClientRect();
    const point = imageFromCanvas(filling(shown, frame), [event.clientX - frame.left, event.clientY - frame.top]);
    return shownInView(state).find(({ detection }) => covers(detection.box_px, point));
  }
}

/**
 * The letters at the edges. A PNG says nothing about its orientation; DeepLesion's have the patient's right on the left.
 * @param {SeriesInfo} series
 * @param {string} path of the slice
 * @param {string} assumed what stands at the left where the orientation is only assumed
 * @returns {Record<string, string>}
 */
function sideLetters({ orientation }, path, assumed) {
  if (orientation === null) return { left: /\.png$/i.test(path) ? assumed : "" };
  const [left = "", right = "", top = "", bottom = ""] = clean(orientation).split(/[\\ ]/);
  return { left, right, top, bottom };
}

customElements.define("ll-viewer", LlViewer);
