"""Runs an exported model with onnxruntime (or a float checkpoint with PyTorch) through the Python
twin of the pipeline.

`python -m lesionlens_training.detect IMAGES DL_INFO --model detector.onnx --out detections.json`

Out: a detections file as `lesionlens detect --json` writes it, score ≥ the spec's floor.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from . import spec
from .cache import slice_input
from .data import Series, read_hu, read_layout
from .heads import candidates, suppressed
from .net import OUTPUTS

Detector = Callable[[Series, int], np.ndarray]


def onnx_detector(model: Path, threads: int = 1) -> Detector:
    """A function (series, slice index) → rows (x0, y0, x1, y1, score) in image px."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def detect(series: Series, idx: int) -> np.ndarray:
        made = slice_input(series, idx)
        heads = session.run(list(OUTPUTS), {"slices": made.levels[None]})
        shape = read_hu(series.path(idx)).shape
        found = candidates([h[0] for h in heads], made.origin, made.ratio, (shape[0], shape[1]))
        return suppressed(found)

    return detect


def float_detector(checkpoint: Path) -> Detector:
    """The float net of a training checkpoint (its EMA), for measuring what quantization costs."""
    import torch

    from .net import Net

    net = Net()
    net.load_state_dict(torch.load(checkpoint, weights_only=True)["ema"])
    net.eval()

    @torch.no_grad()
    def detect(series: Series, idx: int) -> np.ndarray:
        made = slice_input(series, idx)
        heads = net(torch.from_numpy(made.levels[None]).float() / 255)
        rows, cols = read_hu(series.path(idx)).shape
        return suppressed(candidates([h[0].numpy() for h in heads], made.origin, made.ratio, (rows, cols)))

    return detect


def detections_file(name: str, sha256: str, series: list[Series], detect: Detector, only_boxed: bool) -> dict:
    """The detections of all slices (or of those with truth) of these series."""
    images = []
    for s in series:
        for idx, number in enumerate(s.numbers):
            if only_boxed and number not in s.truths:
                continue
            rows = detect(s, idx)
            images.append(
                {
                    "path": f"{s.id}/{number:03d}.png",
                    "series": s.id,
                    "slice": idx,
                    "spacing_mm": [s.spacing_mm, s.spacing_mm, s.interval_mm],
                    "detections": [
                        {"box_px": [round(float(v), 3) for v in r[:4]], "score": round(float(r[4]), 6)} for r in rows
                    ],
                }
            )
    return {
        "schema": "lesionlens.detections/1",
        "model": {"name": name, "sha256": sha256},
        "images": images,
        "errors": [],
    }


def chosen(series: list[Series], patterns: list[str]) -> list[Series]:
    """Series whose id or patient matches one of the patterns; all without patterns."""
    return [
        s
        for s in series
        if not patterns or any(fnmatch.fnmatchcase(s.id, p) or fnmatch.fnmatchcase(s.patient, p) for p in patterns)
    ]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("images", type=Path)
    p.add_argument("dl_info", type=Path)
    p.add_argument("--model", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--only", action="append", default=[], help="series or patient pattern")
    p.add_argument("--only-boxed", action="store_true")
    args = p.parse_args()
    series = chosen(read_layout(args.images, args.dl_info, args.dl_info.parent / "sources.csv"), args.only)
    sha256 = hashlib.sha256(args.model.read_bytes()).hexdigest()
    make = float_detector if args.model.suffix == ".pt" else onnx_detector
    made = detections_file(spec.NAME, sha256, series, make(args.model), args.only_boxed)
    args.out.write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
