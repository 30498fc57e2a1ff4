// @ts-check
/**
 * What a person draws on a slice: arrows, lines, the two diameters of RECIST, text. Points are image pixels; lengths are
 * millimetres of the slice's spacing. Pure functions that import nothing but types.
 *
 * Diameters are four points: both ends of the long one, both ends of the short one, which crosses it at a right angle in
 * millimetres (RECIST 1.1, Eisenhauer et al. 2009), not in pixels that are not square. A handle that is dragged keeps the
 * angle right: an end of the long one turns the short one along, an end of the short one slides it along the long one.
 */

/** @import { Point, Spacing } from "../transform.js" */

/**
 * @typedef {"arrow" | "line" | "diameters" | "text"} MarkKind
 * An arrow and a line have two points, the arrow's second one being its head; diameters four; a text one.
 * @typedef {Readonly<{ kind: MarkKind, points: readonly Point[] }>} Shape
 */

// A press that moves less than this draws nothing but a text.
const LEAST_PX = 4;
// A short diameter begins with this share of the long one's length, to be dragged.
const FIRST_SHORT = 0.6;

/**
 * Millimetres between two points.
 * @param {Point} from
 * @param {Point} to
 * @param {Spacing} spacing_mm
 */
export const length_mm = ([x0, y0], [x1, y1], { x, y }) => Math.hypot((x1 - x0) * x, (y1 - y0) * y);

/**
 * Both lengths of diameters, the longer one first, whichever was drawn as such.
 * @param {readonly Point[]} points four
 * @param {Spacing} spacing_mm
 * @returns {{ long: number, short: number }}
 */
export function diameters([a, b, c, d], spacing_mm) {
  if (!a || !b || !c || !d) return { long: 0, short: 0 };
  const [one, other] = [length_mm(a, b, spacing_mm), length_mm(c, d, spacing_mm)];
  return { long: Math.max(one, other), short: Math.min(one, other) };
}

/**
 * Where the short diameter crosses the long one, as a share of that one's length, and how far its ends are from there, in
 * millimetres along the direction across.
 * @typedef {{ share: number, first_mm: number, second_mm: number }} Cross
 *
 * @param {Point} a
 * @param {Point} b
 * @param {Cross} cross
 * @param {Spacing} spacing_mm
 * @returns {[Point, Point]}
 */
function shortOf([ax, ay], [bx, by], { share, first_mm, second_mm }, { x, y }) {
  const [dx, dy] = [(bx - ax) * x, (by - ay) * y];
  const length = Math.hypot(dx, dy) || 1;
  const end = (/** @type {number} */ mm) =>
    /** @type {Point} */ ([
      ax + share * (bx - ax) - ((dy / length) * mm) / x,
      ay + share * (by - ay) + ((dx / length) * mm) / y,
    ]);
  return [end(first_mm), end(second_mm)];
}

/**
 * The place of a point in the frame of a long diameter.
 * @param {Point} a
 * @param {Point} b
 * @param {Point} point
 * @param {Spacing} spacing_mm
 */
function inFrame([ax, ay], [bx, by], [px, py], { x, y }) {
  const [dx, dy] = [(bx - ax) * x, (by - ay) * y];
  const [qx, qy] = [(px - ax) * x, (py - ay) * y];
  const length = Math.hypot(dx, dy) || 1;
  const share = Math.min(Math.max((qx * dx + qy * dy) / length ** 2, 0), 1);
  return { share, across_mm: (qy * dx - qx * dy) / length };
}

/**
 * What is drawn by a drag from one point to another; null while it is too short.
 * @param {MarkKind} kind
 * @param {Point} from
 * @param {Point} to
 * @param {Spacing} spacing_mm
 * @param {number} moved_px how far the pointer went on the canvas
 * @returns {Shape | null}
 */
export function drawn(kind, from, to, spacing_mm, moved_px) {
  if (kind === "text") return { kind, points: [to] };
  if (moved_px < LEAST_PX) return null;
  // An arrow points at where it was begun: that is what one points at first.
  if (kind === "arrow") return { kind, points: [to, from] };
  if (kind === "line") return { kind, points: [from, to] };
  const half = (FIRST_SHORT * length_mm(from, to, spacing_mm)) / 2;
  const short = shortOf(from, to, { share: 0.5, first_mm: -half, second_mm: half }, spacing_mm);
  return { kind, points: [from, to, ...short] };
}

/**
 * With one of its points dragged elsewhere.
 * @param {Shape} shape
 * @param {number} handle which point
 * @param {Point} to
 * @param {Spacing} spacing_mm
 * @returns {Shape}
 */
export function dragged(shape, handle, to, spacing_mm) {
  const { kind, points } = shape;
  const [a, b, c, d] = points;
  if (kind !== "diameters" || !a || !b || !c || !d) {
    return { ...shape, points: points.map((point, at) => (at === handle ? to : point)) };
  }
  const [first, second] = [inFrame(a, b, c, spacing_mm), inFrame(a, b, d, spacing_mm)];
  const cross = { share: first.share, first_mm: first.across_mm, second_mm: second.across_mm };
  if (handle < 2) {
    const [from, until] = handle === 0 ? [to, b] : [a, to];
    return { kind, points: [from, until, ...shortOf(from, until, cross, spacing_mm)] };
  }
  const { share, across_mm } = inFrame(a, b, to, spacing_mm);
  const moved = handle === 2 ? { ...cross, share, first_mm: across_mm } : { ...cross, share, second_mm: across_mm };
  return { kind, points: [a, b, ...shortOf(a, b, moved, spacing_mm)] };
}

/**
 * The lines of a shape, from end to end.
 * @param {Shape} shape
 * @returns {(readonly [Point, Point])[]}
 */
export function linesOf({ points }) {
  /** @type {(readonly [Point, Point])[]} */
  const lines = [];
  for (let at = 0; at + 1 < points.length; at += 2) {
    const [from, to] = [points[at], points[at + 1]];
    if (from && to) lines.push([from, to]);
  }
  return lines;
}
