"""Writes a synthetic evaluation set in DeepLesion's layout: `Images_png/` and `DL_info.csv`.

`python -m lesionlens_training.synthetic_set CACHE OUT --patient P… --seed N`

In: cached slices of patients that the training left out. Out: whole slices at 0.8 mm without
neighbours, each with one or two synthetic lesions (or a pasted nodule), half of them degraded as
DeepLesion's 8-bit copies are. The same seed gives the same files.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
from pathlib import Path

import numpy as np
from PIL import Image

from . import synthesis, tissue
from .nodules import load_nodules
from .cache import CachedSlice, open_cache
from .data import STORED_OFFSET
from .spec import MARGIN_PX, SPACING_MM


def synthetic_slice(
    rng: np.random.Generator, slice_: CachedSlice, nodules: list[synthesis.NodulePatch]
) -> tuple[np.ndarray, list[tuple[synthesis.Box, str]]]:
    """HU `[h, w]` and the tight boxes with the kind of each lesion; no lesion when none fitted."""
    hu = np.asarray(slice_.hu, np.float32).copy()
    hu[0], hu[2] = hu[1], hu[1]
    kinds = list(synthesis.KIND_SHARES)
    shares = np.asarray(list(synthesis.KIND_SHARES.values()))
    boxes: list[tuple[synthesis.Box, str]] = []
    for _ in range(1 if rng.random() < 0.7 else 2):
        for _ in range(12):
            kind = str(rng.choice(kinds, p=shares / shares.sum()))
            found = np.flatnonzero(slice_.places & synthesis.PLACE_OF_KIND[kind])
            if len(found) < 30:
                continue
            at = int(found[rng.integers(len(found))])
            center = (at % hu.shape[2] + 0.5, at // hu.shape[2] + 0.5)
            if any(abs(center[0] - (b[0] + b[2]) / 2) < 60 and abs(center[1] - (b[1] + b[3]) / 2) < 60 for b, _ in boxes):
                continue
            if kind == "lung" and nodules and rng.random() < 0.6:
                nodule = nodules[int(rng.integers(len(nodules)))]
                kind = "nodule"
                box = synthesis.paste_nodule(rng, hu, center, nodule, rng.uniform(0.7, 1.15) * 0.7 / SPACING_MM)
            else:
                box = synthesis.lesion(rng, hu, slice_.places, kind, center)
            if box is not None:
                boxes.append((box, kind))
                break
    if rng.random() < 0.5:
        synthesis.degrade(rng, hu)
    return np.rint(hu[1]), boxes


def write_set(
    slices: list[CachedSlice], nodules: list[synthesis.NodulePatch], out: Path, seed: int, n: int
) -> int:
    """Writes up to `n` slices, one series each; returns the number of lesions."""
    rng = np.random.default_rng(seed)
    total = 0
    (out / "Images_png").mkdir(parents=True, exist_ok=True)
    with open(out / "DL_info.csv", "w", newline="") as f:
        table = csv.writer(f)
        table.writerow(
            "File_name,Patient_index,Study_index,Series_ID,Key_slice_index,Bounding_boxes,Coarse_lesion_type,"
            "Possibly_noisy,Spacing_mm_px_,Image_size,Train_Val_Test".split(",")
        )
        patients = sorted({s.patient for s in slices})
        for i in range(n):
            source = slices[i % len(slices)]
            hu, boxes = synthetic_slice(rng, source, nodules)
            if not boxes:
                continue
            patient = 980000 + patients.index(source.patient)
            study, number = i // 90 + 1, i % 90 + 1
            name = f"{patient}_{study:02d}_{number:02d}"
            (out / "Images_png" / name).mkdir(exist_ok=True)
            stored = (hu + STORED_OFFSET).clip(0, 65535).astype(np.uint16)
            Image.fromarray(stored).save(out / "Images_png" / name / "001.png")
            for (x0, y0, x1, y1), _kind in boxes:
                m = MARGIN_PX
                box = f"{x0 - m + 1:g}, {y0 - m + 1:g}, {x1 + m:g}, {y1 + m:g}"
                size = f"{hu.shape[1]}, {hu.shape[0]}"
                spacing = f"{SPACING_MM}, {SPACING_MM}, 5"
                table.writerow([f"{name}_001.png", patient, study, number, 1, box, -1, 0, spacing, size, 2])
                total += 1
    return total


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("cache", type=Path)
    p.add_argument("out", type=Path)
    p.add_argument("--patient", action="append", required=True, help="pattern")
    p.add_argument("--nodules", type=Path)
    p.add_argument("--nodule-patient", action="append", default=[], help="pattern")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("-n", type=int, default=150)
    args = p.parse_args()
    slices = [s for s in open_cache(args.cache) if any(fnmatch.fnmatchcase(s.patient, q) for q in args.patient)]
    slices = [s for s in slices if (s.places & tissue.BODY).any()]
    nodules = [
        n
        for n in (load_nodules(args.nodules) if args.nodules else [])
        if any(fnmatch.fnmatchcase(n.patient, q) for q in args.nodule_patient)
    ]
    print(write_set(slices, nodules, args.out, args.seed, args.n), "lesions")


if __name__ == "__main__":
    main()
