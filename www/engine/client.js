// @ts-check
/**
 * The page's end of the worker: calls and answers in order, and the end of a worker that trapped or hangs.
 * A lost worker takes its slices and detections with it; `ready` starts a new one from the kept bytes.
 */

/** @import { Kit, ModelInfo } from "../types.js" */

/** A refusal by the WebAssembly module: the worker is well, and the error names a stable code. */
export class CallError extends Error {
  /**
   * @param {string} name
   * @param {string} code
   * @param {string} message
   */
  constructor(name, code, message) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

/** The worker is gone. `call` and `args` are what it was doing when it trapped or hung. */
export class WorkerLost extends Error {
  /**
   * @param {"WorkerTrap" | "WorkerTimeout"} code
   * @param {string} message
   * @param {string} call
   * @param {readonly unknown[]} args
   */
  constructor(code, message, call, args) {
    super(message);
    this.name = "WorkerLost";
    this.code = code;
    this.call = call;
    this.args = args;
  }
}

/**
 * @typedef {{
 *   id: number, call: string, args: readonly unknown[],
 *   resolve: (result: any) => void, reject: (error: Error) => void,
 * }} Pending
 */

export class Engine {
  /** @type {Kit} */ #kit;
  /** @type {"start" | "startNet"} */ #startCall;
  #limit_s;
  #startLimit_s;
  /** @type {Worker | null} */ #worker = null;
  /** @type {Promise<ModelInfo> | null} */ #started = null;
  /** @type {Pending[]} */ #pending = [];
  /** @type {WorkerLost | null} */ #lost = null;
  #nextId = 0;
  #waited_s = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #clock;

  /**
   * @param {Kit} kit
   * @param {"start" | "startNet"} startCall whether the worker holds the study, or only a net
   * @param {{ limit_s: number, startLimit_s: number }} limits seconds one call, and the first call, may take
   */
  constructor(kit, startCall = "start", limits = { limit_s: 20, startLimit_s: 60 }) {
    this.#kit = kit;
    this.#startCall = startCall;
    this.#limit_s = limits.limit_s;
    this.#startLimit_s = limits.startLimit_s;
  }

  /**
   * A worker that answers: the present one, or a new one where there is none or it was lost.
   * @returns {Promise<ModelInfo>} of a worker that holds the study
   */
  ready() {
    this.#started ??= this.#start();
    return this.#started;
  }

  /**
   * Calls one method of what the worker holds. Calls are answered in order.
   * @param {string} call
   * @param {readonly unknown[]} args
   * @param {Transferable[]} transfer
   * @returns {Promise<any>} rejects with a CallError, or with a WorkerLost
   */
  call(call, args = [], transfer = []) {
    const worker = this.#worker;
    if (!worker) return Promise.reject(this.#lost ?? new WorkerLost("WorkerTrap", "", call, args));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      // What was transferred is gone from this side; the record keeps only what names the culprit.
      this.#pending.push({ id, call, args: args.filter((arg) => typeof arg !== "object"), resolve, reject });
      if (this.#pending.length === 1) this.#watch();
      worker.postMessage({ id, call, args }, transfer);
    });
  }

  #start() {
    this.#lost = null;
    const worker = new Worker(this.#kit.workerUrl, { type: "module", name: "lesionlens" });
    this.#worker = worker;
    worker.addEventListener("message", ({ data }) => this.#settle(worker, data));
    worker.addEventListener("error", (event) => this.#lose(worker, "WorkerTrap", event.message ?? ""));
    worker.addEventListener("messageerror", () => this.#lose(worker, "WorkerTrap", ""));
    const { glueUrl, module, spec, model } = this.#kit;
    return this.call(this.#startCall, [{ glueUrl, module, spec, model }]);
  }

  /**
   * @param {Worker} worker
   * @param {{ id: number, result?: unknown, error?: { name: string, code: string | null, message: string } }} answer
   */
  #settle(worker, answer) {
    if (worker !== this.#worker) return;
    if (answer.error && answer.error.code === null) {
      this.#lose(worker, "WorkerTrap", answer.error.message);
      return;
    }
    const at = this.#pending.findIndex(({ id }) => id === answer.id);
    const [pending] = at < 0 ? [] : this.#pending.splice(at, 1);
    this.#watch();
    if (answer.error) pending?.reject(new CallError(answer.error.name, answer.error.code ?? "", answer.error.message));
    else pending?.resolve(answer.result);
  }

  /**
   * Ends a worker. The oldest call that has no answer is the one it was busy with.
   * @param {Worker} worker
   * @param {"WorkerTrap" | "WorkerTimeout"} code
   * @param {string} message
   */
  #lose(worker, code, message) {
    if (worker !== this.#worker) return;
    worker.terminate();
    const pending = this.#pending;
    this.#lost = new WorkerLost(code, message, pending[0]?.call ?? "", pending[0]?.args ?? []);
    this.#worker = null;
    this.#started = null;
    this.#pending = [];
    this.#watch();
    for (const { reject } of pending) reject(this.#lost);
  }

  /**
   * Starts counting anew for the oldest call without an answer. Seconds are counted by ticks, so that a machine that
   * slept does not find its worker guilty on waking.
   */
  #watch() {
    clearInterval(this.#clock);
    this.#waited_s = 0;
    if (this.#pending.length === 0) return;
    this.#clock = setInterval(() => {
      this.#waited_s += 1;
      const limit_s = this.#pending[0]?.call === this.#startCall ? this.#startLimit_s : this.#limit_s;
      if (this.#waited_s >= limit_s && this.#worker) this.#lose(this.#worker, "WorkerTimeout", "");
    }, 1000);
  }
}
