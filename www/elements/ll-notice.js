// @ts-check
/** The permanent strip: what this software is not, and how often its detector is right, as far as that was measured. */

/** @import { State } from "../types.js" */
import { make, setText } from "./dom.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

export class LlNotice extends Part {
  #figures = make("span");

  /** @override */
  build() {
    const card = make("a", { href: "models/README.md", target: "_blank", rel: "noopener" }, words.modelCard);
    this.append(make("p", {}, words.notice, " ", this.#figures, " ", card));
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(["model"], (state) => this.#show(state), signal);
  }

  /** @param {Readonly<State>} state */
  #show({ model }) {
    const point = model?.default_operating_point;
    setText(this.#figures, point ? words.noticeFigures(point) : "");
  }
}

customElements.define("ll-notice", LlNotice);
