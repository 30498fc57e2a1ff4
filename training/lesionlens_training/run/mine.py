"""Where a net sees lesions on the training slices that nobody boxed.

`python -m lesionlens_training.run.mine CONFIG.toml CHECKPOINT --out DIR`

In: a run's slices and a float checkpoint. Out, in DIR:
- `hard.json`: peaks of the heat on backgrounds, taken for no lesions (`HardNegative`), strongest first, at
  most `--per-slice` of a slice, and `hard.png`, a contact sheet of the strongest, to be looked at before
  training on them: an unboxed lesion among them belongs into `lesions_by_eye.csv` instead;
- `unlabelled.json`: boxes with a score of at least `--sure` beside the boxed lesions of real slices. Labels
  are incomplete there, so that a sure net may be right: they are neither lesion nor background.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from ..data.cache import CachedSlice
from ..draw.mix import HardNegative
from ..lesion import Box
from ..net.net import Net
from ..twin.heads import candidates, suppressed
from ..twin.input import levels_from_hu, pad
from .config import read_config, training_slices

CLEARANCE_PX = 8
COLUMNS, ROWS, TILE = 14, 8, 128


def near(x: float, y: float, boxes: list[Box]) -> bool:
    """Whether a point lies in one of the boxes or within `CLEARANCE_PX` of it."""
    m = CLEARANCE_PX
    return any(b[0] - m < x < b[2] + m and b[1] - m < y < b[3] + m for b in boxes)


@torch.no_grad()
def unboxed_marks(net: Net, s: CachedSlice) -> list[tuple[float, Box]]:
    """Score and box of every detection away from the slice's lesions and ignored places, strongest first."""
    levels = pad(levels_from_hu(np.asarray(s.hu, np.float32)))
    heads = [h[0].numpy() for h in net(torch.from_numpy(levels[None]).float() / 255)]
    marks = suppressed(candidates(heads, (0, 0), (1.0, 1.0), s.hu.shape[1:]))
    taken = [x.box for x in s.lesions] + s.ignored
    boxes = [(float(score), tuple(float(v) for v in box)) for box, score in zip(marks.boxes, marks.score)]
    return [(score, b) for score, b in boxes if not near((b[0] + b[2]) / 2, (b[1] + b[3]) / 2, taken)]


def mined(
    net: Net, slices: list[CachedSlice], least_score: float, per_slice: int
) -> list[tuple[float, HardNegative]]:
    """Score and place of every false mark on backgrounds, strongest first."""
    found = []
    for s in slices:
        if s.suspect or s.source in ("phantom", "sarcoma") or (s.lesions and not s.by_eye):
            continue
        for score, (x0, y0, x1, y1) in unboxed_marks(net, s)[:per_slice]:
            if score >= least_score:
                place = HardNegative(s.series, s.number, round((x0 + x1) / 2, 1), round((y0 + y1) / 2, 1))
                found.append((score, place))
    return sorted(found, key=lambda p: -p[0])


def unlabelled(net: Net, slices: list[CachedSlice], sure: float) -> list[dict]:
    """Places beside the boxed lesions of real slices that the net is sure of."""
    places = []
    for s in slices:
        if s.lesions and s.source != "phantom":
            for score, box in unboxed_marks(net, s):
                if score >= sure:
                    places.append({"series": s.series, "number": s.number, "box": [round(v, 1) for v in box]})
    return places


def sheet(found: list[tuple[float, HardNegative]], slices: list[CachedSlice]) -> Image.Image:
    """The strongest peaks with their surroundings, the peak in the middle."""
    by = {(s.series, s.number): s for s in slices}
    picture = Image.new("RGB", (COLUMNS * TILE, ROWS * TILE))
    for i, (score, h) in enumerate(found[: COLUMNS * ROWS]):
        hu = np.asarray(by[h.series, h.number].hu[1]).astype(np.float32)
        hu = np.pad(hu, TILE // 2, constant_values=-1024)[int(h.y) : int(h.y) + TILE, int(h.x) : int(h.x) + TILE]
        low, width = (-1350, 1500) if np.median(hu) < -500 else (-125, 350)
        tile = Image.fromarray((np.clip((hu - low) / width, 0, 1) * 255).astype(np.uint8)).convert("RGB")
        draw = ImageDraw.Draw(tile)
        draw.rectangle((TILE // 2 - 14, TILE // 2 - 14, TILE // 2 + 14, TILE // 2 + 14), outline=(255, 80, 0))
        draw.text((2, 2), f"{h.series[:9]} {h.number} {score:.2f}", fill=(255, 255, 0))
        picture.paste(tile, (i % COLUMNS * TILE, i // COLUMNS * TILE))
    return picture


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("config", type=Path)
    p.add_argument("checkpoint", type=Path)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--least-score", type=float, default=0.15)
    p.add_argument("--per-slice", type=int, default=4)
    p.add_argument("--sure", type=float, default=0.5)
    args = p.parse_args()
    torch.set_num_threads(1)
    net = Net()
    net.load_state_dict(torch.load(args.checkpoint, weights_only=True)["ema"])
    net.eval()
    slices = training_slices(read_config(args.config))
    args.out.mkdir(parents=True, exist_ok=True)
    found = mined(net, slices, args.least_score, args.per_slice)
    (args.out / "hard.json").write_text(json.dumps([asdict(h) for _, h in found], indent=0) + "\n")
    sheet(found, slices).save(args.out / "hard.png")
    sure = unlabelled(net, slices, args.sure)
    (args.out / "unlabelled.json").write_text(json.dumps(sure, indent=0) + "\n")
    print(f"{len(found)} hard negatives on {len({(h.series, h.number) for _, h in found})} slices, {len(sure)} unlabelled")


if __name__ == "__main__":
    main()
