// @ts-check
/** What one viewer is given: its state, what a person can do with it, and its study. */

import { createActions } from "../state/actions.js";
import { INITIAL } from "../state/state.js";
import { createStore } from "../state/store.js";
import { Study } from "./study.js";

/** @typedef {ReturnType<typeof createApp>} App */

export function createApp() {
  const store = createStore(INITIAL);
  return { store, actions: createActions(store), study: new Study(store) };
}
