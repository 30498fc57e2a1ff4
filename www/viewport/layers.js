// @ts-check
/**
 * Draws boxes and their labels over a slice: truth green and solid, detector orange and dashed, 2 px wide with a dark
 * halo; diameters thin, solid and lighter, with a tick at each end, as calipers leave them. Boxes and lines come in image
 * pixels and are drawn in canvas pixels; line widths, ticks and letters do not scale with the slice.
 */

/** @import { Box, CanvasFromImage, Point, Rectangle, Size } from "./transform.js" */
import { canvasFromImage, rectangleOf } from "./transform.js";

/**
 * @typedef {readonly [Point, Point]} Line both ends
 * What a person drew. `points` have handles where it is selected; the label stands beside the first of them.
 * @typedef {{
 *   points: readonly Point[], lines: readonly Line[], isArrow: boolean, label: string, isSelected: boolean,
 * }} Mark
 * @typedef {{
 *   box_px: Box, label: string, kind: "truth" | "detector", isSelected: boolean, lines: readonly Line[],
 * }} Outline
 */

const HALO = "rgb(0 0 0 / 0.75)";
const FONT = "600 12px system-ui, sans-serif";
const LABEL_HEIGHT = 17;
const DASHES = [7, 4];
// A tick reaches this far to either side of its line, and at most this share of the line's length.
const TICK = 4;
const TICK_SHARE = 0.2;

/**
 * @param {HTMLCanvasElement} canvas already in its place, which gives it its size
 * @param {CanvasFromImage} transform
 * @param {readonly Outline[]} outlines drawn in this order
 * @param {readonly Mark[]} marks drawn over the outlines
 * @param {{ truth: string, detector: string, measure: string, reader: string }} colours
 */
export function drawOverlay(canvas, transform, outlines, marks, colours) {
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  canvas.width = Math.max(1, Math.round(width * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(height * devicePixelRatio));
  const pen = canvas.getContext("2d");
  if (!pen || width === 0) return;
  pen.scale(canvas.width / width, canvas.height / height);
  pen.font = FONT;
  pen.textBaseline = "middle";
  const placed = outlines.map((outline) => ({ ...outline, at: rectangleOf(transform, outline.box_px) }));
  // All halos first: where truth and detector coincide, green shows between the orange dashes.
  for (const { at, isSelected } of placed) strokeBox(pen, at, { colour: HALO, width: isSelected ? 7 : 5, dashes: [] });
  for (const { at, kind, isSelected } of placed) {
    strokeBox(pen, at, { colour: colours[kind], width: isSelected ? 3 : 2, dashes: kind === "detector" ? DASHES : [] });
  }
  /** @type {Line[]} */
  const ends = placed
    .flatMap(({ lines }) => lines)
    .map(([one, other]) => [canvasFromImage(transform, one), canvasFromImage(transform, other)]);
  for (const look of [
    { colour: HALO, width: 3.5 },
    { colour: colours.measure, width: 1.5 },
  ]) {
    for (const line of ends) strokeCaliper(pen, line, look);
  }
  /** @type {Rectangle[]} */
  const taken = [];
  for (const { at, kind, label, isSelected } of placed) {
    const place = placeFor(at, pen.measureText(label).width + 10, { width, height }, taken);
    taken.push(place);
    writeLabel(pen, place, { label, colour: colours[kind], isSelected });
  }
  for (const mark of marks) drawMark(pen, transform, mark, colours.reader, { width, height }, taken);
}

const MARK_DASHES = [2, 3];
const HANDLE = 5;
const HEAD = 11;

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {CanvasFromImage} transform
 * @param {Mark} mark
 * @param {string} colour
 * @param {Size} canvas
 * @param {Rectangle[]} taken places of labels; this one's is added
 */
function drawMark(pen, transform, { points, lines, isArrow, label, isSelected }, colour, canvas, taken) {
  const at = points.map((point) => canvasFromImage(transform, point));
  for (const [style, width, dashes] of /** @type {[string, number, number[]][]} */ ([
    [HALO, 4, []],
    [colour, isSelected ? 2.5 : 2, isSelected ? [] : MARK_DASHES],
  ])) {
    pen.strokeStyle = style;
    pen.lineWidth = width;
    pen.lineCap = "round";
    for (const line of lines) {
      const [[x0, y0], [x1, y1]] = [canvasFromImage(transform, line[0]), canvasFromImage(transform, line[1])];
      pen.setLineDash(dashes);
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.lineTo(x1, y1);
      pen.stroke();
      if (!isArrow) continue;
      const angle = Math.atan2(y1 - y0, x1 - x0);
      pen.setLineDash([]);
      pen.beginPath();
      for (const turn of [2.7, -2.7]) {
        pen.moveTo(x1, y1);
        pen.lineTo(x1 + HEAD * Math.cos(angle + turn), y1 + HEAD * Math.sin(angle + turn));
      }
      pen.stroke();
    }
  }
  pen.setLineDash([]);
  for (const [x, y] of isSelected || lines.length === 0 ? at : []) {
    pen.beginPath();
    pen.arc(x, y, HANDLE, 0, 2 * Math.PI);
    pen.fillStyle = HALO;
    pen.fill();
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    pen.stroke();
  }
  if (label === "" || at.length === 0) return;
  const [xs, ys] = [at.map(([x]) => x), at.map(([, y]) => y)];
  const box = { x: Math.min(...xs), y: Math.min(...ys) - 4, width: 0, height: 0 };
  box.width = Math.max(...xs) - box.x;
  box.height = Math.max(...ys) - box.y + 4;
  const place = placeFor(box, pen.measureText(label).width + 10, canvas, taken);
  taken.push(place);
  writeLabel(pen, place, { label, colour, isSelected });
}

/**
 * A line with a tick across each of its ends.
 * @param {CanvasRenderingContext2D} pen
 * @param {Line} line in canvas pixels
 * @param {{ colour: string, width: number }} look
 */
function strokeCaliper(pen, [[x0, y0], [x1, y1]], { colour, width }) {
  const share = Math.min(TICK_SHARE, TICK / (Math.hypot(x1 - x0, y1 - y0) || 1));
  const tickX = -share * (y1 - y0);
  const tickY = share * (x1 - x0);
  pen.setLineDash([]);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineCap = "round";
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  for (const [x = 0, y = 0] of [
    [x0, y0],
    [x1, y1],
  ]) {
    pen.moveTo(x - tickX, y - tickY);
    pen.lineTo(x + tickX, y + tickY);
  }
  pen.stroke();
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Rectangle} at
 * @param {{ colour: string, width: number, dashes: number[] }} line
 */
function strokeBox(pen, at, { colour, width, dashes }) {
  pen.setLineDash(dashes);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.strokeRect(at.x, at.y, at.width, at.height);
}

/**
 * Where a label goes: above its box, else below, else beside it, wherever it is on the slice and covers no other label.
 * @param {Rectangle} box
 * @param {number} width
 * @param {Size} canvas
 * @param {readonly Rectangle[]} taken
 * @returns {Rectangle}
 */
function placeFor(box, width, canvas, taken) {
  const height = LABEL_HEIGHT;
  const left = Math.min(Math.max(box.x - 1, 0), canvas.width - width);
  const right = Math.min(Math.max(box.x + box.width + 1 - width, 0), canvas.width - width);
  const above = box.y - height - 4;
  const below = box.y + box.height + 4;
  const beside = Math.min(Math.max(box.y, 0), canvas.height - height);
  const places = [
    [left, above],
    [left, below],
    [right, above],
    [right, below],
    [box.x + box.width + 5, beside],
    [box.x - width - 5, beside],
  ].map(([x = 0, y = 0]) => ({ x, y, width, height }));
  const fits = (/** @type {Rectangle} */ p) =>
    p.x >= 0 && p.y >= 0 && p.x + p.width <= canvas.width && p.y + p.height <= canvas.height;
  const isFree = (/** @type {Rectangle} */ p) =>
    taken.every((t) => p.x >= t.x + t.width || t.x >= p.x + p.width || p.y >= t.y + t.height || t.y >= p.y + p.height);
  const inside = { x: left, y: Math.max(box.y + 3, 0), width, height };
  return places.find((p) => fits(p) && isFree(p)) ?? places.find(fits) ?? inside;
}

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {Rectangle} place
 * @param {{ label: string, colour: string, isSelected: boolean }} look
 */
function writeLabel(pen, place, { label, colour, isSelected }) {
  pen.fillStyle = isSelected ? colour : HALO;
  pen.beginPath();
  pen.roundRect(place.x, place.y, place.width, place.height, 3);
  pen.fill();
  pen.fillStyle = isSelected ? "#000" : colour;
  pen.fillText(label, place.x + 5, place.y + place.height / 2 + 0.5);
}
