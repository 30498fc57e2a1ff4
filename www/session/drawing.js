// @ts-check
/** Draws slices, and keeps their pictures so that going back and forth does not wait for a worker that is busy. */

/** @import { Window as DisplayWindow } from "lesionlens" */
/** @import { Client } from "../engine/client.js" */
/** @import { StateStore } from "../state/state.js" */
/** @import { Job } from "./job.js" */
import { WorkerLost } from "../engine/client.js";
import { outwards } from "./order.js";

const ROOM_BYTES = 128 * 1024 * 1024;
// Pictures drawn ahead around the slice in view, between two detections.
const AHEAD = 16;

export class Pictures {
  /** @type {Map<string, ImageData>} */ #kept = new Map();
  #bytes = 0;

  /**
   * @param {string} slice id
   * @param {DisplayWindow} window
   */
  static #key(slice, { center_hu, width_hu }) {
    return `${slice}/${center_hu}/${width_hu}`;
  }

  /**
   * @param {string} slice id
   * @param {DisplayWindow} window
   * @returns {ImageData | undefined}
   */
  get(slice, window) {
    return this.#kept.get(Pictures.#key(slice, window));
  }

  /**
   * Keeps a picture; the ones kept longest make room.
   * @param {string} slice id
   * @param {DisplayWindow} window
   * @param {ImageData} picture
   */
  keep(slice, window, picture) {
    const key = Pictures.#key(slice, window);
    this.#bytes += picture.data.byteLength - (this.#kept.get(key)?.data.byteLength ?? 0);
    this.#kept.set(key, picture);
    for (const [oldest, { data }] of this.#kept) {
      if (this.#bytes <= ROOM_BYTES || oldest === key) break;
      this.#kept.delete(oldest);
      this.#bytes -= data.byteLength;
    }
  }

  clear() {
    this.#kept.clear();
    this.#bytes = 0;
  }
}

/**
 * Draws one slice and keeps its picture, unless another study was opened meanwhile.
 * @param {Job} job
 * @param {{ client: Client, pictures: Pictures }} tools
 * @param {string} slice id
 * @param {DisplayWindow} window
 */
export async function draw(job, { client, pictures }, slice, window) {
  const { center_hu, width_hu } = window;
  const picture = await client.call("render", [slice, center_hu, width_hu], { about: slice });
  if (!job.closed) pictures.keep(slice, window, picture);
}

/**
 * Draws slices around the one in view, so that scrolling does not wait for the detector.
 * @param {Job} job
 * @param {{ client: Client, pictures: Pictures, store: StateStore }} tools
 */
export async function drawAhead(job, tools) {
  const { series, view, window, undrawable } = tools.store.get();
  const slices = series[view.series]?.slices ?? [];
  let n_looked = 0;
  let n_drawn = 0;
  for (const at of outwards(view.slice, slices.length)) {
    const slice = slices[at]?.id;
    n_looked += 1;
    if (job.closed || n_drawn === AHEAD || n_looked > 2 * AHEAD) return;
    if (slice === undefined || tools.pictures.get(slice, window) || undrawable.has(slice)) continue;
    await draw(job, tools, slice, window).catch((error) => {
      // A slice that cannot be drawn is reported when it is in view.
      if (error instanceof WorkerLost) throw error;
    });
    n_drawn += 1;
  }
}
