// @ts-check
/**
 * The network lock. A Content-Security-Policy added by script cannot be undone, not even by removing its element:
 * from then on fetch, XHR, WebSocket, EventSource, beacons, images, style sheets, workers from files and service
 * workers are refused, in this page and in every blob: worker started afterwards. Policies do not cover WebRTC, so
 * its constructors are taken away first. Opening links stays possible: that is for the person at the page.
 */

// The worker and its glue come from blob: URLs; compiling WebAssembly is no request.
const LOCKED = [
  "default-src 'none'",
  "script-src blob: 'wasm-unsafe-eval'",
  "worker-src blob:",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const PEER_CONNECTIONS = ["RTCPeerConnection", "webkitRTCPeerConnection", "mozRTCPeerConnection"];

/**
 * Gives the network up for as long as the page is open.
 * @param {Document} page
 */
export function giveUpNetwork(page) {
  for (const name of PEER_CONNECTIONS) Reflect.deleteProperty(page.defaultView ?? globalThis, name);
  const policy = page.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = LOCKED;
  page.head.append(policy);
}
