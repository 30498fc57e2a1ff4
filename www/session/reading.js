// @ts-check
/** Reads the files of a job into the study's worker, one by one, and has them put in order. */

/** @import { SeriesInfo } from "lesionlens" */
/** @import { State } from "../state/state.js" */
/** @import { Job } from "./job.js" */
/** @import { Tools } from "./search.js" */
import { WorkerLost } from "../engine/client.js";
import { setAside } from "./job.js";
import { isUnrelated, problem, problemOf, report } from "./problems.js";

/**
 * Files that were not tried yet come first, so that a bad one does not keep the others from being read again.
 * Rejects when the worker is lost.
 * @param {Job} job
 * @param {Tools} tools
 */
export async function read(job, { store, client, pictures }) {
  const sources = job.sources ?? [];
  const untried = sources.filter((source) => !job.good.has(source) && !job.bad.has(source));
  const queue = [...untried, ...job.good];
  job.added = [];
  pictures.clear();
  await client.call("clear");
  const tell = () => {
    const done = job.bad.size + job.added.length;
    store.set({ stage: "decoding", progress: { done, total: sources.length, unit: "files" } });
  };
  for (const source of queue) {
    if (job.closed) return;
    tell();
    job.reading = source;
    try {
      const { path, bytes } = await source.read();
      const { n_skipped } = await client.call("addFile", [path, bytes], { transfer: [bytes.buffer], about: path });
      if (n_skipped > 0) job.unrelated.set(source, n_skipped);
      job.good.add(source);
      job.added.push(source);
    } catch (error) {
      if (error instanceof WorkerLost) throw error;
      setAside(job, source);
      if (isUnrelated(error) && source.path.includes("/")) job.unrelated.set(source, 1);
      else if (!job.closed) report(store, problemOf(error, "read", source.path));
    }
  }
  job.reading = null;
  if (job.closed) return;
  countUnrelated(job, store);
  tell();
  const series = await client.call("arrange");
  if (!job.closed) store.set(arranged(store.get(), series));
}

/**
 * The state with series that were just put in order; the slice in view stays in view where it is still there. What was
 * found in a series that is as it was stays found, so that losing a worker loses no other slice's result.
 * @param {Readonly<State>} state
 * @param {readonly SeriesInfo[]} series
 * @returns {Partial<State>}
 */
function arranged({ series: before, view, window, ownWindow, found }, series) {
  const known = new Map(before.map((one) => [one.id, JSON.stringify(one)]));
  const unchanged = series.filter((one) => known.get(one.id) === JSON.stringify(one));
  const stays = new Set(unchanged.flatMap(({ slices }) => slices.map((slice) => slice.id)));
  const id = before[view.series]?.slices[view.slice]?.id;
  const places = series.flatMap(({ slices }, s) => slices.map((slice, at) => ({ id: slice.id, series: s, slice: at })));
  const { series: s = 0, slice = 0 } = places.find((place) => place.id === id) ?? {};
  return {
    series,
    view: { series: s, slice },
    window: ownWindow ? (series[s]?.window ?? window) : window,
    found: new Map(Array.from(found).filter(([slice]) => stays.has(slice))),
  };
}

/**
 * Files in folders and archives that are nothing to look at are counted in one line.
 * @param {Job} job
 * @param {Tools["store"]} store
 */
function countUnrelated({ unrelated }, store) {
  const n_files = Array.from(unrelated.values()).reduce((sum, n) => sum + n, 0);
  if (n_files === 0) return;
  const others = store.get().problems.filter(({ code }) => code !== "FilesSkipped");
  store.set({ problems: [...others, problem({ code: "FilesSkipped", during: "read", details: { n_files } })] });
}
