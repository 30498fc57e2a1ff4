// @ts-check
/** Files that were not read, and why. They do not keep the others from being shown. */

/** @import { FileError } from "../types.js" */
import { make, setText } from "./dom.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

export class LlErrors extends Part {
  #heading = make("h2");
  #list = make("ul", { class: "errors" });
  /** @type {readonly FileError[]} */ #shown = [];

  /** @override */
  build() {
    this.setAttribute("aria-live", "polite");
    this.append(this.#heading, this.#list);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(["errors"], ({ errors }) => this.#show(errors), signal);
  }

  /** @param {readonly FileError[]} errors grows at its end, or starts anew */
  #show(errors) {
    this.hidden = errors.length === 0;
    setText(this.#heading, words.errors.heading(errors.length));
    const grows = this.#shown.every((error, i) => errors[i] === error);
    if (!grows) this.#list.replaceChildren();
    for (const error of errors.slice(grows ? this.#shown.length : 0)) this.#list.append(entry(error));
    this.#shown = errors;
  }
}

/** @param {FileError} error */
function entry({ file, code, message }) {
  return make(
    "li",
    { "data-testid": "error", "data-file": file, "data-code": code },
    make("span", { class: "file" }, file),
    make("span", { class: "message" }, message),
    make("code", {}, code),
  );
}

customElements.define("ll-errors", LlErrors);
