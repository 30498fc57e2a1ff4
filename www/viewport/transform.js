// @ts-check
/**
 * The way between image pixels and canvas pixels, in one place.
 *
 * Image pixels count from the outer edge of the first pixel, so a box is half-open edges and the middle of a pixel lies at
 * a half. Canvas pixels are CSS pixels from the canvas's corner; how many device pixels one has is the painter's affair.
 * Pure functions that import nothing.
 */

/**
 * @typedef {readonly [number, number]} Point
 * @typedef {readonly [number, number, number, number]} Box edges `[x0, y0, x1, y1]`
 * @typedef {{ x: number, y: number, width: number, height: number }} Rectangle
 * @typedef {{ cols: number, rows: number }} ImageSize
 * @typedef {{ x: number, y: number }} Spacing millimetres per pixel
 * @typedef {{ width: number, height: number }} Size
 *
 * An affine map in the order of CSS's `matrix()`: `x' = a·x + c·y + e`, `y' = b·x + d·y + f`.
 * @typedef {Readonly<{ a: number, b: number, c: number, d: number, e: number, f: number }>} CanvasFromImage
 *
 * How the image is turned on the screen: where its x axis and its y axis point, in quarter turns, `[xx, xy, yx, yy]`.
 * @typedef {readonly [number, number, number, number]} Facing
 *
 * How a person has placed the image. `zoom` 1 fits it into the room; `middle` is what lies in the room's middle, in shares
 * of the image's columns and rows, so that it holds for a room or a series of another size.
 * @typedef {Readonly<{ zoom: number, middle: Point, facing: Facing }>} Pose
 */

/** Upright, whole, in the middle. @type {Pose} */
export const UPRIGHT = { zoom: 1, middle: [0.5, 0.5], facing: [1, 0, 0, 1] };

const LEAST_ZOOM = 0.2;
const MOST_ZOOM = 30;

/**
 * Canvas pixels per millimetre with which the image just fits.
 * @param {ImageSize} image
 * @param {Spacing} spacing_mm
 * @param {Size} room
 * @param {Facing} facing
 */
function fittingScale({ cols, rows }, { x, y }, { width, height }, [xx]) {
  const [across_mm, down_mm] = xx !== 0 ? [cols * x, rows * y] : [rows * y, cols * x];
  return Math.min(width / across_mm, height / down_mm);
}

/**
 * Where a pose puts the image in a room, in its true proportions, and how large a millimetre is there.
 * @param {ImageSize} image
 * @param {Spacing} spacing_mm
 * @param {Size} room
 * @param {Pose} pose
 * @returns {{ transform: CanvasFromImage, pxPerMm: number }}
 */
export function placing(image, spacing_mm, room, { zoom, middle, facing }) {
  const pxPerMm = zoom * fittingScale(image, spacing_mm, room, facing);
  const [xx, xy, yx, yy] = facing;
  const [across, down] = [spacing_mm.x * pxPerMm, spacing_mm.y * pxPerMm];
  const [a, b, c, d] = [xx * across, xy * across, yx * down, yy * down];
  const [x, y] = [middle[0] * image.cols, middle[1] * image.rows];
  return { transform: { a, b, c, d, e: room.width / 2 - a * x - c * y, f: room.height / 2 - b * x - d * y }, pxPerMm };
}

/**
 * The pose that shows a pixel of the image as one device pixel, across.
 * @param {ImageSize} image
 * @param {Spacing} spacing_mm
 * @param {Size} room
 * @param {Pose} pose
 * @param {number} devicePixels per canvas pixel
 * @returns {Pose}
 */
export function oneToOne(image, spacing_mm, room, pose, devicePixels) {
  const pxPerMm = 1 / devicePixels / spacing_mm.x;
  return { ...pose, zoom: pxPerMm / fittingScale(image, spacing_mm, room, pose.facing) };
}

/**
 * Zoomed by a factor about a point of the room, which keeps what it shows.
 * @param {ImageSize} image
 * @param {Spacing} spacing_mm
 * @param {Size} room
 * @param {Pose} pose
 * @param {number} factor
 * @param {Point} about on the canvas
 * @returns {Pose}
 */
export function zoomed(image, spacing_mm, room, pose, factor, about) {
  const zoom = Math.min(Math.max(pose.zoom * factor, LEAST_ZOOM), MOST_ZOOM);
  const held = imageFromCanvas(placing(image, spacing_mm, room, pose).transform, about);
  const [x, y] = canvasFromImage(placing(image, spacing_mm, room, { ...pose, zoom }).transform, held);
  return moved(image, spacing_mm, room, { ...pose, zoom }, [about[0] - x, about[1] - y]);
}

/**
 * Moved by canvas pixels. Something of the image always stays in the middle.
 * @param {ImageSize} image
 * @param {Spacing} spacing_mm
 * @param {Size} room
 * @param {Pose} pose
 * @param {Point} by
 * @returns {Pose}
 */
export function moved(image, spacing_mm, room, pose, [dx, dy]) {
  const { transform } = placing(image, spacing_mm, room, pose);
  const [x, y] = imageFromCanvas(transform, [room.width / 2 - dx, room.height / 2 - dy]);
  const share = (/** @type {number} */ at, /** @type {number} */ of) => Math.min(Math.max(at / of, 0), 1);
  return { ...pose, middle: [share(x, image.cols), share(y, image.rows)] };
}

/**
 * Turned as the screen shows it: mirrored left to right or top to bottom, or a quarter clockwise.
 * @param {Pose} pose
 * @param {"across" | "down" | "quarter"} how
 * @returns {Pose}
 */
export function turned(pose, how) {
  const turn = (/** @type {number} */ x, /** @type {number} */ y) =>
    /** @type {[number, number]} */ (how === "across" ? [-x, y] : how === "down" ? [x, -y] : [-y, x]);
  const [xx, xy, yx, yy] = pose.facing;
  // Adding zero takes the sign away that a zero may get.
  const facing = [...turn(xx, xy), ...turn(yx, yy)].map((value) => value + 0);
  return { ...pose, facing: /** @type {[number, number, number, number]} */ (facing) };
}

/**
 * What stands at the edges of the screen, from what stands at those of the image.
 * @template T
 * @param {{ left: T, right: T, top: T, bottom: T }} sides of the image
 * @param {Facing} facing
 * @returns {{ left: T, right: T, top: T, bottom: T }}
 */
export function sidesOnScreen({ left, right, top, bottom }, [xx, xy, yx, yy]) {
  const towards = (/** @type {number} */ x, /** @type {number} */ y) => {
    const alongX = x * xx + y * xy;
    if (alongX !== 0) return alongX > 0 ? right : left;
    return x * yx + y * yy > 0 ? bottom : top;
  };
  return { left: towards(-1, 0), right: towards(1, 0), top: towards(0, -1), bottom: towards(0, 1) };
}

/**
 * @param {CanvasFromImage} transform
 * @param {Point} point_px in the image
 * @returns {Point}
 */
export function canvasFromImage({ a, b, c, d, e, f }, [x, y]) {
  return [a * x + c * y + e, b * x + d * y + f];
}

/**
 * @param {CanvasFromImage} transform
 * @param {Point} point on the canvas
 * @returns {Point}
 */
export function imageFromCanvas({ a, b, c, d, e, f }, [x, y]) {
  const scale = a * d - b * c;
  return [(d * (x - e) - c * (y - f)) / scale, (a * (y - f) - b * (x - e)) / scale];
}

/**
 * The rectangle that a box becomes; turns are by quarters, so it stays one.
 * @param {CanvasFromImage} transform
 * @param {Box} box_px in the image
 * @returns {Rectangle}
 */
export function rectangleOf(transform, [x0, y0, x1, y1]) {
  const [ax, ay] = canvasFromImage(transform, [x0, y0]);
  const [bx, by] = canvasFromImage(transform, [x1, y1]);
  return { x: Math.min(ax, bx), y: Math.min(ay, by), width: Math.abs(bx - ax), height: Math.abs(by - ay) };
}

/**
 * Whether a point lies in a box, both in the same space.
 * @param {Box} box
 * @param {Point} point
 */
export function covers([x0, y0, x1, y1], [x, y]) {
  return x >= x0 && x < x1 && y >= y0 && y < y1;
}
