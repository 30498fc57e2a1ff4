// @ts-check
/** Says whether the network has been given up. */

/** @import { Words } from "../words/index.js" */
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlLock extends Part {
  #text = make("span");

  /** @override */
  build() {
    this.append(make("span", { class: "dot", "aria-hidden": "true" }), this.#text);
  }

  /** @override @param {Words} words */
  say(words) {
    setAttributes(this, { title: words.lock.explain });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(
      ["stage"],
      ({ stage }) => {
        const isOpen = stage === "loading" || stage === "failed";
        setAttributes(this, { "data-lock": isOpen ? "open" : "closed", hidden: stage === "failed" });
        setText(this.#text, isOpen ? this.words.lock.open : this.words.lock.closed);
      },
      signal,
    );
  }
}

customElements.define("ll-lock", LlLock);
