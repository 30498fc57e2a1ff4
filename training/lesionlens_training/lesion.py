"""A lesion as training and evaluation know it, and RECIST's diameters of a mask.

In: boolean masks. Out: `Lesion`. Lengths are px of the image that the lesion lies in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

Box = tuple[float, float, float, float]
Axes = tuple[float, float, float]
"""Long diameter, short diameter, direction θ of the long one from +x towards +y, radian."""
UNKNOWN_TYPE = -1


@dataclass(frozen=True)
class Lesion:
    """`box`: tight half-open extent; `type`: DeepLesion's number 1..8 or −1."""

    box: Box
    type: int = UNKNOWN_TYPE
    axes: Axes | None = None


def mask_box(mask: np.ndarray, x0: int = 0, y0: int = 0) -> Box | None:
    """Half-open extent of a boolean mask whose corner lies at (x0, y0)."""
    ys = np.flatnonzero(mask.any(1))
    xs = np.flatnonzero(mask.any(0))
    if len(ys) == 0:
        return None
    return (float(x0 + xs[0]), float(y0 + ys[0]), float(x0 + xs[-1] + 1), float(y0 + ys[-1] + 1))


def axes_of_mask(mask: np.ndarray) -> Axes:
    """RECIST 1.1 (Eisenhauer et al. 2009): the longest diameter of the mask in the plane, and the
    longest one perpendicular to it. Diameters run between outer edges of pixels, so a single
    pixel measures 1. The mask must not be empty."""
    edge = mask & ~ndimage.binary_erosion(mask)
    ys, xs = np.nonzero(edge)
    points = np.stack([xs, ys], 1).astype(np.float64)
    if len(points) > 300:
        points = _extreme(points)
    squares = ((points[:, None] - points[None]) ** 2).sum(2)
    i, j = np.unravel_index(int(squares.argmax()), squares.shape)
    direction = points[j] - points[i]
    theta = float(np.arctan2(direction[1], direction[0])) if i != j else 0.0
    long = float(np.sqrt(squares[i, j])) + 1
    ys, xs = np.nonzero(mask)
    u = xs * np.cos(theta) + ys * np.sin(theta)
    v = ys * np.cos(theta) - xs * np.sin(theta)
    bins = np.floor(u - u.min()).astype(int)
    high, low = np.full(bins.max() + 1, -np.inf), np.full(bins.max() + 1, np.inf)
    np.maximum.at(high, bins, v)
    np.minimum.at(low, bins, v)
    short = min(float((high - low).max()) + 1, long)
    return long, short, theta


def _extreme(points: np.ndarray) -> np.ndarray:
    """The points that lie farthest out in one of 180 directions: both ends of every diameter do."""
    phi = np.linspace(0, np.pi, 90, endpoint=False)
    along = points @ np.stack([np.cos(phi), np.sin(phi)])
    return points[np.unique(np.concatenate([along.argmax(0), along.argmin(0)]))]


def turned(axes: Axes | None, forward: np.ndarray) -> Axes | None:
    """The axes after a similarity map of the plane, `forward` its 2×2 matrix."""
    if axes is None:
        return None
    long, short, theta = axes
    direction = forward @ np.array([np.cos(theta), np.sin(theta)])
    scale = float(np.sqrt(abs(np.linalg.det(forward))))
    return long * scale, short * scale, float(np.arctan2(direction[1], direction[0]))
