/** From navigation to the heads of a first slice, with the engine that the address names. */

import { loadOwn, onnxruntime, own, slice } from "./engines.js";

const engine = location.search === "?own" ? own(await loadOwn()) : await onnxruntime(1);
const heads = await engine.run(slice(512, 512, 0), 512, 512);
if (heads.length < 2) throw new Error("a head is missing");
Object.assign(globalThis, { firstHeads_ms: performance.now() });
