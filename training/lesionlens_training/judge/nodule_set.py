"""Real lung nodules of unseen patients as a set in DeepLesion's layout.

`python -m lesionlens_training.judge.nodule_set NODULES OUT --patient 'LIDC-IDRI-???0'`

In: LIDC-IDRI patches with masks. Out: `Images_png/`, `DL_info.csv` with boxes, diameters and their ends, and
`sources.csv`. An image is a mosaic of four whole patches, 179 mm wide: about the area of both lungs on a slice, so
that false positives per image mean nearly what they mean on one. Patches are neither turned nor shifted nor
continued beyond their edge, unlike those that a net is trained on: mirrored anatomy would make false marks that
no patient has. A frame of soft tissue joins the tiles, since the program crops its input to the largest piece of
body. Lengths are the mosaic's own 0.8 mm per px; the patches' true spacing is not recorded (LIDC's median is
assumed), so errors in mm hold for the mosaic as it is, not for the patient.

Every nodule is used once. Mosaics that share a patient are one cluster, whose number stands in the column of
the patient: a bootstrap over it never splits a patient. Patients are put together so that clusters stay small.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from ..data.layout import STORED_OFFSET, TABLE_COLUMNS, table_cells
from ..data.nodules import LUNG_TYPE, PATCH_PX, PATCH_SPACING_MM, NodulePatch, load_nodules
from ..lesion import Lesion, axes_of_mask, mask_box
from ..spec import SPACING_MM
from ..twin.input import body_box

TILE_PX = round(PATCH_PX * PATCH_SPACING_MM / SPACING_MM)
FRAME_PX = 12
FRAME_HU = 40.0
FIRST_PATIENT = 930000
SOURCE = "LIDC-IDRI nodule mosaics"


def groups_of_four(patches: list[NodulePatch]) -> list[list[NodulePatch]]:
    """Every patch at most once, by patient as far as it goes: a patient's own fours first, then what is left of
    two patients that makes four, then of more. At the end up to three patches (of some few patients) stay unused."""
    of_patient: dict[str, list[NodulePatch]] = {}
    for patch in sorted(patches, key=lambda p: p.patient):
        of_patient.setdefault(patch.patient, []).append(patch)
    groups: list[list[NodulePatch]] = []
    left: dict[int, list[list[NodulePatch]]] = {1: [], 2: [], 3: []}
    for mine in of_patient.values():
        whole = len(mine) - len(mine) % 4
        groups += [mine[i : i + 4] for i in range(0, whole, 4)]
        if mine[whole:]:
            left[len(mine) - whole].append(mine[whole:])
    for sizes in ((3, 1), (2, 2), (2, 1, 1), (1, 1, 1, 1)):
        while all(len(left[size]) >= sizes.count(size) for size in set(sizes)):
            groups.append([patch for size in sizes for patch in left[size].pop(0)])
    return groups


def clusters_of(groups: list[list[NodulePatch]]) -> list[int]:
    """A number per group, the same for groups that are joined by a patient."""
    cluster = list(range(len(groups)))
    patients = [{patch.patient for patch in group} for group in groups]
    changed = True
    while changed:
        changed = False
        for i in range(len(groups)):
            for j in range(i):
                if cluster[i] != cluster[j] and patients[i] & patients[j]:
                    low, high = sorted((cluster[i], cluster[j]))
                    cluster = [low if c == high else c for c in cluster]
                    changed = True
    numbers = sorted(set(cluster))
    return [numbers.index(c) for c in cluster]


def resampled(image: np.ndarray) -> np.ndarray:
    """A patch at 0.8 mm per px, f32."""
    scale = PATCH_PX / TILE_PX
    shape = (TILE_PX, TILE_PX)
    return ndimage.affine_transform(
        image.astype(np.float32), np.eye(2) * scale, 0.5 * scale - 0.5, shape, order=1, mode="nearest"
    )


def framed_mosaic(patches: list[NodulePatch]) -> tuple[np.ndarray, list[Lesion]]:
    """Four patches side by side inside a frame of soft tissue, f32 HU, and their nodules in its px."""
    hu = np.full((2 * TILE_PX + 2 * FRAME_PX,) * 2, FRAME_HU, np.float32)
    lesions = []
    for k, patch in enumerate(patches):
        top, left = FRAME_PX + k // 2 * TILE_PX, FRAME_PX + k % 2 * TILE_PX
        hu[top : top + TILE_PX, left : left + TILE_PX] = resampled(patch.hu)
        mask = resampled(patch.mask) > 0.5
        box = mask_box(mask, left, top)
        if box is not None:
            lesions.append(Lesion(box, LUNG_TYPE, axes_of_mask(mask)))
    return hu, lesions


def write_set(patches: list[NodulePatch], out: Path) -> dict[str, int]:
    """Writes the set; returns how many mosaics, clusters, patients and nodules it holds."""
    groups = groups_of_four(patches)
    clusters = clusters_of(groups)
    n_lesions = 0
    spacing = f"{SPACING_MM}, {SPACING_MM}, 5"
    (out / "Images_png").mkdir(parents=True, exist_ok=True)
    with open(out / "DL_info.csv", "w", newline="") as f, open(out / "sources.csv", "w", newline="") as g:
        table = csv.DictWriter(f, TABLE_COLUMNS, restval="")
        table.writeheader()
        sources = csv.writer(g)
        sources.writerow(["series", "source", "patient", "licence", "pixels", "spacing_mm", "annotation"])
        order = sorted(range(len(groups)), key=lambda i: clusters[i])
        for n, i in enumerate(order):
            image, lesions = framed_mosaic(groups[i])
            rows, cols = image.shape
            if body_box(image) != (0, 0, cols, rows):
                raise ValueError(f"mosaic {n}: the frame is not its largest piece of body")
            patient = FIRST_PATIENT + clusters[i]
            number = sum(clusters[j] == clusters[i] for j in order[: n + 1])
            series = f"{patient}_01_{number:02d}"
            (out / "Images_png" / series).mkdir(exist_ok=True)
            stored = (np.rint(image) + STORED_OFFSET).clip(0, 65535).astype(np.uint16)
            Image.fromarray(stored).save(out / "Images_png" / series / "001.png")
            names = "+".join(sorted({patch.patient for patch in groups[i]}))
            sources.writerow([series, SOURCE, names, "CC BY 3.0", "8-bit patches, HU estimated", spacing, "masks"])
            for lesion in lesions:
                table.writerow(
                    {
                        "File_name": f"{series}_001.png",
                        "Patient_index": patient,
                        "Study_index": 1,
                        "Series_ID": number,
                        "Key_slice_index": 1,
                        "Possibly_noisy": 0,
                        "Spacing_mm_px_": spacing,
                        "Image_size": f"{cols}, {rows}",
                        "Train_Val_Test": 2,
                        **table_cells(lesion),
                    }
                )
            n_lesions += len(lesions)
    patients = {patch.patient for group in groups for patch in group}
    return {"mosaics": len(groups), "clusters": len(set(clusters)), "patients": len(patients), "nodules": n_lesions}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("nodules", type=Path)
    p.add_argument("out", type=Path)
    p.add_argument("--patient", action="append", required=True, help="pattern")
    args = p.parse_args()
    patches = [n for n in load_nodules(args.nodules) if any(fnmatch.fnmatchcase(n.patient, q) for q in args.patient)]
    print(write_set(patches, args.out))


if __name__ == "__main__":
    main()
