"""Score threshold at a stated number of marks per slice, on unboxed slices of validation patients.

`python -m lesionlens_training.threshold DETECTIONS… --marks 1.0`

In: detections files of models that never saw these slices. Out: the lowest threshold, rounded up to
.01, at which the mean number of marks per slice, over slices and files, is at most `--marks`.
Unlabelled lesions are possible on these slices, so a mark is not always a false one.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path


def threshold(files: list[Path], marks: float) -> tuple[float, int]:
    """The threshold and the number of slices (a slice counts once per file)."""
    scores: list[float] = []
    n = 0
    for file in files:
        for image in json.loads(file.read_text())["images"]:
            n += 1
            scores += [d["score"] for d in image["detections"]]
    scores.sort(reverse=True)
    allowed = math.floor(marks * n + 1e-9)
    if len(scores) <= allowed:
        return 0.05, n
    return math.floor(scores[allowed] * 100 + 1) / 100, n


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("detections", type=Path, nargs="+")
    p.add_argument("--marks", type=float, default=1.0)
    args = p.parse_args()
    value, n = threshold(args.detections, args.marks)
    print(json.dumps({"default_threshold": value, "marks_per_slice": args.marks, "n_slices": n}))


if __name__ == "__main__":
    main()
