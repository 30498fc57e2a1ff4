"""Raw heads → boxes in image px: the twin of the program's `heads` and `nms` stages.

In: one f32 `[5, h, w]` array per stride, the map to image px. Out: rows (x0, y0, x1, y1, score),
falling score.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from . import spec


def candidates(
    heads: list[np.ndarray],
    origin: tuple[int, int],
    ratio: tuple[float, float],
    shape: tuple[int, int],
    score_floor: float = spec.SCORE_FLOOR,
) -> np.ndarray:
    """Candidates of one slice of `shape` (rows, cols) image px, before suppression `[k, 5]`."""
    rows_of = []
    for head, stride in zip(heads, spec.STRIDES):
        heat = head[0]
        peak = heat >= ndimage.maximum_filter(heat, 3, mode="constant", cval=-np.inf)
        score = 1 / (1 + np.exp(-heat.astype(np.float64)))
        ys, xs = np.nonzero(peak & (score >= score_floor))
        order = np.argsort(-score[ys, xs], kind="stable")[: spec.TOP_K]
        ys, xs = ys[order], xs[order]
        _, dx, dy, lw, lh = (head[c][ys, xs].astype(np.float64) for c in range(5))
        cx, cy = (xs + dx) * stride, (ys + dy) * stride
        hw, hh = np.exp(lw) / 2, np.exp(lh) / 2
        x0 = (cx - hw + origin[0]) * ratio[0] - spec.MARGIN_PX
        x1 = (cx + hw + origin[0]) * ratio[0] + spec.MARGIN_PX
        y0 = (cy - hh + origin[1]) * ratio[1] - spec.MARGIN_PX
        y1 = (cy + hh + origin[1]) * ratio[1] + spec.MARGIN_PX
        rows_of.append(
            np.stack(
                [x0.clip(0, shape[1]), y0.clip(0, shape[0]), x1.clip(0, shape[1]), y1.clip(0, shape[0]), score[ys, xs]],
                1,
            )
        )
    return np.concatenate(rows_of)


def iou(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Overlap of one half-open box with many."""
    w = (np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])).clip(0)
    h = (np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])).clip(0)
    inter = w * h
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    union = (box[2] - box[0]) * (box[3] - box[1]) + area - inter
    return np.where(union > 0, inter / np.maximum(union, 1e-12), 0)


def suppressed(found: np.ndarray, nms_iou: float = spec.NMS_IOU) -> np.ndarray:
    """Greedy non-maximum suppression over both heads together."""
    found = found[np.argsort(-found[:, 4], kind="stable")]
    kept: list[int] = []
    for i in range(len(found)):
        if not kept or (iou(found[i], found[kept]) <= nms_iou).all():
            kept.append(i)
    return found[kept]
