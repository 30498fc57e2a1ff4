"""How far a run is: sensitivity of a checkpoint on slices that it trained on beside slices that it did not.

`python -m lesionlens_training.judge.watch CHECKPOINT... --cache CACHE [--training 345] [--csv FILE] [--every MINUTES]`

In: float checkpoints (their EMA) and a cache. Out: a line per checkpoint: FROC at IoU ≥ .5 on the cache's validation
slices (split 2) and on the first training slices, which say whether the net can, as the others say whether it has learned.
Boxes are compared in image px as everywhere; the cache does not keep the image's size, so boxes that leave it are not cut.
For choosing while training; what is reported comes from `show.figures` by the program itself.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np
import torch

from ..data.cache import CachedSlice, open_cache
from ..net.net import Net
from ..run.detect import Heads, thorough_heads
from ..spec import MARGIN_PX, SCORE_FLOOR, STRIDES
from ..twin.froc import Cohort, EvalImage, Truth, mean_of_first
from ..twin.heads import Decoding, candidates, suppressed
from ..twin.input import levels_from_hu, pad

UNCUT = (4096, 4096)
COLUMNS = ("checkpoint", "crops", "seconds", "set", "slices", "mean", "at_half", "at_1", "at_2", "at_4", "at_8", "at_16", "small_at_4")


def net_heads(net: Net) -> Heads:
    """The float net in bf16."""

    def heads(levels: np.ndarray) -> list[np.ndarray]:
        x = (torch.from_numpy(levels[None]).float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            return [h[0].float().numpy() for h in net(x)]

    return heads


def judged_slice(heads: Heads, s: CachedSlice, decoding: Decoding) -> EvalImage:
    """One slice with its lesions and the net's detections."""
    outputs = heads(pad(levels_from_hu(np.asarray(s.hu, np.float32))))
    found = suppressed(candidates(outputs, s.origin, s.ratio, UNCUT, decoding), decoding.nms_iou)
    (ox, oy), (rx, ry) = s.origin, s.ratio
    lesions = []
    for lesion in s.lesions:
        x0, y0, x1, y1 = lesion.box
        box = ((x0 + ox) * rx - MARGIN_PX, (y0 + oy) * ry - MARGIN_PX, (x1 + ox) * rx + MARGIN_PX, (y1 + oy) * ry + MARGIN_PX)
        lesions.append(Truth(box, long_px=lesion.axes[0] * rx if lesion.axes else None))
    patient = int(s.series.split("_")[0])
    return EvalImage(patient, s.source, s.spacing_mm, lesions, found.boxes.astype(np.float32), found.score)


def row(images: list[EvalImage]) -> dict[str, float]:
    """Mean sensitivity and the sensitivities at each rate, and that of lesions under 10 mm at 4, %."""
    cohort = Cohort(images)
    events = cohort.events("iou50")
    every = np.ones((1, len(cohort.patients)), np.int64)
    sensitivity = cohort.sensitivity(events, np.ones(len(cohort.lesions), bool), every)[0]
    small = np.array([t.long_px is not None and t.long_px * images[i].mm_per_px < 10 for i, t in cohort.lesions], bool)
    of_small = cohort.sensitivity(events, small, every)[0] if small.any() else np.full(len(sensitivity), np.nan)
    names = COLUMNS[6:12]
    result = {"mean": 100 * mean_of_first(sensitivity)}
    result |= {name: 100 * float(v) for name, v in zip(names, sensitivity)}
    return result | {"small_at_4": 100 * float(of_small[3])}


def watched(checkpoint: Path, sets: dict[str, list[CachedSlice]], thorough: bool) -> list[dict]:
    """A row per set."""
    state = torch.load(checkpoint, weights_only=True, map_location="cpu")
    net = Net()
    net.load_state_dict(state["ema"])
    net.eval().to(memory_format=torch.channels_last)
    heads = thorough_heads(net_heads(net)) if thorough else net_heads(net)
    decoding = Decoding(score=dict.fromkeys(STRIDES, (1.0, 0.0)), score_floor=min(SCORE_FLOOR, 0.01))
    rows = []
    for name, slices in sets.items():
        images = [judged_slice(heads, s, decoding) for s in slices]
        rows.append(
            {
                "checkpoint": checkpoint.parent.name + (", thorough" if thorough else ""),
                "crops": state["crops"],
                "seconds": round(state["seconds"]),
                "set": name,
                "slices": len(slices),
                **{k: f"{v:.1f}" for k, v in row(images).items()},
            }
        )
    return rows


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("checkpoints", type=Path, nargs="+")
    p.add_argument("--cache", type=Path, required=True)
    p.add_argument("--training", type=int, default=150, help="training slices to look at")
    p.add_argument("--csv", type=Path, help="file to add the rows to")
    p.add_argument("--thorough", action="store_true", help="look at each slice twice")
    p.add_argument("--every", type=float, help="minutes; look again, for ever")
    args = p.parse_args()
    torch.set_num_threads(1)
    boxed = [s for s in open_cache(args.cache) if s.lesions]
    training = [s for s in boxed if s.split == 1]
    step = max(len(training) // max(args.training, 1), 1)
    sets = {"validation": [s for s in boxed if s.split == 2], "training": training[::step][: args.training]}
    while True:
        rows = [r for c in args.checkpoints if c.exists() for r in watched(c, sets, args.thorough)]
        for r in rows:
            print(" ".join(f"{k}={v}" for k, v in r.items()), flush=True)
        if args.csv is not None:
            new = not args.csv.exists()
            with open(args.csv, "a", newline="") as f:
                table = csv.DictWriter(f, COLUMNS)
                if new:
                    table.writeheader()
                table.writerows(rows)
        if args.every is None:
            break
        time.sleep(60 * args.every)


if __name__ == "__main__":
    main()
