// @ts-nocheck What runs in the browser here does what types are made to prevent.
/**
 * Every way by which data can leave a page: to other machines, to other pages of the browser, or into storage.
 *
 * A way is a function that runs in the browser, as text, so it uses nothing around it. It sends its own name, so that
 * whoever receives it tells which way was open; what it returns or throws says nothing. `lock` says what holds once the lock is closed: "closed", or "open" with
 * the reason why a page cannot close it, which SECURITY.md names. `control: false`: the way is closed, and headless
 * Chromium does not take it either where nothing forbids it, so that this proves nothing.
 */

/**
 * Where a way may send to: the page's own host, another host, and a port of UDP for this way alone.
 * @typedef {{ name: string, own: string, other: string, stun: string }} Addresses
 * @typedef {{
 *   name: string, run: (at: Addresses) => unknown, lock: "closed" | "open", control?: false, why?: string, leaves?: true,
 * }} Way
 */

/** @returns {Way} */
const closed = (name, run, more = {}) => ({ name, run, lock: "closed", ...more });
/** @returns {Way} */
const open = (name, why, run, more = {}) => ({ name, run, lock: "open", why, ...more });

/** Of a page, but for those that would leave it. @type {Way[]} */
const STAYING = [
  closed("fetch", ({ own }) => fetch(own)),
  closed("fetch-other", ({ other }) => fetch(other, { mode: "no-cors" })),
  closed("fetch-keepalive", ({ own }) => fetch(own, { keepalive: true, method: "POST", body: "x" })),
  closed("xhr", ({ own }) => {
    const request = new XMLHttpRequest();
    request.open("GET", own);
    request.send();
  }),
  closed("websocket", ({ own }) => new WebSocket(own.replace("http", "ws"))),
  closed("eventsource", ({ own }) => new EventSource(own)),
  closed("beacon", ({ own }) => navigator.sendBeacon(own, "x")),
  closed("image", ({ own }) => (new Image().src = own)),
  closed("image-other", ({ other }) => (new Image().src = other)),
  closed("video", ({ own }) => document.body.append(Object.assign(document.createElement("video"), { src: own }))),
  closed("track", ({ own }) => {
    const video = document.createElement("video");
    video.append(Object.assign(document.createElement("track"), { src: own, default: true, kind: "captions" }));
    document.body.append(video);
    video.textTracks[0].mode = "showing";
  }),
  closed("font", ({ own }) => new FontFace("way", `url(${own})`).load()),
  closed("css-url", ({ own }) => {
    document.body.style.backgroundImage = `url(${own})`;
    getComputedStyle(document.body).backgroundImage;
  }),
  closed("css-import", ({ own }) => {
    const style = document.createElement("style");
    style.textContent = `@import url(${own});`;
    document.head.append(style);
  }),
  closed("css-sheet", ({ own }) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`body { border-image-source: url(${own}) }`);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    getComputedStyle(document.body).borderImageSource;
  }),
  closed("svg-image", ({ own }) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const image = document.createElementNS("http://www.w3.org/2000/svg", "image");
    image.setAttribute("href", own);
    svg.append(image);
    document.body.append(svg);
  }),
  closed("script", ({ own }) =>
    document.head.append(Object.assign(document.createElement("script"), { src: `${own}.js` })),
  ),
  closed("import", ({ own }) => import(`${own}.js`)),
  closed("ping", ({ own }) => {
    const link = Object.assign(document.createElement("a"), { href: "#way", ping: own });
    document.body.append(link);
    link.click();
  }),
  ...["prefetch", "preload", "modulepreload", "stylesheet", "icon"].map((rel) =>
    closed(`link-${rel}`, ({ own, name }) => {
      const link = Object.assign(document.createElement("link"), { rel: name.split("link-")[1], href: own });
      if (name.endsWith("link-preload")) link.as = "fetch";
      document.head.append(link);
    }),
  ),
  // Headless Chromium follows these hints for nobody.
  ...["manifest", "dns-prefetch", "preconnect", "prerender"].map((rel) =>
    closed(
      `link-${rel}`,
      ({ other, name }) =>
        document.head.append(
          Object.assign(document.createElement("link"), { rel: name.split("link-")[1], href: other }),
        ),
      { control: false },
    ),
  ),
  closed("speculation", ({ own }) => {
    const script = Object.assign(document.createElement("script"), { type: "speculationrules" });
    script.textContent = JSON.stringify({ prefetch: [{ urls: [own], eagerness: "immediate" }] });
    document.head.append(script);
  }),
  closed("worker", ({ own }) => new Worker(`${own}.js`)),
  closed("worker-blob", ({ name }) => {
    const script = `new BroadcastChannel("ways").postMessage(${JSON.stringify(name)})`;
    return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  }),
  closed("shared-worker", ({ own }) => new SharedWorker(`${own}.js`)),
  closed("service-worker", ({ own }) => navigator.serviceWorker.register(`${own}.js`)),
  closed("webrtc", async ({ stun }) => {
    const peer = new RTCPeerConnection({ iceServers: [{ urls: stun }] });
    peer.createDataChannel("way");
    await peer.setLocalDescription(await peer.createOffer());
  }),
  // Without a host that speaks HTTP/3 an attempt shows nothing; that the constructor is gone is checked by the lock.
  closed("webtransport", ({ other }) => new WebTransport(other.replace("http:", "https:")), { control: false }),
  closed("broadcast-channel", ({ name }) => new BroadcastChannel("ways").postMessage(name)),
  closed("local-storage", ({ name }) => localStorage.setItem(name, name)),
  closed("session-storage", ({ name }) => sessionStorage.setItem(name, name)),
  closed("cookie", ({ name }) => (document.cookie = `${name}=1`)),
  closed(
    "indexed-db",
    ({ name }) =>
      new Promise((resolve) => (indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result.name))),
  ),
  closed("cache-api", ({ name }) => caches.open(name)),
  closed("opfs", async ({ name }) => {
    const root = await navigator.storage.getDirectory();
    await root.getFileHandle(name, { create: true });
  }),
  closed("iframe-url", ({ own }) =>
    document.body.append(Object.assign(document.createElement("iframe"), { src: own })),
  ),
  closed("object-url", ({ own }) =>
    document.body.append(Object.assign(document.createElement("object"), { data: own })),
  ),
  closed("embed-url", ({ own }) => document.body.append(Object.assign(document.createElement("embed"), { src: own }))),
  // A scope of its own, in which everything that was taken away would be back.
  closed("frame-blank-webrtc", async ({ stun }) => {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    const peer = new frame.contentWindow.RTCPeerConnection({ iceServers: [{ urls: stun }] });
    peer.createDataChannel("way");
    await peer.setLocalDescription(await peer.createOffer());
  }),
  closed("frame-blank", ({ name }) => {
    const frame = document.createElement("iframe");
    document.body.append(frame);
    new frame.contentWindow.BroadcastChannel("ways").postMessage(name);
  }),
  closed("frame-xhtml", ({ name }) => {
    const frame = document.createElementNS("http://www.w3.org/1999/xhtml", "x:iframe");
    document.body.append(frame);
    new frame.contentWindow.BroadcastChannel("ways").postMessage(name);
  }),
  closed("frame-two-faced-name", ({ name }) => {
    let n_asked = 0;
    const frame = document.createElement({ toString: () => (n_asked++ === 0 ? "p" : "iframe") });
    document.body.append(frame);
    if (!frame.contentWindow) document.body.append(document.createElement({ toString: () => "iframe" }));
    new window.frames[window.frames.length - 1].BroadcastChannel("ways").postMessage(name);
  }),
  closed("frame-other-document", ({ name }) => {
    const frame = document.implementation.createHTMLDocument().createElement("iframe");
    document.body.append(frame);
    new frame.contentWindow.BroadcastChannel("ways").postMessage(name);
  }),
  closed("frame-document-root", ({ name }) => {
    const frame = document.implementation.createDocument("http://www.w3.org/1999/xhtml", "iframe").documentElement;
    document.body.append(frame);
    new frame.contentWindow.BroadcastChannel("ways").postMessage(name);
  }),
  closed("frame-markup", ({ name }) => {
    const box = document.createElement("div");
    document.body.append(box);
    box.innerHTML = "<iframe></iframe>";
    new box.firstChild.contentWindow.BroadcastChannel("ways").postMessage(name);
  }),
  closed("frame-parsed", ({ name }) => {
    const frame = new DOMParser().parseFromString("<iframe></iframe>", "text/html").querySelector("iframe");
    document.body.append(frame);
    new frame.contentWindow.BroadcastChannel("ways").postMessage(name);
  }),
  closed("frame-fragment", ({ name }) => {
    document.body.append(document.createRange().createContextualFragment("<iframe></iframe>"));
    new document.body.lastChild.contentWindow.BroadcastChannel("ways").postMessage(name);
  }),
  closed("frame-srcdoc", ({ name }) => {
    const frame = document.createElement("iframe");
    frame.srcdoc = "<p></p>";
    document.body.append(frame);
    new frame.contentWindow.BroadcastChannel("ways").postMessage(name);
  }),
  closed("window-blank", ({ name }) => new (window.open("about:blank").BroadcastChannel)("ways").postMessage(name)),
  closed("window-open", ({ other }) => window.open(other)),
  closed("document-open", ({ other }) => document.open(other, "", "")),
  closed("link-new-window", ({ other }) =>
    Object.assign(document.createElement("a"), { href: other, target: "_blank" }).click(),
  ),
  closed("link-new-window-event", ({ other }) => {
    const link = Object.assign(document.createElement("a"), { href: other, target: "_blank" });
    document.body.append(link);
    link.dispatchEvent(new MouseEvent("click"));
  }),
  closed("form-new-window", ({ other }) => {
    const form = Object.assign(document.createElement("form"), { action: other, target: "_blank" });
    document.body.append(form);
    form.submit();
  }),
  open("download", "it is how results are saved", ({ name }) => {
    const link = document.createElement("a");
    Object.assign(link, { href: URL.createObjectURL(new Blob([name])), download: name }).click();
  }),
];

/** Of a page: those that leave it. @type {Way[]} */
const LEAVING = [
  closed("location", ({ other }) => location.assign(other)),
  // What a window is called stays its name on the next page.
  closed("window-name", ({ own, name }) => {
    window.name = name;
    location.assign(own);
  }),
  closed("location-own", ({ own }) => location.replace(own)),
  closed("link", ({ other }) => {
    const link = Object.assign(document.createElement("a"), { href: other });
    document.body.append(link);
    link.click();
  }),
  closed("link-download", ({ other }) =>
    Object.assign(document.createElement("a"), { href: other, download: "x" }).click(),
  ),
  closed("form", ({ other }) => {
    const form = Object.assign(document.createElement("form"), { action: other });
    document.body.append(form);
    form.submit();
  }),
  closed("refresh", ({ other }) =>
    document.head.append(
      Object.assign(document.createElement("meta"), { httpEquiv: "refresh", content: `0;url=${other}` }),
    ),
  ),
  closed("history", ({ own }) => {
    history.pushState(null, "", own);
    location.reload();
  }),
].map((way) => ({ ...way, leaves: true }));

/** Of a page. */
export const FROM_PAGE = [...STAYING, ...LEAVING];

/** Of a worker. @type {Way[]} */
export const FROM_WORKER = [
  closed("fetch", ({ own }) => fetch(own)),
  closed("fetch-other", ({ other }) => fetch(other, { mode: "no-cors" })),
  closed("xhr", ({ own }) => {
    const request = new XMLHttpRequest();
    request.open("GET", own);
    request.send();
  }),
  closed("websocket", ({ own }) => new WebSocket(own.replace("http", "ws"))),
  closed("eventsource", ({ own }) => new EventSource(own)),
  closed("import", ({ own }) => import(`${own}.js`)),
  closed("font", ({ own }) => new FontFace("way", `url(${own})`).load()),
  closed("worker", ({ own }) => new Worker(`${own}.js`)),
  closed("worker-blob", ({ name }) => {
    const script = `new BroadcastChannel("ways").postMessage(${JSON.stringify(name)})`;
    return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })));
  }),
  closed("broadcast-channel", ({ name }) => new BroadcastChannel("ways").postMessage(name)),
  closed(
    "indexed-db",
    ({ name }) =>
      new Promise((resolve) => (indexedDB.open(name).onsuccess = ({ target }) => resolve(target.result.name))),
  ),
  closed("cache-api", ({ name }) => caches.open(name)),
  closed("opfs", async ({ name }) => {
    const root = await navigator.storage.getDirectory();
    await root.getFileHandle(name, { create: true });
  }),
];
