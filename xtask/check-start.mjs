// Starts the built module outside of a browser and loads the model into it.
// Arguments: the JavaScript around the module, the module, the model's spec, the model.
import { readFile } from "node:fs/promises";

const [gluePath, wasmPath, specPath, modelPath] = process.argv.slice(2);
const glue = await import(`data:text/javascript;base64,${(await readFile(gluePath)).toString("base64")}`);
glue.initSync({ module: await WebAssembly.compile(await readFile(wasmPath)) });
const spec = await readFile(specPath, "utf8");
const workbench = new glue.Workbench(spec);
const { name } = workbench.modelInfo();
workbench.free();
const net = new glue.Net(spec, new Uint8Array(await readFile(modelPath)));
const reason = net.notInteger();
if (reason !== undefined) throw new Error(`the model ${name} does not run as integers: ${reason}`);
net.free();
console.log(`the module starts and loads the model ${name}`);
