"""How far measured diameters are from the annotated ones, in mm.

`python -m lesionlens_training.judge.measure DL_INFO DETECTIONS… [--threshold T] [--patient P…]`

In: a table with lesions and a detections file with axes. Out, as JSON: for lesions that a detection meets (its
centre in the lesion's box, or IoU ≥ .5; the one with the highest score), at every score and at the threshold,
the median absolute and the mean signed error (found less annotated), with bootstrap intervals over patients:

- `long_mm`, `short_mm`: where the table carries diameters;
- `angle_deg` (0 to 90): where it carries the measurement's ends and long / short is at least 1.3;
- `width_mm`, `height_mm`: of the tight box, which every table carries: DeepLesion's margin is 5 px on
  either side, in the annotation as in the detection, so that it cancels;
- `axes_width_mm`, `axes_height_mm`: of the extent of the found diameters against the annotated tight box,
  which in DeepLesion is the extent of the annotated diameters. Where the table carries no diameters (the key
  slices of this project's data do not), it is what says most about the measured ones.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np

from ..data.truths import KeySlice, key_slices, match
from ..spec import MARGIN_PX
from ..twin.froc import Truth
from .evaluate import Found, load
from .intervals import over_patients

CRITERIA = ("center", "iou50")
ELONGATED = 1.3
NOTE = (
    "median absolute and mean signed error, found less annotated; intervals: bootstrap over patients; long, short and "
    "angle only where the table carries the measurement, box and axes' extent wherever it carries a box"
)


def median_abs(values: np.ndarray) -> float:
    """NaN without values."""
    return float(np.median(np.abs(values))) if len(values) else math.nan


def mean_signed(values: np.ndarray) -> float:
    """NaN without values."""
    return float(values.mean()) if len(values) else math.nan


def angle_between(a: float, b: float) -> float:
    """Between two lines, degrees, 0..=90."""
    difference = math.degrees(a - b) % 180
    return min(difference, 180 - difference)


def errors(truth: Truth, found: dict, mm_per_px: float) -> dict[str, float]:
    """Signed errors of one detection; the angle's is not signed."""
    x0, y0, x1, y1 = truth.box_px
    u0, v0, u1, v1 = found["box_px"]
    result = {"width_mm": ((u1 - u0) - (x1 - x0)) * mm_per_px, "height_mm": ((v1 - v0) - (y1 - y0)) * mm_per_px}
    axes = found.get("axes")
    if not axes:
        return result
    ends = np.array([axes["long_px"], axes["short_px"]])
    width, height = ends.reshape(-1, 2).max(0) - ends.reshape(-1, 2).min(0)
    result["axes_width_mm"] = (width - (x1 - x0 - 2 * MARGIN_PX)) * mm_per_px
    result["axes_height_mm"] = (height - (y1 - y0 - 2 * MARGIN_PX)) * mm_per_px
    lengths = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) * mm_per_px
    for name, length, known in (("long_mm", lengths[0], truth.long_px), ("short_mm", lengths[1], truth.short_px)):
        if known is not None:
            result[name] = (length if axes[name] is None else axes[name]) - known * mm_per_px
    if truth.angle is not None and truth.long_px and truth.short_px and truth.long_px / truth.short_px >= ELONGATED:
        run, rise = ends[0, 1] - ends[0, 0]
        result["angle_deg"] = angle_between(math.atan2(rise, run), truth.angle)
    return result


def summary(rows: list[tuple[int, dict[str, float]]]) -> dict:
    """`rows`: patient and errors of each matched lesion."""
    result: dict = {"n_matched": len(rows), "n_patients": len({p for p, _ in rows})}
    for name in ("long_mm", "short_mm", "angle_deg", "width_mm", "height_mm", "axes_width_mm", "axes_height_mm"):
        have = [(p, e[name]) for p, e in rows if name in e]
        if not have:
            continue
        patients, values = [p for p, _ in have], np.array([v for _, v in have])
        one = {"n": len(have)}
        for label, statistic in (("median_abs", median_abs), ("mean_signed", mean_signed)):
            if label == "mean_signed" and name == "angle_deg":
                continue
            one[label] = round(statistic(values), 3)
            interval = over_patients(values, patients, statistic)
            one[f"{label}_95"] = interval and [round(v, 3) for v in interval]
        result[name] = one
    return result


def measured(slices: list[KeySlice], found: Found, threshold: float) -> dict:
    """Errors by both criteria, over every matched lesion and over those matched at the threshold."""
    truths = [(s, t) for s in slices if s.path in found for t in s.truths]
    result: dict = {
        "n_lesions": len(truths),
        "n_with_diameters": sum(t.long_px is not None for _, t in truths),
        "threshold": threshold,
        "note": NOTE,
    }
    for criterion in CRITERIA:
        for name, at in (("all_matched", 0.0), ("at_threshold", threshold)):
            met = [(s, t, match(t, found[s.path], criterion, at)) for s, t in truths]
            rows = [(s.patient, errors(t, d, s.mm_per_px)) for s, t, d in met if d is not None]
            result.setdefault(criterion, {})[name] = summary(rows)
    return result


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("dl_info", type=Path)
    p.add_argument("detections", type=Path, nargs="+")
    p.add_argument("--threshold", type=float, default=0.3)
    p.add_argument("--patient", action="append", default=[], help="pattern over patient names or series")
    args = p.parse_args()
    print(json.dumps(measured(key_slices(args.dl_info, args.patient), load(args.detections), args.threshold), indent=1))


if __name__ == "__main__":
    main()
