// @ts-check
/**
 * One opening of files, and what follows when a worker is lost over it.
 *
 * A lost worker takes all it held with it. What it was busy with is set aside and reported; a new worker reads the other
 * files again, untried ones first, so that every file is read at most twice however many are bad.
 */

/** @import { During } from "../state/state.js" */
/** @import { Source } from "./files.js" */

// How many workers one study may lose in a row after its files were read, no slice being searched in between, before
// detection is given up: bad slices cost themselves, and only a detector that finds nothing more is stopped.
export const MOST_LOSSES = 3;
// Of the files that fit into the memory, the share that is read again: the rest is left free for the detector.
const KEPT_SHARE = 0.9;

/**
 * `good` were read, `bad` are set aside, `added` are in the present worker, in order. `skipped` holds ids of slices that
 * are not searched again, `unrelated` how many files in folders and archives are nothing to look at. `closed` says that
 * another study was opened, so that nothing more is done for this one.
 * @typedef {{
 *   list: () => Promise<Source[]>,
 *   sources: Source[] | null,
 *   good: Set<Source>, bad: Set<Source>, added: Source[], reading: Source | null,
 *   skipped: Set<string>, unrelated: Map<Source, number>, losses: number, closed: boolean,
 * }} Job
 */

/**
 * A worker that was lost, as `WorkerLost` tells it, or one as good as lost.
 * @typedef {Readonly<{ code: string, call: string, about: string, message: string }>} Loss
 */

/**
 * @param {() => Promise<Source[]>} list
 * @returns {Job}
 */
export const newJob = (list) => ({
  list,
  sources: null,
  good: new Set(),
  bad: new Set(),
  added: [],
  reading: null,
  skipped: new Set(),
  unrelated: new Map(),
  losses: 0,
  closed: false,
});

/**
 * What is to be done about a loss. `aside`: files that are not read again, with the code they are reported by. `slice`:
 * id of the slice to report, `during` what it was lost. `isStopped`: the detector is given up just now. `isOver`: the
 * study cannot go on.
 * @typedef {Readonly<{
 *   aside: readonly { source: Source, code: string }[],
 *   slice: string | null,
 *   during: During,
 *   losses: number,
 *   isStopped: boolean,
 *   isOver: boolean,
 * }>} Verdict
 */

/**
 * Who is to blame for a lost worker. Changes nothing; `settle` does.
 * @param {Readonly<Job>} job
 * @param {Omit<Loss, "message">} loss
 * @returns {Verdict}
 */
export function blame(job, { code, call, about }) {
  if (job.reading && (call === "addFile" || call === "sampleFile")) {
    const aside = job.good.has(job.reading) ? outOfMemory(job) : [{ source: job.reading, code }];
    return { aside, slice: null, during: "read", losses: job.losses, isStopped: false, isOver: false };
  }
  const losses = job.losses + 1;
  const ends = { losses, isStopped: losses === MOST_LOSSES, isOver: losses > 2 * MOST_LOSSES };
  switch (call) {
    case "input":
    case "accept":
      return { ...ends, aside: [], slice: about, during: "search" };
    case "run":
    case "runThorough":
    case "startNet":
      // A net holds nothing of the study.
      return { ...ends, aside: [], slice: about, during: "search", isOver: false };
    case "render":
    case "thumbnail":
    case "huAt":
      return { ...ends, aside: [], slice: about, during: "draw" };
    case "arrange":
      return { ...ends, aside: Array.from(job.good, (source) => ({ source, code })), slice: null, during: "arrange" };
    case "lesions":
      return { ...ends, aside: [], slice: null, during: "search" };
    default:
      return { ...ends, aside: [], slice: null, during: "start" };
  }
}

/**
 * A file that was read before without harm is not to blame: the worker ran out of memory. What came last has no room.
 * @param {Readonly<Job>} job
 */
function outOfMemory({ sources, added, bad }) {
  const kept = new Set(added.slice(0, Math.floor(added.length * KEPT_SHARE)));
  return (sources ?? [])
    .filter((source) => !kept.has(source) && !bad.has(source))
    .map((source) => ({ source, code: "MemoryFull" }));
}

/**
 * Takes a verdict into the job, so that the next worker does not meet the culprit again.
 * @param {Job} job
 * @param {Verdict} verdict
 */
export function settle(job, { aside, slice, during, losses }) {
  for (const { source } of aside) setAside(job, source);
  if (slice !== null && during === "search") job.skipped.add(slice);
  job.losses = losses;
}

/**
 * @param {Job} job
 * @param {Source} source
 */
export function setAside(job, source) {
  job.good.delete(source);
  job.bad.add(source);
}
