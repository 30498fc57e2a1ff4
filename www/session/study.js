// @ts-check
/**
 * One study after the other: files in; series, pictures and detections out, into the state of one viewer.
 *
 * Opening a study makes the one before stale at once; the workers finish the calls they are in, and the stale study does
 * nothing more. A study whose worker is lost goes on with another one, without what the first was lost over.
 */

/** @import { BookmarksRead, Comparison, Window as DisplayWindow } from "lesionlens" */
/** @import { Mark } from "../state/reader.js" */
/** @import { Pool } from "../engine/pool.js" */
/** @import { StateStore } from "../state/state.js" */
/** @import { Source } from "./files.js" */
/** @import { Job, Loss } from "./job.js" */
/** @import { Tools } from "./search.js" */
import { WorkerLost } from "../engine/client.js";
import { opened, searchedAnew, withUndrawable } from "../state/document.js";
import { acceptsFiles } from "../state/selectors.js";
import { NEW_STUDY_VIEW } from "../state/view.js";
import { Pictures, draw } from "./drawing.js";
import { dropped, isTable, picked } from "./files.js";
import { blame, newJob, settle } from "./job.js";
import { keepLinked } from "./linking.js";
import { problem, problemOf, report } from "./problems.js";
import { read } from "./reading.js";
import { search } from "./search.js";

export class Study {
  /** @type {StateStore} */ #store;
  /** @type {Tools | null} */ #tools = null;
  /** @type {Job | null} */ #job = null;
  /** @type {Promise<void>} */ #tail = Promise.resolve();
  #pictures = new Pictures();

  /** @param {StateStore} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * Starts the study's worker, and a net, so that a model that cannot be run is said before a file is opened. Files are
   * accepted after this.
   * @param {Pool} pool
   */
  async start(pool) {
    const client = pool.study();
    this.#tools = {
      store: this.#store,
      client,
      pool,
      pictures: this.#pictures,
      charge: (job, loss) => this.#charge(job, loss),
    };
    const [model] = await Promise.all([client.ready(), pool.lend((net) => net.ready())]);
    keepLinked(this.#store, client, new AbortController().signal);
    this.#store.set({
      model,
      threshold: model.default_threshold,
      version: pool.version,
      stage: "ready",
      progress: null,
    });
  }

  /** Says why the page cannot start. @param {unknown} error */
  fail(error) {
    const failure = problemOf(error, "start");
    this.#store.set({ stage: "failed", progress: null, failure, problems: [failure] });
  }

  /** Opens what a file input holds. @param {Iterable<File>} files */
  openPicked(files) {
    const sources = picked(files);
    if (sources.length > 0) this.#open(async () => sources, { synthetic: false });
  }

  /** Opens what was dropped. @param {DataTransfer} transfer is looked at before this returns */
  openDropped(transfer) {
    this.#open(dropped(transfer), { synthetic: false });
  }

  /** Opens the synthetic study that the module makes, by the way that dropped files go. */
  openSample() {
    const list = async () => {
      const n_files = await this.#call("sampleSize");
      return Array.from({ length: n_files }, (_, i) => ({ path: "", read: () => this.#call("sampleFile", [i]) }));
    };
    this.#open(list, { synthetic: true });
  }

  /**
   * Searches the present study, and those to come, in the other way.
   * @param {boolean} thorough
   */
  setThorough(thorough) {
    const { model, thorough: before, stage } = this.#store.get();
    if (!model || thorough === before) return;
    this.#store.set(searchedAnew(this.#store.get(), model, thorough));
    // A search that is under way goes on in the new way by itself.
    const [job, tools] = [this.#job, this.#tools];
    if (job && tools && stage === "done") this.#work(job, tools);
  }

  /**
   * The picture of a slice if it is kept.
   * @param {string} slice id
   * @param {DisplayWindow} window
   */
  picture(slice, window) {
    return this.#pictures.get(slice, window);
  }

  /**
   * Draws a slice and keeps its picture.
   * @param {string} slice id
   * @param {DisplayWindow} window
   */
  async draw(slice, window) {
    await this.#look(slice, (job, tools) => draw(job, tools, slice, window));
  }

  /**
   * A small picture of a slice through its series' own window; null where there is none.
   * @param {string} slice id
   * @param {number} longest pixels of the longer side
   * @returns {Promise<ImageData | null>}
   */
  async thumbnail(slice, longest) {
    return this.#look(slice, (_, { client }) => client.call("thumbnail", [slice, longest], { about: slice }));
  }

  /**
   * The Hounsfield value of a pixel; null where there is none.
   * @param {string} slice id
   * @param {number} col from 0
   * @param {number} row from 0
   * @returns {Promise<number | null>}
   */
  async huAt(slice, col, row) {
    const hu = await this.#look(slice, (_, { client }) => client.call("huAt", [slice, col, row], { about: slice }));
    return hu ?? null;
  }

  /**
   * What was found so far of what tables mark.
   * @param {number} threshold
   * @returns {Promise<Comparison | null>}
   */
  async compare(threshold) {
    return this.#look("", (_, { client }) => client.call("compare", [threshold]));
  }

  /**
   * Diameters that a person drew, as a table in DeepLesion's columns.
   * @param {readonly Mark[]} marks
   * @returns {Promise<string | null>}
   */
  async bookmarksCsv(marks) {
    const bookmarks = marks.map(({ slice, points: [a, b, c, d] }) => ({ slice, long_px: [a, b], short_px: [c, d] }));
    return this.#look("", (_, { client }) => client.call("bookmarksCsv", [bookmarks]));
  }

  /**
   * The diameters that such a table has for the open slices. Another file is reported.
   * @param {Uint8Array} bytes
   * @param {string} file its name
   * @returns {Promise<BookmarksRead | null>}
   */
  async readBookmarks(bytes, file) {
    return this.#look("", async (_, { client }) => {
      try {
        return await client.call("readBookmarks", [bytes]);
      } catch (error) {
        if (error instanceof WorkerLost) throw error;
        report(this.#store, problemOf(error, "read", file));
        return null;
      }
    });
  }

  /**
   * Asks the study's worker about a slice, unless another study is opened meanwhile. A slice that is refused is reported
   * and not drawn again.
   * @template T
   * @param {string} slice id
   * @param {(job: Job, tools: Tools) => Promise<T>} ask
   * @returns {Promise<T | null>}
   */
  async #look(slice, ask) {
    const [job, tools] = [this.#job, this.#tools];
    if (!job || !tools) return null;
    try {
      const answer = await ask(job, tools);
      return job.closed ? null : answer;
    } catch (error) {
      if (job.closed) return null;
      if (!(error instanceof WorkerLost)) {
        report(this.#store, problemOf(error, "draw", this.#pathOf(slice)));
        this.#store.set(withUndrawable(this.#store.get(), slice));
      } else if (this.#store.get().stage === "done") {
        // While a study is read or searched, whoever does that meets the loss too.
        this.#work(job, tools, error);
      }
      return null;
    }
  }

  /**
   * Opens a study in place of the present one. A drop of tables alone is added to the present study instead.
   * @param {() => Promise<Source[]>} list
   * @param {{ synthetic: boolean }} what
   */
  #open(list, { synthetic }) {
    const tools = this.#tools;
    if (!tools || !acceptsFiles(this.#store.get())) return;
    const before = this.#job;
    const wasSynthetic = this.#store.get().synthetic;
    const job = newJob(async () => {
      const sources = await list();
      const isAddition = sources.length > 0 && sources.every(isTable) && !wasSynthetic;
      return isAddition ? [...(before?.sources ?? []), ...sources] : sources;
    });
    if (before) before.closed = true;
    this.#job = job;
    this.#pictures.clear();
    this.#store.set({
      stage: "decoding",
      progress: null,
      msPerSlice: null,
      problems: [],
      ...opened({ synthetic }),
      ...NEW_STUDY_VIEW,
    });
    // Nets start while files are read.
    tools.pool.warm();
    this.#work(job, tools);
  }

  /**
   * @param {Job} job
   * @param {Tools} tools
   * @param {Loss | null} loss over which the study is read again
   */
  #work(job, tools, loss = null) {
    this.#tail = this.#tail.then(() => this.#run(job, tools, loss)).catch((error) => this.#end(job, error));
  }

  /**
   * @param {Job} job
   * @param {Tools} tools
   * @param {Loss | null} loss
   */
  async #run(job, tools, loss) {
    if (loss && !job.closed) this.#charge(job, loss);
    while (!job.closed) {
      try {
        await tools.client.ready();
        job.sources ??= await job.list();
        await read(job, tools);
        await search(job, tools);
        if (!job.closed) this.#store.set({ stage: "done", progress: null });
        return;
      } catch (error) {
        if (job.closed && error instanceof WorkerLost) return;
        if (!(error instanceof WorkerLost) || error.call === "start") throw error;
        this.#charge(job, error);
      }
    }
  }

  /**
   * Takes a loss into the job and says what it was lost over.
   * @param {Job} job
   * @param {Loss} loss
   */
  #charge(job, loss) {
    const verdict = blame(job, loss);
    settle(job, verdict);
    const { aside, slice, during, isStopped, isOver } = verdict;
    const cause = loss.message;
    const problems = aside.map(({ source, code }) => problem({ code, during, file: source.path, cause }));
    if (slice !== null) problems.push(problem({ code: loss.code, during, file: this.#pathOf(slice), cause }));
    if (isStopped) problems.push(problem({ code: "DetectionStopped", during: "search" }));
    report(this.#store, ...problems);
    if (slice !== null && during === "draw") this.#store.set(withUndrawable(this.#store.get(), slice));
    if (isOver) throw loss;
  }

  /**
   * Ends a study that cannot go on. Without a worker no other study can be opened either.
   * @param {Job} job
   * @param {unknown} error
   */
  #end(job, error) {
    if (error instanceof WorkerLost && error.call === "start") {
      this.#store.set({ stage: "failed", progress: null, failure: problemOf(error, "start") });
    } else if (!job.closed) {
      report(this.#store, problemOf(error, "read"));
      this.#store.set({ stage: "done", progress: null });
    }
  }

  /** @param {string} slice id */
  #pathOf(slice) {
    const slices = this.#store.get().series.flatMap((series) => series.slices);
    return slices.find(({ id }) => id === slice)?.path ?? "";
  }

  /**
   * @param {string} call
   * @param {readonly unknown[]} args
   * @returns {Promise<any>}
   */
  #call(call, args = []) {
    if (!this.#tools) return Promise.reject(new Error("no worker was started"));
    return this.#tools.client.call(call, args);
  }
}
