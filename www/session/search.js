// @ts-check
/**
 * Searches the slices of a study, as many at once as there are nets.
 *
 * The study's worker makes a slice's input, a net turns it into heads, and the study's worker takes them and answers with
 * the slice's detections. A slice is chosen when a net is free, so the one in view comes first, and no more inputs are
 * around than nets. Slices without Hounsfield units are never searched.
 */

/** @import { DetectionRecord as Detection, SliceSummary } from "lesionlens" */
/** @import { Client } from "../engine/client.js" */
/** @import { Pool } from "../engine/pool.js" */
/** @import { StateStore } from "../state/state.js" */
/** @import { Pictures } from "./drawing.js" */
/** @import { Job, Loss } from "./job.js" */
import { CallError, WorkerLost } from "../engine/client.js";
import { withFound } from "../state/document.js";
import { drawAhead } from "./drawing.js";
import { MOST_LOSSES } from "./job.js";
import { nextSlice } from "./order.js";
import { problemOf, report } from "./problems.js";

/**
 * What a study works with. `charge` takes a loss into the job and reports it.
 * @typedef {{
 *   store: StateStore, client: Client, pool: Pool, pictures: Pictures, charge: (job: Job, loss: Loss) => void,
 * }} Tools
 */

/**
 * Searches until every slice was searched or skipped, the detector is given up, or another study is opened. Rejects when
 * the study's own worker is lost, with all it held.
 * @param {Job} job
 * @param {Tools} tools
 */
export async function search(job, tools) {
  const { store, pool } = tools;
  const began_ms = performance.now();
  const n_before = store.get().found.size;
  /** Slices that some net is busy with. @type {Set<string>} */
  const underway = new Set();
  const isSettled = (/** @type {string} */ slice) =>
    job.skipped.has(slice) || underway.has(slice) || store.get().found.has(slice);
  const total = store.get().series.reduce((sum, { slices, hounsfield }) => sum + (hounsfield ? slices.length : 0), 0);

  /** Searches one slice; false where none is left. @param {Client} net */
  const one = async (net) => {
    const { series, view, found } = store.get();
    const slice = job.closed || job.losses >= MOST_LOSSES ? null : nextSlice(series, view, isSettled);
    if (!slice) return false;
    underway.add(slice.id);
    const { thorough } = store.get();
    try {
      store.set({ stage: "detecting", progress: { done: found.size, total, unit: "slices" } });
      const detections = await find(job, tools, net, slice, thorough ? "runThorough" : "run");
      // What was looked for in another way meanwhile is looked for again.
      if (detections && !job.closed && store.get().thorough === thorough) {
        const msPerSlice = (performance.now() - began_ms) / (store.get().found.size + 1 - n_before);
        store.set({ ...withFound(store.get(), slice.id, detections), msPerSlice });
      }
      return true;
    } finally {
      underway.delete(slice.id);
    }
  };
  const lane = async () => {
    do await drawAhead(job, tools);
    while (await pool.lend(one));
  };
  const ends = await Promise.allSettled(Array.from({ length: pool.n_nets }, lane));
  const lost = ends.find((end) => end.status === "rejected");
  if (lost) throw lost.reason;
}

/**
 * From a slice's input to what its heads say. A slice that fails is skipped and reported.
 * @param {Job} job
 * @param {Tools} tools
 * @param {Client} net
 * @param {SliceSummary} slice
 * @param {"run" | "runThorough"} way
 * @returns {Promise<Detection[] | null>} null where nothing can be said
 */
async function find(job, { store, client, charge }, net, { id, path }, way) {
  try {
    const { ticket, levels, rows, cols } = await client.call("input", [id], { about: id });
    const heads = await run(job, net, way, { levels, rows, cols }, id, charge);
    if (!heads || job.closed) return null;
    return await client.call("accept", [ticket, heads], { transfer: heads.map(({ buffer }) => buffer), about: id });
  } catch (error) {
    if (error instanceof WorkerLost) throw error;
    job.skipped.add(id);
    if (!job.closed) report(store, problemOf(error, "search", path));
    return null;
  }
}

/**
 * Runs a net. One that is lost is started again for the next slice; one that refuses its model is as good as lost.
 * @param {Job} job
 * @param {Client} net
 * @param {"run" | "runThorough"} way
 * @param {{ levels: Uint8Array<ArrayBuffer>, rows: number, cols: number }} input
 * @param {string} slice id
 * @param {Tools["charge"]} charge
 * @returns {Promise<Float32Array<ArrayBuffer>[] | null>} null where the net was lost
 */
async function run(job, net, way, { levels, rows, cols }, slice, charge) {
  try {
    await net.ready();
    return await net.call(way, [levels, rows, cols], { transfer: [levels.buffer], about: slice });
  } catch (error) {
    const isLost = error instanceof WorkerLost || (error instanceof CallError && error.fault === "program");
    if (!isLost) throw error;
    if (!job.closed) charge(job, { code: error.code, call: way, about: slice, message: error.message });
    return null;
  }
}
