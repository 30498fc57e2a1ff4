// @ts-check
/** A small picture of the middle slice of a series, which the module draws. Decoration beside the series' name. */

import { make } from "./dom.js";
import { Part } from "./part.js";

const LONGEST_PX = 96;

export class LlThumbnail extends Part {
  #canvas = make("canvas", { "aria-hidden": "true", width: 1, height: 1 });
  /** Id of the slice. */
  slice = "";

  /** @override */
  build() {
    this.append(this.#canvas);
    void this.#draw();
  }

  async #draw() {
    const picture = await this.app.study.thumbnail(this.slice, LONGEST_PX);
    if (!picture) return;
    this.#canvas.width = picture.width;
    this.#canvas.height = picture.height;
    this.#canvas.getContext("2d")?.putImageData(picture, 0, 0);
    this.dataset["drawn"] = "";
  }
}

customElements.define("ll-thumbnail", LlThumbnail);
