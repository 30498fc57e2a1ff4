"""Hard negatives: where a net sees lesions on the training slices that are none.

`python -m lesionlens_training.mine CONFIG.toml CHECKPOINT --out hard.json [--sheet sheet.png]`

In: a run's slices and a float checkpoint. Out: a JSON list of `HardNegative`s, strongest first: the
peaks of the heat outside every lesion and ignored place, at most `--per-slice` of a slice; and a
contact sheet of the strongest, to be looked at before training on them: an unboxed lesion among
them belongs into `lesions_by_eye.csv` instead.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from .batches import SUSPECT_SERIES, HardNegative
from .cache import CachedSlice
from .heads import candidates, suppressed
from .input import levels_from_hu, pad
from .lesion import Box
from .net import Net
from .train import read_config, training_slices

CLEARANCE_PX = 8
COLUMNS, ROWS, TILE = 14, 8, 128


def near(x: float, y: float, boxes: list[Box]) -> bool:
    """Whether a point lies in one of the boxes or within `CLEARANCE_PX` of it."""
    m = CLEARANCE_PX
    return any(b[0] - m < x < b[2] + m and b[1] - m < y < b[3] + m for b in boxes)


@torch.no_grad()
def mined(
    net: Net, slices: list[CachedSlice], least_score: float, per_slice: int
) -> list[tuple[float, HardNegative]]:
    """Score and place of every false peak, strongest first."""
    found = []
    for s in slices:
        if s.series in SUSPECT_SERIES or s.source in ("phantom", "sarcoma") or (s.lesions and not s.by_eye):
            continue
        levels = pad(levels_from_hu(np.asarray(s.hu, np.float32)))
        heads = [h[0].numpy() for h in net(torch.from_numpy(levels[None]).float() / 255)]
        marks = suppressed(candidates(heads, (0, 0), (1.0, 1.0), s.hu.shape[1:]))
        taken = [x.box for x in s.lesions] + s.ignored
        peaks = []
        for (x0, y0, x1, y1), score in zip(marks.boxes, marks.score):
            x, y = float(x0 + x1) / 2, float(y0 + y1) / 2
            if score >= least_score and not near(x, y, taken):
                peaks.append((float(score), HardNegative(s.series, s.number, round(x, 1), round(y, 1))))
        found += peaks[:per_slice]
    return sorted(found, key=lambda p: -p[0])


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
    p.add_argument("--sheet", type=Path)
    p.add_argument("--least-score", type=float, default=0.15)
    p.add_argument("--per-slice", type=int, default=4)
    args = p.parse_args()
    torch.set_num_threads(1)
    net = Net()
    net.load_state_dict(torch.load(args.checkpoint, weights_only=True)["ema"])
    slices = training_slices(read_config(args.config))
    found = mined(net.eval(), slices, args.least_score, args.per_slice)
    args.out.write_text(json.dumps([asdict(h) for _, h in found], indent=0) + "\n")
    if args.sheet:
        sheet(found, slices).save(args.sheet)
    print(f"{len(found)} hard negatives on {len({(h.series, h.number) for _, h in found})} slices")


if __name__ == "__main__":
    main()
