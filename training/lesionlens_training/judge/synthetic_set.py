"""Writes a synthetic evaluation set in DeepLesion's layout: `Images_png/` and `DL_info.csv`.

`python -m lesionlens_training.judge.synthetic_set CACHE OUT --patient P… --seed N`

In: cached slices of patients that the training left out. Out: whole slices at 0.8 mm without
neighbours, each with one or two synthetic lesions (or a pasted nodule), half of them degraded as
DeepLesion's 8-bit copies are. The same seed gives the same files.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from ..data import tissue
from ..data.cache import CachedSlice, open_cache
from ..data.layout import STORED_OFFSET, TABLE_COLUMNS, table_cells
from ..data.nodules import PATCH_SPACING_MM, NodulePatch, load_nodules
from ..draw import synthesis
from ..draw.sampler import type_at
from ..lesion import UNKNOWN_TYPE, Lesion
from ..spec import SPACING_MM


def synthetic_slice(
    rng: np.random.Generator, slice_: CachedSlice, nodules: list[NodulePatch]
) -> tuple[np.ndarray, list[Lesion]]:
    """HU `[h, w]` and its lesions; none when none fitted."""
    hu = np.asarray(slice_.hu, np.float32).copy()
    hu[0], hu[2] = hu[1], hu[1]
    kinds = list(synthesis.KIND_SHARES)
    shares = np.asarray(list(synthesis.KIND_SHARES.values()))
    lesions: list[Lesion] = []
    for _ in range(1 if rng.random() < 0.7 else 2):
        for _ in range(12):
            kind = str(rng.choice(kinds, p=shares / shares.sum()))
            found = np.flatnonzero(slice_.places & synthesis.PLACE_OF_KIND[kind])
            if len(found) < 30:
                continue
            at = int(found[rng.integers(len(found))])
            center = (at % hu.shape[2] + 0.5, at // hu.shape[2] + 0.5)
            middles = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) for b in (x.box for x in lesions)]
            if any(max(abs(center[0] - x), abs(center[1] - y)) < 60 for x, y in middles):
                continue
            if kind == "lung" and nodules and rng.random() < 0.6:
                nodule = nodules[int(rng.integers(len(nodules)))]
                lesion = synthesis.paste_nodule(rng, hu, center, nodule, rng.uniform(0.7, 1.15) * PATCH_SPACING_MM / SPACING_MM)
            else:
                lesion = synthesis.lesion(rng, hu, slice_.places, kind, center)
                if lesion is not None and lesion.type == UNKNOWN_TYPE:
                    place = (at % hu.shape[2], at // hu.shape[2])
                    lesion = replace(lesion, type=type_at(slice_, kind, place, {}))
            if lesion is not None:
                lesions.append(lesion)
                break
    if rng.random() < 0.5:
        synthesis.degrade(rng, hu)
    return np.rint(hu[1]), lesions


def write_set(
    slices: list[CachedSlice], nodules: list[NodulePatch], out: Path, seed: int, n: int
) -> int:
    """Writes up to `n` slices, one series each; returns the number of lesions."""
    rng = np.random.default_rng(seed)
    total = 0
    (out / "Images_png").mkdir(parents=True, exist_ok=True)
    with open(out / "DL_info.csv", "w", newline="") as f:
        table = csv.DictWriter(f, TABLE_COLUMNS, restval="")
        table.writeheader()
        patients = sorted({s.patient for s in slices})
        for i in range(n):
            source = slices[i % len(slices)]
            hu, lesions = synthetic_slice(rng, source, nodules)
            if not lesions:
                continue
            patient = 980000 + patients.index(source.patient)
            study, number = i // 90 + 1, i % 90 + 1
            name = f"{patient}_{study:02d}_{number:02d}"
            (out / "Images_png" / name).mkdir(exist_ok=True)
            stored = (hu + STORED_OFFSET).clip(0, 65535).astype(np.uint16)
            Image.fromarray(stored).save(out / "Images_png" / name / "001.png")
            for lesion in lesions:
                row = {
                    "File_name": f"{name}_001.png",
                    "Patient_index": patient,
                    "Study_index": study,
                    "Series_ID": number,
                    "Key_slice_index": 1,
                    "Possibly_noisy": 0,
                    "Spacing_mm_px_": f"{SPACING_MM}, {SPACING_MM}, 5",
                    "Image_size": f"{hu.shape[1]}, {hu.shape[0]}",
                    "Train_Val_Test": 2,
                }
                table.writerow(row | table_cells(lesion))
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
