// @ts-check
/**
 * The stage with the slice: hears mouse, pen, fingers and wheel, and turns what they ask for into actions. What a gesture
 * means is told by viewport/tools.
 */

/** @import { Window as DisplayWindow } from "lesionlens" */
/** @import { Shown } from "../state/selectors.js" */
/** @import { Ask, Pointer } from "../viewport/tools/gesture.js" */
/** @import { Point } from "../viewport/transform.js" */
/** @import { Words } from "../words/index.js" */
import { placingInView, seriesInView, shownInView, sliceInView } from "../state/selectors.js";
import { Drawing, handleAt } from "../viewport/tools/drawing.js";
import { Gesture } from "../viewport/tools/gesture.js";
import { Wheel } from "../viewport/tools/wheel.js";
import { dragged } from "../viewport/tools/window.js";
import { canvasFromImage, covers, imageFromCanvas } from "../viewport/transform.js";
import { make, setAttributes } from "./dom.js";
import { LlCorners } from "./ll-corners.js";
import { LlOutlines } from "./ll-outlines.js";
import { LlPicture } from "./ll-picture.js";
import { Part } from "./part.js";

export class LlViewer extends Part {
  #stage = make("div", { class: "stage", tabindex: 0, role: "group" });
  #gesture = new Gesture();
  #wheel = new Wheel();
  #drawing = new Drawing();
  /** The mark whose handle is dragged. @type {number | null} */ #changing = null;
  /** @type {Point} */ #pressedAt = [0, 0];
  /** The window when a drag began. @type {DisplayWindow | null} */ #before = null;

  /** @override */
  build() {
    for (const part of [new LlPicture(), new LlOutlines(), new LlCorners()]) {
      part.app = this.app;
      this.#stage.append(part);
    }
    this.append(this.#stage);
  }

  /** @override @param {Words} words */
  say({ viewer }) {
    setAttributes(this.#stage, { "aria-label": viewer.label });
  }

  /** Gives the keyboard to the viewer. */
  takeFocus() {
    this.#stage.focus({ preventScroll: true });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const stage = this.#stage;
    stage.addEventListener("wheel", (event) => this.#onWheel(event), { signal, passive: false });
    stage.addEventListener("pointerdown", (event) => this.#onPress(event), { signal });
    stage.addEventListener("pointermove", (event) => this.#onMove(event), { signal });
    stage.addEventListener("pointerup", (event) => this.#onRelease(event), { signal });
    stage.addEventListener("pointercancel", ({ pointerId }) => this.#cancel(pointerId), { signal });
    stage.addEventListener("pointerleave", () => this.#leave(), { signal });
    // The right button zooms, the middle one pans.
    stage.addEventListener("contextmenu", (event) => event.preventDefault(), { signal });
    const measure = () => this.app.actions.setRoom({ width: stage.clientWidth, height: stage.clientHeight });
    const resized = new ResizeObserver(measure);
    resized.observe(stage);
    signal.addEventListener("abort", () => resized.disconnect(), { once: true });
  }

  /** A viewer in another page leaves the wheel to that page until it has the focus. @param {WheelEvent} event */
  #onWheel(event) {
    const isHeard = this.closest("[whole-page]") !== null || this.#stage.matches(":focus-within");
    if (event.ctrlKey || event.deltaY === 0 || !isHeard) return;
    event.preventDefault();
    const by = this.#wheel.turn({ deltaY: event.deltaY, isPixels: event.deltaMode === WheelEvent.DOM_DELTA_PIXEL });
    if (by !== 0) this.app.actions.step(by);
  }

  /** @param {PointerEvent} event */
  #onPress(event) {
    // The middle button would scroll the page.
    if (event.button === 1) event.preventDefault();
    if (this.#draw(event)) return;
    if (!this.#gesture.isUnderway) this.#before = this.app.store.get().window;
    this.#gesture.press(this.#pointer(event));
    this.#stage.setPointerCapture(event.pointerId);
  }

  /**
   * Without a press, the detection under the pointer is pointed at and the value there is read.
   * @param {PointerEvent} event
   */
  #onMove(event) {
    const pointer = this.#pointer(event);
    if (event.pointerType !== "touch") this.app.actions.probe(this.#pixelAt(pointer.at));
    if (this.#drawing.isUnderway) {
      this.#drawOn(pointer.at);
      return;
    }
    if (!this.#gesture.isUnderway) {
      this.app.actions.point(this.#under(pointer.at)?.detection.id ?? null);
      return;
    }
    const ask = this.#gesture.move(pointer, this.app.store.get().finger);
    if (ask) this.#answer(ask);
  }

  /**
   * Begins to draw with the tool in hand, or takes hold of a handle under the pointer.
   * @param {PointerEvent} event
   * @returns {boolean} whether this press is for that
   */
  #draw(event) {
    const { tool, reader, showReader } = this.app.store.get();
    const [placed, slice] = [placingInView(this.app.store.get()), sliceInView(this.app.store.get())];
    const { at } = this.#pointer(event);
    const image = this.#imageAt(at);
    if (event.button !== 0 || this.#gesture.isUnderway || !placed || !slice || !image) return false;
    const here = showReader ? reader.said.marks.filter((mark) => mark.slice === slice.id) : [];
    const canvasOf = (/** @type {Point} */ point) => canvasFromImage(placed.transform, point);
    const grasped = handleAt(here, canvasOf, at, event.pointerType);
    if (grasped) {
      this.#changing = grasped.shape.id;
      this.#drawing.grasp(grasped.shape, grasped.handle, at);
      this.app.actions.selectMark(grasped.shape.id);
    } else if (tool !== "window") {
      this.#changing = null;
      this.#drawing.begin(tool, image, at);
    } else return false;
    this.#pressedAt = at;
    this.#stage.setPointerCapture(event.pointerId);
    return true;
  }

  /** @param {Point} at */
  #drawOn(at) {
    const [image, series] = [this.#imageAt(at), seriesInView(this.app.store.get())];
    if (!image || !series) return;
    // A handle that was only touched stays where it was.
    const isTouched = this.#changing !== null && at[0] === this.#pressedAt[0] && at[1] === this.#pressedAt[1];
    const shape = isTouched ? null : this.#drawing.move(image, at, series.spacing_mm);
    this.app.actions.draft(shape && { id: this.#changing, shape });
  }

  /** What the browser takes away is not kept. @param {number} pointerId */
  #cancel(pointerId) {
    this.#gesture.cancel(pointerId);
    if (!this.#drawing.isUnderway) return;
    this.#drawing.end();
    this.app.actions.draft(null);
  }

  /** @param {Ask} ask */
  #answer(ask) {
    const { actions } = this.app;
    switch (ask.kind) {
      case "window":
        if (this.#before) actions.setWindow(dragged(this.#before, ask.total));
        break;
      case "scroll":
        actions.step(ask.by);
        break;
      case "move":
        actions.move(ask.by);
        break;
      case "zoom":
        actions.zoom(ask.factor, ask.about);
        break;
      case "pinch":
        actions.move(ask.by);
        actions.zoom(ask.factor, ask.about);
        break;
    }
  }

  /** A click selects what is under it; where a finger rests, the value is read. @param {PointerEvent} event */
  #onRelease(event) {
    if (this.#drawing.isUnderway) {
      this.#drawOn(this.#pointer(event).at);
      this.#drawing.end();
      this.app.actions.keepDraft();
      return;
    }
    if (!this.#gesture.release(event.pointerId)) return;
    const { at } = this.#pointer(event);
    this.app.actions.probe(this.#pixelAt(at));
    const under = this.#under(at);
    this.app.actions.selectMark(null);
    if (under) this.app.actions.select(under.detection.id);
    else this.app.actions.unselect();
  }

  #leave() {
    if (this.#gesture.isUnderway) return;
    this.app.actions.point(null);
    this.app.actions.probe(null);
  }

  /** @param {PointerEvent} event @returns {Pointer} */
  #pointer({ pointerId, pointerType, button, clientX, clientY }) {
    const { left, top } = this.#stage.getBoundingClientRect();
    return { id: pointerId, type: pointerType, button, at: [clientX - left, clientY - top] };
  }

  /** A place of the canvas in the image. @param {Point} at @returns {Point | null} */
  #imageAt(at) {
    const placed = placingInView(this.app.store.get());
    return placed && imageFromCanvas(placed.transform, at);
  }

  /** The image pixel at a place of the canvas. @param {Point} at @returns {Point | null} */
  #pixelAt(at) {
    const [point, series] = [this.#imageAt(at), seriesInView(this.app.store.get())];
    if (!point || !series || !covers([0, 0, series.cols, series.rows], point)) return null;
    return [Math.floor(point[0]), Math.floor(point[1])];
  }

  /**
   * The detection at a place of the canvas: of several, the one with the highest score.
   * @param {Point} at
   * @returns {Shown | undefined}
   */
  #under(at) {
    const state = this.app.store.get();
    const point = this.#imageAt(at);
    if (!point || !state.showBoxes) return undefined;
    return shownInView(state).find(({ detection }) => covers(detection.box_px, point));
  }
}

customElements.define("ll-viewer", LlViewer);
