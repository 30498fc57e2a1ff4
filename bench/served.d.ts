/** Scripts that the benchmark's host serves and that lie elsewhere. */

declare module "*/lesionlens.js";
declare module "*/ort.wasm.min.mjs";
