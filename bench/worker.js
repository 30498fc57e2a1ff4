/** One worker of a pool: the net, and the sample study as the page's own worker holds it. */

let net;
let memory;
let study;

/** @type {Record<string, (data: any) => unknown>} */
const calls = {
  async start({ module, spec, model }) {
    const glue = await import("/dist/pkg/lesionlens.js");
    ({ memory } = glue.initSync({ module }));
    net = new glue.Net(spec, model);
    study = () => {
      const bench = new glue.Workbench(spec, model);
      for (let file = 0; file < bench.sampleSize(); file++) {
        const { path, bytes } = bench.sampleFile(file);
        bench.addFile(path, bytes);
      }
      bench.arrange();
      for (let slice = 20; slice < 24; slice++) bench.detect(0, slice);
    };
  },
  run: ({ levels, rows, cols }) => void net.run(levels, rows, cols),
  /** Bytes that memory has grown to once the sample study is there and slices of it have been searched. */
  memory() {
    study();
    return memory.buffer.byteLength;
  },
};

globalThis.onmessage = async ({ data }) => {
  try {
    const call = data === "memory" ? "memory" : data.module ? "start" : "run";
    globalThis.postMessage({ result: await calls[call](data) });
  } catch (error) {
    globalThis.postMessage({ error: String(error) });
  }
};
