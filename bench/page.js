/** Functions that `run.mjs` calls in the page: engines in turn on the same slices, and pools of workers. */

import { loadOwn, onnxruntime, own, plain, slice } from "./engines.js";

const [ROWS, COLS] = [512, 512];
const N_SLICES = 4;
const slices = Array.from({ length: N_SLICES }, (_, seed) => slice(ROWS, COLS, seed));

/**
 * Milliseconds of every run of every engine; before that, how far their outputs are apart from the first engine's.
 * Engines take turns within a round, in an order that goes round as well, so that a busy machine is busy for all.
 */
async function compare(engines, rounds) {
  const agreement = {};
  const expected = await engines[0].run(slices[0], ROWS, COLS);
  for (const { name, run } of engines) {
    const heads = await run(slices[0], ROWS, COLS);
    agreement[name] = heads.map((head, at) => difference(head, expected[at]));
  }
  const times_ms = Object.fromEntries(engines.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < engines.length; turn++) {
      const { name, run } = engines[(turn + round) % engines.length];
      const started = performance.now();
      await run(slices[round % N_SLICES], ROWS, COLS);
      times_ms[name].push(performance.now() - started);
    }
  }
  return { agreement, times_ms };
}

function difference(a, b) {
  let [equal, largest] = [0, 0];
  for (let at = 0; at < b.length; at++) {
    if (a[at] === b[at]) equal++;
    largest = Math.max(largest, Math.abs(a[at] - b[at]));
  }
  return {
    values: b.length,
    same_length: a.length === b.length,
    equal_share: equal / b.length,
    largest_difference: largest,
  };
}

Object.assign(globalThis, {
  /** One thread each. */
  async single(rounds) {
    const kit = await loadOwn();
    return compare([own(kit), await plain(kit), await onnxruntime(1)], rounds);
  },

  /** onnxruntime-web with threads, which needs an isolated page, beside this engine with one. */
  async threaded(rounds, threads) {
    if (!globalThis.crossOriginIsolated) throw new Error("the page is not isolated");
    return compare([own(await loadOwn()), await onnxruntime(threads)], rounds);
  },

  /** Milliseconds until pools of workers have searched `n` slices, alternately; bytes of memory of each worker. */
  async pools(sizes, n, rounds) {
    const module = await WebAssembly.compileStreaming(fetch("/dist/pkg/lesionlens_bg.wasm"));
    const { spec, model } = await loadOwn();
    const workers = await Promise.all(
      Array.from({ length: Math.max(...sizes) }, async () => {
        const worker = new Worker("worker.js", { type: "module" });
        await ask(worker, { module, spec, model });
        return worker;
      }),
    );
    const times_ms = Object.fromEntries(sizes.map((size) => [size, []]));
    for (let round = 0; round < rounds; round++) {
      for (const size of sizes) {
        let next = 0;
        const started = performance.now();
        await Promise.all(
          workers.slice(0, size).map(async (worker) => {
            while (next < n) await ask(worker, { levels: slices[next++ % N_SLICES], rows: ROWS, cols: COLS });
          }),
        );
        times_ms[size].push(performance.now() - started);
      }
    }
    return { times_ms, memory_bytes: await Promise.all(workers.map((worker) => ask(worker, "memory"))) };
  },
});

function ask(worker, message) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.result));
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(message);
  });
}
document.title += " (loaded)";
