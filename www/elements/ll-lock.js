// @ts-check
/** Says whether the network has been given up, and what came of trying the ways out. */

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
      ["stage", "failure", "worksOffline"],
      ({ stage, failure, worksOffline }) => {
        const hasFailed = failure?.code === "LockFailed";
        const lock = hasFailed ? "failed" : stage === "loading" || stage === "failed" ? "open" : "closed";
        setAttributes(this, {
          "data-lock": lock,
          "data-offline": worksOffline,
          hidden: stage === "failed" && !hasFailed,
        });
        const words = this.words.lock;
        setText(this.#text, lock === "closed" && worksOffline ? words.closedOffline : words[lock]);
      },
      signal,
    );
  }
}

customElements.define("ll-lock", LlLock);
