"""HU morphology: which places of a slice can carry which kind of lesion.

In: one HU slice at 0.8 mm. Out: u8 bit mask `[h, w]`, one bit per kind of place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

BODY = 1
LUNG = 2
LUNG_BORDER = 4
NODE_FAT = 8
PARENCHYMA = 16
ORGAN_EDGE = 32
BONE = 64
DEEP_SOFT = 128


def place_mask(hu: np.ndarray) -> np.ndarray:
    """Bits: body; lung interior; lung within 4 px of its border; fat near soft tissue; homogeneous
    parenchyma; the seam between parenchyma and fat; thick bone; soft tissue or fat away from skin."""
    sharp = hu.astype(np.float32)
    hu = ndimage.gaussian_filter(sharp, 1.0)
    out = np.zeros(hu.shape, np.uint8)
    labels, n = ndimage.label(hu > -300)
    if n == 0:
        return out
    counts = np.bincount(labels.ravel())
    counts[0] = 0
    body = ndimage.binary_fill_holes(ndimage.binary_opening(labels == counts.argmax(), iterations=3))
    depth = ndimage.distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1]

    air = body & (hu < -500)
    labels, _ = ndimage.label(air)
    counts = np.bincount(labels.ravel())
    counts[0] = 0
    # Gas in bowel and stomach lies near -1000 HU, lung above it.
    large = np.flatnonzero(counts > 2000)
    large = large[large > 0]
    lung = np.isin(labels, [k for k in large if np.median(sharp[labels == k]) > -955])
    lung_depth = ndimage.distance_transform_edt(ndimage.binary_closing(lung, iterations=3))

    fat = body & (hu > -150) & (hu < -30)
    soft = body & (hu > 0) & (hu < 300)
    to_soft = ndimage.distance_transform_edt(~ndimage.binary_opening(soft))

    mean = ndimage.uniform_filter(hu, 9)
    std = np.sqrt(np.maximum(ndimage.uniform_filter(hu * hu, 9) - mean * mean, 0))
    soft_depth = ndimage.distance_transform_edt(soft)
    parenchyma = (soft_depth >= 5) & (mean > 25) & (mean < 190) & (std < 28) & (depth > 12)
    near_organ = ndimage.distance_transform_edt(~(parenchyma & (soft_depth >= 8))) < 11

    bone = ndimage.binary_opening(ndimage.binary_closing(body & (hu > 170), iterations=3), iterations=3)
    bone &= std > 45
    bone &= _where_bone_is(body, depth)

    out[body] |= BODY
    out[lung & (lung_depth > 4)] |= LUNG
    out[lung & (lung_depth <= 4)] |= LUNG_BORDER
    out[fat & (depth > 14) & (to_soft < 10)] |= NODE_FAT
    out[parenchyma] |= PARENCHYMA
    out[fat & near_organ & (depth > 14)] |= ORGAN_EDGE
    out[bone & (depth > 6)] |= BONE
    out[(fat | soft) & (depth > 22) & ~lung & ~bone] |= DEEP_SOFT
    return out


def _where_bone_is(body: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Where a trunk has bone: under the skin and around the spine. Contrast in bowel, kidneys and vessels is as
    bright, but lies elsewhere. A body smaller than a trunk is a limb or a head, with bone anywhere."""
    n = int(body.sum())
    if n < 45_000:
        return body
    ys, xs = np.nonzero(body)
    rows, cols = np.mgrid[: body.shape[0], : body.shape[1]]
    u = (cols - xs.min()) / (np.ptp(xs) + 1)
    v = (rows - ys.min()) / (np.ptp(ys) + 1)
    spine = (np.abs(u - 0.5) < 0.14) & (v > 0.5)
    return body & (spine | (depth < 30))


@dataclass(frozen=True)
class Frame:
    """Where a slice's body lies: corner, width and height, px; `area` of the body and `lung` in it, px."""

    left: int
    top: int
    width: int
    height: int
    area: int
    lung: int

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A point as shares of the body's width and height."""
        return (x - self.left) / self.width, (y - self.top) / self.height

    @property
    def is_belly(self) -> bool:
        """Abdomen or pelvis: a trunk with hardly any lung, rounder than shoulders are."""
        return self.area > 45_000 and self.lung < 0.02 * self.area and self.width < 1.85 * self.height

    def is_inside(self, x: float, y: float) -> bool:
        """Whether a point lies within the body wall, roughly: an ellipse of three quarters of the body."""
        u, v = self.place(x, y)
        return ((u - 0.5) / 0.38) ** 2 + ((v - 0.48) / 0.36) ** 2 < 1


def frame(places: np.ndarray) -> Frame | None:
    """The frame of a slice's body; None without a body."""
    body = (places & BODY) > 0
    rows, cols = np.flatnonzero(body.any(1)), np.flatnonzero(body.any(0))
    if len(rows) == 0:
        return None
    lung = int(((places & (LUNG | LUNG_BORDER)) > 0).sum())
    left, top = int(cols[0]), int(rows[0])
    return Frame(left, top, int(cols[-1]) - left + 1, int(rows[-1]) - top + 1, int(body.sum()), lung)


LIVER, KIDNEY = 4, 6
"""DeepLesion's numbers of the types that `organs` can tell."""


def organs(hu: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Type of a lesion by the organ around it, u8 `[h, w]`: `LIVER`, `KIDNEY` or 0 for unknown.

    A coarse rule for supine abdominal slices, meant to be silent when in doubt: the largest
    parenchyma on the picture's left is liver; a fist-sized, enhancing one beside the spine is kidney.
    """
    out = np.zeros(places.shape, np.uint8)
    here = frame(places)
    if here is None or here.area < 30_000 or here.lung > 0.15 * here.area:
        return out
    smooth = ndimage.gaussian_filter(hu.astype(np.float32), 1.5)
    labels, count = ndimage.label(ndimage.binary_opening((places & PARENCHYMA) > 0, iterations=4))
    for k in range(1, count + 1):
        part = labels == k
        area = int(part.sum())
        cy, cx = (float(v) for v in ndimage.center_of_mass(part))
        u, v = here.place(cx, cy)
        level = float(np.median(smooth[part]))
        grown = ndimage.binary_dilation(part, iterations=5)
        if area > 5000 and u < 0.45 and v < 0.6:
            out[grown] = LIVER
        elif 500 < area < 5500 and 0.12 < abs(u - 0.5) < 0.36 and 0.42 < v < 0.78 and level > 100:
            out[grown & (out == 0)] = KIDNEY
    return out
