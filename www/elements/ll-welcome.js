// @ts-check
/** What stands where the slice will be: an invitation, or why the page cannot start. */

/** @import { State } from "../types.js" */
import { make, setText } from "./dom.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

export class LlWelcome extends Part {
  #invitation = make(
    "div",
    { class: "invitation" },
    make("p", { class: "what" }, words.subtitle),
    make("h2", {}, words.welcome.heading),
    make("p", { class: "how" }, words.welcome.body),
  );
  #formats = make(
    "dl",
    { class: "formats" },
    ...words.welcome.formats.map(([name = "", what = ""]) =>
      make("div", {}, make("dt", {}, name), make("dd", {}, what)),
    ),
  );
  #lock = make("p", { class: "promise" }, words.lock.explain);
  #why = make("p");
  #particulars = make("p", { class: "particulars" });
  #code = make("code");
  #failure = make(
    "div",
    { class: "failure", role: "alert", hidden: true },
    make("h2", {}, words.failure.heading),
    this.#why,
    this.#particulars,
    make("p", { class: "quiet" }, words.failure.hint, " ", this.#code),
  );
  /** The place of the buttons while no study is open. */
  slotForOpen = make("div", { class: "open-slot" });

  /** @override */
  build() {
    this.#invitation.append(this.slotForOpen, this.#formats, this.#lock);
    this.append(this.#invitation, this.#failure);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(["stage", "failure"], (state) => this.#show(state), signal);
  }

  /** @param {Readonly<State>} state */
  #show({ stage, failure }) {
    const hasFailed = stage === "failed";
    this.#invitation.hidden = hasFailed;
    this.#failure.hidden = !hasFailed;
    this.#invitation.classList.toggle("is-starting", stage === "loading");
    if (!hasFailed || !failure) return;
    setText(this.#why, words.failure.codes[failure.code] ?? words.failure.other);
    setText(this.#particulars, failure.message);
    setText(this.#code, failure.code);
  }
}

customElements.define("ll-welcome", LlWelcome);
