"""HU morphology: which places of a slice can carry which kind of lesion.

In: one HU slice at 0.8 mm. Out: u8 bit mask `[h, w]`, one bit per kind of place.
"""

from __future__ import annotations

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

    out[body] |= BODY
    out[lung & (lung_depth > 4)] |= LUNG
    out[lung & (lung_depth <= 4)] |= LUNG_BORDER
    out[fat & (depth > 14) & (to_soft < 10)] |= NODE_FAT
    out[parenchyma] |= PARENCHYMA
    out[fat & near_organ & (depth > 14)] |= ORGAN_EDGE
    out[bone & (depth > 6)] |= BONE
    out[(fat | soft) & (depth > 22) & ~lung & ~bone] |= DEEP_SOFT
    return out
