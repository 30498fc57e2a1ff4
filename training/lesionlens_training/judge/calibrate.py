"""Scores that say what share of marks are lesions: Platt's scale and offset for each output of the net.

`python -m lesionlens_training.judge.calibrate --boxed DL_INFO DETECTIONS --unboxed DETECTIONS… --out FILE [--spec SPEC]`

In: detections with raw values (`detect --raw --floor 0.01`) on slices of patients that the model never saw.
Of every slice and output the ten best count, after suppression: as many as a person might come to see. The
thousands below would govern a fit that is to hold above. A detection is a lesion when it meets one at IoU ≥ .3,
or with its centre at IoU ≥ .1 (a small mark somewhere in a large mass is none), else not; on unboxed slices none
is. Every slice counts as often as its set's weight says (1 by default), so a score is the share of lesions among
marks of that score, as frequent as lesions are on these very slices.

The fit (Platt 1999, with his smoothed targets) is σ(scale · logit + offset), scale > 0: one for all outputs,
held to (1, 0) by a weak ridge, then one per output, held to the common one, so that an output with few lesions
borrows from the others. Newton's method from a fixed start: no random number, the same input gives the same
digits. Out: JSON with the fit and tables of reliability before, after, and after with the patients left out in
five groups; `--spec` writes the fit into a model's spec file.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import optimize

from ..data.truths import KeySlice, boxes_of, key_slices
from ..twin.froc import Truth, meets
from ..twin.heads import sigmoid
from .evaluate import Found, load

EDGES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
RIDGE = 2.0
"""Pull towards the common fit, in log-loss of so many detections per unit of ln(scale)² or offset²."""
OVERLAP, OVERLAP_OF_CENTER = 0.3, 0.1
BEST = 10
GROUPS = 5


@dataclass
class Samples:
    """Detections: whose, of which output, heat logit, 1 for a lesion, weight."""

    patient: np.ndarray
    stride: np.ndarray
    logit: np.ndarray
    label: np.ndarray
    weight: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> Samples:
        return Samples(self.patient[rows], self.stride[rows], self.logit[rows], self.label[rows], self.weight[rows])


Fit = dict[int, tuple[float, float]]


def is_lesion(detections: list[dict], truths: list[Truth]) -> np.ndarray:
    """Which detections meet any lesion at IoU ≥ .3, or with their centre at IoU ≥ .1."""
    boxes = boxes_of(detections)
    hit = np.zeros(len(boxes), bool)
    for truth in truths:
        box = np.asarray(truth.box_px)
        inside = meets(boxes, box, "center") & meets(boxes, box, "iou50", OVERLAP_OF_CENTER)
        hit |= meets(boxes, box, "iou50", OVERLAP) | inside
    return hit


def best_of(detections: list[dict]) -> list[dict]:
    """Of each output the ten with the highest heat."""
    by_output: dict[int, list[dict]] = {}
    for d in sorted(detections, key=lambda d: -d["raw"]["logit"]):
        by_output.setdefault(d["raw"]["stride"], []).append(d)
    return [d for some in by_output.values() for d in some[:BEST]]


def samples(slices: list[KeySlice], found: Found, weight: float = 1.0) -> Samples:
    """The best detections of each output, on the slices that the file covers."""
    rows = []
    for s in slices:
        detections = best_of(found.get(s.path, []))
        for d, label in zip(detections, is_lesion(detections, s.truths)):
            rows.append((s.patient_name, d["raw"]["stride"], d["raw"]["logit"], float(label), weight))
    columns = list(zip(*rows)) or [[]] * 5
    return Samples(np.array(columns[0], object), np.array(columns[1], int), *(np.array(c, float) for c in columns[2:]))


def unboxed(found: Found, patients: dict[str, str] | None = None) -> list[KeySlice]:
    """Slices without lesions for every image of a file; `patients` names those of series."""
    result = []
    for path in found:
        series = path.split("/")[0]
        result.append(KeySlice(path, 0, (patients or {}).get(series, series), "unboxed", 1.0, []))
    return result


def joined(parts: list[Samples]) -> Samples:
    """All of them."""
    names = ("patient", "stride", "logit", "label", "weight")
    return Samples(*(np.concatenate([getattr(p, n) for p in parts]) for n in names))


def platt(data: Samples, towards: tuple[float, float]) -> tuple[float, float]:
    """Scale and offset of these detections, pulled towards a prior one; the prior without any detection."""
    if len(data.logit) == 0:
        return towards
    total = data.weight.sum()
    positive = (data.weight * data.label).sum()
    target = np.where(data.label > 0, (positive + 1) / (positive + 2), 1 / (total - positive + 2))
    start = np.array([np.log(towards[0]), towards[1]])

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        scale, z = np.exp(at[0]), np.exp(at[0]) * data.logit + at[1]
        value = (data.weight * (np.logaddexp(0, z) - target * z)).sum() + RIDGE * ((at - start) ** 2).sum()
        slope = data.weight * (sigmoid(z) - target)
        gradient = np.array([(slope * data.logit).sum() * scale, slope.sum()]) + 2 * RIDGE * (at - start)
        return float(value), gradient

    def hessian(at: np.ndarray) -> np.ndarray:
        scale, z = np.exp(at[0]), np.exp(at[0]) * data.logit + at[1]
        p = sigmoid(z)
        curve, slope, u = data.weight * p * (1 - p), data.weight * (p - target), scale * data.logit
        mixed = (curve * u).sum()
        return np.array([[(curve * u * u + slope * u).sum(), mixed], [mixed, curve.sum()]]) + 2 * RIDGE * np.eye(2)

    made = optimize.minimize(loss, start, jac=True, hess=hessian, method="trust-exact", options={"gtol": 1e-9})
    return float(np.exp(made.x[0])), float(made.x[1])


def fitted(data: Samples, strides: tuple[int, ...] = (4, 8)) -> Fit:
    """Scale and offset per output."""
    common = platt(data, (1.0, 0.0))
    fit = {s: platt(data[data.stride == s], common) for s in strides}
    return {s: (round(scale, 6), round(offset, 6)) for s, (scale, offset) in fit.items()}


def scored(data: Samples, fit: Fit) -> np.ndarray:
    """Scores by a fit."""
    scale = np.array([fit[int(s)][0] for s in data.stride])
    offset = np.array([fit[int(s)][1] for s in data.stride])
    return sigmoid(scale * data.logit + offset)


def reliability(score: np.ndarray, data: Samples) -> dict:
    """Mean score against share of lesions, by score; weighted Brier score and log-loss."""
    rows = []
    for low, high in itertools.pairwise(EDGES):
        inside = (score >= low) & ((score < high) | (high == 1.0))
        weight = data.weight[inside]
        if weight.sum() > 0:
            rows.append(
                {
                    "from": low,
                    "to": high,
                    "n": int(inside.sum()),
                    "mean_score": round(float(np.average(score[inside], weights=weight)), 4),
                    "share_lesions": round(float(np.average(data.label[inside], weights=weight)), 4),
                }
            )
    if not len(score):
        return {"brier": None, "log_loss": None, "table": rows}
    safe = score.clip(1e-9, 1 - 1e-9)
    losses = -data.label * np.log(safe) - (1 - data.label) * np.log(1 - safe)
    return {
        "brier": round(float(np.average((score - data.label) ** 2, weights=data.weight)), 5),
        "log_loss": round(float(np.average(losses, weights=data.weight)), 5),
        "table": rows,
    }


def left_out_scores(data: Samples, strides: tuple[int, ...]) -> np.ndarray:
    """Scores of each detection by the fit without its group of patients (every fifth, by name)."""
    names = sorted(set(data.patient))
    group = np.array([names.index(p) % GROUPS for p in data.patient], int)
    result = np.zeros(len(data.logit))
    for g in range(GROUPS):
        result[group == g] = scored(data[group == g], fitted(data[group != g], strides))
    return result


def calibrated(data: Samples, strides: tuple[int, ...] = (4, 8)) -> dict:
    """The fit and its evidence."""
    fit = fitted(data, strides)
    plain = dict.fromkeys(strides, (1.0, 0.0))
    return {
        "score": {f"s{s}": {"scale": scale, "offset": offset} for s, (scale, offset) in fit.items()},
        "n_patients": len(set(data.patient)),
        "n_detections": {f"s{s}": int((data.stride == s).sum()) for s in strides},
        "n_lesion_detections": {f"s{s}": int(data.label[data.stride == s].sum()) for s in strides},
        "before": reliability(scored(data, plain), data),
        "after": reliability(scored(data, fit), data),
        "after_patients_left_out": reliability(left_out_scores(data, strides), data),
    }


def amend(spec_path: Path, score: dict | None = None, **entries: object) -> None:
    """Writes scores per output, and other entries as they are, into a model's spec file."""
    made = json.loads(spec_path.read_text())
    for output in made["outputs"]:
        output["score"] = (score or {}).get(output["name"], output.get("score", {"scale": 1.0, "offset": 0.0}))
    spec_path.write_text(json.dumps({**made, **entries}, indent=1) + "\n")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--boxed", type=Path, nargs=2, action="append", default=[], metavar=("DL_INFO", "DETECTIONS"))
    p.add_argument("--unboxed", type=Path, action="append", default=[], metavar="DETECTIONS")
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--spec", type=Path, help="spec file to write the fit into")
    args = p.parse_args()
    parts = [samples(key_slices(table), load([file])) for table, file in args.boxed]
    parts += [samples(unboxed(found), found) for found in (load([file]) for file in args.unboxed)]
    made = calibrated(joined(parts))
    args.out.write_text(json.dumps(made, indent=1) + "\n")
    if args.spec:
        amend(args.spec, made["score"])


if __name__ == "__main__":
    main()
