// @ts-check
/** The Hounsfield value under the pointer. The module reads it; one question is asked at a time, the last one last. */

/** @import { Point } from "../viewport/transform.js" */
import { sliceInView } from "../state/selectors.js";
import { make, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlProbe extends Part {
  #value = make("span", { "data-testid": "probe" });
  #isAsking = false;

  /** @override */
  build() {
    this.append(this.#value);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    this.watch(["series", "view", "probed"], () => this.#ask(), signal);
  }

  async #ask() {
    const { store, study } = this.app;
    const [{ probed }, slice] = [store.get(), sliceInView(store.get())];
    if (!probed || !slice) {
      setText(this.#value, "");
      return;
    }
    if (this.#isAsking) return;
    this.#isAsking = true;
    const hu = await study.huAt(slice.id, probed[0], probed[1]);
    this.#isAsking = false;
    const isStill = store.get().probed === probed && sliceInView(store.get()) === slice;
    if (isStill) this.#say(probed, hu);
    else void this.#ask();
  }

  /** @param {Point} at @param {number | null} hu */
  #say([x, y], hu) {
    setText(this.#value, hu === null ? "" : this.words.viewer.probe(hu, x, y));
  }
}

customElements.define("ll-probe", LlProbe);
