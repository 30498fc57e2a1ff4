/** One worker of a pool: the net, and the sample study as the page's own workers hold it. */

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
      const workbench = new glue.Workbench(spec);
      const sample = new glue.Sample();
      for (let file = 0; file < sample.nFiles(); file++) {
        const { path, bytes } = sample.file(file);
        workbench.addFile(path, bytes);
      }
      sample.free();
      const [{ slices }] = workbench.arrange();
      for (const { id } of slices.slice(20, 24)) {
        const { ticket, levels, rows, cols } = workbench.input(id);
        workbench.accept(ticket, net.run(levels, rows, cols));
      }
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
