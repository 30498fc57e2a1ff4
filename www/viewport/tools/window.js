// @ts-check
/** Window by dragging. Pure functions. */

/** @import { Point } from "../transform.js" */

/**
 * Across is width, down is level, in steps that suit the width that the drag began with.
 * @param {Readonly<{ width_hu: number, center_hu: number }>} window when the drag began
 * @param {Point} total canvas pixels since then
 */
export function dragged({ width_hu, center_hu }, [dx, dy]) {
  const huPerPx = Math.max(0.25, width_hu / 400);
  return { width_hu: width_hu + dx * huPerPx, center_hu: center_hu + dy * huPerPx };
}
