// @ts-check
/** The ways to open a study other than dropping it: files, a folder, the sample. */

import { make } from "./dom.js";
import { picked } from "../session/files.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

export class LlOpen extends Part {
  #files = make("input", {
    type: "file",
    id: "file-input",
    multiple: true,
    class: "unseen",
    tabindex: -1,
    "aria-hidden": "true",
  });
  #folder = make("input", {
    type: "file",
    webkitdirectory: true,
    class: "unseen",
    tabindex: -1,
    "aria-hidden": "true",
  });
  #filesButton = make("button", { type: "button", class: "primary" }, words.open.files);
  #folderButton = make("button", { type: "button", class: "folder" }, words.open.folder);
  #sampleButton = make(
    "button",
    { type: "button", "data-testid": "sample", title: words.open.sampleHint },
    words.open.sample,
  );

  /** @override */
  build() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", words.open.group);
    this.append(this.#files, this.#folder, this.#filesButton, this.#folderButton, this.#sampleButton);
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
      () => {
        for (const control of [this.#files, this.#folder, this.#filesButton, this.#folderButton, this.#sampleButton]) {
          control.disabled = !study.accepts;
        }
      },
      signal,
    );
  }

  /** @param {HTMLInputElement} input */
  #take(input) {
    const sources = picked(input.files ?? []);
    // Emptied, so that picking the same files again is a change.
    input.value = "";
    if (sources.length > 0) this.app.study.open(async () => sources);
  }
}

customElements.define("ll-open", LlOpen);
