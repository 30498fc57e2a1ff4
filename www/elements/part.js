// @ts-check
/**
 * The base of every element of a viewer: builds its children once, listens while it is in the page, and says its words
 * whenever the viewer's language is another.
 */

/** @import { BookmarksRead, Comparison, Window as DisplayWindow } from "lesionlens" */
/** @import { Mark } from "../state/reader.js" */
/** @import { Actions } from "../state/actions.js" */
/** @import { State, StateStore } from "../state/state.js" */
/** @import { Words } from "../words/index.js" */
import { wordsIn } from "../words/index.js";

/**
 * What opens studies and draws slices; elements need to know no more of it. Slices are named by their ids.
 * @typedef {{
 *   openPicked(files: Iterable<File>): void,
 *   openDropped(transfer: DataTransfer): void,
 *   openSample(): void,
 *   setThorough(thorough: boolean): void,
 *   picture(slice: string, window: DisplayWindow): ImageData | undefined,
 *   draw(slice: string, window: DisplayWindow): Promise<void>,
 *   thumbnail(slice: string, longest: number): Promise<ImageData | null>,
 *   compare(threshold: number): Promise<Comparison | null>,
 *   bookmarksCsv(marks: readonly Mark[]): Promise<string | null>,
 *   readBookmarks(bytes: Uint8Array, file: string): Promise<BookmarksRead | null>,
 *   huAt(slice: string, col: number, row: number): Promise<number | null>,
 * }} Session
 *
 * What every element of a viewer is given.
 * @typedef {{ store: StateStore, actions: Actions, study: Session }} App
 */

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

  /** The words of the viewer's language. Asked for when something is drawn, and not kept. */
  get words() {
    return wordsIn(this.app.store.get().language);
  }

  connectedCallback() {
    this.#connection = new AbortController();
    if (!this.#isBuilt) this.build();
    this.#isBuilt = true;
    this.watch([], () => this.say(this.words), this.#connection.signal);
    this.listen(this.#connection.signal);
  }

  disconnectedCallback() {
    this.#connection.abort();
  }

  /** Makes the children, without words. Runs once. */
  build() {}

  /**
   * Writes the words that depend on nothing but the language.
   * @param {Words} _words
   */
  say(_words) {}

  /**
   * Adds listeners and watches the state until `signal` aborts. Runs each time the element enters the page.
   * @param {AbortSignal} _signal
   */
  listen(_signal) {}

  /**
   * Calls `update` at once and whenever one of the named fields of the state, or the language, changed.
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
      const isNew = !last || state.language !== last.language || fields.some((field) => state[field] !== last[field]);
      if (isNew) update(state);
    }, signal);
  }
}
