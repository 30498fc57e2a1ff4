// @ts-check
/** The window in numbers, to be typed. */

/** @import { Words } from "../words/index.js" */
import { make, setText } from "./dom.js";
import { Part } from "./part.js";

export class LlWindow extends Part {
  #widthName = make("span");
  #levelName = make("span");
  #width = make("input", { type: "number", min: 1, max: 8000, step: 1, "data-testid": "window-width" });
  #level = make("input", { type: "number", min: -4000, max: 4000, step: 1, "data-testid": "window-level" });

  /** @override */
  build() {
    this.append(make("label", {}, this.#widthName, this.#width), make("label", {}, this.#levelName, this.#level));
  }

  /** @override @param {Words} words */
  say({ window }) {
    setText(this.#widthName, window.width);
    setText(this.#levelName, window.level);
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    for (const field of [this.#width, this.#level]) {
      field.addEventListener("change", () => this.#take(), { signal });
      field.addEventListener(
        "keydown",
        ({ key }) => {
          if (key === "Enter" || key === "Escape") field.blur();
        },
        { signal },
      );
    }
    this.watch(["window"], () => this.#show(), signal);
  }

  /** Takes what was typed; what is no number is put back. */
  #take() {
    const { window } = this.app.store.get();
    const [width_hu, center_hu] = [this.#width.valueAsNumber, this.#level.valueAsNumber];
    this.app.actions.setWindow({
      width_hu: Number.isFinite(width_hu) ? width_hu : window.width_hu,
      center_hu: Number.isFinite(center_hu) ? center_hu : window.center_hu,
    });
    this.#show();
  }

  #show() {
    const { window } = this.app.store.get();
    this.#width.value = String(Math.round(window.width_hu));
    this.#level.value = String(Math.round(window.center_hu));
  }
}

customElements.define("ll-window", LlWindow);
