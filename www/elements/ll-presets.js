// @ts-check
/** Display windows by button, and the window as it is. */

/** @import { State } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
import { PRESETS } from "../state/presets.js";
import { seriesInView } from "../state/selectors.js";
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlPresets extends Part {
  #choices = PRESETS.map((preset) => {
    const name = make("span");
    const key = make("kbd", { "aria-hidden": "true" }, preset.key);
    return { preset, name, button: make("button", { type: "button", "data-key": preset.key }, key, name) };
  });

  /** @override */
  build() {
    this.setAttribute("role", "group");
    this.append(...this.#choices.map(({ button }) => button));
  }

  /** @override @param {Words} words */
  say({ presets }) {
    setAttributes(this, { "aria-label": presets.label });
    for (const { preset, name } of this.#choices) setText(name, presets.names[preset.name]);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    for (const { preset, button } of this.#choices) {
      button.addEventListener("click", () => this.app.actions.preset(preset.key), { signal });
    }
    this.watch(["window", "ownWindow", "series", "view"], (state) => this.#show(state), signal);
  }

  /** @param {Readonly<State>} state */
  #show(state) {
    const { window, ownWindow } = state;
    const { presets, viewer } = this.words;
    for (const { preset, button } of this.#choices) {
      const means = preset.window ?? seriesInView(state)?.window ?? window;
      const isSame = means.center_hu === window.center_hu && means.width_hu === window.width_hu;
      const isOn = preset.window ? !ownWindow && isSame : ownWindow;
      setAttributes(button, {
        "aria-pressed": String(isOn),
        title: presets.hint(presets.names[preset.name], viewer.window(means.width_hu, means.center_hu), preset.key),
      });
    }
  }
}

customElements.define("ll-presets", LlPresets);
