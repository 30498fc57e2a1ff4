// @ts-check
/** Slices by wheel: a notch of a mouse is one slice, a trackpad's small movements add up to one. */

const STEP_PX = 50;

export class Wheel {
  #turned_px = 0;

  /**
   * @param {{ deltaY: number, isPixels: boolean }} turn
   * @returns {number} slices to go, −1, 0 or 1
   */
  turn({ deltaY, isPixels }) {
    const isNotch = !isPixels || Math.abs(deltaY) >= STEP_PX;
    this.#turned_px = isNotch ? Math.sign(deltaY) * STEP_PX : this.#turned_px + deltaY;
    if (Math.abs(this.#turned_px) < STEP_PX) return 0;
    const by = Math.sign(this.#turned_px);
    this.#turned_px = 0;
    return by;
  }
}
