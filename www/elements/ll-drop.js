// @ts-check
/** The drop target: the whole page where the viewer is the page, else the viewer. Shows a veil while files hover. */

import { make, setAttributes } from "./dom.js";
import { dropped, holdsFiles } from "../session/files.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

export class LlDrop extends Part {
  /** @type {HTMLElement | Document | null} */ target = null;
  #depth = 0;

  /** @override */
  build() {
    this.append(make("p", {}, words.drop));
    setAttributes(this, { "aria-hidden": "true" });
    this.#hover(0);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const target = this.target ?? this;
    /** @param {"dragenter" | "dragover" | "dragleave" | "drop"} type @param {(transfer: DataTransfer) => void} act */
    const on = (type, act) =>
      target.addEventListener(
        type,
        (event) => {
          const transfer = /** @type {DragEvent} */ (event).dataTransfer;
          if (!transfer || !holdsFiles(transfer)) return;
          // Always, or the browser would leave the page to show the file.
          event.preventDefault();
          act(transfer);
        },
        { signal },
      );
    on("dragenter", () => this.#hover(this.#depth + 1));
    on("dragleave", () => this.#hover(this.#depth - 1));
    on("dragover", (transfer) => {
      transfer.dropEffect = this.app.study.accepts ? "copy" : "none";
    });
    on("drop", (transfer) => {
      this.#hover(0);
      if (this.app.study.accepts) this.app.study.open(dropped(transfer));
    });
  }

  /** @param {number} depth how many nested elements the drag is over */
  #hover(depth) {
    this.#depth = Math.max(0, depth);
    this.hidden = this.#depth === 0;
  }
}

customElements.define("ll-drop", LlDrop);
