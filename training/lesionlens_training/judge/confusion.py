"""Which type the net names for lesions of which type, and when it may name one.

`python -m lesionlens_training.judge.confusion DL_INFO DETECTIONS… [--patient P…]`
`python -m lesionlens_training.judge.confusion --fit DL_INFO DETECTIONS` (detections with `--raw`, repeated)

In: detections on slices of patients that the model never saw. A lesion of known type is met by the detection
with the highest score whose centre lies in it or whose IoU is ≥ .5. Out, as JSON: counts, a row per true type,
a column per named type and one for unknown.

The fit, on validation patients that no reported figure counts: the temperature with the least log-loss, and
the smallest probability at which the types named are right at least 80 % of the time. In both every type
counts the same however many lesions it has, since validation lesions are mostly of two types.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.truths import KeySlice, key_slices, match
from ..twin.froc import TYPE_NAMES
from ..twin.heads import softmax
from .evaluate import Found, load
from .intervals import share_interval

UNKNOWN = len(TYPE_NAMES)
RIGHT = 0.8
FEWEST = 5
"""A type with fewer lesions counts as so many: a single one must not weigh as much as a whole type."""
TEMPERATURES = np.exp(np.linspace(np.log(0.25), np.log(8.0), 241))
PROBABILITIES = np.arange(20, 100) / 100


@dataclass(frozen=True)
class Named:
    """A lesion of known type (index) that was met, and the detection that met it."""

    patient: str
    type: int
    detection: dict


def named(slices: list[KeySlice], found: Found) -> list[Named]:
    """Every lesion of known type that a detection meets."""
    result = []
    for s in slices:
        detections = found.get(s.path, [])
        for truth in s.truths:
            if truth.type is None:
                continue
            met = [match(truth, detections, criterion) for criterion in ("center", "iou50")]
            best = max((d for d in met if d is not None), key=lambda d: d["score"], default=None)
            if best is not None:
                result.append(Named(s.patient_name, TYPE_NAMES.index(truth.type), best))
    return result


def column(detection: dict) -> int:
    """Index of the named type, or of unknown."""
    kind = detection.get("type")
    return TYPE_NAMES.index(kind["name"]) if kind else UNKNOWN


def matrix(lesions: list[Named]) -> dict:
    """Counts and the share that is right among the types named, with its interval."""
    counts = np.zeros((len(TYPE_NAMES), len(TYPE_NAMES) + 1), int)
    for lesion in lesions:
        counts[lesion.type, column(lesion.detection)] += 1
    known = [lesion for lesion in lesions if column(lesion.detection) != UNKNOWN]
    right = [lesion.type == column(lesion.detection) for lesion in known]
    return {
        "n_lesions_met": len(lesions),
        "n_patients": len({lesion.patient for lesion in lesions}),
        "rows": list(TYPE_NAMES),
        "columns": [*TYPE_NAMES, "unknown"],
        "counts": counts.tolist(),
        "n_named": len(known),
        "right": round(float(np.mean(right)), 4) if right else None,
        "right_95": [round(v, 4) for v in share_interval(right, [k.patient for k in known])] if right else None,
    }


def fitted(lesions: list[Named]) -> dict:
    """Temperature and smallest probability, with what they rest on; plain values without lesions."""
    if not lesions:
        return {"types": {"temperature": 1.0, "min_probability": 1.0}, "n_lesions": 0}
    logits = np.array([lesion.detection["raw"]["types"] for lesion in lesions])
    true = np.array([lesion.type for lesion in lesions])
    n_of = np.bincount(true, minlength=len(TYPE_NAMES))
    weight = 1 / np.maximum(n_of, FEWEST)[true]
    rows = np.arange(len(true))
    losses = [-(weight * np.log(softmax(logits / t)[rows, true].clip(1e-12))).sum() for t in TEMPERATURES]
    temperature = float(TEMPERATURES[int(np.argmin(losses))])
    shares = softmax(logits / temperature)
    right = shares.argmax(1) == true
    smallest = 1.0
    for p in PROBABILITIES:
        sure = shares.max(1) >= p
        if sure.any() and np.average(right[sure], weights=weight[sure]) >= RIGHT:
            smallest = float(p)
            break
    sure = shares.max(1) >= smallest
    return {
        "types": {"temperature": round(temperature, 4), "min_probability": smallest},
        "n_lesions": len(lesions),
        "n_patients": len({lesion.patient for lesion in lesions}),
        "n_of_type": dict(zip(TYPE_NAMES, n_of.tolist())),
        "right_of_all": round(float(np.average(right, weights=weight)), 4),
        "share_named": round(float(np.average(sure, weights=weight)), 4),
        "right_of_named": round(float(np.average(right[sure], weights=weight[sure])), 4) if sure.any() else None,
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("dl_info", type=Path, nargs="?")
    p.add_argument("detections", type=Path, nargs="*")
    p.add_argument("--fit", type=Path, nargs=2, action="append", default=[], metavar=("DL_INFO", "DETECTIONS"))
    p.add_argument("--patient", action="append", default=[], help="pattern over patient names or series")
    args = p.parse_args()
    if args.fit:
        lesions = [n for table, file in args.fit for n in named(key_slices(table, args.patient), load([file]))]
        print(json.dumps(fitted(lesions), indent=1))
    else:
        print(json.dumps(matrix(named(key_slices(args.dl_info, args.patient), load(args.detections))), indent=1))


if __name__ == "__main__":
    main()
