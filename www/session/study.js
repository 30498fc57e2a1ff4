// @ts-check
/**
 * One study after the other: files in, series, pictures and detections out.
 *
 * One worker holds the study. It makes the net's inputs, which other workers, each with a net of its own, turn into heads,
 * and takes the heads back; so pictures do not wait for the net, and every processor searches. Slices are taken one by one,
 * so no more inputs are around than nets.
 *
 * Opening a study makes the one before stale at once; the workers finish the calls they are in, and the stale study does
 * nothing more. A lost worker takes all it held with it: what it was busy with is set aside and reported, a new worker
 * reads the other files again, untried ones first, so that every file is read at most twice however many are bad.
 */

/** @import { DisplayWindow, Kit, Source, StateStore, View } from "../types.js" */
import { Engine, WorkerLost } from "../engine/client.js";
import { isTable } from "./files.js";
import { nextSlice, sliceKey } from "../state/selectors.js";
import { Pictures } from "./pictures.js";
import { clean } from "../words/text.js";
import { words } from "../words/en.js";

// Pictures drawn ahead around the slice in view, between two detections.
const AHEAD = 16;
// Most nets that search at once; each needs about 50 MB.
const MOST_NETS = 4;
// How many workers one study may lose after its files were read, before detection is given up.
const MOST_LOSSES = 3;
// Codes of files that are no images at all: in a folder they are counted, by themselves they are refused.
const UNRELATED = new Set([
  "unknown_format",
  "unsupported_format",
  "csv_not_dl_info",
  "empty_file",
  "zip_without_images",
]);

/**
 * One opening of files. `good` were read, `bad` are set aside, `added` are in the present worker, in order.
 * `skipped` holds the slices that the detector is not run on again, `unrelated` how many files in folders and archives
 * are nothing to look at.
 * @typedef {{
 *   list: () => Promise<Source[]>,
 *   sources: Source[] | null,
 *   good: Set<Source>, bad: Set<Source>, added: Source[], reading: Source | null,
 *   skipped: Set<string>, unrelated: Map<Source, number>, losses: number,
 * }} Job
 */

export class Study {
  /** @type {StateStore} */ #store;
  /** @type {Engine | null} */ #engine = null;
  /** @type {Engine[]} */ #nets = [];
  /** @type {Job | null} */ #job = null;
  /** @type {Promise<void>} */ #tail = Promise.resolve();
  /** @type {Promise<void> | null} */ #refreshing = null;
  #refreshAgain = false;
  #pictures = new Pictures();

  /** @param {StateStore} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * Starts the worker. Files are accepted after this.
   * @param {Kit} kit
   */
  async start(kit) {
    this.#engine = new Engine(kit);
    const n_nets = Math.max(1, Math.min(navigator.hardwareConcurrency || 1, MOST_NETS));
    this.#nets = Array.from({ length: n_nets }, () => new Engine(kit, "startNet"));
    const model = await this.#engine.ready();
    this.#store.set({
      model,
      threshold: model.default_threshold,
      operatingPoint: model.default_operating_point,
      version: kit.build.version,
      stage: "ready",
      progress: null,
    });
  }

  /** Whether files are accepted. */
  get accepts() {
    const { stage } = this.#store.get();
    return stage !== "loading" && stage !== "failed";
  }

  /**
   * Opens a study in place of the present one. A drop of tables alone is added to the present study instead.
   * @param {() => Promise<Source[]>} list
   * @param {{ synthetic: boolean }} what
   */
  open(list, { synthetic } = { synthetic: false }) {
    if (!this.accepts) return;
    const before = this.#job;
    const wasSynthetic = this.#store.get().synthetic;
    /** @type {Job} */
    const job = {
      list: async () => {
        const sources = await list();
        const isAddition = sources.length > 0 && sources.every(isTable) && !wasSynthetic;
        return isAddition ? [...(before?.sources ?? []), ...sources] : sources;
      },
      sources: null,
      good: new Set(),
      bad: new Set(),
      added: [],
      reading: null,
      skipped: new Set(),
      unrelated: new Map(),
      losses: 0,
    };
    this.#job = job;
    this.#pictures.clear();
    this.#store.set({
      stage: "decoding",
      progress: null,
      series: [],
      synthetic,
      view: { series: 0, slice: 0 },
      ownWindow: true,
      detections: [],
      detected: new Set(),
      undrawable: new Set(),
      msPerSlice: null,
      selected: null,
      pointed: null,
      errors: [],
    });
    // Nets start while files are read; one that does not start says so when it is needed.
    for (const net of this.#nets) net.ready().catch(() => {});
    this.#work(job);
  }

  /** Opens the synthetic study that the module makes, by the way that dropped files go. */
  openSample() {
    this.open(
      async () => {
        const n_files = await this.#call("sampleSize");
        return Array.from({ length: n_files }, (_, i) => ({
          path: words.errors.sample,
          read: () => this.#call("sampleFile", [i]),
        }));
      },
      { synthetic: true },
    );
  }

  /**
   * The picture of a slice if it is kept.
   * @param {View} view
   * @param {DisplayWindow} window
   */
  picture(view, window) {
    return this.#pictures.get(view, window);
  }

  /**
   * Draws a slice and keeps its picture.
   * @param {View} view
   * @param {DisplayWindow} window
   */
  async draw(view, window) {
    const job = this.#job;
    try {
      await this.#render(job, view, window);
    } catch (error) {
      if (job !== this.#job) return;
      if (!(error instanceof WorkerLost)) {
        this.#reportSlice(view, codeOf(error), messageOf(error));
        this.#store.set({ undrawable: new Set(this.#store.get().undrawable).add(sliceKey(view.series, view.slice)) });
      } else if (job && this.#store.get().stage === "done") {
        this.#blame(job, error);
        this.#work(job);
      }
    }
  }

  /** Asks for the detections at the present threshold; the net is not run. */
  refresh() {
    this.#refreshAgain = true;
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  /** Asks what was measured at the present threshold. Answers come in order, so the last one stays. */
  async lookUp() {
    const { model, threshold } = this.#store.get();
    if (!model || model.operating_points.length === 0) return;
    try {
      this.#store.set({ operatingPoint: await this.#call("operatingPoint", [threshold]) });
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error;
    }
  }

  async #refresh() {
    while (this.#refreshAgain) {
      this.#refreshAgain = false;
      const job = this.#job;
      if (!job?.sources || this.#store.get().series.length === 0) return;
      try {
        const detections = await this.#call("detections", [this.#store.get().threshold]);
        if (job === this.#job) this.#store.set({ detections });
      } catch (error) {
        if (!(error instanceof WorkerLost)) throw error;
      }
    }
  }

  /** @param {Job} job */
  #work(job) {
    this.#tail = this.#tail.then(() => this.#run(job)).catch((error) => this.#end(job, error));
  }

  /** @param {Job} job */
  async #run(job) {
    while (job === this.#job) {
      try {
        await this.#engine?.ready();
        job.sources ??= await job.list();
        await this.#decode(job);
        await this.#detect(job);
        return;
      } catch (error) {
        if (job !== this.#job && error instanceof WorkerLost) return;
        if (!(error instanceof WorkerLost) || error.call === "start") throw error;
        this.#blame(job, error);
      }
    }
  }

  /** @param {Job} job */
  async #decode(job) {
    const sources = job.sources ?? [];
    const queue = [...sources.filter((s) => !job.good.has(s) && !job.bad.has(s)), ...job.good];
    job.added = [];
    this.#pictures.clear();
    await this.#call("clear");
    const tell = () =>
      this.#store.set({
        stage: "decoding",
        progress: { done: job.bad.size + job.added.length, total: sources.length, unit: "files" },
      });
    for (const source of queue) {
      if (job !== this.#job) return;
      tell();
      job.reading = source;
      try {
        const { path, bytes } = await source.read();
        const { n_skipped } = await this.#call("addFile", [path, bytes], [bytes.buffer]);
        if (n_skipped > 0) job.unrelated.set(source, n_skipped);
        job.good.add(source);
        job.added.push(source);
      } catch (error) {
        if (error instanceof WorkerLost) throw error;
        if (isUnrelated(source.path, codeOf(error))) {
          job.good.delete(source);
          job.bad.add(source);
          job.unrelated.set(source, 1);
        } else {
          this.#setAside(job, source, codeOf(error), messageOf(error));
        }
      }
    }
    this.#reportUnrelated(job);
    if (job !== this.#job) return;
    job.reading = null;
    tell();
    const series = await this.#call("arrange");
    if (job !== this.#job) return;
    const { view, window, ownWindow } = this.#store.get();
    const kept = series[view.series]?.slices[view.slice] ? view : { series: 0, slice: 0 };
    this.#store.set({
      series,
      view: kept,
      window: ownWindow ? (series[kept.series]?.window ?? window) : window,
      detections: [],
      detected: new Set(),
      selected: null,
    });
  }

  /** @param {Job} job */
  async #detect(job) {
    if (job !== this.#job) return;
    const began_ms = performance.now();
    /** @type {Set<string>} */
    const underway = new Set();
    const ends = await Promise.allSettled(this.#nets.map((net) => this.#search(job, net, underway, began_ms)));
    const lost = ends.find((end) => end.status === "rejected");
    if (lost) throw lost.reason;
    await this.refresh();
    if (job === this.#job) this.#store.set({ stage: "done", progress: null });
  }

  /**
   * Searches slices with one net until none is left that another one has not taken. `underway` holds the slices that
   * some net is busy with. Rejects when the study's own worker is lost, with all it held.
   * @param {Job} job
   * @param {Engine} net
   * @param {Set<string>} underway
   * @param {number} began_ms
   */
  async #search(job, net, underway, began_ms) {
    const { series } = this.#store.get();
    const total = series.reduce((sum, { slices }) => sum + slices.length, 0);
    const n_before = this.#store.get().detected.size;
    const isSettled = (/** @type {number} */ s, /** @type {number} */ i) => {
      const key = sliceKey(s, i);
      return job.skipped.has(key) || underway.has(key) || this.#store.get().detected.has(key);
    };
    while (job.losses < MOST_LOSSES) {
      const next = nextSlice(series, this.#store.get().view, isSettled);
      if (!next) return;
      const key = sliceKey(next.series, next.slice);
      underway.add(key);
      try {
        this.#store.set({
          stage: "detecting",
          progress: { done: this.#store.get().detected.size, total, unit: "slices" },
        });
        await this.#drawAhead(job);
        if (job !== this.#job) return;
        await this.#find(job, net, next);
        if (job !== this.#job) return;
        const detected = new Set(this.#store.get().detected);
        if (!job.skipped.has(key)) detected.add(key);
        const msPerSlice = (performance.now() - began_ms) / Math.max(1, detected.size - n_before);
        this.#store.set({ detected, msPerSlice });
        void this.refresh();
      } finally {
        underway.delete(key);
      }
    }
  }

  /**
   * From a slice's input to what its heads say. A slice that fails is skipped and reported; a net that is lost over it
   * is started again for the next one.
   * @param {Job} job
   * @param {Engine} net
   * @param {View} slice
   */
  async #find(job, net, slice) {
    const at = [slice.series, slice.slice];
    try {
      const { levels, rows, cols } = await this.#call("input", at);
      const heads = await this.#heads(job, net, slice, [levels, rows, cols]);
      if (!heads || job !== this.#job) return;
      await this.#call(
        "accept",
        [...at, heads],
        heads.map(({ buffer }) => /** @type {ArrayBuffer} */ (buffer)),
      );
    } catch (error) {
      if (error instanceof WorkerLost) throw error;
      job.skipped.add(sliceKey(slice.series, slice.slice));
      this.#reportSlice(slice, codeOf(error), messageOf(error));
    }
  }

  /**
   * @param {Job} job
   * @param {Engine} net
   * @param {View} slice
   * @param {[Uint8Array<ArrayBuffer>, number, number]} input
   * @returns {Promise<Float32Array[] | null>} null where the net was lost
   */
  async #heads(job, net, slice, input) {
    try {
      await net.ready();
      return await net.call("run", input, [input[0].buffer]);
    } catch (error) {
      if (!(error instanceof WorkerLost)) throw error;
      if (job === this.#job) this.#blameDetection(job, slice, error);
      return null;
    }
  }

  /**
   * Draws slices around the one in view, so that scrolling does not wait for the detector.
   * @param {Job} job
   */
  async #drawAhead(job) {
    const { series, view, window } = this.#store.get();
    /** @type {Set<number>} */
    const seen = new Set();
    for (let drawn = 0; drawn < AHEAD && seen.size < 2 * AHEAD;) {
      const next = nextSlice(series.slice(view.series, view.series + 1), { series: 0, slice: view.slice }, (_, i) =>
        seen.has(i),
      );
      if (!next || job !== this.#job) return;
      seen.add(next.slice);
      const ahead = { series: view.series, slice: next.slice };
      if (this.#pictures.get(ahead, window) || this.#store.get().undrawable.has(sliceKey(ahead.series, ahead.slice)))
        continue;
      await this.#render(job, ahead, window).catch((error) => {
        if (error instanceof WorkerLost) throw error;
      });
      drawn += 1;
    }
  }

  /**
   * @param {Job | null} job
   * @param {View} view
   * @param {DisplayWindow} window
   */
  async #render(job, view, window) {
    const picture = await this.#call("render", [view.series, view.slice, window.center_hu, window.width_hu]);
    if (job === this.#job) this.#pictures.keep(view, window, picture);
  }

  /**
   * Sets aside what the lost worker was busy with, so that the next one does not meet it again.
   * @param {Job} job
   * @param {WorkerLost} loss
   */
  #blame(job, loss) {
    const hung = loss.code === "WorkerTimeout";
    const source = job.reading;
    const view = { series: Number(loss.args[0]), slice: Number(loss.args[1]) };
    const key = sliceKey(view.series, view.slice);
    if (source && (loss.call === "addFile" || loss.call === "sampleFile")) {
      if (!job.good.has(source)) {
        this.#setAside(job, source, loss.code, hung ? words.errors.timeout : withCause(words.errors.trap, loss));
        return;
      }
      // This file was read before without harm, so the worker ran out of memory. A tenth is left free for the detector.
      const kept = new Set(job.added.slice(0, Math.floor(job.added.length * 0.9)));
      for (const other of job.sources ?? []) {
        if (!kept.has(other) && !job.bad.has(other)) this.#setAside(job, other, "MemoryFull", words.errors.memory);
      }
      return;
    }
    if (loss.call === "input" || loss.call === "accept") {
      this.#blameDetection(job, view, loss);
      if (job.losses > 2 * MOST_LOSSES) throw loss;
      return;
    }
    job.losses += 1;
    if (loss.call === "arrange") {
      for (const other of job.good) this.#setAside(job, other, loss.code, words.errors.arrangeTrap);
    } else if (loss.call === "render") {
      this.#reportSlice(view, loss.code, withCause(words.errors.renderTrap, loss));
      this.#store.set({ undrawable: new Set(this.#store.get().undrawable).add(key) });
    }
    if (job.losses === MOST_LOSSES) this.#report("", "DetectionStopped", words.errors.stopped);
    if (job.losses > 2 * MOST_LOSSES) throw loss;
  }

  /**
   * Skips a slice over whose detection a worker was lost.
   * @param {Job} job
   * @param {View} slice
   * @param {WorkerLost} loss
   */
  #blameDetection(job, slice, loss) {
    job.losses += 1;
    job.skipped.add(sliceKey(slice.series, slice.slice));
    const hung = loss.code === "WorkerTimeout";
    this.#reportSlice(slice, loss.code, hung ? words.errors.detectTimeout : withCause(words.errors.detectTrap, loss));
    if (job.losses === MOST_LOSSES) this.#report("", "DetectionStopped", words.errors.stopped);
  }

  /**
   * @param {Job} job
   * @param {Source} source
   * @param {string} code
   * @param {string} message
   */
  #setAside(job, source, code, message) {
    job.good.delete(source);
    job.bad.add(source);
    this.#report(source.path, code, message);
  }

  /**
   * Files in folders and archives that are nothing to look at are counted in one line.
   * @param {Job} job
   */
  #reportUnrelated(job) {
    const n = Array.from(job.unrelated.values()).reduce((sum, one) => sum + one, 0);
    if (job !== this.#job || n === 0) return;
    this.#store.set({ errors: this.#store.get().errors.filter(({ code }) => code !== "FilesSkipped") });
    this.#report("", "FilesSkipped", words.errors.skipped(n));
  }

  /**
   * @param {View} view
   * @param {string} code
   * @param {string} message
   */
  #reportSlice(view, code, message) {
    this.#report(this.#store.get().series[view.series]?.slices[view.slice]?.path ?? "", code, message);
  }

  /**
   * @param {string} file
   * @param {string} code
   * @param {string} message
   */
  #report(file, code, message) {
    const error = { file: clean(file), code: clean(code), message: clean(message) };
    this.#store.set({ errors: [...this.#store.get().errors, error] });
  }

  /**
   * Ends a study that cannot go on. Without a worker no other study can be opened either.
   * @param {Job} job
   * @param {unknown} error
   */
  #end(job, error) {
    if (error instanceof WorkerLost && error.call === "start") {
      this.#store.set({
        stage: "failed",
        progress: null,
        failure: { code: error.code, message: clean(error.message) },
      });
    } else if (job === this.#job) {
      this.#report("", codeOf(error), messageOf(error));
      this.#store.set({ stage: "done", progress: null });
    }
  }

  /**
   * @param {string} call
   * @param {readonly unknown[]} args
   * @param {Transferable[]} transfer
   * @returns {Promise<any>}
   */
  #call(call, args = [], transfer = []) {
    if (!this.#engine) return Promise.reject(new Error("no worker was started"));
    return this.#engine.call(call, args, transfer);
  }
}

/**
 * Whether a refused file only happens to lie in the folder that was opened.
 * @param {string} path
 * @param {string} code
 */
const isUnrelated = (path, code) => path.includes("/") && UNRELATED.has(code);

/** @param {unknown} error */
const codeOf = (error) => (error instanceof Error && "code" in error ? String(error.code) : "Unexpected");

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** @param {string} sentence @param {Error} loss */
const withCause = (sentence, loss) => (loss.message ? `${sentence} (${loss.message})` : sentence);
