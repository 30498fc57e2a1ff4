// @ts-check
/** Plays the slices of the series in view, round and round, at a pace that a person chooses. */

/** @import { Words } from "../words/index.js" */
import { seriesInView } from "../state/selectors.js";
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

const PACES = [2, 5, 10, 15, 25];
const FIRST_PACE = 10;

export class LlCine extends Part {
  #play = make("button", { type: "button", class: "sign", "data-testid": "cine" });
  #pace = make(
    "select",
    {},
    ...PACES.map((pace) => make("option", { value: pace, selected: pace === FIRST_PACE }, String(pace))),
  );
  /** @type {ReturnType<typeof setInterval> | undefined} */ #clock;

  /** @override */
  build() {
    this.append(this.#play, this.#pace);
  }

  /** @override @param {Words} words */
  say({ cine }) {
    setAttributes(this.#pace, { "aria-label": cine.pace, title: cine.pace });
    for (const option of this.#pace.options) setText(option, cine.perSecond(Number(option.value)));
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.#play.addEventListener("click", () => this.app.actions.togglePlaying(), { signal });
    this.#pace.addEventListener("change", () => this.#run(this.app.store.get().playing), { signal });
    this.watch(
      ["playing", "series", "view"],
      (state) => {
        const n_slices = seriesInView(state)?.slices.length ?? 0;
        this.#play.disabled = n_slices < 2;
        const name = state.playing ? this.words.cine.stop : this.words.cine.play;
        setText(this.#play, state.playing ? "❚❚" : "▶");
        setAttributes(this.#play, { "aria-label": name, title: name });
      },
      signal,
    );
    this.watch(["playing"], ({ playing }) => this.#run(playing), signal);
    signal.addEventListener("abort", () => clearInterval(this.#clock), { once: true });
  }

  /** @param {boolean} playing */
  #run(playing) {
    clearInterval(this.#clock);
    if (playing) this.#clock = setInterval(() => this.app.actions.playOn(), 1000 / Number(this.#pace.value));
  }
}

customElements.define("ll-cine", LlCine);
