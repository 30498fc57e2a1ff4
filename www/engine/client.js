// @ts-check
/**
 * The page's end of one worker: calls and answers in order, and the end of a worker that trapped or hangs.
 * A lost worker takes what it held with it; `ready` starts a new one.
 */

/** @import { Fault } from "lesionlens" */

/**
 * What a worker says of an error. Without a code it is a trap, which leaves the worker's module unusable.
 * @typedef {{
 *   name: string, code: string | null, fault: Fault, unrelated: boolean, details: Readonly<Record<string, unknown>>, message: string,
 * }} Refusal
 */

/** A refusal by the WebAssembly module: the worker is well, and the error names a stable code. */
export class CallError extends Error {
  /** @param {Refusal} refusal */
  constructor({ name, code, fault, unrelated, details, message }) {
    super(message);
    this.name = name;
    this.code = code ?? "";
    this.fault = fault;
    this.unrelated = unrelated;
    this.details = details;
  }
}

/** The worker is gone. `call` and `about` are what it was doing when it trapped or hung. */
export class WorkerLost extends Error {
  /**
   * @param {"WorkerTrap" | "WorkerTimeout"} code
   * @param {string} message
   * @param {string} call
   * @param {string} about what the call was about, as its caller named it
   */
  constructor(code, message, call, about) {
    super(message);
    this.name = "WorkerLost";
    this.code = code;
    this.call = call;
    this.about = about;
  }
}

/**
 * @typedef {{
 *   id: number, call: string, about: string,
 *   resolve: (result: any) => void, reject: (error: Error) => void,
 * }} Pending
 */

export class Client {
  #url;
  #startCall;
  #startArgs;
  #limit_s;
  #startLimit_s;
  /** @type {Worker | null} */ #worker = null;
  /** @type {Promise<any> | null} */ #started = null;
  /** @type {Pending[]} */ #pending = [];
  /** @type {WorkerLost | null} */ #lost = null;
  #nextId = 0;
  #waited_s = 0;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #clock;

  /**
   * @param {string} url of the worker's script
   * @param {{ call: string, args: readonly unknown[] }} start the first call, by which the worker gets ready
   * @param {{ limit_s: number, startLimit_s: number }} limits seconds one call, and the first call, may take
   */
  constructor(url, start, limits = { limit_s: 20, startLimit_s: 60 }) {
    this.#url = url;
    this.#startCall = start.call;
    this.#startArgs = start.args;
    this.#limit_s = limits.limit_s;
    this.#startLimit_s = limits.startLimit_s;
  }

  /**
   * A worker that answers: the present one, or a new one where there is none or it was lost.
   * @returns {Promise<any>} the answer to the first call
   */
  ready() {
    this.#started ??= this.#start();
    return this.#started;
  }

  /**
   * Calls one method of what the worker holds. Calls are answered in order.
   * @param {string} call
   * @param {readonly unknown[]} args
   * @param {{ transfer?: Transferable[], about?: string }} options `about` names the culprit if the worker is lost over it
   * @returns {Promise<any>} rejects with a CallError, or with a WorkerLost
   */
  call(call, args = [], { transfer = [], about = "" } = {}) {
    const worker = this.#worker;
    if (!worker) return Promise.reject(this.#lost ?? new WorkerLost("WorkerTrap", "", call, about));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#pending.push({ id, call, about, resolve, reject });
      if (this.#pending.length === 1) this.#watch();
      worker.postMessage({ id, call, args }, transfer);
    });
  }

  #start() {
    this.#lost = null;
    const worker = new Worker(this.#url, { type: "module", name: "lesionlens" });
    this.#worker = worker;
    worker.addEventListener("message", ({ data }) => this.#settle(worker, data));
    worker.addEventListener("error", (event) => this.#lose(worker, "WorkerTrap", event.message ?? ""));
    worker.addEventListener("messageerror", () => this.#lose(worker, "WorkerTrap", ""));
    return this.call(this.#startCall, this.#startArgs);
  }

  /**
   * @param {Worker} worker
   * @param {{ id: number, result?: unknown, error?: Refusal }} answer
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
    if (answer.error) pending?.reject(new CallError(answer.error));
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
    this.#lost = new WorkerLost(code, message, pending[0]?.call ?? "", pending[0]?.about ?? "");
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
