"""Closing the gap between slices with full HU and DeepLesion's coded slices.

A coded slice holds 0 to 253 HU exactly; what was below is one of three constants (air outside the body −1024, lung or
gas −850, fat −100), what was above is 253. In: a crop in HU. Out: the crop changed in place, either way: fills that
get what they lack, or full HU that loses what coded slices lack.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

AIR_HU, LUNG_HU, FAT_HU, TOP_HU = -1024.0, -850.0, -100.0, 253.0
# Between lung or gas and fat in a cut crop; the border of a filled lung is as sharp.
GAS_BELOW_HU = -500.0


def soften_fills(rng: np.random.Generator, hu: np.ndarray, noise: np.ndarray) -> None:
    """Fat and lung of a coded crop get a level of their own, noise and soft edges. `noise`: a field of unit standard
    deviation, larger than the crop."""
    key = hu[1]
    fat = np.abs(key - FAT_HU) < 12
    lung = np.abs(key - LUNG_HU) < 12
    if rng.random() < 0.5:
        # What was lost lies a little under 0 HU at a border of fat and soft tissue: a border of one pixel is not.
        soft = ndimage.gaussian_filter(key, rng.uniform(0.4, 0.9), truncate=2.5)
        near = ndimage.binary_dilation(fat) & (key > -300)
        key = np.where(near, soft, key)
    rows, cols = key.shape
    for mask, level, least, most in ((fat, 14.0, 6.0, 24.0), (lung, 45.0, 10.0, 60.0)):
        y, x = rng.integers(0, noise.shape[0] - rows), rng.integers(0, noise.shape[1] - cols)
        grain = noise[y : y + rows, x : x + cols] * np.float32(rng.uniform(least, most))
        # Slow changes of level over the picture, as between vessels and along gravity.
        slow = rng.normal(0, level / 2, (4, 4)).astype(np.float32)
        slow = ndimage.zoom(slow, (rows / 4, cols / 4), order=1)[:rows, :cols]
        key = key + mask * (np.float32(rng.normal(0, level)) + slow + grain)
    hu[:] = key


def cut_to_code(hu: np.ndarray, body: np.ndarray) -> None:
    """Full HU → what a coded slice keeps, in place. `body`: bool `[rows, cols]`, the inside of the skin."""
    below = hu < 0
    gas = hu < GAS_BELOW_HU
    fill = np.where(gas, np.where(body, LUNG_HU, AIR_HU), FAT_HU)
    np.minimum(hu, TOP_HU, out=hu)
    hu[:] = np.where(below, fill, np.rint(hu))
