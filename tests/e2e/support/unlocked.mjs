/** Patches for `serve`: the page without its policies, its lock and what is taken away, as a control. */

import { rebuilt, unsealed } from "./project.mjs";

const NOTHING_TAKEN =
  "export const takeAway = () => {}; export const removeFrom = () => {}; export const waysOut = async () => [];";

/** @param {{ policies?: "kept" | "removed" }} options the policies of the page's first byte */
export function withoutLock({ policies = "removed" } = {}) {
  const { "index.html": withScope, ...scope } = rebuilt("scope", () => NOTHING_TAKEN);
  const policy = policies === "kept" ? /(?!)/ : /<meta http-equiv="Content-Security-Policy"[^>]*>/;
  return {
    ...scope,
    "start/lock.js": () => "export const giveUpNetwork = () => {};",
    "index.html": (html) => unsealed(withScope(html).toString()).replace(policy, ""),
  };
}
