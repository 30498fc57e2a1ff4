// @ts-check
/** The base of every element of a viewer: builds its children once, listens while it is in the page. */

/** @import { App, State } from "../types.js" */

export class Part extends HTMLElement {
  /** @type {App | null} */ #app = null;
  #isBuilt = false;
  #connection = new AbortController();

  /** The viewer this element belongs to, given before it enters the page. */
  get app() {
    if (!this.#app) throw new Error(`<${this.localName}> was put into the page without a viewer`);
    return this.#app;
  }

  set app(app) {
    this.#app = app;
  }

  connectedCallback() {
    this.#connection = new AbortController();
    if (!this.#isBuilt) this.build();
    this.#isBuilt = true;
    this.listen(this.#connection.signal);
  }

  disconnectedCallback() {
    this.#connection.abort();
  }

  /** Makes the children. Runs once. */
  build() {}

  /**
   * Adds listeners and watches the state until `signal` aborts. Runs each time the element enters the page.
   * @param {AbortSignal} _signal
   */
  listen(_signal) {}

  /**
   * Calls `update` at once and whenever one of the named fields of the state changed.
   * @param {readonly (keyof State)[]} fields
   * @param {(state: Readonly<State>) => void} update
   * @param {AbortSignal} signal
   */
  watch(fields, update, signal) {
    /** @type {Readonly<State> | null} */
    let before = null;
    this.app.store.subscribe((state) => {
      const last = before;
      before = state;
      if (!last || fields.some((field) => state[field] !== last[field])) update(state);
    }, signal);
  }
}
