// @ts-check
/**
 * The state of one viewer: a frozen record that is replaced, never changed.
 * Listeners run once per batch of changes, in a microtask, so that a burst of `set` calls costs one update.
 */

/**
 * @template {object} S
 * @typedef {{
 *   get(): Readonly<S>,
 *   set(patch: Partial<S>): void,
 *   subscribe(listener: (state: Readonly<S>) => void, signal: AbortSignal): void,
 * }} Store
 */

/**
 * @template {object} S
 * @param {S} initial
 * @returns {Store<S>}
 */
export function createStore(initial) {
  /** @type {Readonly<S>} */
  let state = Object.freeze({ ...initial });
  let scheduled = false;
  /** @type {Set<(state: Readonly<S>) => void>} */
  const listeners = new Set();

  const flush = () => {
    scheduled = false;
    for (const listener of [...listeners]) listener(state);
  };

  return {
    get: () => state,
    set(patch) {
      state = Object.freeze({ ...state, ...patch });
      if (scheduled) return;
      scheduled = true;
      queueMicrotask(flush);
    },
    /** Calls `listener` at once and after every batch of changes, until `signal` aborts. */
    subscribe(listener, signal) {
      if (signal.aborted) return;
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
      listener(state);
    },
  };
}
