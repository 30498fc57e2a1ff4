// @ts-check
/** What stands where the slice will be: an invitation, or why the page cannot start. */

/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
import { problemText } from "../words/index.js";
import { make, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlWelcome extends Part {
  #subtitle = make("p", { class: "what" });
  #heading = make("h2");
  #how = make("p", { class: "how" });
  #formats = make("dl", { class: "formats" });
  #promise = make("p", { class: "promise" });
  /** The place of the buttons while no study is open. */
  slotForOpen = make("div", { class: "open-slot" });
  #invitation = make(
    "div",
    { class: "invitation" },
    this.#subtitle,
    this.#heading,
    this.#how,
    this.slotForOpen,
    this.#formats,
    this.#promise,
  );
  #failureHeading = make("h2");
  #why = make("p");
  #hint = make("span");
  #code = make("code");
  #failure = make(
    "div",
    { class: "failure", role: "alert", hidden: true },
    this.#failureHeading,
    this.#why,
    make("p", { class: "quiet" }, this.#hint, " ", this.#code),
  );

  /** @override */
  build() {
    this.append(this.#invitation, this.#failure);
  }

  /** @override @param {Words} words */
  say({ subtitle, welcome, lock, failure }) {
    setText(this.#subtitle, subtitle);
    setText(this.#heading, welcome.heading);
    setText(this.#how, welcome.body);
    this.#formats.replaceChildren(
      ...welcome.formats.map(([name = "", what = ""]) => make("div", {}, make("dt", {}, name), make("dd", {}, what))),
    );
    setText(this.#promise, lock.explain);
    setText(this.#failureHeading, failure.heading);
    setText(this.#hint, failure.hint);
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
    setText(this.#why, problemText(this.words, failure));
    setText(this.#code, failure.code);
  }
}

customElements.define("ll-welcome", LlWelcome);
