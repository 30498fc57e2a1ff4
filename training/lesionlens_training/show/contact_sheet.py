"""Crops as the net sees them, with their boxes, as one PNG for a person to judge.

`python -m lesionlens_training.show.contact_sheet CONFIG.toml --out sheet.png [--kind synthetic] [--lesion node] [--seed N]`

Red: lesions trained on, with diameters and type. Blue: ignored. Green: certainly none. Soft-tissue window, lung lifted so that nodules show.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..draw.crop import Crop
from ..draw.mix import SHARES
from ..draw.sampler import Sampler
from ..lesion import Lesion
from ..run.config import hard_negatives, read_config, training_nodules, training_slices
from ..spec import TYPES

COLUMNS, ROWS = 5, 4


def picture(crop: Crop) -> Image.Image:
    """The key slice of a crop with what the net is told of it."""
    hu = crop.hu[1]
    grey = np.clip((hu + 200) / 500, 0, 1) * 255
    lung = np.clip((hu + 1100) / 900, 0, 1) * 90 * (hu < -300)
    image = Image.fromarray(np.maximum(grey, lung).astype(np.uint8)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for color, some in (((0, 0, 255), crop.ignored), ((0, 140, 0), crop.emphasis)):
        for x0, y0, x1, y1 in some:
            draw.rectangle((x0 - 3, y0 - 3, x1 + 2, y1 + 2), outline=color)
    for lesion in crop.lesions:
        draw_lesion(draw, lesion)
    return image


def draw_lesion(draw: ImageDraw.ImageDraw, lesion: Lesion) -> None:
    """Box, diameters and type."""
    x0, y0, x1, y1 = lesion.box
    draw.rectangle((x0 - 3, y0 - 3, x1 + 2, y1 + 2), outline=(255, 0, 0))
    if lesion.axes is not None:
        long, short, theta = lesion.axes
        for length, phi in ((long, theta), (short, theta + np.pi / 2)):
            dx, dy = length / 2 * np.cos(phi), length / 2 * np.sin(phi)
            cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
            draw.line((cx - dx, cy - dy, cx + dx, cy + dy), fill=(255, 160, 0))
    if lesion.type > 0:
        draw.text((x1 + 4, y0 - 4), TYPES[lesion.type - 1], fill=(255, 255, 0))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("config", type=Path)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--kind", help="one share of the mix alone")
    p.add_argument("--lesion", help="one kind of synthetic lesion alone")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    config = read_config(args.config)
    mix = config.mix
    if args.kind:
        mix = replace(mix, **{name: float(name == args.kind) for name in SHARES})
    sampler = Sampler(training_slices(config), training_nodules(config), mix, args.seed, hard_negatives(config))
    if args.lesion:
        sampler.lesion_kinds = {args.lesion: 1.0}
    rows, cols = mix.shape
    sheet = Image.new("RGB", (COLUMNS * cols, ROWS * rows))
    for i in range(COLUMNS * ROWS):
        sheet.paste(picture(sampler.crop()), (i % COLUMNS * cols, i // COLUMNS * rows))
    sheet.save(args.out)


if __name__ == "__main__":
    main()
