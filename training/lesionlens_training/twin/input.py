"""Series and key slice → the net's input tensor, the bit-exact twin of the program's `input` stage.

In: HU arrays of the key slice and its neighbours with their positions in mm, spacing in mm/px.
Out: `Input` with `levels` u8 `[3, H, W]` (H and W multiples of 32) and the map back to image px.

All arithmetic is f32 in the order written here; weights, ratios and the companding table are
computed in f64. Nothing here may be reordered: the program recomputes every bit.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from .. import spec

HU_MIN = spec.COMPANDING[0][0]
HU_MAX = spec.COMPANDING[-1][0]


@functools.cache
def companding_table() -> np.ndarray:
    """u8 level of every HU from -1024 to 1500: y0 + (hu − x0)·(y1 − y0)/(x1 − x0), half to even."""
    table = np.zeros(HU_MAX - HU_MIN + 1, np.uint8)
    for (x0, y0), (x1, y1) in zip(spec.COMPANDING, spec.COMPANDING[1:]):
        hu = np.arange(x0, x1 + 1, dtype=np.float64)
        table[x0 - HU_MIN : x1 - HU_MIN + 1] = np.rint(y0 + (hu - x0) * (y1 - y0) / (x1 - x0))
    return table


def levels_from_hu(hu: np.ndarray) -> np.ndarray:
    """HU (any shape, f32) → companded u8 levels."""
    idx = np.rint(hu).clip(HU_MIN, HU_MAX).astype(np.int32) - HU_MIN
    return companding_table()[idx]


def interpolated_slice(
    key: np.ndarray,
    key_position_mm: float | None,
    others: list[tuple[float, np.ndarray]],
    offset_mm: float,
) -> np.ndarray:
    """The slice at `offset_mm` from the key slice, f32 HU at stored resolution.

    `others` holds (position, HU) of the series' slices, key slice included, ascending. A copy of
    the key slice where no two adjacent slices enclose the target or they lie too far apart.
    """
    key32 = key.astype(np.float32)
    if offset_mm == 0 or key_position_mm is None:
        return key32
    target = key_position_mm + offset_mm
    for (a_mm, a), (b_mm, b) in itertools.pairwise(others):
        if a_mm <= target <= b_mm and a.shape == key.shape and b.shape == key.shape:
            if b_mm - a_mm > spec.MAX_GAP_MM or b_mm <= a_mm:
                return key32
            w = np.float32((target - a_mm) / (b_mm - a_mm))
            a32, b32 = a.astype(np.float32), b.astype(np.float32)
            return a32 + (b32 - a32) * w
    return key32


def _axis(n_in: int, spacing_mm: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    n_out = max(1, int(np.rint(n_in * spacing_mm / spec.SPACING_MM)))
    ratio = n_in / n_out
    src = ((np.arange(n_out, dtype=np.float64) + 0.5) * ratio - 0.5).clip(0, n_in - 1)
    i0 = np.floor(src).astype(np.int64)
    i1 = np.minimum(i0 + 1, n_in - 1)
    return i0, i1, (src - i0).astype(np.float32), ratio


def resample(hu: np.ndarray, spacing_mm: tuple[float, float]) -> tuple[np.ndarray, tuple[float, float]]:
    """f32 `[rows, cols]` → f32 at 0.8 mm, x first, then y; `spacing_mm` and ratios are (x, y)."""
    x0, x1, wx, rx = _axis(hu.shape[1], spacing_mm[0])
    y0, y1, wy, ry = _axis(hu.shape[0], spacing_mm[1])
    a, b = hu[:, x0], hu[:, x1]
    hu = a + (b - a) * wx[None, :]
    a, b = hu[y0], hu[y1]
    return a + (b - a) * wy[:, None], (rx, ry)


def body_box(key_hu: np.ndarray) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1), half-open: the largest 4-connected body region and a margin, clipped."""
    labels, n = ndimage.label(key_hu > spec.BODY_THRESHOLD_HU)
    rows, cols = key_hu.shape
    if n == 0:
        return (0, 0, cols, rows)
    counts = np.bincount(labels.ravel(), minlength=n + 1)
    counts[0] = 0
    best = counts.max()
    flat = labels.ravel()
    ties = np.flatnonzero(counts == best)
    chosen = min(ties, key=lambda k: int(np.argmax(flat == k))) if len(ties) > 1 else ties[0]
    ys, xs = ndimage.find_objects(labels, max_label=n)[chosen - 1]
    m = spec.BODY_MARGIN_PX
    return (max(xs.start - m, 0), max(ys.start - m, 0), min(xs.stop + m, cols), min(ys.stop + m, rows))


@dataclass
class Input:
    """`image_px = (input_px + origin) · ratio`, for x and y alike."""

    levels: np.ndarray
    hu: np.ndarray
    origin: tuple[int, int]
    ratio: tuple[float, float]


def build_input(
    key: np.ndarray,
    spacing_mm: tuple[float, float],
    key_position_mm: float | None = None,
    others: list[tuple[float, np.ndarray]] | None = None,
) -> Input:
    """The whole stage. `hu` of the result is f32 `[3, h, w]`, cropped to the body, not padded."""
    planes = []
    ratio = (1.0, 1.0)
    for offset in spec.OFFSETS_MM:
        plane = interpolated_slice(key, key_position_mm, others or [], offset)
        plane, ratio = resample(plane, spacing_mm)
        planes.append(plane)
    x0, y0, x1, y1 = body_box(planes[spec.OFFSETS_MM.index(0.0)])
    hu = np.stack(planes)[:, y0:y1, x0:x1]
    return Input(pad(levels_from_hu(hu)), hu, (x0, y0), ratio)


def pad(levels: np.ndarray) -> np.ndarray:
    """Zeros on the right and bottom up to multiples of 32."""
    m = spec.MULTIPLE
    return np.pad(levels, ((0, 0), (0, -levels.shape[1] % m), (0, -levels.shape[2] % m)))
