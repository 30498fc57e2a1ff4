// @ts-check
/** Drawn slices, kept as opaque pictures so that going back and forth does not wait for a worker that is detecting. */

/** @import { DisplayWindow, View } from "../types.js" */

const ROOM_BYTES = 128 * 1024 * 1024;

export class Pictures {
  /** @type {Map<string, ImageData>} */ #kept = new Map();
  #bytes = 0;

  /**
   * @param {View} view
   * @param {DisplayWindow} window
   */
  static #key(view, window) {
    return `${view.series}/${view.slice}/${window.center_hu}/${window.width_hu}`;
  }

  /**
   * @param {View} view
   * @param {DisplayWindow} window
   * @returns {ImageData | undefined}
   */
  get(view, window) {
    return this.#kept.get(Pictures.#key(view, window));
  }

  /**
   * Keeps a picture; the ones kept longest make room.
   * @param {View} view
   * @param {DisplayWindow} window
   * @param {ImageData} picture
   */
  keep(view, window, picture) {
    this.#kept.set(Pictures.#key(view, window), picture);
    this.#bytes += picture.data.byteLength;
    for (const [key, oldest] of this.#kept) {
      if (this.#bytes <= ROOM_BYTES || oldest === picture) break;
      this.#kept.delete(key);
      this.#bytes -= oldest.data.byteLength;
    }
  }

  clear() {
    this.#kept.clear();
    this.#bytes = 0;
  }
}
