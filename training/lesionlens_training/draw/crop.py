"""A crop: one random affine view of a cached slice, and what is known of it.

In: a slice, a place that the view shall show, a random generator. Out: `Crop` in HU, the place mask of the view, the
map slice → crop.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from ..data import tissue
from ..data.cache import CachedSlice
from ..lesion import Box, Lesion, turned
from .mix import Mix

BORDER = 20
MAX_TURN = np.deg2rad(15)


@dataclass
class Crop:
    """One training crop: HU f32 `[3, rows, cols]` and what is known of it, crop px."""

    hu: np.ndarray
    lesions: list[Lesion] = field(default_factory=list)
    ignored: list[Box] = field(default_factory=list)
    negative_weight: float = 1.0
    # Places that are certainly no lesion.
    emphasis: list[Box] = field(default_factory=list)
    # Whether tissue below 0 HU was lost and filled with constants.
    coded: bool = False
    # The body, bool `[rows, cols]`; everything where it is not known.
    inside: np.ndarray | None = None


def moved(box: Box, forward: np.ndarray, shift: np.ndarray) -> Box:
    """The box after an affine map; the lesion is taken for the ellipse inscribed in its box."""
    middle = forward @ np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]) + shift
    half = np.array([(box[2] - box[0]) / 2, (box[3] - box[1]) / 2])
    reach = np.sqrt((forward**2) @ (half**2))
    return (middle[0] - reach[0], middle[1] - reach[1], middle[0] + reach[0], middle[1] + reach[1])


def _toward_slice(
    forward: np.ndarray, shift: np.ndarray, size: tuple[int, int], side: tuple[int, int]
) -> np.ndarray:
    """What to add to `shift` so that a crop of `side` (x, y) shows no more than `BORDER` px beyond the slice's edge
    where the slice is larger, and cuts no more than that off where it is smaller."""
    corners = np.array([[0, 0], [size[0], 0], [0, size[1]], size]) @ forward.T + shift
    low, high = corners.min(0), corners.max(0)
    room = np.asarray(side) - (high - low)
    least, most = np.minimum(room, 0) - BORDER, np.maximum(room, 0) + BORDER
    return np.clip(low, least, most) - low


def view(
    rng: np.random.Generator, s: CachedSlice, around: tuple[float, float], jitter: float, mix: Mix
) -> tuple[Crop, np.ndarray, np.ndarray]:
    """Random affine crop with `around` (slice px) in it: within `jitter` px of the middle of a square of 256,
    and in proportion in a larger crop.

    Returns the crop with the slice's lesions, its place mask, and the 2×3 map slice → crop."""
    rows, cols = mix.shape
    angle = rng.uniform(-MAX_TURN, MAX_TURN)
    low, high = mix.scale
    scale = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    flip = -1.0 if rng.random() < 0.5 else 1.0
    c, n = np.cos(angle), np.sin(angle)
    forward = np.array([[c, -n], [n, c]]) @ np.diag([flip, 1.0]) * scale
    # The place lies off the crop's middle, on the side away from the slice's middle: little of
    # the crop is spent on air.
    h, w = s.hu.shape[1:]
    stretch = np.array([cols, rows]) / 256
    outward = forward @ (np.asarray(around, np.float64) - np.array([w / 2, h / 2]))
    lean = np.clip(outward * rng.uniform(0.3, 1.0), -jitter * stretch, jitter * stretch)
    limit = jitter * stretch
    middle = np.array([cols, rows]) / 2 + np.clip(lean + rng.uniform(-45, 45, 2), -limit, limit)
    shift = middle - forward @ np.asarray(around, np.float64)
    shift += _toward_slice(forward, shift, (w, h), (cols, rows))
    back = np.linalg.inv(forward)
    # The part of the slice that the crop shows, with a border for interpolation.
    corners = (np.array([[0, 0], [cols, 0], [0, rows], [cols, rows]]) - shift) @ back.T
    x0, y0 = (int(np.clip(v - 2, 0, m - 2)) for v, m in zip(corners.min(0), (w, h)))
    x1, y1 = (int(np.clip(v + 3, least + 2, m)) for v, least, m in zip(corners.max(0), (x0, y0), (w, h)))
    xs, ys = np.arange(cols) + 0.5, np.arange(rows) + 0.5
    start = back @ shift + np.array([x0, y0])
    grid = np.empty((1, rows, cols, 2), np.float32)
    for k, side in enumerate((x1 - x0, y1 - y0)):
        grid[0, :, :, k] = (back[k, 0] * xs[None] + back[k, 1] * ys[:, None] - start[k]) * (2 / side) - 1
    grid = torch.from_numpy(grid)
    if mix.elastic > 0 and not s.lesions and not s.ignored:
        bend = torch.from_numpy(rng.normal(0, mix.elastic, (1, 2, 6, 6)).astype(np.float32))
        bend = torch.nn.functional.interpolate(bend, (rows, cols), mode="bicubic", align_corners=True)
        bend = bend.permute(0, 2, 3, 1) * torch.tensor([2 / (x1 - x0), 2 / (y1 - y0)])
        grid = grid + bend.float()
    part = torch.from_numpy(np.asarray(s.hu[:, y0:y1, x0:x1]).astype(np.float32))[None].add_(1024)
    hu = torch.nn.functional.grid_sample(part, grid, align_corners=False)[0].sub_(1024).numpy()
    places = torch.from_numpy(s.places[y0:y1, x0:x1].astype(np.float32))[None, None]
    place = torch.nn.functional.grid_sample(places, grid, "nearest", align_corners=False)[0, 0]
    lesions = [Lesion(moved(x.box, forward, shift), x.type, turned(x.axes, forward)) for x in s.lesions]
    places_here = place.numpy().astype(np.uint8)
    ignored = [moved(b, forward, shift) for b in s.ignored]
    crop = Crop(hu, lesions, ignored, coded=s.coded, inside=(places_here & tissue.BODY) > 0)
    return crop, places_here, np.hstack([forward, shift[:, None]])


def clip_lesions(crop: Crop) -> None:
    """Lesions cut by the crop: kept, clipped, when 80 % remains, their axes forgotten; else ignored."""
    rows, cols = crop.hu.shape[1:]
    kept = []
    for lesion in crop.lesions:
        b = lesion.box
        c = (max(b[0], 0.0), max(b[1], 0.0), min(b[2], float(cols)), min(b[3], float(rows)))
        if c[2] <= c[0] or c[3] <= c[1]:
            continue
        share = (c[2] - c[0]) * (c[3] - c[1]) / ((b[2] - b[0]) * (b[3] - b[1]))
        if share > 0.8:
            kept.append(replace(lesion, box=c, axes=lesion.axes if c == b else None))
        else:
            crop.ignored.append(c)
    crop.lesions = kept
