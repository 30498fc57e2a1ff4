"""On-the-fly training batches: crops of 256², their targets for both heads.

In: the cache, nodule patches, a `Mix` of shares, a seed. Out: `Batch` of tensors. The same seed
gives the same batches.

Each crop is a random affine view (flip, ±15°, scale .8–1.2) of one slice with nothing, a synthetic
lesion, a pasted nodule, decoys or healthy patches written into it, or a real annotated lesion; or a
mosaic of LIDC patches; or a place where an earlier net found a lesion that is none.
Real slices carry incomplete labels, so their negatives weigh `real_negative`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from scipy import ndimage

from ..data import tissue
from ..data.cache import CachedSlice
from ..data.nodules import PATCH_SPACING_MM, NodulePatch, mosaic
from ..lesion import UNKNOWN_TYPE, Box, Lesion, turned
from ..spec import AXIS_CHANNELS, BOX_CHANNELS, SPACING_MM, STRIDES
from ..twin.input import levels_from_hu
from . import synthesis

CROP = 256
# Long side of the tight box in input px that each head is trained on.
RANGES_PX = ((0.0, 50.0), (34.0, 1e9))
IGNORE_FACTOR = 1.3
# Crops that wait for their second use.
POOL = 64

# Slices that show masses, nodules or an effusion which nobody boxed: never used as negatives.
SUSPECT_SERIES = frozenset([*(f"960000_{n:02d}_01" for n in (11, 12, 14, 17, 26)), "963000_01_01", "920001_01_01"])
# First slice number of the pelvis in series that reach it.
PELVIS_FROM = {"961000_02_01": 65, "960000_33_01": 0, "960000_37_01": 0}
ABDOMEN_TYPE, MEDIASTINUM_TYPE, SOFT_TISSUE_TYPE, PELVIS_TYPE = 2, 3, 7, 8


@dataclass
class Mix:
    """Shares of the kinds of crop and weights of negatives."""

    synthetic: float = 0.50
    nodule: float = 0.12
    mosaic: float = 0.0
    negative: float = 0.20
    hard: float = 0.0
    sarcoma: float = 0.08
    lung_dx: float = 0.03
    by_eye: float = 0.0
    deeplesion: float = 0.0
    phantom: float = 0.0
    real_negative: float = 0.3
    background_negative: float = 0.6
    # Share of the background crops that carry decoys and healthy patches.
    decoys: float = 0.35
    degrade: float = 0.5
    copy_neighbours: float = 0.25
    # Weight of abdominal and pelvic backgrounds against the others.
    belly: float = 1.0
    # Standard deviation of the smooth displacement that bends backgrounds without lesions, px.
    elastic: float = 0.0
    # How often a drawn crop is used; every second time mirrored.
    reuse: int = 1
    # For ablations: one slice instead of three; HU mapped to levels by a straight line.
    one_slice: bool = False
    linear_input: bool = False


SHARES = ("synthetic", "nodule", "mosaic", "negative", "hard", "sarcoma", "lung_dx", "by_eye", "deeplesion", "phantom")
"""The fields of `Mix` that share out the crops."""


@dataclass(frozen=True)
class HardNegative:
    """A place that an earlier net took for a lesion, px of the cached slice."""

    series: str
    number: int
    x: float
    y: float


@dataclass
class Batch:
    """`levels` u8 `[n, 3, 256, 256]`; per head `heat`, `positive`, `negative_weight` `[n, h, w]`,
    `regression` `[n, 8, h, w]` (the spec's box and axis channels without heat), `regression_weight`,
    `axes_weight` `[n, h, w]` (0 where the axes are unknown) and `type` int64 `[n, h, w]` (DeepLesion's
    number, 0 where unknown)."""

    levels: torch.Tensor
    heads: list[dict[str, torch.Tensor]] = field(default_factory=list)

    def to(self, device: str) -> Batch:
        """The same batch on a device."""
        move = {"device": device, "non_blocking": True}
        return Batch(self.levels.to(**move), [{k: v.to(**move) for k, v in head.items()} for head in self.heads])


_REGRESSED = (*BOX_CHANNELS[1:], *AXIS_CHANNELS)


def head_targets(
    lesions: list[Lesion],
    ignored: list[Box],
    shape: tuple[int, int],
    stride: int,
    size_range: tuple[float, float],
    negative_weight: float,
    emphasis: list[Box] | None = None,
) -> dict[str, np.ndarray]:
    """Targets of one head. Negatives inside `emphasis` boxes weigh 1."""
    h, w = shape[0] // stride, shape[1] // stride
    heat = np.zeros((h, w), np.float32)
    positive = np.zeros((h, w), np.float32)
    weight = np.full((h, w), negative_weight, np.float32)
    reg = np.zeros((len(_REGRESSED), h, w), np.float32)
    reg_weight = np.zeros((h, w), np.float32)
    axes_weight = np.zeros((h, w), np.float32)
    types = np.zeros((h, w), np.int64)
    for some, value in ((emphasis or [], 1.0), (ignored, 0.0)):
        for x0, y0, x1, y1 in some:
            c0, r0 = max(int(x0 / stride), 0), max(int(y0 / stride), 0)
            weight[r0 : max(int(np.ceil(y1 / stride)), 0), c0 : max(int(np.ceil(x1 / stride)), 0)] = value
    for lesion in lesions:
        x0, y0, x1, y1 = lesion.box
        bw, bh = x1 - x0, y1 - y0
        cx, cy = (x0 + x1) / 2 / stride, (y0 + y1) / 2 / stride
        low, high = size_range
        c0, c1 = (int(np.clip(v, 0, w)) for v in ((x0 / stride) - 2, (x1 / stride) + 3))
        r0, r1 = (int(np.clip(v, 0, h)) for v in ((y0 / stride) - 2, (y1 / stride) + 3))
        cols = np.arange(c0, c1, dtype=np.float32)[None]
        rows = np.arange(r0, r1, dtype=np.float32)[:, None]
        here = (slice(r0, r1), slice(c0, c1))
        gx, gy = cols + 0.5 - cx, rows + 0.5 - cy
        if not low <= max(bw, bh) < high:
            if low / IGNORE_FACTOR <= max(bw, bh) < high * IGNORE_FACTOR:
                near = (np.abs(gx) < bw / stride / 4 + 1) & (np.abs(gy) < bh / stride / 4 + 1)
                weight[here][near] = 0
            continue
        sx, sy = max(0.11 * bw / stride, 0.5), max(0.11 * bh / stride, 0.5)
        g = np.exp(-(gx * gx) / (2 * sx * sx) - (gy * gy) / (2 * sy * sy)).astype(np.float32)
        col, row = int(np.clip(cx, 0, w - 1)), int(np.clip(cy, 0, h - 1))
        g[row - r0, col - c0] = 1
        heat[here] = np.maximum(heat[here], g)
        positive[row, col] = 1
        near = (np.abs(gx) < bw / stride / 2 + 1) & (np.abs(gy) < bh / stride / 2 + 1)
        weight[here][near] = 1
        write = (g > 0.3) & (g > reg_weight[here])
        reg_weight[here][write] = g[write]
        values = [cx - cols, cy - rows, np.log(max(bw, 1.0)), np.log(max(bh, 1.0)), 0.0, 0.0, 0.0, 0.0]
        if lesion.axes is not None:
            long, short, theta = lesion.axes
            values[4:] = [np.log(max(long, 1.0)), np.log(max(short, 1.0)), np.sin(2 * theta), np.cos(2 * theta)]
        for k, value in enumerate(values):
            reg[k][here][write] = np.broadcast_to(np.float32(value), g.shape)[write]
        axes_weight[here][write] = g[write] * (lesion.axes is not None)
        types[here][write] = max(lesion.type, 0)
    return {
        "heat": heat,
        "positive": positive,
        "negative_weight": weight,
        "regression": reg,
        "regression_weight": reg_weight,
        "axes_weight": axes_weight,
        "type": types,
    }


def mirrored(target: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The target of the crop flipped left to right."""
    flipped = {k: v[..., ::-1].copy() for k, v in target.items()}
    reg = flipped["regression"]
    dx, sine = _REGRESSED.index("dx"), _REGRESSED.index("sin_2theta")
    reg[dx] = np.where(flipped["regression_weight"] > 0, 1 - reg[dx], 0)
    reg[sine] *= -1
    return flipped


@dataclass
class Crop:
    """One training crop: HU f32 `[3, 256, 256]` and what is known of it, crop px."""

    hu: np.ndarray
    lesions: list[Lesion] = field(default_factory=list)
    ignored: list[Box] = field(default_factory=list)
    negative_weight: float = 1.0
    # Places that are certainly no lesion.
    emphasis: list[Box] = field(default_factory=list)


class Sampler:
    """Draws crops."""

    def __init__(
        self,
        slices: list[CachedSlice],
        nodules: list[NodulePatch],
        mix: Mix,
        seed: int,
        hard: list[HardNegative] | None = None,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.mix = mix
        self.nodules = nodules
        self.slices = slices
        # Correlated noise of unit standard deviation; crops of it stand for fresh noise.
        noise = ndimage.gaussian_filter(self.rng.standard_normal((900, 900)).astype(np.float32), 0.7)
        self.noise = noise / noise.std()
        self.pool: list[tuple[np.ndarray, list[dict[str, np.ndarray]]]] = []
        self.organs: dict[str, np.ndarray] = {}
        self.lesion_kinds: dict[str, float] = synthesis.KIND_SHARES
        self.frames = [tissue.frame(s.places) for s in slices]
        by: dict[str, list[int]] = {"sarcoma": [], "lung_dx": [], "by_eye": [], "deeplesion": [], "phantom": []}
        patients: dict[str, list[int]] = {}
        for i, s in enumerate(slices):
            kind = "by_eye" if s.by_eye else s.source.replace("-", "_")
            if s.lesions and kind in by:
                by[kind].append(i)
            if s.series in SUSPECT_SERIES or s.source == "phantom":
                continue
            patients.setdefault(s.patient, []).append(i)
        self.by = by
        index = {(s.series, s.number): i for i, s in enumerate(slices)}
        self.hard = [(index[h.series, h.number], h.x, h.y) for h in hard or [] if (h.series, h.number) in index]
        self.backgrounds: list[int] = []
        weights = []
        for ids in patients.values():
            # A patient with many slices counts more, but less than in proportion; extremities less,
            # slices of the abdomen and pelvis more.
            share = 0.03 if slices[ids[0]].source == "sarcoma" else 1.0
            for i in ids:
                self.backgrounds.append(i)
                body = self.frames[i]
                belly = share == 1 and body is not None and body.is_belly
                weights.append(share * len(ids) ** -0.35 * (mix.belly if belly else 1.0))
        self.weights = np.cumsum(np.asarray(weights) / max(np.sum(weights), 1e-9))
        shares = {
            "synthetic": mix.synthetic if weights else 0.0,
            "nodule": mix.nodule if nodules and weights else 0.0,
            "mosaic": mix.mosaic if len(nodules) >= 4 else 0.0,
            "negative": mix.negative if weights else 0.0,
            "hard": mix.hard if self.hard else 0.0,
            **{kind: getattr(mix, kind) if ids else 0.0 for kind, ids in by.items()},
        }
        assert set(shares) == set(SHARES)
        self.kinds = list(shares)
        self.shares = np.asarray(list(shares.values())) / sum(shares.values())

    def _background(self, bit: int) -> tuple[int, tuple[int, int]] | None:
        for _ in range(12):
            at = min(int(np.searchsorted(self.weights, self.rng.random(), "right")), len(self.backgrounds) - 1)
            idx = self.backgrounds[at]
            mask = self.slices[idx].places
            found = np.flatnonzero(mask & bit)
            if len(found) > 25:
                at = int(found[self.rng.integers(len(found))])
                x, y = at % mask.shape[1], at // mask.shape[1]
                body = self.frames[idx]
                # Fat is everywhere under the skin; nodes are mostly not.
                if bit == tissue.NODE_FAT and body is not None and not body.is_inside(x, y) and self.rng.random() < 0.7:
                    continue
                return idx, (x, y)
        return None

    def _view(
        self, idx: int, around: tuple[float, float], jitter: float
    ) -> tuple[Crop, np.ndarray, np.ndarray]:
        """Random affine crop with `around` (source px) within `jitter` px of the middle.

        Returns the crop with the slice's lesions, its place mask, and the 2×3 map source → crop."""
        rng = self.rng
        s = self.slices[idx]
        angle = np.deg2rad(rng.uniform(-15, 15))
        scale = rng.uniform(0.8, 1.2)
        flip = -1.0 if rng.random() < 0.5 else 1.0
        c, n = np.cos(angle), np.sin(angle)
        forward = np.array([[c, -n], [n, c]]) @ np.diag([flip, 1.0]) * scale
        # The place lies off the crop's middle, on the side away from the slice's middle: little of
        # the crop is spent on air.
        h, w = s.hu.shape[1:]
        outward = forward @ (np.asarray(around, np.float64) - np.array([w / 2, h / 2]))
        lean = np.clip(outward * rng.uniform(0.3, 1.0), -jitter, jitter)
        middle = CROP / 2 + np.clip(lean + rng.uniform(-45, 45, 2), -jitter, jitter)
        shift = middle - forward @ np.asarray(around, np.float64)
        back = np.linalg.inv(forward)
        # The part of the slice that the crop shows, with a border for interpolation.
        corners = (np.array([[0, 0], [CROP, 0], [0, CROP], [CROP, CROP]]) - shift) @ back.T
        x0, y0 = (int(np.clip(v - 2, 0, m - 2)) for v, m in zip(corners.min(0), (w, h)))
        x1, y1 = (int(np.clip(v + 3, low + 2, m)) for v, low, m in zip(corners.max(0), (x0, y0), (w, h)))
        at = np.arange(CROP) + 0.5
        start = back @ shift + np.array([x0, y0])
        grid = np.empty((1, CROP, CROP, 2), np.float32)
        for k, side in enumerate((x1 - x0, y1 - y0)):
            grid[0, :, :, k] = (back[k, 0] * at[None] + back[k, 1] * at[:, None] - start[k]) * (2 / side) - 1
        grid = torch.from_numpy(grid)
        if self.mix.elastic > 0 and not s.lesions and not s.ignored:
            bend = torch.from_numpy(rng.normal(0, self.mix.elastic, (1, 2, 6, 6)).astype(np.float32))
            bend = torch.nn.functional.interpolate(bend, (CROP, CROP), mode="bicubic", align_corners=True)
            bend = bend.permute(0, 2, 3, 1) * torch.tensor([2 / (x1 - x0), 2 / (y1 - y0)])
            grid = grid + bend.float()
        part = torch.from_numpy(np.asarray(s.hu[:, y0:y1, x0:x1]).astype(np.float32))[None].add_(1024)
        hu = torch.nn.functional.grid_sample(part, grid, align_corners=False)[0].sub_(1024).numpy()
        places = torch.from_numpy(s.places[y0:y1, x0:x1].astype(np.float32))[None, None]
        place = torch.nn.functional.grid_sample(places, grid, "nearest", align_corners=False)[0, 0]

        def moved(b: Box) -> Box:
            mid = forward @ np.array([(b[0] + b[2]) / 2, (b[1] + b[3]) / 2]) + shift
            half = np.array([(b[2] - b[0]) / 2, (b[3] - b[1]) / 2])
            # The lesion is taken for the ellipse inscribed in its box.
            ext = np.sqrt((forward**2) @ (half**2))
            return (mid[0] - ext[0], mid[1] - ext[1], mid[0] + ext[0], mid[1] + ext[1])

        lesions = [Lesion(moved(x.box), x.type, turned(x.axes, forward)) for x in s.lesions]
        crop = Crop(hu, lesions, [moved(b) for b in s.ignored])
        return crop, place.numpy().astype(np.uint8), np.hstack([forward, shift[:, None]])

    def _lesion_kind(self) -> str:
        shares = np.asarray(list(self.lesion_kinds.values()))
        return str(self.rng.choice(list(self.lesion_kinds), p=shares / shares.sum()))

    def _random_place(self, places: np.ndarray, bit: int) -> tuple[float, float] | None:
        found = np.flatnonzero(places & bit)
        if len(found) < 10:
            return None
        at = int(found[self.rng.integers(len(found))])
        return (at % CROP + 0.5, at // CROP + 0.5)

    def _negative_weight(self, idx: int) -> float:
        """What a slice's background weighs: little beside DeepLesion's lesions, half of which are unlabelled."""
        s = self.slices[idx]
        partly_labelled = s.source == "deeplesion" and s.lesions and not s.by_eye
        return self.mix.real_negative if partly_labelled else self.mix.background_negative

    def crop(self) -> Crop:
        """The next crop."""
        kind = str(self.rng.choice(self.kinds, p=self.shares))
        if kind == "mosaic":
            chosen = [self.nodules[int(i)] for i in self.rng.integers(len(self.nodules), size=4)]
            hu, lesions = mosaic(self.rng, chosen, CROP)
            crop = Crop(hu, lesions, [], self.mix.real_negative)
        elif kind in self.by:
            crop = self._real(kind)
        elif kind == "hard":
            idx, x, y = self.hard[int(self.rng.integers(len(self.hard)))]
            crop, _, forward = self._view(idx, (x, y), 90)
            crop.negative_weight = self._negative_weight(idx)
            at = forward[:, :2] @ (x, y) + forward[:, 2]
            crop.emphasis.append((at[0] - 14, at[1] - 14, at[0] + 14, at[1] + 14))
        else:
            made = self._drawn(kind)
            if made is None:
                return self.crop()
            crop = made
        self._clip(crop)
        self._finish(crop.hu)
        return crop

    def _real(self, kind: str) -> Crop:
        """A crop around a lesion that somebody boxed."""
        idx = int(self.rng.choice(self.by[kind]))
        s = self.slices[idx]
        b = s.lesions[int(self.rng.integers(len(s.lesions)))].box
        crop, _, _ = self._view(idx, ((b[0] + b[2]) / 2, (b[1] + b[3]) / 2), 70)
        if kind == "sarcoma":
            self._cut_edges(crop.hu, [x.box for x in crop.lesions])
        crop.negative_weight = 1.0 if kind == "phantom" else self.mix.real_negative
        return crop

    def _drawn(self, kind: str) -> Crop | None:
        """A background with synthetic lesions or a pasted nodule or, for `negative`, with none; None when
        no background had a place for it."""
        rng = self.rng
        wanted = "lung" if kind == "nodule" else self._lesion_kind()
        bit = tissue.BODY if kind == "negative" else synthesis.PLACE_OF_KIND[wanted]
        found = self._background(bit)
        if found is None:
            return None
        idx, around = found
        crop, places, forward = self._view(idx, around, 90)
        crop.negative_weight = self._negative_weight(idx)
        taken = [x.box for x in crop.lesions] + crop.ignored
        if rng.random() < (1.0 if kind == "negative" and self.mix.decoys > 0 else self.mix.decoys):
            self._add_decoys(crop, places, taken)
        if kind == "negative":
            return crop
        first = forward[:, :2] @ (np.asarray(around) + 0.5) + forward[:, 2]
        for n in range(int(rng.choice([1, 2, 3, 4], p=[0.4, 0.25, 0.2, 0.15]))):
            name = wanted
            if n and rng.random() < 0.5:
                name = self._lesion_kind()
            at = (float(first[0]), float(first[1]))
            if n:
                place = self._random_place(places, synthesis.PLACE_OF_KIND[name])
                if place is None:
                    continue
                at = place
            if not (4 < at[0] < CROP - 4 and 4 < at[1] < CROP - 4) or _inside(at, taken, 10):
                continue
            before = crop.hu.copy() if taken else None
            if kind == "nodule" and n == 0:
                nodule = self.nodules[int(rng.integers(len(self.nodules)))]
                scale = rng.uniform(0.7, 1.15) * PATCH_SPACING_MM / SPACING_MM
                lesion = synthesis.paste_nodule(rng, crop.hu, at, nodule, scale)
            else:
                lesion = synthesis.lesion(rng, crop.hu, places, name, at)
            if lesion is None:
                continue
            if before is not None and any(_overlap(lesion.box, t) for t in taken):
                crop.hu[:] = before
                continue
            if n == 0 and lesion.type == UNKNOWN_TYPE:
                lesion = replace(lesion, type=type_at(self.slices[idx], name, around, self.organs))
            crop.lesions.append(lesion)
            taken.append(lesion.box)
        return crop

    def _add_decoys(self, crop: Crop, places: np.ndarray, taken: list[Box]) -> None:
        """Things that are no lesion, and healthy patches of other places, with lesions' own blending."""
        rng = self.rng
        for _ in range(int(rng.integers(1, 4))):
            at = self._random_place(places, tissue.BODY)
            if at is None or _inside(at, taken, 12):
                continue
            if rng.random() < 0.45:
                synthesis.decoy(rng, crop.hu, places, at)
            else:
                here = int(places[int(at[1]), int(at[0])])
                donors = [v for v in _PASTE_BITS if here & v]
                if not donors:
                    continue
                donor = self._background(donors[int(rng.integers(len(donors)))])
                if donor is None:
                    continue
                other = self.slices[donor[0]]
                if _inside(donor[1], [x.box for x in other.lesions] + other.ignored, 12):
                    continue
                synthesis.healthy_paste(rng, crop.hu, other.hu, at, donor[1])
            crop.emphasis.append((at[0] - 10, at[1] - 10, at[0] + 10, at[1] + 10))

    def _cut_edges(self, hu: np.ndarray, boxes: list) -> None:
        """Blanks strips beside the lesions: the field of view must not tell where they are."""
        for side in range(4):
            if self.rng.random() > 0.6:
                continue
            share = self.rng.uniform(0.1, 0.9)
            if side == 0:
                hu[:, :, : max(int(share * (min(b[0] for b in boxes) - 6)), 0)] = -1024
            elif side == 1:
                edge = max(b[2] for b in boxes) + 6
                hu[:, :, int(CROP - share * max(CROP - edge, 0)) :] = -1024
            elif side == 2:
                hu[:, : max(int(share * (min(b[1] for b in boxes) - 6)), 0)] = -1024
            else:
                edge = max(b[3] for b in boxes) + 6
                hu[:, int(CROP - share * max(CROP - edge, 0)) :] = -1024

    def _clip(self, crop: Crop) -> None:
        """Lesions cut by the crop: kept, clipped, when 80 % remains, their axes forgotten; else ignored."""
        kept = []
        for lesion in crop.lesions:
            b = lesion.box
            c = (max(b[0], 0.0), max(b[1], 0.0), min(b[2], float(CROP)), min(b[3], float(CROP)))
            if c[2] <= c[0] or c[3] <= c[1]:
                continue
            share = (c[2] - c[0]) * (c[3] - c[1]) / ((b[2] - b[0]) * (b[3] - b[1]))
            if share > 0.8:
                kept.append(replace(lesion, box=c, axes=lesion.axes if c == b else None))
            else:
                crop.ignored.append(c)
        crop.lesions = kept

    def _finish(self, hu: np.ndarray) -> None:
        """Intensity changes and the degradation match, in place."""
        rng = self.rng
        body = hu > -900
        if rng.random() < 0.2:
            sigma = rng.uniform(0.3, 0.8)
            hu[:] = ndimage.gaussian_filter(hu, (0, sigma, sigma), truncate=2.5)
        if rng.random() < 0.4:
            strength = np.float32(rng.uniform(0, 20))
            for plane in hu:
                y, x = rng.integers(0, self.noise.shape[0] - CROP, 2)
                plane += self.noise[y : y + CROP, x : x + CROP] * strength
            hu *= body
            hu -= 1000 * ~body
        hu *= np.float32(rng.uniform(0.95, 1.05))
        hu += np.float32(rng.uniform(-20, 20))
        roll = rng.random()
        if roll < self.mix.degrade:
            synthesis.degrade(rng, hu)
        elif self.mix.one_slice or roll < self.mix.degrade + self.mix.copy_neighbours:
            hu[0] = hu[1]
            hu[2] = hu[1]

    def _next(self) -> tuple[np.ndarray, list[dict[str, np.ndarray]]]:
        """Levels and targets of a crop: a fresh one, or one of the pool for its second, mirrored use."""
        if self.pool and (len(self.pool) >= POOL or self.rng.random() < 1 - 1 / self.mix.reuse):
            return self.pool.pop(int(self.rng.integers(len(self.pool))))
        crop = self.crop()
        levels = linear_levels(crop.hu) if self.mix.linear_input else levels_from_hu(crop.hu)
        targets = [
            head_targets(crop.lesions, crop.ignored, (CROP, CROP), stride, r, crop.negative_weight, crop.emphasis)
            for stride, r in zip(STRIDES, RANGES_PX)
        ]
        if self.mix.reuse > 1:
            self.pool.append((levels[..., ::-1], [mirrored(t) for t in targets]))
        return levels, targets

    def batch(self, n: int) -> Batch:
        """`n` crops with their targets."""
        levels, targets = zip(*(self._next() for _ in range(n)))
        heads = [{k: torch.from_numpy(np.stack([t[i][k] for t in targets])) for k in targets[0][i]} for i in range(len(STRIDES))]
        return Batch(torch.from_numpy(np.stack(levels)), heads)


def type_at(s: CachedSlice, kind: str, at: tuple[int, int], organs: dict[str, np.ndarray]) -> int:
    """DeepLesion's type of a lesion of this kind at this place of a background, where both tell it; else −1.
    `organs` keeps what has been found on a slice."""
    if s.source == "sarcoma":
        return SOFT_TISSUE_TYPE if kind in ("mass", "node") else UNKNOWN_TYPE
    if kind == "parenchyma":
        if s.path not in organs:
            organs[s.path] = tissue.organs(np.asarray(s.hu[1]), s.places)
        return int(organs[s.path][at[1], at[0]]) or UNKNOWN_TYPE
    body = tissue.frame(s.places)
    if kind == "node" and body is not None:
        if not body.is_inside(*at):
            return SOFT_TISSUE_TYPE
        if s.series in PELVIS_FROM and s.number >= PELVIS_FROM[s.series]:
            return PELVIS_TYPE
        if body.is_belly:
            return ABDOMEN_TYPE
        xs = np.flatnonzero((s.places & tissue.LUNG).any(0))
        if len(xs) > 80 and xs[0] + 0.3 * np.ptp(xs) < at[0] < xs[0] + 0.7 * np.ptp(xs):
            return MEDIASTINUM_TYPE
    return UNKNOWN_TYPE


def linear_levels(hu: np.ndarray) -> np.ndarray:
    """−1024..1500 HU on a straight line to 0..255: what companding is measured against."""
    return np.rint((hu + 1024) * np.float32(255 / 2524)).clip(0, 255).astype(np.uint8)


_PASTE_BITS = (tissue.LUNG, tissue.NODE_FAT, tissue.PARENCHYMA, tissue.DEEP_SOFT)


def _inside(point: tuple[float, float], boxes: list, margin: float) -> bool:
    return any(
        b[0] - margin < point[0] < b[2] + margin and b[1] - margin < point[1] < b[3] + margin for b in boxes
    )


def _overlap(a: tuple, b: tuple) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
