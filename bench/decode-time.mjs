/**
 * Times decoding in WebAssembly against CornerStone's codec packages, in one page of one Chromium:
 * `node bench/decode-time.mjs` after `cargo xtask web`. Prints JSON.
 *
 * The streams are those of real CT slices of 512 × 512 pixels in `../shared/conformance`, each put into a DICOM file of
 * its own. Ours is the time of `addFile`: the file is copied into the module, parsed, decoded and kept. Theirs is that of
 * copying the stream in, decoding it, and getting the pixels' buffer. Both take turns. The fastest of the runs is what other
 * work on the machine disturbs least; the median stands beside it.
 * The packages are installed into target/decode-bench by their pinned versions; the page itself uses none of them.
 */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { launch } from "../tests/e2e/support/browser.mjs";
import { DIST, SHARED, readBuild } from "../tests/e2e/support/project.mjs";
import { serve } from "../xtask/serve.mjs";

const RUNS = 41;
const PACKAGES = {
  "codec-charls": "1.2.7",
  "codec-openjpeg": "1.3.6",
  "codec-openjph": "2.4.11",
  "codec-libjpeg-turbo-8bit": "1.2.8",
};
const BENCH = fileURLToPath(new URL("../target/decode-bench/", import.meta.url));
const FILES = path.join(SHARED, "conformance/files");
const CORNERSTONE = "cornerstone-wadoimageloader/CTImage.dcm_";

/** Label, file, transfer syntax, and the package with its decoder class; without one there is nothing to compare with. */
const CASES = [
  ["RLE", `${CORNERSTONE}RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm`, "5"],
  [
    "JPEG 8 bits",
    `${CORNERSTONE}JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm`,
    "4.50",
    "codec-libjpeg-turbo-8bit",
    "libjpegturbowasm_decode",
    "JPEGDecoder",
  ],
  ["JPEG 12 bits", `${CORNERSTONE}JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm`, "4.51"],
  ["JPEG 12 bits, progressive", `${CORNERSTONE}JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm`, "4.55"],
  ["JPEG lossless", `${CORNERSTONE}JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm`, "4.70"],
  [
    "JPEG-LS lossless",
    `${CORNERSTONE}JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm`,
    "4.80",
    "codec-charls",
    "charlswasm_decode",
    "JpegLSDecoder",
  ],
  [
    "JPEG-LS near-lossless",
    `${CORNERSTONE}JPEGLSLossyTransferSyntax_1.2.840.10008.1.2.4.81.dcm`,
    "4.81",
    "codec-charls",
    "charlswasm_decode",
    "JpegLSDecoder",
  ],
  [
    "JPEG 2000 lossless",
    `${CORNERSTONE}JPEG2000LosslessOnlyTransferSyntax_1.2.840.10008.1.2.4.90.dcm`,
    "4.90",
    "codec-openjpeg",
    "openjpegwasm_decode",
    "J2KDecoder",
  ],
  [
    "JPEG 2000",
    `${CORNERSTONE}JPEG2000TransferSyntax_1.2.840.10008.1.2.4.91.dcm`,
    "4.91",
    "codec-openjpeg",
    "openjpegwasm_decode",
    "J2KDecoder",
  ],
  ["HTJ2K lossless", "htj2k-openjphjs/j2c/CT1.j2c", "4.201", "codec-openjph", "openjphjs", "HTJ2KDecoder"],
];

if (!existsSync(FILES)) {
  console.log(`${FILES} is absent: this reads real slices from it`);
  process.exit(1);
}
execFileSync(
  "npm",
  [
    "install",
    "--no-audit",
    "--no-fund",
    "--no-save",
    "--prefix",
    BENCH,
    ...Object.entries(PACKAGES).map(([name, version]) => `@cornerstonejs/${name}@${version}`),
  ],
  { stdio: ["ignore", "ignore", "ignore"] },
);

/** The one frame of a DICOM file: the fragments behind the offset table, put together. */
function frameOf(bytes) {
  const headers = ["OB", "OW"].map((vr) =>
    Buffer.concat([Buffer.from("e07f1000", "hex"), Buffer.from(vr), Buffer.from("0000ffffffff", "hex")]),
  );
  const start = Math.max(...headers.map((header) => bytes.indexOf(header))) + 12;
  const parts = [];
  for (let at = start, n = 0; bytes.readUInt32LE(at) === 0xe000fffe; n++) {
    const length = bytes.readUInt32LE(at + 4);
    if (n > 0) parts.push(bytes.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts);
}

/** A CT image of 512 × 512 pixels around a stream. */
function dicomOf(stream, syntax, bits, signed) {
  const element = (group, number, vr, value) => {
    const head = Buffer.alloc(8);
    head.writeUInt16LE(group, 0);
    head.writeUInt16LE(number, 2);
    head.write(vr, 4, "latin1");
    const even = value.length % 2 ? Buffer.concat([value, Buffer.from(vr === "UI" ? "\0" : " ")]) : value;
    head.writeUInt16LE(even.length, 6);
    return Buffer.concat([head, even]);
  };
  const text = (group, number, vr, value) => element(group, number, vr, Buffer.from(value, "latin1"));
  const word = (number, value) => element(0x28, number, "US", Buffer.from([value & 255, value >> 8]));
  const item = (tag, content) => {
    const head = Buffer.from([0xfe, 0xff, tag & 255, tag >> 8, 0, 0, 0, 0]);
    head.writeUInt32LE(content.length, 4);
    return Buffer.concat([head, content]);
  };
  const even = stream.length % 2 ? Buffer.concat([stream, Buffer.alloc(1)]) : stream;
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from("DICM"),
    text(2, 0x10, "UI", `1.2.840.10008.1.2.${syntax}`),
    text(8, 0x16, "UI", "1.2.840.10008.5.1.4.1.1.2"),
    text(8, 0x60, "CS", "CT"),
    word(2, 1),
    text(0x28, 4, "CS", "MONOCHROME2"),
    word(0x10, 512),
    word(0x11, 512),
    word(0x100, bits > 8 ? 16 : 8),
    word(0x101, bits),
    word(0x102, bits - 1),
    word(0x103, signed ? 1 : 0),
    text(0x28, 0x1052, "DS", "0"),
    text(0x28, 0x1053, "DS", "1"),
    Buffer.from("e07f10004f420000ffffffff", "hex"),
    item(0xe000, Buffer.alloc(0)),
    item(0xe000, even),
    item(0xe0dd, Buffer.alloc(0)),
  ]);
}

const host = await serve({
  "/": fileURLToPath(new URL(".", import.meta.url)),
  "/dist/": DIST,
  "/packages/": path.join(BENCH, "node_modules/@cornerstonejs"),
});
const { origin } = host;

const browser = await launch();
const page = await browser.newPage();
page.on("pageerror", (error) => console.error(String(error)));
await page.goto(`${origin}/empty.html`);
const { files } = readBuild();
await page.evaluate(
  async ([origin, files]) => {
    const bytes = async (name) => new Uint8Array(await (await fetch(`${origin}/dist/${name}`)).arrayBuffer());
    const glue = await import(`${origin}/dist/${files.glue.path}`);
    await glue.default({ module_or_path: `${origin}/dist/${files.wasm.path}` });
    globalThis.bench = new glue.Workbench(new TextDecoder().decode(await bytes(files.spec.path)));
    /** A decoder of one of the packages, whose scripts each define one global factory. */
    globalThis.theirs = async (name, script, type) => {
      const before = new Set(Object.getOwnPropertyNames(globalThis));
      const source = `${origin}/packages/${name}/dist/${script}.js`;
      globalThis.factories ??= {};
      if (!globalThis.factories[source]) {
        await new Promise((resolve, reject) => {
          const element = document.createElement("script");
          element.src = source;
          element.onload = resolve;
          element.onerror = () => reject(new Error(source));
          document.head.append(element);
        });
        const added = Object.getOwnPropertyNames(globalThis).filter(
          (one) => !before.has(one) && typeof globalThis[one] === "function",
        );
        globalThis.factories[source] = await globalThis[added[0]]({
          locateFile: (file) => `${origin}/packages/${name}/dist/${file}`,
        });
      }
      return new globalThis.factories[source][type]();
    };
  },
  [origin, files],
);

const results = [];
for (const [label, file, syntax, name, script, type] of CASES) {
  const whole = readFileSync(path.join(FILES, file));
  const stream = file.endsWith(".j2c") ? whole : frameOf(whole);
  const eight = syntax === "4.50";
  const twelve = /^4\.5[135]$/.test(syntax);
  const dicom = dicomOf(stream, syntax, eight ? 8 : twelve ? 12 : 16, !eight && !twelve);
  const times = await page.evaluate(
    async ({ dicom, stream, name, script, type, runs }) => {
      const bytesOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
      const [file, frame] = [bytesOf(dicom), bytesOf(stream)];
      const decoder = name ? await globalThis.theirs(name, script, type) : null;
      const ours = [];
      const theirs = [];
      for (let run = 0; run < runs; run++) {
        globalThis.bench.clear();
        let began = performance.now();
        globalThis.bench.addFile("x.dcm", file);
        ours.push(performance.now() - began);
        if (!decoder) continue;
        began = performance.now();
        decoder.getEncodedBuffer(frame.length).set(frame);
        decoder.decode();
        decoder.getDecodedBuffer();
        theirs.push(performance.now() - began);
      }
      return { ours, theirs };
    },
    { dicom: dicom.toString("base64"), stream: stream.toString("base64"), name, script, type, runs: RUNS },
  );
  const fastest = (values) => (values.length ? Number(Math.min(...values).toFixed(1)) : null);
  const median = (values) =>
    values.length ? Number(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)].toFixed(1)) : null;
  const both = (values) => ({ fastest_ms: fastest(values), median_ms: median(values) });
  results.push({
    codec: label,
    ours: both(times.ours),
    theirs: name ? { package: name, ...both(times.theirs) } : null,
  });
}
console.log(
  JSON.stringify(
    { browser: `Chromium ${browser.version()}`, processor: os.cpus()[0]?.model ?? "unknown", runs: RUNS, results },
    null,
    1,
  ),
);
await browser.close();
await host.close();
