// @ts-check
/** The list of keys, as a dialog. */

/** @import { Words } from "../words/index.js" */
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlHelp extends Part {
  #heading = make("h2");
  #keys = make("dl");
  #promise = make("p");
  #about = make("p", { class: "quiet" });
  #close = make("button", { type: "button" });
  #dialog = make("dialog", {}, this.#heading, this.#keys, this.#promise, this.#about, this.#close);

  /** @override */
  build() {
    this.append(this.#dialog);
  }

  /** @override @param {Words} words */
  say({ help, lock }) {
    setAttributes(this.#dialog, { "aria-label": help.heading });
    setText(this.#heading, help.heading);
    this.#keys.replaceChildren(
      ...help.rows.map(([keys = "", what = ""]) => make("div", {}, make("dt", {}, keys), make("dd", {}, what))),
    );
    setText(this.#promise, lock.explain);
    setText(this.#close, help.close);
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
        setText(this.#about, model ? this.words.help.about(version, model.name) : "");
        if (helpOpen && !this.#dialog.open) this.#dialog.showModal();
        if (!helpOpen && this.#dialog.open) this.#dialog.close();
      },
      signal,
    );
  }
}

customElements.define("ll-help", LlHelp);
