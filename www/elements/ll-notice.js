// @ts-check
/** The permanent strip: what this software is not, and how often its detector is right, as far as that was measured. */

/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
import { make, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlNotice extends Part {
  #notice = make("span");
  #figures = make("span");
  #card = make("a", { href: "models/README.md", target: "_blank", rel: "noopener" });

  /** @override */
  build() {
    this.append(make("p", {}, this.#notice, " ", this.#figures, " ", this.#card));
  }

  /** @override @param {Words} words */
  say(words) {
    setText(this.#notice, words.notice);
    setText(this.#card, words.modelCard);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(["model"], (state) => this.#show(state), signal);
  }

  /** @param {Readonly<State>} state */
  #show({ model }) {
    const point = model?.default_operating_point;
    setText(this.#figures, point ? this.words.noticeFigures(point) : "");
  }
}

customElements.define("ll-notice", LlNotice);
