// @ts-check
/** What the page is doing, with progress in real units: bytes, files, slices. */

/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
import { n_slices, shownDetections } from "../state/selectors.js";
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlStatus extends Part {
  #stage = make("strong");
  #detail = make("span", { class: "detail" });
  #bar = make("progress");
  #status = make("div", { class: "status-line", "data-testid": "status" }, this.#stage, " ", this.#detail);
  // Screen readers hear a change of stage, not every file and slice.
  #spoken = make("p", { class: "unseen", role: "status" });

  /** @override */
  build() {
    this.append(this.#status, this.#bar, this.#spoken);
  }

  /** @override @param {Words} words */
  say({ status }) {
    setAttributes(this.#bar, { "aria-label": status.progress });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(["stage", "progress", "msPerSlice", "found", "threshold"], (state) => this.#show(state), signal);
    this.watch(
      ["stage"],
      (state) =>
        setText(this.#spoken, [this.words.status[state.stage], detail(state, this.words)].filter(Boolean).join(". ")),
      signal,
    );
  }

  /** @param {Readonly<State>} state */
  #show(state) {
    const { stage, progress } = state;
    setAttributes(this.#status, { "data-state": stage });
    setText(this.#stage, this.words.status[stage]);
    setText(this.#detail, detail(state, this.words));
    const isBusy = stage === "loading" || stage === "decoding" || stage === "detecting";
    this.#bar.hidden = !isBusy;
    if (progress && progress.done < progress.total) {
      this.#bar.max = progress.total;
      this.#bar.value = progress.done;
    } else this.#bar.removeAttribute("value");
  }
}

/**
 * @param {Readonly<State>} state
 * @param {Words} words
 */
function detail(state, words) {
  const { stage, progress, msPerSlice, threshold, failure } = state;
  if (stage === "failed") return failure?.code ?? "";
  if (stage === "done") {
    const total = n_slices(state);
    return total === 0 ? words.status.nothing : words.status.summary(total, shownDetections(state).length, threshold);
  }
  if (!progress) return "";
  if (stage === "loading" && progress.done >= progress.total) return words.status.preparing;
  const parts = [words.status[progress.unit](progress.done, progress.total)];
  if (stage === "detecting" && msPerSlice !== null) parts.push(words.status.pace(msPerSlice));
  return parts.join(" · ");
}

customElements.define("ll-status", LlStatus);
