// @ts-check
/** What a person says about the selected lesion: agree, disagree for a reason, unsure; and taking it back. */

/** @import { Reason } from "../state/reader.js" */
/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
import { selectedLesion } from "../state/lesions.js";
import { REASONS, decisionOn } from "../state/reader.js";
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlDecision extends Part {
  #agree = make("button", { type: "button", "data-verdict": "agree" });
  #disagree = make(
    "select",
    { "data-verdict": "disagree" },
    make("option", { value: "" }),
    ...REASONS.map((value) => make("option", { value })),
  );
  #unsure = make("button", { type: "button", "data-verdict": "unsure" });
  #undo = make("button", { type: "button", class: "arrow", "data-testid": "undo" }, "↶");
  #redo = make("button", { type: "button", class: "arrow", "data-testid": "redo" }, "↷");

  /** @override */
  build() {
    this.setAttribute("role", "group");
    this.append(this.#agree, this.#disagree, this.#unsure, this.#undo, this.#redo);
  }

  /** @override @param {Words} words */
  say({ lesions }) {
    setAttributes(this, { "aria-label": lesions.decide });
    setText(this.#agree, lesions.agree);
    setText(this.#unsure, lesions.unsure);
    setAttributes(this.#disagree, { "aria-label": lesions.disagreeBecause });
    for (const option of this.#disagree.options) {
      const reason = option.value === "" ? lesions.disagree : lesions.reasons[/** @type {Reason} */ (option.value)];
      setText(option, reason);
    }
    setAttributes(this.#undo, { "aria-label": lesions.undo, title: lesions.undo });
    setAttributes(this.#redo, { "aria-label": lesions.redo, title: lesions.redo });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions } = this.app;
    this.#agree.addEventListener("click", () => actions.decide({ verdict: "agree" }), { signal });
    this.#unsure.addEventListener("click", () => actions.decide({ verdict: "unsure" }), { signal });
    this.#disagree.addEventListener(
      "change",
      () => {
        const reason = REASONS.find((one) => one === this.#disagree.value);
        actions.decide(reason ? { verdict: "disagree", reason } : null);
      },
      { signal },
    );
    this.#undo.addEventListener("click", () => actions.undo(), { signal });
    this.#redo.addEventListener("click", () => actions.redo(), { signal });
    this.watch(["lesions", "selected", "reader"], (state) => this.#show(state), signal);
  }

  /** @param {Readonly<State>} state */
  #show(state) {
    const lesion = selectedLesion(state);
    const decision = lesion && decisionOn(state.reader, lesion);
    for (const [control, verdict] of /** @type {const} */ ([
      [this.#agree, "agree"],
      [this.#unsure, "unsure"],
    ])) {
      control.disabled = !lesion;
      setAttributes(control, { "aria-pressed": String(decision?.verdict === verdict) });
    }
    this.#disagree.disabled = !lesion;
    this.#disagree.value = decision?.verdict === "disagree" ? decision.reason : "";
    this.#undo.disabled = state.reader.past.length === 0;
    this.#redo.disabled = state.reader.undone.length === 0;
  }
}

customElements.define("ll-decision", LlDecision);
