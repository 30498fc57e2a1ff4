"""Scores detections files with the Python FROC, per source, and counts marks on unboxed slices.

`python -m lesionlens_training.evaluate IMAGES DL_INFO DETECTIONS… [--threshold T]`

For monitoring and for choosing thresholds on validation patients; the figures of the model card
come from `lesionlens froc`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from .data import Series, read_layout
from .froc import froc


def load(files: list[Path]) -> dict[str, np.ndarray]:
    """path → rows (x0, y0, x1, y1, score) over all files."""
    result = {}
    for file in files:
        for image in json.loads(file.read_text())["images"]:
            rows = [[*d["box_px"], d["score"]] for d in image["detections"]]
            result["/".join(Path(image["path"]).parts[-2:])] = np.asarray(rows, np.float64).reshape(-1, 5)
    return result


def evaluated(series: list[Series], found: dict[str, np.ndarray], threshold: float) -> dict:
    """Per source: FROC of the boxed slices; marks per slice at `threshold` on boxed and unboxed ones."""
    groups: dict[str, list] = {}
    marks: dict[str, list[int]] = {}
    for s in series:
        for number in s.numbers:
            path = f"{s.id}/{number:03d}.png"
            if path not in found:
                continue
            rows = found[path]
            truths = s.truths.get(number, [])
            key = s.source + (" boxed" if truths else " unboxed")
            marks.setdefault(key, []).append(int((rows[:, 4] >= threshold).sum()))
            if truths:
                truth = np.asarray([t.box_px for t in truths])
                groups.setdefault(s.source, []).append((truth, rows))
    return {
        "froc": {k: froc(v) for k, v in groups.items()},
        "froc_center": {k: froc(v, "center") for k, v in groups.items()},
        "threshold": threshold,
        "marks_per_slice": {k: {"mean": float(np.mean(v)), "n_slices": len(v)} for k, v in marks.items()},
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("images", type=Path)
    p.add_argument("dl_info", type=Path)
    p.add_argument("detections", type=Path, nargs="+")
    p.add_argument("--threshold", type=float, default=0.3)
    args = p.parse_args()
    series = read_layout(args.images, args.dl_info, args.dl_info.parent / "sources.csv")
    print(json.dumps(evaluated(series, load(args.detections), args.threshold), indent=1))


if __name__ == "__main__":
    main()
