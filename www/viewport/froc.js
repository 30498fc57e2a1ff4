// @ts-check
/** Draws a FROC curve: sensitivity against false positives per image, with axes, and points measured elsewhere behind. */

/**
 * @typedef {Readonly<{ score: number, false_positives_per_image: number, sensitivity: number }>} Step
 * @typedef {Readonly<{ across: number, up: number, low: number, high: number }>} Measured with its 95 % interval
 * @typedef {Readonly<{
 *   line: string, behind: string, text: string, grid: string, across: string, up: string,
 *   tick: (value: number) => string, percent: (share: number) => string,
 * }>} Look colours and words
 */

const ROOM = { left: 58, right: 10, top: 10, bottom: 38 };
const LEAST_ACROSS = 2;
// Beyond this a curve says nothing that a reader could use, and would press the rest against the axis.
const MOST_ACROSS = 16;

/**
 * @param {HTMLCanvasElement} canvas already in its place, which gives it its size
 * @param {readonly Step[]} curve by falling score
 * @param {readonly Measured[]} measured
 * @param {number} threshold marked on the curve
 * @param {Look} look
 */
export function drawFroc(canvas, curve, measured, threshold, look) {
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.max(1, Math.round(width * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(height * devicePixelRatio));
  const pen = canvas.getContext("2d");
  if (!pen || width === 0) return;
  pen.scale(canvas.width / width, canvas.height / height);
  pen.font = "11px system-ui, sans-serif";
  const widest = [...curve.map((step) => step.false_positives_per_image), ...measured.map(({ across }) => across)];
  const most = Math.min(Math.max(LEAST_ACROSS, ...widest), MOST_ACROSS);
  const [inner, tall] = [width - ROOM.left - ROOM.right, height - ROOM.top - ROOM.bottom];
  const x = (/** @type {number} */ value) => ROOM.left + (value / most) * inner;
  const y = (/** @type {number} */ share) => ROOM.top + (1 - share) * tall;
  const stroke = (
    /** @type {string} */ style,
    /** @type {number} */ wide,
    /** @type {[number, number][]} */ points,
  ) => {
    pen.strokeStyle = style;
    pen.lineWidth = wide;
    pen.beginPath();
    for (const [at, [px, py]] of points.entries()) at === 0 ? pen.moveTo(px, py) : pen.lineTo(px, py);
    pen.stroke();
  };
  pen.fillStyle = look.text;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    stroke(look.grid, 1, [
      [x(0), y(share)],
      [x(most), y(share)],
    ]);
    pen.fillText(look.percent(share), ROOM.left - 5, y(share));
  }
  pen.textAlign = "center";
  pen.textBaseline = "top";
  const step = most > 8 ? Math.ceil(most / 4) : most > 3 ? 1 : 0.5;
  for (let value = 0; value <= most; value += step) pen.fillText(look.tick(value), x(value), y(0) + 5);
  pen.fillText(look.across, ROOM.left + inner / 2, y(0) + 21);
  pen.save();
  pen.translate(8, ROOM.top + tall / 2);
  pen.rotate(-Math.PI / 2);
  pen.textBaseline = "middle";
  pen.fillText(look.up, 0, 0);
  pen.restore();

  pen.beginPath();
  pen.rect(ROOM.left - 6, 0, inner + 12, height);
  pen.clip();
  for (const { across, up, low, high } of measured) {
    stroke(look.behind, 1, [
      [x(across), y(low)],
      [x(across), y(high)],
    ]);
    pen.fillStyle = look.behind;
    pen.fillRect(x(across) - 3, y(up) - 3, 6, 6);
  }
  // Nothing is found before the first detection, and a rate is reached in steps.
  let [before, up] = [0, 0];
  /** @type {[number, number][]} */
  const points = [[x(0), y(0)]];
  for (const { false_positives_per_image: rate, sensitivity } of curve) {
    if (rate !== before) points.push([x(rate), y(up)]);
    points.push([x(rate), y(sensitivity)]);
    [before, up] = [rate, sensitivity];
  }
  stroke(look.line, 2, points);
  const now = curve.findLast(({ score }) => score >= Math.fround(threshold));
  if (!now) return;
  pen.beginPath();
  pen.arc(x(now.false_positives_per_image), y(now.sensitivity), 5, 0, 2 * Math.PI);
  pen.fillStyle = look.line;
  pen.fill();
}
