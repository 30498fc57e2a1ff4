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
 * @typedef {{ width: number, height: number }} Size
 *
 * Canvas pixels per image pixel along both axes, and where the image's corner lies on the canvas.
 * @typedef {Readonly<{ across: number, down: number, left: number, top: number }>} CanvasFromImage
 */

/**
 * An image that fills the whole canvas.
 * @param {ImageSize} image
 * @param {Size} canvas
 * @returns {CanvasFromImage}
 */
export function filling(image, canvas) {
  return { across: canvas.width / image.cols, down: canvas.height / image.rows, left: 0, top: 0 };
}

/**
 * The largest canvas inside `room` that shows an image in its true proportions, and how large a millimetre is on it.
 * @param {ImageSize} image
 * @param {{ x: number, y: number }} spacing_mm
 * @param {Size} room
 * @returns {Size & { pxPerMm: number }}
 */
export function fitting(image, spacing_mm, room) {
  const width_mm = image.cols * spacing_mm.x;
  const height_mm = image.rows * spacing_mm.y;
  const pxPerMm = Math.min(room.width / width_mm, room.height / height_mm);
  return { width: width_mm * pxPerMm, height: height_mm * pxPerMm, pxPerMm };
}

/**
 * @param {CanvasFromImage} transform
 * @param {Point} point_px in the image
 * @returns {Point}
 */
export function canvasFromImage({ across, down, left, top }, [x, y]) {
  return [left + x * across, top + y * down];
}

/**
 * @param {CanvasFromImage} transform
 * @param {Point} point on the canvas
 * @returns {Point}
 */
export function imageFromCanvas({ across, down, left, top }, [x, y]) {
  return [(x - left) / across, (y - top) / down];
}

/**
 * @param {CanvasFromImage} transform
 * @param {Box} box_px in the image
 * @returns {Rectangle}
 */
export function rectangleOf(transform, [x0, y0, x1, y1]) {
  const [x, y] = canvasFromImage(transform, [x0, y0]);
  const [right, bottom] = canvasFromImage(transform, [x1, y1]);
  return { x, y, width: right - x, height: bottom - y };
}

/**
 * Whether a point lies in a box, both in the same space.
 * @param {Box} box
 * @param {Point} point
 */
export function covers([x0, y0, x1, y1], [x, y]) {
  return x >= x0 && x < x1 && y >= y0 && y < y1;
}
