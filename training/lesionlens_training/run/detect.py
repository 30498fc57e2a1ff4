"""Runs an exported model with onnxruntime (or a float checkpoint with PyTorch) through the Python
twin of the pipeline.

`python -m lesionlens_training.run.detect IMAGES DL_INFO --model detector.onnx --out detections.json [--raw]`

Out: a detections file as `lesionlens detect --json` writes it. How heads are decoded stands in the spec beside
the model (`X.json` for `X.onnx`, `detector.json` for a checkpoint); without one the net's scores are taken as
they are. `--raw` adds to each detection what calibration needs: its output, its heat and its types' logits.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .. import spec
from ..data.cache import slice_input
from ..data.layout import Series, read_hu, read_layout
from ..net.net import OUTPUTS
from ..twin.heads import Decoding, Marks, candidates, records, suppressed
from ..twin.input import Input

SCHEMA = "lesionlens.detections/2"
Detector = Callable[[Series, int], Marks]
Heads = Callable[[np.ndarray], list[np.ndarray]]


def decoding_of(model: Path) -> Decoding:
    """What the spec beside a model says."""
    path = model.with_name("detector.json") if model.suffix == ".pt" else model.with_suffix(".json")
    return Decoding.read(path) if path.exists() else Decoding()


def onnx_heads(model: Path, threads: int = 1) -> Heads:
    """A function: u8 levels `[3, H, W]` → one `[channels, h, w]` array per output."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def heads(levels: np.ndarray) -> list[np.ndarray]:
        return [h[0] for h in session.run(list(OUTPUTS), {"slices": levels[None]})]

    return heads


def float_heads(checkpoint: Path) -> Heads:
    """The same of the float net of a training checkpoint (its EMA)."""
    import torch

    from ..net.net import Net

    state = torch.load(checkpoint, weights_only=True)
    if "scales" in state:
        raise ValueError(f"{checkpoint} is a quantized net: run its ONNX file, or the float net that it started from")
    net = Net()
    net.load_state_dict(state["ema"])
    net.eval()

    @torch.no_grad()
    def heads(levels: np.ndarray) -> list[np.ndarray]:
        return [h[0].numpy() for h in net(torch.from_numpy(levels[None]).float() / 255)]

    return heads


def thorough_heads(heads: Heads) -> Heads:
    """The setting "thorough", the program's stage of that name again: the mean of the heads of a slice and of its mirror
    image, the latter turned back."""
    dx, sine = spec.CHANNELS.index("dx"), spec.CHANNELS.index("sin_2theta")

    def twice(levels: np.ndarray) -> list[np.ndarray]:
        made = []
        for a, b in zip(heads(levels), heads(np.ascontiguousarray(levels[..., ::-1]))):
            turned = b[..., ::-1].copy()
            turned[dx] = np.float32(1) - turned[dx]
            turned[sine] = -turned[sine]
            made.append(np.float32(0.5) * (a + turned))
        return made

    return twice


@dataclass(frozen=True)
class NetDetector:
    """Calling it with a series and a slice index gives that slice's detections in image px. `levels`: what the
    net sees of an input, for nets that were trained on another one than the program makes."""

    heads: Heads
    decoding: Decoding
    levels: Callable[[Input], np.ndarray] = lambda made: made.levels

    def __call__(self, series: Series, idx: int) -> Marks:
        made = slice_input(series, idx)
        rows, cols = read_hu(series.path(idx)).shape
        found = candidates(self.heads(self.levels(made)), made.origin, made.ratio, (rows, cols), self.decoding)
        return suppressed(found, self.decoding.nms_iou)


def onnx_detector(model: Path, decoding: Decoding | None = None) -> NetDetector:
    """The exported model in onnxruntime."""
    return NetDetector(onnx_heads(model), decoding or decoding_of(model))


def float_detector(checkpoint: Path, decoding: Decoding | None = None) -> NetDetector:
    """The float net, for measuring what quantization costs and for runs that are not exported."""
    return NetDetector(float_heads(checkpoint), decoding or decoding_of(checkpoint))


def detections_file(
    name: str, sha256: str, series: list[Series], detect: Detector, only_boxed: bool, raw: bool = False
) -> dict:
    """The detections of all slices (or of those with truth) of these series."""
    decoding = detect.decoding if isinstance(detect, NetDetector) else Decoding()
    images = []
    for s in series:
        for idx, number in enumerate(s.numbers):
            if only_boxed and number not in s.truths:
                continue
            images.append(
                {
                    "path": f"{s.id}/{number:03d}.png",
                    "series": s.id,
                    "slice": idx,
                    "spacing_mm": [s.spacing_mm, s.spacing_mm, s.interval_mm],
                    "spacing_source": "assumed" if s.spacing_assumed else "DL_info",
                    "detections": records(detect(s, idx), decoding, not s.spacing_assumed, raw),
                }
            )
    return {
        "schema": SCHEMA,
        "model": {"name": name, "sha256": sha256},
        "images": images,
        "errors": [],
    }


def model_detections(
    model: Path, series: list[Series], only_boxed: bool, raw: bool = False, floor: float | None = None
) -> dict:
    """The detections file of a model, ONNX or checkpoint. `floor` replaces the spec's lowest score."""
    decoding = decoding_of(model)
    if floor is not None:
        decoding = replace(decoding, score_floor=floor)
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    make = float_detector if model.suffix == ".pt" else onnx_detector
    return detections_file(spec.NAME, sha256, series, make(model, decoding), only_boxed, raw)


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
    p.add_argument("--raw", action="store_true", help="add output, heat and types' logits")
    p.add_argument("--floor", type=float, help="lowest score; the spec's by default")
    args = p.parse_args()
    series = chosen(read_layout(args.images, args.dl_info, args.dl_info.parent / "sources.csv"), args.only)
    made = model_detections(args.model, series, args.only_boxed, args.raw, args.floor)
    args.out.write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
