/**
 * One visit to the page, run as a program inside of a network namespace by outside.test.mjs: `visit.mjs locked` opens and
 * searches studies, `visit.mjs unlocked` lets the page without lock and policies send. Prints the times of being ready
 * and of the end as JSON, in milliseconds since 1970.
 */

import path from "node:path";

import { drop, launch, newPage, shownDetections, stage } from "./browser.mjs";
import { DIST, FIXTURES, filesBelow, flatName, load } from "./project.mjs";
import { serve } from "./serve.mjs";
import { withoutLock } from "./unlocked.mjs";

/** What Chromium asks its maker for by itself, page or no page, is kept off the wire by name. */
const OWN = "--host-resolver-rules=MAP *.google.com 127.0.0.1:9, MAP *.googleapis.com 127.0.0.1:9";
/** What has begun to be sent has this long to be seen, in milliseconds. */
const SETTLE_MS = 3000;

const isLocked = process.argv[2] === "locked";
const host = await serve(DIST, { patch: isLocked ? {} : withoutLock() });
const browser = await launch([OWN]);
const { page } = await newPage(browser, { serviceWorkers: "allow" });
await page.goto(host.url);
await stage(page, ["ready"]);
const ready = Date.now();
let n_detections = 0;
if (isLocked) {
  const deepLesion = load(filesBelow(path.join(FIXTURES, "deeplesion")), (file) =>
    file.endsWith(".png") ? flatName(file) : path.basename(file),
  );
  for (const study of [load(filesBelow(path.join(FIXTURES, "dicom"))), deepLesion]) {
    await drop(page, study);
    await stage(page, ["done"], 120_000);
    n_detections += (await shownDetections(page)).length;
  }
  await page.click("[data-testid=sample]");
  await stage(page, ["decoding", "detecting"]);
  await stage(page, ["done"], 120_000);
  n_detections += (await shownDetections(page)).length;
} else {
  await page.evaluate(async () => {
    fetch("http://collector.example/way").catch(() => {});
    new Image().src = "http://10.77.9.9/way";
    const peer = new RTCPeerConnection({ iceServers: [{ urls: "stun:10.77.9.9:3478" }] });
    peer.createDataChannel("way");
    await peer.setLocalDescription(await peer.createOffer());
  });
}
await page.waitForTimeout(SETTLE_MS);
const end = Date.now();
await browser.close();
await host.close();
console.log(JSON.stringify({ ready, end, n_detections }));
