// @ts-check
/**
 * From pointers to what they ask for, as reading rooms have it: the left button windows, the middle one pans, the right
 * one zooms; one finger scrolls through slices or windows, two pinch and pan; a press that hardly moves is a click.
 * Pure but for what a gesture remembers between two pointer events.
 */

/** @import { Point } from "../transform.js" */

/**
 * A pointer as the browser reports it, at a place on the canvas.
 * @typedef {{ id: number, type: string, button: number, at: Point }} Pointer
 *
 * What a movement asks for. `by` is since the last movement, `total` since the press; `factor` enlarges about `about`.
 * @typedef {
 *   | { kind: "window", total: Point }
 *   | { kind: "scroll", by: number }
 *   | { kind: "move", by: Point }
 *   | { kind: "zoom", factor: number, about: Point }
 *   | { kind: "pinch", factor: number, about: Point, by: Point }
 * } Ask
 */

// A press that moves less than this is a click.
const CLICK_PX = 4;
// A finger moves this far for one slice.
const SLICE_PX = 14;
// Dragging this far doubles the size.
const DOUBLING_PX = 150;

const MIDDLE = 1;
const RIGHT = 2;

export class Gesture {
  /** @type {Map<number, Point>} */ #down = new Map();
  /** @type {{ button: number, type: string, from: Point, hasMoved: boolean } | null} */ #press = null;
  #scrolled_px = 0;

  /** Whether a button or finger is down. */
  get isUnderway() {
    return this.#down.size > 0;
  }

  /** @param {Pointer} pointer */
  press({ id, type, button, at }) {
    this.#down.set(id, at);
    if (this.#down.size === 1) {
      this.#press = { button, type, from: at, hasMoved: false };
      this.#scrolled_px = 0;
    } else if (this.#press) this.#press.hasMoved = true;
  }

  /**
   * @param {Pointer} pointer
   * @param {"slices" | "window"} finger what one finger does
   * @returns {Ask | null}
   */
  move({ id, at }, finger) {
    const [before, press] = [this.#down.get(id), this.#press];
    if (!before || !press) return null;
    if (this.#down.size >= 2) return this.#pinch(id, at);
    const total = /** @type {Point} */ ([at[0] - press.from[0], at[1] - press.from[1]]);
    press.hasMoved ||= Math.hypot(...total) >= CLICK_PX;
    if (!press.hasMoved) return null;
    this.#down.set(id, at);
    const by = /** @type {Point} */ ([at[0] - before[0], at[1] - before[1]]);
    if (press.type === "touch" && finger === "slices") return this.#scroll(by[1]);
    if (press.button === MIDDLE) return { kind: "move", by };
    if (press.button === RIGHT) return { kind: "zoom", factor: 2 ** (-by[1] / DOUBLING_PX), about: press.from };
    return { kind: "window", total };
  }

  /**
   * @param {number} id of the pointer
   * @returns {boolean} whether it was a click
   */
  release(id) {
    const [press, n_down] = [this.#press, this.#down.size];
    if (!this.#down.delete(id) || !press) return false;
    if (this.#down.size === 0) this.#press = null;
    // A finger that stays down goes on from where it is, and is no click any more.
    return n_down === 1 && !press.hasMoved && press.button === 0;
  }

  /** Forgets pointers that the browser took away. @param {number} id */
  cancel(id) {
    this.#down.delete(id);
    if (this.#down.size === 0) this.#press = null;
  }

  /** @param {number} by_px @returns {Ask | null} */
  #scroll(by_px) {
    this.#scrolled_px += by_px;
    const by = Math.trunc(this.#scrolled_px / SLICE_PX);
    this.#scrolled_px -= by * SLICE_PX;
    return by === 0 ? null : { kind: "scroll", by };
  }

  /** @param {number} id @param {Point} at @returns {Ask | null} */
  #pinch(id, at) {
    const [a, b] = [...this.#down.values()];
    this.#down.set(id, at);
    const [c, d] = [...this.#down.values()];
    if (!a || !b || !c || !d) return null;
    const middle = (/** @type {Point} */ p, /** @type {Point} */ q) =>
      /** @type {Point} */ ([(p[0] + q[0]) / 2, (p[1] + q[1]) / 2]);
    const [from, to] = [middle(a, b), middle(c, d)];
    const apart = (/** @type {Point} */ p, /** @type {Point} */ q) => Math.max(Math.hypot(p[0] - q[0], p[1] - q[1]), 1);
    return { kind: "pinch", factor: apart(c, d) / apart(a, b), about: to, by: [to[0] - from[0], to[1] - from[1]] };
  }
}
