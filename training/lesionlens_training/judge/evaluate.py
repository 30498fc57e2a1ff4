"""Scores detections files as `lesionlens froc` does, to the last digit, and counts marks on unboxed slices.

`python -m lesionlens_training.judge.evaluate DL_INFO DETECTIONS… [--patient P…]`

Prints the report of `lesionlens froc --json`; several files count as one, each image in one of them only.
`evaluated` is the quick look at the end of a training: figures per source of one folder.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from ..data.layout import Series
from ..data.truths import boxes_of, eval_images, key_slices, read_detections, scores_of
from ..twin.froc import BOOTSTRAP_SAMPLES, TYPE_NAMES, EvalImage, Truth, evaluate

Found = dict[str, list[dict]]


def load(files: list[Path]) -> Found:
    """Detections by image over all files."""
    result: Found = {}
    for file in files:
        part = read_detections(file)
        if twice := result.keys() & part.keys():
            raise ValueError(f"{min(twice)} is in two of the files")
        result |= part
    return result


def froc_report(table: Path, files: list[Path], patients: list[str] | None = None) -> dict:
    """The report of `lesionlens froc --json` on detections files; no slice is named missing."""
    images = eval_images(key_slices(table, patients), load(files))
    if not images:
        raise ValueError(f"no key slice of {table} is in the files")
    model = json.loads(files[0].read_text())["model"]
    return {
        "schema": "lesionlens.froc/1",
        "model": model,
        "bootstrap_samples": BOOTSTRAP_SAMPLES,
        **evaluate(images),
        "missing": [],
        "errors": [],
    }


def images_of(series: list[Series], found: Found) -> list[EvalImage]:
    """The boxed slices of a folder that has been read already."""
    patients = sorted({s.patient for s in series})
    return [
        EvalImage(
            patient=patients.index(s.patient),
            source=s.source,
            mm_per_px=s.spacing_mm,
            lesions=[
                Truth(t.box_px, type=TYPE_NAMES[t.coarse_type - 1] if 1 <= t.coarse_type <= 8 else None) for t in truths
            ],
            boxes=boxes_of(found[path]),
            scores=scores_of(found[path]),
        )
        for s in series
        for number, truths in sorted(s.truths.items())
        if (path := f"{s.id}/{number:03d}.png") in found
    ]


def marks_per_slice(series: list[Series], found: Found, threshold: float) -> dict:
    """Mean number of marks with at least this score, per source, on boxed and unboxed slices."""
    counts: dict[str, list[int]] = {}
    for s in series:
        for number in s.numbers:
            path = f"{s.id}/{number:03d}.png"
            if path in found:
                key = s.source + (" boxed" if s.truths.get(number) else " unboxed")
                counts.setdefault(key, []).append(int((scores_of(found[path]) >= threshold).sum()))
    return {key: {"mean": float(np.mean(v)), "n_slices": len(v)} for key, v in counts.items()}


def evaluated(series: list[Series], found: Found, threshold: float) -> dict:
    """Per source: the report on the boxed slices; marks per slice at `threshold`."""
    by_source: dict[str, list[Series]] = {}
    for s in series:
        by_source.setdefault(s.source, []).append(s)
    images = {source: images_of(some, found) for source, some in by_source.items()}
    return {
        "froc": {source: evaluate(some) for source, some in images.items() if some},
        "threshold": threshold,
        "marks_per_slice": marks_per_slice(series, found, threshold),
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("dl_info", type=Path)
    p.add_argument("detections", type=Path, nargs="+")
    p.add_argument("--patient", action="append", default=[], help="pattern over patient names or series")
    args = p.parse_args()
    print(json.dumps(froc_report(args.dl_info, args.detections, args.patient), indent=1))


if __name__ == "__main__":
    main()
