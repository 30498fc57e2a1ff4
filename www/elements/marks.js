// @ts-check
/** What stands beside something that a person drew. */

/** @import { SeriesInfo } from "lesionlens" */
/** @import { Shape } from "../viewport/tools/marks.js" */
/** @import { Words } from "../words/index.js" */
import { diameters, length_mm } from "../viewport/tools/marks.js";

/**
 * Text and lengths, in pixels where nothing says the spacing.
 * @param {Shape & { text?: string }} mark
 * @param {Pick<SeriesInfo, "spacing_mm" | "spacing_source">} series
 * @param {Words} words
 */
export function markText({ kind, points, text = "" }, series, words) {
  const [from, to] = points;
  const unit = series.spacing_source === "assumed" ? "px" : "mm";
  const spacing = unit === "px" ? { x: 1, y: 1 } : series.spacing_mm;
  let length = "";
  if (kind === "line" && from && to) length = words.marks.length(length_mm(from, to, spacing), unit);
  if (kind === "diameters") {
    const { long, short } = diameters(points, spacing);
    length = words.marks.size(long, short, unit);
  }
  return [text, length].filter(Boolean).join(" · ");
}
