// Starts the built module outside of a browser and loads the model into it.
// Arguments: the JavaScript around the module, the module, the model's spec, the model.
import { readFile } from "node:fs/promises";

const [gluePath, wasmPath, specPath, modelPath] = process.argv.slice(2);
const glue = await import(`data:text/javascript;base64,${(await readFile(gluePath)).toString("base64")}`);
glue.initSync({ module: await WebAssembly.compile(await readFile(wasmPath)) });
const workbench = new glue.Workbench(await readFile(specPath, "utf8"), new Uint8Array(await readFile(modelPath)));
const { name } = workbench.modelInfo();
workbench.free();
console.log(`the module starts and loads the model ${name}`);
