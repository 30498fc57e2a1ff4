"""What the heads should answer on a crop.

In: lesions and ignored places in crop px, a stride. Out: arrays of the head's grid: `heat`, `positive`, `prior`,
`negative_weight` `[h, w]`, `regression` `[8, h, w]` (the spec's box and axis channels without heat),
`regression_weight`, `axes_weight` `[h, w]` (0 where the axes are unknown), `type` int64 `[h, w]` (DeepLesion's number,
0 where unknown).

`heat` and `positive` are CenterNet's (Zhou et al. 2019): a Gaussian about the lesion's centre and one cell. `prior`
is an ellipse of cells about the centre (the centre sampling of FCOS, Tian et al. 2019), 1 at the centre and falling
outwards: with the loss `quality` each of its cells answers for the lesion. A lesion's priors add up to the square root
of their sum, so that a large lesion weighs more than a small one, but less than in proportion to its area.
"""

from __future__ import annotations

import numpy as np

from ..lesion import Box, Lesion
from ..spec import AXIS_CHANNELS, BOX_CHANNELS

# Long side of the tight box in input px that each head is trained on.
RANGES_PX = ((0.0, 50.0), (34.0, 1e9))
IGNORE_FACTOR = 1.3
# Half axes of the ellipse of positive cells: this share of the box, and at least so many cells.
PRIOR_SHARE = 0.22
PRIOR_LEAST_CELLS = 1.3

REGRESSED = (*BOX_CHANNELS[1:], *AXIS_CHANNELS)


def head_targets(
    lesions: list[Lesion],
    ignored: list[Box],
    shape: tuple[int, int],
    stride: int,
    size_range: tuple[float, float],
    negative_weight: float,
    emphasis: list[Box] | None = None,
) -> dict[str, np.ndarray]:
    """Targets of one head. Negatives inside `emphasis` boxes weigh 1."""
    h, w = shape[0] // stride, shape[1] // stride
    heat = np.zeros((h, w), np.float32)
    positive = np.zeros((h, w), np.float32)
    prior = np.zeros((h, w), np.float32)
    prior_weight = np.zeros((h, w), np.float32)
    weight = np.full((h, w), negative_weight, np.float32)
    reg = np.zeros((len(REGRESSED), h, w), np.float32)
    reg_weight = np.zeros((h, w), np.float32)
    axes_weight = np.zeros((h, w), np.float32)
    types = np.zeros((h, w), np.int64)
    for some, value in ((emphasis or [], 1.0), (ignored, 0.0)):
        for x0, y0, x1, y1 in some:
            c0, r0 = max(int(x0 / stride), 0), max(int(y0 / stride), 0)
            weight[r0 : max(int(np.ceil(y1 / stride)), 0), c0 : max(int(np.ceil(x1 / stride)), 0)] = value
    for lesion in lesions:
        x0, y0, x1, y1 = lesion.box
        bw, bh = x1 - x0, y1 - y0
        cx, cy = (x0 + x1) / 2 / stride, (y0 + y1) / 2 / stride
        low, high = size_range
        c0, c1 = (int(np.clip(v, 0, w)) for v in ((x0 / stride) - 2, (x1 / stride) + 3))
        r0, r1 = (int(np.clip(v, 0, h)) for v in ((y0 / stride) - 2, (y1 / stride) + 3))
        cols = np.arange(c0, c1, dtype=np.float32)[None]
        rows = np.arange(r0, r1, dtype=np.float32)[:, None]
        here = (slice(r0, r1), slice(c0, c1))
        gx, gy = cols + 0.5 - cx, rows + 0.5 - cy
        if not low <= max(bw, bh) < high:
            if low / IGNORE_FACTOR <= max(bw, bh) < high * IGNORE_FACTOR:
                near = (np.abs(gx) < bw / stride / 4 + 1) & (np.abs(gy) < bh / stride / 4 + 1)
                weight[here][near] = 0
            continue
        sx, sy = max(0.11 * bw / stride, 0.5), max(0.11 * bh / stride, 0.5)
        g = np.exp(-(gx * gx) / (2 * sx * sx) - (gy * gy) / (2 * sy * sy)).astype(np.float32)
        col, row = int(np.clip(cx, 0, w - 1)), int(np.clip(cy, 0, h - 1))
        g[row - r0, col - c0] = 1
        heat[here] = np.maximum(heat[here], g)
        positive[row, col] = 1
        near = (np.abs(gx) < bw / stride / 2 + 1) & (np.abs(gy) < bh / stride / 2 + 1)
        weight[here][near] = 1

        ax, ay = (max(PRIOR_SHARE * side / stride, PRIOR_LEAST_CELLS) for side in (bw, bh))
        distance = (gx / ax) ** 2 + (gy / ay) ** 2
        p = np.where(distance < 1, np.exp(-0.7 * distance), 0).astype(np.float32)
        p[row - r0, col - c0] = 1
        share = np.float32(p.sum() ** -0.5)
        ours = p > prior[here]
        prior[here][ours] = p[ours]
        prior_weight[here][ours] = share

        write = (np.maximum(g * (g > 0.3), p) > 0) & (np.maximum(g, p) > reg_weight[here])
        strength = np.maximum(g, p)
        reg_weight[here][write] = strength[write]
        values = [cx - cols, cy - rows, np.log(max(bw, 1.0)), np.log(max(bh, 1.0)), 0.0, 0.0, 0.0, 0.0]
        if lesion.axes is not None:
            long, short, theta = lesion.axes
            values[4:] = [np.log(max(long, 1.0)), np.log(max(short, 1.0)), np.sin(2 * theta), np.cos(2 * theta)]
        for k, value in enumerate(values):
            reg[k][here][write] = np.broadcast_to(np.float32(value), g.shape)[write]
        axes_weight[here][write] = strength[write] * (lesion.axes is not None)
        types[here][write] = max(lesion.type, 0)
    return {
        "heat": heat,
        "positive": positive,
        "prior": prior,
        "prior_weight": prior_weight,
        "negative_weight": weight,
        "regression": reg,
        "regression_weight": reg_weight,
        "axes_weight": axes_weight,
        "type": types,
    }


def mirrored(target: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The target of the crop flipped left to right."""
    flipped = {k: v[..., ::-1].copy() for k, v in target.items()}
    reg = flipped["regression"]
    dx, sine = REGRESSED.index("dx"), REGRESSED.index("sin_2theta")
    reg[dx] = np.where(flipped["regression_weight"] > 0, 1 - reg[dx], 0)
    reg[sine] *= -1
    return flipped
