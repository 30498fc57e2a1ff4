// @ts-check
/**
 * The workers of a page: one for each viewer's study, and nets that all viewers share.
 *
 * A net is lent for one slice at a time and goes to whoever has waited longest, so viewers that search at once take
 * turns, and a study that is no longer wanted keeps the others waiting for no more than one run.
 */

import { Client } from "./client.js";

// Most nets that search at once; each needs about 50 MB.
const MOST_NETS = 4;

/**
 * Everything a worker is started from, fetched and checked, kept so that a new worker needs no network.
 * @typedef {{
 *   version: string, module: WebAssembly.Module, spec: string, model: Uint8Array<ArrayBuffer>,
 *   canary: string, scopeUrl: string, glueUrl: string, workerUrl: string,
 * }} Kit
 */

/**
 * How many nets search at once on a machine.
 * @param {number | undefined} n_processors as far as the browser tells
 */
export const netsFor = (n_processors) => Math.max(1, Math.min(n_processors || 1, MOST_NETS));

export class Pool {
  #kit;
  /** @type {Client[]} */ #nets;
  /** @type {Client[]} */ #idle;
  /** @type {((net: Client) => void)[]} */ #waiting = [];

  /**
   * @param {Kit} kit
   * @param {number} n_nets
   */
  constructor(kit, n_nets = netsFor(navigator.hardwareConcurrency)) {
    this.#kit = kit;
    const { canary, scopeUrl, glueUrl, module, spec, model } = kit;
    const net = { call: "startNet", args: [{ canary, scopeUrl, glueUrl, module, spec, model }] };
    this.#nets = Array.from({ length: n_nets }, () => new Client(kit.workerUrl, net));
    this.#idle = [...this.#nets];
  }

  /** How many slices can be searched at once. */
  get n_nets() {
    return this.#nets.length;
  }

  get version() {
    return this.#kit.version;
  }

  /** A worker of its own for the study of one viewer. It loads no net. */
  study() {
    const { canary, scopeUrl, glueUrl, module, spec, workerUrl } = this.#kit;
    return new Client(workerUrl, { call: "start", args: [{ canary, scopeUrl, glueUrl, module, spec }] });
  }

  /** Starts the nets ahead of their first use; one that does not start says so when it is used. */
  warm() {
    for (const net of this.#nets) net.ready().catch(() => {});
  }

  /**
   * Lends a net for as long as `work` takes.
   * @template T
   * @param {(net: Client) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async lend(work) {
    /** @type {Client} */
    const net = this.#idle.pop() ?? (await new Promise((resolve) => this.#waiting.push(resolve)));
    try {
      return await work(net);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(net);
      else this.#idle.push(net);
    }
  }
}
