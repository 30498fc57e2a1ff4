"""FROC for monitoring a training. The scorer of record is `lesionlens froc`; the rules are the same.

In: per image the truth boxes and the detections, half-open image px. Out: sensitivities at
.5, 1, 2, 4, 8, 16 false positives per image and the mean of the first four.
"""

from __future__ import annotations

import numpy as np

from .heads import iou

RATES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


def froc(images: list[tuple[np.ndarray, np.ndarray]], criterion: str = "iou") -> dict:
    """`images`: (truth `[m, 4]`, detections `[k, 5]`). Criterion `iou` (≥ .5) or `center`."""
    events = []
    n_truth = 0
    for i, (truth, found) in enumerate(images):
        n_truth += len(truth)
        for j, row in enumerate(found):
            if len(truth) == 0:
                hit = np.zeros(0, bool)
            elif criterion == "iou":
                hit = iou(row, truth) >= 0.5
            else:
                cx, cy = (row[0] + row[2]) / 2, (row[1] + row[3]) / 2
                hit = (truth[:, 0] <= cx) & (cx < truth[:, 2]) & (truth[:, 1] <= cy) & (cy < truth[:, 3])
            events.append((-row[4], i, j, [(i, int(k)) for k in np.flatnonzero(hit)]))
    events.sort(key=lambda e: e[:3])
    found_truths: set = set()
    false = 0
    curve = []
    for _, _, _, hits in events:
        if hits:
            found_truths.update(hits)
        else:
            false += 1
        curve.append((false / max(len(images), 1), len(found_truths) / max(n_truth, 1)))
    sensitivity = [max([s for f, s in curve if f <= rate], default=0.0) for rate in RATES]
    return {
        "rates": list(RATES),
        "sensitivity": sensitivity,
        "mean": float(np.mean(sensitivity[:4])),
        "n_images": len(images),
        "n_lesions": n_truth,
    }
