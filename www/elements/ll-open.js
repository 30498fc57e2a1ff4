// @ts-check
/** The ways to open a study other than dropping it: files, a folder, the sample. */

/** @import { Words } from "../words/index.js" */
import { acceptsFiles } from "../state/selectors.js";
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

const INPUT_ID = "file-input";
const HIDDEN_INPUT = { type: "file", class: "unseen", tabindex: -1, "aria-hidden": "true" };

export class LlOpen extends Part {
  #files = make("input", { ...HIDDEN_INPUT, multiple: true });
  #folder = make("input", { ...HIDDEN_INPUT, webkitdirectory: true });
  #filesButton = make("button", { type: "button", class: "primary" });
  #folderButton = make("button", { type: "button", class: "folder" });
  #sampleButton = make("button", { type: "button", "data-testid": "sample" });

  /** @override */
  build() {
    this.setAttribute("role", "group");
    // An id stands once in a page, which may hold several viewers.
    if (!this.ownerDocument.getElementById(INPUT_ID)) this.#files.id = INPUT_ID;
    this.append(this.#files, this.#folder, this.#filesButton, this.#folderButton, this.#sampleButton);
  }

  /** @override @param {Words} words */
  say({ open }) {
    setAttributes(this, { "aria-label": open.group });
    setText(this.#filesButton, open.files);
    setText(this.#folderButton, open.folder);
    setText(this.#sampleButton, open.sample);
    setAttributes(this.#sampleButton, { title: open.sampleHint });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { study } = this.app;
    for (const [button, input] of /** @type {const} */ ([
      [this.#filesButton, this.#files],
      [this.#folderButton, this.#folder],
    ])) {
      button.addEventListener("click", () => input.click(), { signal });
      input.addEventListener("change", () => this.#take(input), { signal });
    }
    this.#sampleButton.addEventListener("click", () => study.openSample(), { signal });
    this.watch(
      ["stage"],
      (state) => {
        for (const control of [this.#files, this.#folder, this.#filesButton, this.#folderButton, this.#sampleButton]) {
          control.disabled = !acceptsFiles(state);
        }
      },
      signal,
    );
  }

  /** @param {HTMLInputElement} input */
  #take(input) {
    const files = Array.from(input.files ?? []);
    // Emptied, so that picking the same files again is a change.
    input.value = "";
    this.app.study.openPicked(files);
  }
}

customElements.define("ll-open", LlOpen);
