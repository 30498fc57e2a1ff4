/** What the tests are run with, from the environment that `cargo xtask test` sets; else what lies in the checkout. */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const given = (name, otherwise) => path.resolve(process.env[name] ?? path.join(root, otherwise));

/** The built page. */
export const DIST = given("LESIONLENS_DIST", "dist");
/** The native command line. */
const BIN = given("LESIONLENS_BIN", "target/debug/lesionlens");
/** Files that `cargo run --example fixtures` made. */
export const FIXTURES = given("LESIONLENS_FIXTURES", "target/e2e-fixtures");
/** Real files, which are not part of the repository. */
export const SHARED = path.join(root, "../shared");

/** A reason to skip what needs `../shared/<inside>`, or false where it is there. */
export function withoutShared(inside) {
  return existsSync(path.join(SHARED, inside))
    ? false
    : `../shared/${inside} is absent: this test reads real files from it`;
}

/** Absolute paths of all files below a folder, in order. */
export function filesBelow(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((e) => e.isFile())
    .map((e) => path.join(e.parentPath ?? e.path, e.name))
    .sort();
}

/** Files as `drop` takes them, under their own names or those that `nameOf` gives. */
export function load(paths, nameOf = path.basename) {
  return paths.map((file) => ({ name: nameOf(file), bytes: readFileSync(file) }));
}

/** `000002_01_01/162.png` as one name, `000002_01_01_162.png`, as DeepLesion's table writes it. */
export const flatName = (file) => `${path.basename(path.dirname(file))}_${path.basename(file)}`;

/** What `lesionlens detect` says about files, every detection from the score floor up. */
export async function detectNatively(paths, floor) {
  const args = ["detect", ...paths, "--threshold", String(floor), "--json"];
  const { stdout } = await promisify(execFile)(BIN, args, { maxBuffer: 1 << 28 });
  return JSON.parse(stdout);
}

/** The list of files in the built page. */
export function readBuild() {
  const [, json] = /<script type="application\/json" id="build">([^<]*)<\/script>/.exec(
    readFileSync(path.join(DIST, "index.html"), "utf8"),
  );
  return JSON.parse(json);
}

/**
 * Patches for `serve` that change one file of the build and the list in the page with it, so that the page takes it.
 * @param {"wasm" | "glue" | "worker" | "scope" | "model" | "spec"} name
 * @param {(text: string) => string} change
 */
export function rebuilt(name, change) {
  const build = readBuild();
  const file = build.files[name];
  const changed = Buffer.from(change(readFileSync(path.join(DIST, file.path), "utf8")));
  file.sha256 = createHash("sha256").update(changed).digest("hex");
  file.bytes = changed.length;
  return {
    [file.path]: () => changed,
    "index.html": (html) => html.toString().replace(/(id="build">)[^<]*/, (_, open) => open + JSON.stringify(build)),
  };
}

/**
 * The page without the digests by which the browser refuses changed scripts, so that a test may change them.
 * @param {string} html
 */
export const unsealed = (html) =>
  html.replace(/<script type="importmap">[^<]*<\/script>/, "").replaceAll(/ integrity="[^"]*"/g, "");
