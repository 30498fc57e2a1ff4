"""What each position of the slider was measured to find and to mark, in the form of the model's spec.

`python -m lesionlens_training.judge.points --boxed DL_INFO DETECTIONS --unboxed DETECTIONS [--spec SPEC]`

In: detections on lesions of unseen patients, and detections on slices without boxes of validation patients.
Out, as JSON: at .05, .10, … .95 and at the default threshold the share of lesions met at IoU ≥ .5 (a 95 % interval: the wider of Wilson's and
the bootstrap over patients) and the mean number of marks on a slice without boxes; and the default threshold,
the lowest on a grid of .01 with at most one mark per slice there. Since that threshold is chosen on the slices
on which its marks are then counted, `marks_per_slice_left_out` counts each patient's marks at the threshold that
the other patients alone would give. Unlabelled lesions are possible on these slices: a mark is not always false.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np

from ..data.truths import KeySlice, key_slices, match, patient_names, scores_of
from ..spec import SCORE_FLOOR
from .calibrate import amend
from .evaluate import Found, load
from .intervals import over_patients, share_interval

THRESHOLDS = (SCORE_FLOOR, *(t / 100 for t in range(5, 100, 5)))
MARKS_PER_SLICE = 1.0


def lowest(scores: list[float], n_slices: int, marks: float) -> float:
    """The lowest threshold on a grid of .01, from the detector's floor on, at which the mean number of marks
    per slice is at most `marks`."""
    sorted_scores = np.sort(np.asarray(scores, np.float32))
    for hundredths in range(round(100 * SCORE_FLOOR), 100):
        n = len(scores) - int(np.searchsorted(sorted_scores, np.float32(hundredths / 100), "left"))
        if n <= marks * n_slices:
            return hundredths / 100
    return 1.0


def n_marks(found: Found, at: float) -> list[int]:
    """Marks with at least this score, per image."""
    return [int((scores_of(d) >= np.float32(at)).sum()) for d in found.values()]


def sensitivity(slices: list[KeySlice], found: Found, at: float) -> tuple[list[bool], list[int]]:
    """Whether each lesion is met by a mark with at least this score, and whose it is."""
    lesions = [(s, t) for s in slices if s.path in found for t in s.truths]
    hits = [match(t, found[s.path], "iou50", at) is not None for s, t in lesions]
    return hits, [s.patient for s, _ in lesions]


def operating_points(slices: list[KeySlice], boxed: Found, unboxed: Found, default: float) -> list[dict]:
    """The spec's list, the default threshold among them. Thresholds below the lowest score that the detector writes would
    say nothing."""
    points = []
    for at in sorted({*THRESHOLDS, default}):
        hits, patients = sensitivity(slices, boxed, at)
        points.append(
            {
                "threshold": at,
                "sensitivity": round(float(np.mean(hits)), 4),
                "sensitivity_95": [round(v, 4) for v in share_interval(hits, patients)],
                "marks_per_slice": round(float(np.mean(n_marks(unboxed, at))), 4),
            }
        )
    return points


def at_default(unboxed: Found, patients: dict[str, str]) -> dict:
    """The default threshold and its marks; `patients` names those of series."""
    of = {path: patients.get(path.split("/")[0], path.split("/")[0]) for path in unboxed}
    threshold = lowest([d["score"] for found in unboxed.values() for d in found], len(unboxed), MARKS_PER_SLICE)
    marks, left_out, whose = [], [], []
    for patient in sorted(set(of.values())):
        others = {path: found for path, found in unboxed.items() if of[path] != patient}
        scores = [d["score"] for found in others.values() for d in found]
        without = lowest(scores, len(others), MARKS_PER_SLICE) if others else threshold
        mine = {path: found for path, found in unboxed.items() if of[path] == patient}
        marks += n_marks(mine, threshold)
        left_out += n_marks(mine, without)
        whose += [patient] * len(mine)
    interval = over_patients(marks, whose, lambda v: float(v.mean()) if len(v) else math.nan)
    return {
        "default_threshold": threshold,
        "n_slices": len(marks),
        "n_patients": len(set(whose)),
        "marks_per_slice": round(float(np.mean(marks)), 3),
        "marks_per_slice_95": interval and [round(v, 3) for v in interval],
        "marks_per_slice_left_out": round(float(np.mean(left_out)), 3),
    }


def evidence(slices: list[KeySlice], boxed: Found, unboxed: Found, n_unboxed_patients: int, source: str) -> dict:
    """The two sentences of the spec."""
    used = [s for s in slices if s.path in boxed]
    n, patients = sum(len(s.truths) for s in used), len({s.patient for s in used})
    return {
        "sensitivity": f"Share of {n} lesions of {patients} patients ({source}) that a mark meets at an overlap of one "
        "half; 95 % interval.",
        "marks": f"Mean over {len(unboxed)} slices without known lesions of {n_unboxed_patients} patients that no "
        "training saw.",
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--boxed", type=Path, nargs=2, required=True, metavar=("DL_INFO", "DETECTIONS"))
    p.add_argument("--unboxed", type=Path, required=True)
    p.add_argument("--source", default="DeepLesion key slices, each judged by a model that never saw its patient")
    p.add_argument("--spec", type=Path, help="spec file to write points, evidence and threshold into")
    args = p.parse_args()
    slices, boxed, unboxed = key_slices(args.boxed[0]), load([args.boxed[1]]), load([args.unboxed])
    default = at_default(unboxed, patient_names(args.boxed[0]))
    made = {
        "default_threshold": default["default_threshold"],
        "operating_points": operating_points(slices, boxed, unboxed, default["default_threshold"]),
        "evidence": evidence(slices, boxed, unboxed, default["n_patients"], args.source),
    }
    if args.spec:
        amend(args.spec, **made)
    print(json.dumps({**made, "at_default_threshold": default}, indent=1))


if __name__ == "__main__":
    main()
