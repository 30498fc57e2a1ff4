// @ts-check
/** The list of keys, as a dialog. */

import { make, setText } from "./dom.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

export class LlHelp extends Part {
  #close = make("button", { type: "button" }, words.help.close);
  #about = make("p", { class: "quiet" });
  #dialog = make(
    "dialog",
    { "aria-label": words.help.heading },
    make("h2", {}, words.help.heading),
    make(
      "dl",
      {},
      ...words.help.rows.map(([keys = "", what = ""]) => make("div", {}, make("dt", {}, keys), make("dd", {}, what))),
    ),
    make("p", {}, words.lock.explain),
    this.#about,
    this.#close,
  );

  /** @override */
  build() {
    this.append(this.#dialog);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions } = this.app;
    this.#close.addEventListener("click", () => actions.setHelp(false), { signal });
    this.#dialog.addEventListener("close", () => actions.setHelp(false), { signal });
    this.#dialog.addEventListener(
      "click",
      (event) => {
        // A click on the backdrop has the dialog itself as its target.
        if (event.target === this.#dialog) actions.setHelp(false);
      },
      { signal },
    );
    this.watch(
      ["helpOpen", "model", "version"],
      ({ helpOpen, model, version }) => {
        setText(this.#about, model ? words.help.about(version, model.name) : "");
        if (helpOpen && !this.#dialog.open) this.#dialog.showModal();
        if (!helpOpen && this.#dialog.open) this.#dialog.close();
      },
      signal,
    );
  }
}

customElements.define("ll-help", LlHelp);
