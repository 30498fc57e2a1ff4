"""Crops as the net sees them, with their boxes, as one PNG for a person to judge.

`python -m lesionlens_training.contact_sheet CONFIG.toml --out sheet.png [--kind synthetic] [--seed N]`

Red: boxes trained on. Blue: ignored. Soft-tissue window, lung lifted so that nodules show.
"""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .batches import CROP, Mix, Sampler, load_nodules
from .train import matches, read_config, training_slices

COLUMNS, ROWS = 7, 4


def picture(hu: np.ndarray, boxes: list, ignored: list) -> Image.Image:
    grey = np.clip((hu + 200) / 500, 0, 1) * 255
    lung = np.clip((hu + 1100) / 900, 0, 1) * 90 * (hu < -300)
    image = Image.fromarray(np.maximum(grey, lung).astype(np.uint8)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for color, some in (((0, 0, 255), ignored), ((255, 0, 0), boxes)):
        for x0, y0, x1, y1 in some:
            draw.rectangle((x0 - 3, y0 - 3, x1 + 2, y1 + 2), outline=color)
    return image


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("config", type=Path)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--kind", help="one share of the mix alone")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    config = read_config(args.config)
    mix = config.mix
    if args.kind:
        shares = [f.name for f in fields(Mix)][:7]
        mix = Mix(**{name: float(name == args.kind) for name in shares})
    nodules = [
        n
        for n in (load_nodules(Path(config.nodules)) if config.nodules else [])
        if not matches(n.patient, config.leave_out_nodule_patients)
    ]
    sampler = Sampler(training_slices(config), nodules, mix, args.seed)
    sheet = Image.new("RGB", (COLUMNS * CROP, ROWS * CROP))
    for i in range(COLUMNS * ROWS):
        hu, boxes, ignored, _, _ = sampler.crop()
        sheet.paste(picture(hu[1], boxes, ignored), (i % COLUMNS * CROP, i // COLUMNS * CROP))
    sheet.save(args.out)


if __name__ == "__main__":
    main()
