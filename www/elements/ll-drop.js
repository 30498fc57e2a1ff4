// @ts-check
/** The drop target: the whole page where the viewer is the page, else the viewer. Shows a veil while files hover. */

/** @import { Words } from "../words/index.js" */
import { acceptsFiles } from "../state/selectors.js";
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlDrop extends Part {
  /** @type {HTMLElement | Document | null} */ target = null;
  #invitation = make("p");
  #depth = 0;

  /** @override */
  build() {
    this.append(this.#invitation);
    setAttributes(this, { "aria-hidden": "true" });
    this.#hover(0);
  }

  /** @override @param {Words} words */
  say(words) {
    setText(this.#invitation, words.drop);
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
          // What another viewer inside of the target has taken is its own.
          if (event.defaultPrevented || !transfer || !transfer.types.includes("Files")) return;
          // Always, or the browser would leave the page to show the file.
          event.preventDefault();
          act(transfer);
        },
        { signal },
      );
    on("dragenter", () => this.#hover(this.#depth + 1));
    on("dragleave", () => this.#hover(this.#depth - 1));
    on("dragover", (transfer) => {
      transfer.dropEffect = acceptsFiles(this.app.store.get()) ? "copy" : "none";
    });
    on("drop", (transfer) => {
      this.#hover(0);
      if (acceptsFiles(this.app.store.get())) this.app.study.openDropped(transfer);
    });
  }

  /** @param {number} depth how many nested elements the drag is over */
  #hover(depth) {
    this.#depth = Math.max(0, depth);
    this.hidden = this.#depth === 0;
  }
}

customElements.define("ll-drop", LlDrop);
