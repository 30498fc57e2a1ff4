// @ts-check
/** Drawing a shape, or dragging a handle of one, from press to release. Remembers nothing but the press. */

/** @import { Point, Spacing } from "../transform.js" */
/** @import { MarkKind, Shape } from "./marks.js" */
import { dragged, drawn } from "./marks.js";

// A handle is caught from this far, in canvas pixels; a finger is wider.
const REACH_PX = { mouse: 9, touch: 22 };

/**
 * The handle at a place of the canvas, the nearest within reach; the last shape lies on top.
 * @template {Shape} S
 * @param {readonly S[]} shapes
 * @param {(point: Point) => Point} canvasOf
 * @param {Point} at
 * @param {string} pointerType
 * @returns {{ shape: S, handle: number } | null}
 */
export function handleAt(shapes, canvasOf, at, pointerType) {
  let best = pointerType === "touch" ? REACH_PX.touch : REACH_PX.mouse;
  let found = null;
  for (const shape of shapes.toReversed()) {
    for (const [handle, point] of shape.points.entries()) {
      const [x, y] = canvasOf(point);
      const distance = Math.hypot(x - at[0], y - at[1]);
      if (distance < best) {
        best = distance;
        found = { shape, handle };
      }
    }
  }
  return found;
}

export class Drawing {
  /** @type {{ kind: MarkKind, from: Point } | { shape: Shape, handle: number } | null} */ #what = null;
  /** @type {Point} */ #pressed = [0, 0];

  get isUnderway() {
    return this.#what !== null;
  }

  /** @param {MarkKind} kind @param {Point} image @param {Point} canvas */
  begin(kind, image, canvas) {
    this.#what = { kind, from: image };
    this.#pressed = canvas;
  }

  /** @param {Shape} shape @param {number} handle @param {Point} canvas */
  grasp(shape, handle, canvas) {
    this.#what = { shape, handle };
    this.#pressed = canvas;
  }

  /**
   * The shape as it is with the pointer here; null while there is none.
   * @param {Point} image
   * @param {Point} canvas
   * @param {Spacing} spacing_mm
   * @returns {Shape | null}
   */
  move(image, canvas, spacing_mm) {
    if (!this.#what) return null;
    if ("shape" in this.#what) return dragged(this.#what.shape, this.#what.handle, image, spacing_mm);
    const moved_px = Math.hypot(canvas[0] - this.#pressed[0], canvas[1] - this.#pressed[1]);
    return drawn(this.#what.kind, this.#what.from, image, spacing_mm, moved_px);
  }

  end() {
    this.#what = null;
  }
}
