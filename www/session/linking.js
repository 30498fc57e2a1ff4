// @ts-check
/**
 * Keeps the list of lesions to what was found and to the threshold. The module links; one question is asked at a time, and
 * what changed meanwhile is asked after it.
 */

/** @import { Client } from "../engine/client.js" */
/** @import { StateStore } from "../state/state.js" */
import { WorkerLost } from "../engine/client.js";

/**
 * @param {StateStore} store
 * @param {Client} client
 * @param {AbortSignal} signal
 */
export function keepLinked(store, client, signal) {
  let isAsking = false;
  const { found: noFound, threshold: noThreshold } = store.get();
  let asked = { found: noFound, threshold: noThreshold };

  const ask = async () => {
    const { found, threshold } = store.get();
    if (isAsking || (found === asked.found && threshold === asked.threshold)) return;
    isAsking = true;
    asked = { found, threshold };
    try {
      const lesions = found.size === 0 ? [] : await client.call("lesions", [threshold]);
      // A study that was opened meanwhile begins without lesions.
      if (store.get().found.size > 0 || lesions.length === 0) store.set({ lesions });
    } catch (error) {
      // Whoever searches meets the loss too; found anew, lesions are asked for anew.
      if (!(error instanceof WorkerLost)) throw error;
    } finally {
      isAsking = false;
    }
    void ask();
  };
  store.subscribe(() => void ask(), signal);
}
