/**
 * The lock seen from outside of the browser: in a network namespace of its own, with a wire to another, no packet of TCP
 * or UDP, and so no lookup of a name, comes from ready to close while studies are opened and searched. The control sends
 * by three ways, each of which must be seen. Needs root, iproute2 and tcpdump, and is skipped with the reason without.
 */

import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const VISIT = fileURLToPath(new URL("support/visit.mjs", import.meta.url));
const INSIDE = `lesionlens-in-${process.pid}`;
const OUTSIDE = `lesionlens-out-${process.pid}`;
const ip = (...args) => execFileSync("ip", args, { stdio: ["ignore", "pipe", "pipe"] });

/** Why this cannot be run, or false. */
function missing() {
  if (process.getuid?.() !== 0) return "making a network namespace needs root";
  try {
    execFileSync("tcpdump", ["--version"], { stdio: "ignore" });
    ip("netns", "add", INSIDE);
    ip("netns", "delete", INSIDE);
    return false;
  } catch (error) {
    return `network namespaces or tcpdump cannot be had: ${String(error).split("\n")[0]}`;
  }
}

describe("seen from outside of the browser", { skip: missing() }, () => {
  before(() => {
    ip("netns", "add", INSIDE);
    ip("netns", "add", OUTSIDE);
    ip("link", "add", "wire", "netns", INSIDE, "type", "veth", "peer", "name", "wire", "netns", OUTSIDE);
    for (const [space, address] of [
      [INSIDE, "10.77.0.2/24"],
      [OUTSIDE, "10.77.0.1/24"],
    ]) {
      ip("-n", space, "address", "add", address, "dev", "wire");
      for (const device of ["lo", "wire"]) ip("-n", space, "link", "set", device, "up");
    }
    ip("-n", INSIDE, "route", "add", "default", "via", "10.77.0.1");
    mkdirSync(`/etc/netns/${INSIDE}`, { recursive: true });
    writeFileSync(`/etc/netns/${INSIDE}/resolv.conf`, "nameserver 10.77.0.1\n");
  });
  after(() => {
    for (const space of [INSIDE, OUTSIDE]) ip("netns", "delete", space);
    rmSync(`/etc/netns/${INSIDE}`, { recursive: true });
  });

  /** A visit, and the packets that came over the wire from ready to its end, as tcpdump writes them. */
  async function visit(how) {
    const args = ["netns", "exec", OUTSIDE, "tcpdump", "-i", "wire", "-n", "-tt", "-l", "tcp or udp"];
    const dump = spawn("ip", args, { stdio: ["ignore", "pipe", "pipe"] });
    const ended = new Promise((resolve) => dump.once("exit", resolve));
    let packets = "";
    dump.stdout.on("data", (bytes) => (packets += bytes));
    await new Promise((resolve, reject) => {
      dump.stderr.on("data", (bytes) => /listening on/.test(String(bytes)) && resolve(undefined));
      ended.then((code) => reject(new Error(`tcpdump ended with ${code}`)));
    });
    const run = promisify(execFile);
    const { stdout } = await run("ip", ["netns", "exec", INSIDE, process.execPath, VISIT, how], { maxBuffer: 1 << 26 });
    dump.kill("SIGINT");
    await ended;
    const { ready, end, n_detections } = JSON.parse(stdout.trim().split("\n").at(-1));
    const lines = packets.split("\n").filter((line) => {
      const at = Number(line.split(" ")[0]) * 1000;
      return at >= ready && at <= end;
    });
    return { lines, n_detections };
  }

  test("no packet comes while studies are opened and searched", async () => {
    const { lines, n_detections } = await visit("locked");
    assert.ok(n_detections > 0, "the studies were searched");
    assert.deepEqual(lines, []);
  });

  test("control: without the lock lookups, UDP and TCP are seen", async () => {
    const { lines } = await visit("unlocked");
    for (const sent of [
      /> 10\.77\.0\.1\.53: .*collector\.example/,
      /> 10\.77\.9\.9\.3478: UDP/,
      /> 10\.77\.9\.9\.80: Flags \[S\]/,
    ]) {
      assert.ok(
        lines.some((line) => sent.test(line)),
        `${sent} in ${lines.join("\n")}`,
      );
    }
  });
});
