// @ts-check
/** What the page is doing, with progress in real units: bytes, files, slices. */

/** @import { State } from "../types.js" */
import { make, setAttributes, setText } from "./dom.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

export class LlStatus extends Part {
  #stage = make("strong");
  #detail = make("span", { class: "detail" });
  #bar = make("progress", { "aria-label": words.status.progress });
  #status = make("div", { class: "status-line", "data-testid": "status" }, this.#stage, " ", this.#detail);
  // Screen readers hear a change of stage, not every file and slice.
  #spoken = make("p", { class: "unseen", role: "status" });

  /** @override */
  build() {
    this.append(this.#status, this.#bar, this.#spoken);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(["stage", "progress", "msPerSlice", "detections", "threshold"], (state) => this.#show(state), signal);
    this.watch(
      ["stage"],
      (state) => setText(this.#spoken, [words.status[state.stage], detail(state)].filter(Boolean).join(". ")),
      signal,
    );
  }

  /** @param {Readonly<State>} state */
  #show(state) {
    const { stage, progress } = state;
    setAttributes(this.#status, { "data-state": stage });
    setText(this.#stage, words.status[stage]);
    setText(this.#detail, detail(state));
    const isBusy = stage === "loading" || stage === "decoding" || stage === "detecting";
    this.#bar.hidden = !isBusy;
    if (progress && progress.done < progress.total) {
      this.#bar.max = progress.total;
      this.#bar.value = progress.done;
    } else this.#bar.removeAttribute("value");
  }
}

/** @param {Readonly<State>} state */
function detail({ stage, progress, msPerSlice, series, detections, threshold, failure }) {
  if (stage === "failed") return failure?.code ?? "";
  if (stage === "done") {
    const n_slices = series.reduce((sum, { slices }) => sum + slices.length, 0);
    return n_slices === 0 ? words.status.nothing : words.status.summary(n_slices, detections.length, threshold);
  }
  if (!progress) return "";
  if (stage === "loading" && progress.done >= progress.total) return words.status.preparing;
  const parts = [words.status[progress.unit](progress.done, progress.total)];
  if (stage === "detecting" && msPerSlice !== null) parts.push(words.status.pace(msPerSlice));
  return parts.join(" · ");
}

customElements.define("ll-status", LlStatus);
