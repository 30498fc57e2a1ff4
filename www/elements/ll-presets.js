// @ts-check
/** Display windows by button, and the window as it is. */

/** @import { State } from "../types.js" */
import { make, setAttributes } from "./dom.js";
import { PRESETS } from "../state/presets.js";
import { words } from "../words/en.js";
import { Part } from "./part.js";

export class LlPresets extends Part {
  /** @type {HTMLButtonElement[]} */ #buttons = [];

  /** @override */
  build() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", words.presets.label);
    this.#buttons = PRESETS.map(({ key, name }) =>
      make(
        "button",
        { type: "button", "data-key": key },
        make("kbd", { "aria-hidden": "true" }, key),
        words.presets.names[name],
      ),
    );
    this.append(...this.#buttons);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    for (const button of this.#buttons) {
      button.addEventListener("click", () => this.app.actions.preset(button.dataset["key"] ?? ""), { signal });
    }
    this.watch(["window", "ownWindow", "series", "view"], (state) => this.#show(state), signal);
  }

  /** @param {Readonly<State>} state */
  #show({ window, ownWindow, series, view }) {
    for (const [i, { key, name, window: preset }] of PRESETS.entries()) {
      const button = this.#buttons[i];
      if (!button) continue;
      const means = preset ?? series[view.series]?.window ?? window;
      const isOn = preset
        ? !ownWindow && preset.center_hu === window.center_hu && preset.width_hu === window.width_hu
        : ownWindow;
      setAttributes(button, {
        "aria-pressed": String(isOn),
        title: words.presets.hint(words.presets.names[name], words.viewer.window(means.width_hu, means.center_hu), key),
      });
    }
  }
}

customElements.define("ll-presets", LlPresets);
