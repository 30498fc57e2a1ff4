// @ts-check
/** Files that were not read, and why. They do not keep the others from being shown. */

/** @import { Problem, State } from "../state/state.js" */
import { clean } from "../state/text.js";
import { problemText } from "../words/index.js";
import { make, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlErrors extends Part {
  #heading = make("h2");
  #list = make("ul", { class: "errors" });
  /** @type {readonly Problem[]} */ #shown = [];
  #language = "";

  /** @override */
  build() {
    this.setAttribute("aria-live", "polite");
    this.append(this.#heading, this.#list);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(["problems"], (state) => this.#show(state), signal);
  }

  /** The list grows at its end, or starts anew. @param {Readonly<State>} state */
  #show({ problems, synthetic, language }) {
    this.hidden = problems.length === 0;
    setText(this.#heading, this.words.problems.heading(problems.length));
    const grows = language === this.#language && this.#shown.every((one, i) => problems[i] === one);
    if (!grows) this.#list.replaceChildren();
    for (const one of problems.slice(grows ? this.#shown.length : 0)) this.#list.append(this.#entry(one, synthetic));
    this.#shown = problems;
    this.#language = language;
  }

  /**
   * @param {Problem} problem
   * @param {boolean} synthetic files of the sample study have no name before they are made
   */
  #entry(problem, synthetic) {
    const { file, code } = problem;
    return make(
      "li",
      { "data-testid": "error", "data-file": file, "data-code": code },
      make("span", { class: "file" }, file || (synthetic ? this.words.problems.sample : "")),
      make("span", { class: "message" }, clean(problemText(this.words, problem))),
      make("code", {}, code),
    );
  }
}

customElements.define("ll-errors", LlErrors);
