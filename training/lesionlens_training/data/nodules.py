"""Real lung nodules: LIDC-IDRI patches with masks, alone and as mosaics.

In: `nodules.csv` with `<name>.png` (8-bit, scaled min to max per patch) and `<name>_mask.png`.
Out: `NodulePatch`es in HU, and mosaics of four patches that a detector can be trained or judged on.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from ..lesion import Lesion, axes_of_mask, mask_box
from ..spec import SPACING_MM

PATCH_PX = 128
PATCH_SPACING_MM = 0.7
"""The patches carry no spacing; LIDC-IDRI's median is 0.70 mm."""
LUNG_TYPE = 5


@dataclass
class NodulePatch:
    """One nodule: HU estimate f32 `[128, 128]`, mask bool, patient."""

    hu: np.ndarray
    mask: np.ndarray
    patient: str


def estimate_patch_hu(patch: np.ndarray) -> np.ndarray | None:
    """8-bit min–max scaled patch → HU, from its lung peak (−870) and its soft-tissue peak (+40).

    None when the histogram shows no lung peak. Without a soft-tissue peak the patch's 99.5th
    percentile stands for +40.
    """
    hist = ndimage.gaussian_filter1d(np.bincount(patch.ravel(), minlength=256).astype(np.float64), 3)
    low = int(hist[:110].argmax())
    if hist[low] < 60:
        return None
    upper = low + 40
    if upper > 235:
        return None
    high = upper + int(hist[upper:].argmax())
    if hist[high] < 25 or high - low < 50 or high > 250:
        high = int(np.percentile(patch, 99.5))
    if high - low < 50:
        return None
    return (patch.astype(np.float32) - low) * np.float32(910 / (high - low)) - 870


def load_nodules(folder: Path) -> list[NodulePatch]:
    """Patches whose HU scale could be estimated, calcified nodules left out."""
    result = []
    with open(folder / "nodules.csv", newline="") as f:
        for row in csv.DictReader(f):
            patch = np.asarray(Image.open(folder / f"{row['name']}.png").convert("L"))
            mask = np.asarray(Image.open(folder / f"{row['name']}_mask.png").convert("L")) > 0
            hu = estimate_patch_hu(patch)
            if hu is None or hu.shape != (PATCH_PX, PATCH_PX) or mask.sum() < 12:
                continue
            # A nodule above 130 HU is calcified, or the patch's scale was misjudged.
            if np.median(hu[mask]) < 130:
                result.append(NodulePatch(hu, mask, row["patient"]))
    return result


def _tiles(shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of patches in a mosaic of this shape."""
    return max(round(shape[0] / PATCH_PX), 1), max(round(shape[1] / PATCH_PX), 1)


def mosaic_count(shape: tuple[int, int]) -> int:
    """How many patches a mosaic of this shape takes."""
    rows, cols = _tiles(shape)
    return rows * cols


def mosaic(
    rng: np.random.Generator, patches: list[NodulePatch], shape: tuple[int, int]
) -> tuple[np.ndarray, list[Lesion]]:
    """Patches side by side (`mosaic_count` of them), f32 HU `[3, *shape]` at 0.8 mm, and their lesions.

    Patches are centred on their nodules; each is turned, flipped, scaled by 0.85 to 1.15 and shown
    through a window that is shifted at random, so that a place in the picture tells nothing. The
    neighbouring slices are copies of the key slice. A patch's other nodules are not annotated.
    """
    rows, cols = _tiles(shape)
    tops = np.linspace(0, shape[0], rows + 1).round().astype(int)
    lefts = np.linspace(0, shape[1], cols + 1).round().astype(int)
    hu = np.empty(shape, np.float32)
    lesions = []
    for k, patch in enumerate(patches[: rows * cols]):
        top, bottom = tops[k // cols], tops[k // cols + 1]
        left, right = lefts[k % cols], lefts[k % cols + 1]
        image, mask = _window(rng, patch, (bottom - top, right - left))
        hu[top:bottom, left:right] = image
        box = mask_box(mask, left, top)
        if box is not None and min(box[2] - box[0], box[3] - box[1]) >= 3:
            lesions.append(Lesion(box, LUNG_TYPE, axes_of_mask(mask)))
    return np.repeat(hu[None], 3, 0), lesions


def _window(
    rng: np.random.Generator, patch: NodulePatch, tile: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """A view of a patch, `tile` rows and columns, that holds its whole nodule; mirrored where the patch ends."""
    px = PATCH_SPACING_MM / SPACING_MM * rng.uniform(0.85, 1.15)
    turns = int(rng.integers(4))
    hu, mask = np.rot90(patch.hu, turns), np.rot90(patch.mask, turns)
    if rng.random() < 0.5:
        hu, mask = hu[:, ::-1], mask[:, ::-1]
    ys, xs = np.nonzero(mask)
    corner = []
    for at, side in zip((ys, xs), tile):
        # A mirrored border is at most half as deep as the nodule's distance from it, so that the nodule
        # shows once.
        low, high = float(at.min()), float(at.max() + 1)
        first = max(-0.5 * low, high + 3 - side / px)
        last = min(PATCH_PX + 0.5 * (PATCH_PX - high) - side / px, low - 3)
        corner.append(rng.uniform(min(first, last), max(first, last)))
    matrix = np.eye(2) / px
    offset = np.asarray(corner) + 0.5 / px - 0.5
    image = ndimage.affine_transform(hu, matrix, offset, tile, order=1, mode="mirror")
    shown = ndimage.affine_transform(mask.astype(np.float32), matrix, offset, tile, order=1)
    return image, shown > 0.5
