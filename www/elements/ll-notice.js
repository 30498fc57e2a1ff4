// @ts-check
/** The permanent strip: what this software is not. */

import { make } from "../dom.js";
import { words } from "../words.js";
import { Part } from "./part.js";

export class LlNotice extends Part {
  /** @override */
  build() {
    this.append(
      make("p", {}, words.notice, " ", make("a", { href: "models/README.md", target: "_blank", rel: "noopener" }, words.modelCard)),
    );
  }
}

customElements.define("ll-notice", LlNotice);
