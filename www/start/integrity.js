// @ts-check
/** Fetches the page's own files with progress in bytes and checks each against the SHA-256 the page was built with. */

import { StartError } from "./start-error.js";

/**
 * What `cargo xtask web` wrote into the page: one entry per file that start-up fetches.
 * @typedef {{ path: string, sha256: string, bytes: number }} BuiltFile
 * @typedef {"wasm" | "glue" | "worker" | "scope" | "model" | "spec"} BuiltFileName
 * @typedef {{ version: string, commit: string, files: Record<BuiltFileName, BuiltFile> }} Build
 */

/** @type {readonly BuiltFileName[]} */
const FILES = ["spec", "glue", "worker", "scope", "model", "wasm"];

/**
 * The list of files that `cargo xtask web` wrote into the page.
 * @param {Document} page
 * @returns {Build}
 */
export function readBuild(page) {
  /** @type {Build} */
  let build;
  try {
    build = JSON.parse(page.querySelector("script#build")?.textContent ?? "");
  } catch {
    throw new StartError("BuildMissing");
  }
  for (const name of FILES) {
    const file = build.files?.[name];
    if (typeof file?.path !== "string" || !/^[0-9a-f]{64}$/.test(file.sha256) || !Number.isSafeInteger(file.bytes)) {
      throw new StartError("BuildMissing");
    }
  }
  return build;
}

/**
 * All files of the build, fetched at once and checked. Nothing is returned unless every file is right.
 * @param {Build} build
 * @param {string} base the URL that paths are relative to
 * @param {(done: number, total: number) => void} onProgress bytes, after decompression
 * @param {(wasm: ReadableStream<Uint8Array<ArrayBuffer>>) => void} onWasm the module's bytes while they arrive, unchecked
 * @returns {Promise<Record<BuiltFileName, Uint8Array<ArrayBuffer>>>}
 */
export async function fetchAll(build, base, onProgress, onWasm) {
  const total = FILES.reduce((sum, name) => sum + build.files[name].bytes, 0);
  let done = 0;
  onProgress(done, total);
  const entries = await Promise.all(
    FILES.map(async (name) => {
      const file = build.files[name];
      const onBytes = (/** @type {number} */ more) => onProgress((done += more), total);
      const bytes = await fetchFile(file, base, onBytes, name === "wasm" ? onWasm : null);
      await check(file, bytes);
      return /** @type {const} */ ([name, bytes]);
    }),
  );
  return /** @type {Record<BuiltFileName, Uint8Array<ArrayBuffer>>} */ (Object.fromEntries(entries));
}

/**
 * @param {BuiltFile} file
 * @param {string} base
 * @param {(more: number) => void} onBytes
 * @param {((body: ReadableStream<Uint8Array<ArrayBuffer>>) => void) | null} onBody given the same bytes while they arrive
 */
async function fetchFile(file, base, onBytes, onBody) {
  const bytes = new Uint8Array(file.bytes);
  let at = 0;
  try {
    // Asking the server each time keeps a stale copy in the cache from failing the check.
    const response = await fetch(new URL(file.path, base), { cache: "no-cache", credentials: "omit" });
    if (!response.ok || !response.body) {
      throw new StartError("DownloadFailed", { file: file.path, details: { status: response.status } });
    }
    let body = response.body;
    if (onBody) {
      const [ours, theirs] = body.tee();
      body = ours;
      onBody(theirs);
    }
    const reader = body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (at + part.value.length <= bytes.length) bytes.set(part.value, at);
      at += part.value.length;
      onBytes(part.value.length);
    }
  } catch (error) {
    if (error instanceof StartError) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw new StartError("DownloadFailed", { file: file.path, cause });
  }
  if (at !== bytes.length) {
    throw new StartError("IntegrityMismatch", {
      file: file.path,
      details: { found_bytes: at, expected_bytes: bytes.length },
    });
  }
  return bytes;
}

/**
 * @param {BuiltFile} file
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
async function check(file, bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== file.sha256) {
    throw new StartError("IntegrityMismatch", { file: file.path, details: { found, expected: file.sha256 } });
  }
}
