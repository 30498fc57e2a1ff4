// @ts-check
/** How the slice is placed and turned, by button; what one finger does. */

/** @import { Words } from "../words/index.js" */
/** @import { Actions } from "../state/actions.js" */
import { make, setAttributes, setText } from "./dom.js";
import { Part } from "./part.js";

/** @typedef {keyof Words["place"]["names"]} Name */

/** Each with its sign, its key, and what it does. @type {readonly [Name, string, string, (actions: Actions) => void][]} */
const BUTTONS = [
  ["zoomIn", "+", "+", (actions) => actions.zoomIn()],
  ["zoomOut", "−", "-", (actions) => actions.zoomOut()],
  ["fit", "⤢", "=", (actions) => actions.fit()],
  ["oneToOne", "1:1", "", (actions) => actions.oneToOne(devicePixelRatio)],
  ["invert", "◐", "I", (actions) => actions.invert()],
  ["across", "⇆", "H", (actions) => actions.turn("across")],
  ["down", "⇅", "V", (actions) => actions.turn("down")],
  ["quarter", "↻", "R", (actions) => actions.turn("quarter")],
];

export class LlPlace extends Part {
  #buttons = BUTTONS.map(([name, sign, key, act]) => ({
    name,
    key,
    act,
    button: make("button", { type: "button", class: "sign", "data-place": name }, sign),
  }));
  #fingerName = make("span");
  #finger = make("button", { type: "button", class: "finger", "data-place": "finger" }, this.#fingerName);

  /** @override */
  build() {
    this.setAttribute("role", "group");
    this.append(...this.#buttons.map(({ button }) => button), this.#finger);
  }

  /** @override @param {Words} words */
  say({ place }) {
    setAttributes(this, { "aria-label": place.label });
    for (const { name, key, button } of this.#buttons) {
      setAttributes(button, { "aria-label": place.names[name], title: place.hint(place.names[name], key) });
    }
    setText(this.#fingerName, place.finger);
    setAttributes(this.#finger, { title: place.fingerHint });
  }

  /** @override @param {AbortSignal} signal */
  listen(signal) {
    const { actions } = this.app;
    for (const { button, act } of this.#buttons) button.addEventListener("click", () => act(actions), { signal });
    this.#finger.addEventListener("click", () => actions.toggleFinger(), { signal });
    this.watch(
      ["inverted", "finger"],
      ({ inverted, finger }) => {
        const invert = this.#buttons.find(({ name }) => name === "invert");
        if (invert) setAttributes(invert.button, { "aria-pressed": String(inverted) });
        setAttributes(this.#finger, { "aria-pressed": String(finger === "window") });
      },
      signal,
    );
  }
}

customElements.define("ll-place", LlPlace);
