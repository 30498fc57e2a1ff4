// @ts-check
/** Says whether the network has been given up. */

import { make, setAttributes, setText } from "./dom.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

export class LlLock extends Part {
  #text = make("span");

  /** @override */
  build() {
    this.append(make("span", { class: "dot", "aria-hidden": "true" }), this.#text);
    setAttributes(this, { title: words.lock.explain });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(
      ["stage"],
      ({ stage }) => {
        const isOpen = stage === "loading" || stage === "failed";
        setAttributes(this, { "data-lock": isOpen ? "open" : "closed", hidden: stage === "failed" });
        setText(this.#text, isOpen ? words.lock.open : words.lock.closed);
      },
      signal,
    );
  }
}

customElements.define("ll-lock", LlLock);
