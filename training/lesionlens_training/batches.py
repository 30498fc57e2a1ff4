"""On-the-fly training batches: crops of 256², their targets for both heads.

In: the cache, nodule patches, a `Mix` of shares, a seed. Out: `Batch` of tensors. The same seed
gives the same batches.

Each crop is a random affine view (flip, ±15°, scale .8–1.2) of one slice with nothing, a synthetic
lesion, a pasted nodule, decoys or healthy patches written into it, or a real annotated lesion.
Real slices carry incomplete labels, so their negatives weigh `real_negative`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from . import synthesis, tissue
from .cache import CachedSlice
from .input import levels_from_hu
from .spec import SPACING_MM, STRIDES

CROP = 256
# Long side of the tight box in input px that each head is trained on.
RANGES_PX = ((0.0, 50.0), (34.0, 1e9))
IGNORE_FACTOR = 1.3

# Unboxed series that show masses, nodules or an effusion: never used as negatives.
SUSPECT_SERIES = frozenset(f"960000_{n:02d}_01" for n in (1, 6, 8, 12, 14, 15, 17, 18, 30))


@dataclass
class Mix:
    """Shares of the kinds of crop and weights of negatives."""

    synthetic: float = 0.50
    nodule: float = 0.12
    negative: float = 0.20
    sarcoma: float = 0.08
    lung_dx: float = 0.03
    deeplesion: float = 0.0
    phantom: float = 0.0
    real_negative: float = 0.3
    background_negative: float = 0.6
    degrade: float = 0.5
    copy_neighbours: float = 0.25
    # Weight of abdominal and pelvic backgrounds against the others.
    belly: float = 1.0


@dataclass
class Batch:
    """`levels` u8 `[n, 3, 256, 256]`; per head `heat`, `positive`, `negative_weight` `[n, h, w]`,
    `regression` `[n, 4, h, w]` (dx, dy, log_w, log_h), `regression_weight` `[n, h, w]`."""

    levels: torch.Tensor
    heads: list[dict[str, torch.Tensor]] = field(default_factory=list)


def head_targets(
    boxes: list[tuple[float, float, float, float]],
    ignored: list[tuple[float, float, float, float]],
    shape: tuple[int, int],
    stride: int,
    size_range: tuple[float, float],
    negative_weight: float,
    emphasis: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """Targets of one head. `emphasis` (bool, input px) marks negatives that weigh 1."""
    h, w = shape[0] // stride, shape[1] // stride
    heat = np.zeros((h, w), np.float32)
    positive = np.zeros((h, w), np.float32)
    weight = np.full((h, w), negative_weight, np.float32)
    reg = np.zeros((4, h, w), np.float32)
    reg_weight = np.zeros((h, w), np.float32)
    if emphasis is not None:
        weight = np.maximum(weight, emphasis.reshape(h, stride, w, stride).max((1, 3)).astype(np.float32))
    rows = np.arange(h, dtype=np.float32)[:, None]
    cols = np.arange(w, dtype=np.float32)[None]
    for x0, y0, x1, y1 in ignored:
        c0, r0 = max(int(x0 / stride), 0), max(int(y0 / stride), 0)
        weight[r0 : int(np.ceil(y1 / stride)), c0 : int(np.ceil(x1 / stride))] = 0
    for x0, y0, x1, y1 in boxes:
        bw, bh = x1 - x0, y1 - y0
        cx, cy = (x0 + x1) / 2 / stride, (y0 + y1) / 2 / stride
        long = max(bw, bh)
        low, high = size_range
        gx, gy = cols + 0.5 - cx, rows + 0.5 - cy
        if not low <= long < high:
            if low / IGNORE_FACTOR <= long < high * IGNORE_FACTOR:
                near = (np.abs(gx) < bw / stride / 4 + 1) & (np.abs(gy) < bh / stride / 4 + 1)
                weight[near] = 0
            continue
        sx, sy = max(0.11 * bw / stride, 0.5), max(0.11 * bh / stride, 0.5)
        g = np.exp(-(gx * gx) / (2 * sx * sx) - (gy * gy) / (2 * sy * sy)).astype(np.float32)
        col, row = int(np.clip(cx, 0, w - 1)), int(np.clip(cy, 0, h - 1))
        g[row, col] = 1
        np.maximum(heat, g, out=heat)
        positive[row, col] = 1
        near = (np.abs(gx) < bw / stride / 2 + 1) & (np.abs(gy) < bh / stride / 2 + 1)
        weight[near] = 1
        write = (g > 0.3) & (g > reg_weight)
        reg_weight[write] = g[write]
        reg[0][write] = (cx - np.broadcast_to(cols, (h, w)))[write]
        reg[1][write] = (cy - np.broadcast_to(rows, (h, w)))[write]
        reg[2][write] = np.log(max(bw, 1.0))
        reg[3][write] = np.log(max(bh, 1.0))
    return {
        "heat": heat,
        "positive": positive,
        "negative_weight": weight,
        "regression": reg,
        "regression_weight": reg_weight,
    }


def load_nodules(folder: Path) -> list[synthesis.NodulePatch]:
    """LIDC patches whose HU scale could be estimated, calcified nodules left out."""
    import csv

    result = []
    with open(folder / "nodules.csv", newline="") as f:
        for row in csv.DictReader(f):
            patch = np.asarray(Image.open(folder / f"{row['name']}.png").convert("L"))
            mask = np.asarray(Image.open(folder / f"{row['name']}_mask.png").convert("L")) > 0
            hu = synthesis.estimate_patch_hu(patch)
            if hu is None or hu.shape != (128, 128) or mask.sum() < 12:
                continue
            # A nodule above 130 HU is calcified, or the patch's scale was misjudged.
            if np.median(hu[mask]) < 130:
                result.append(synthesis.NodulePatch(hu, mask, row["patient"]))
    return result


class Sampler:
    """Draws crops."""

    def __init__(
        self,
        slices: list[CachedSlice],
        nodules: list[synthesis.NodulePatch],
        mix: Mix,
        seed: int,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.mix = mix
        self.nodules = nodules
        self.slices = slices
        # Correlated noise of unit standard deviation; crops of it stand for fresh noise.
        noise = ndimage.gaussian_filter(self.rng.standard_normal((900, 900)).astype(np.float32), 0.7)
        self.noise = noise / noise.std()
        by: dict[str, list[int]] = {"sarcoma": [], "lung-dx": [], "deeplesion": [], "phantom": []}
        patients: dict[str, list[int]] = {}
        for i, s in enumerate(slices):
            if s.boxes and s.source in by:
                by[s.source].append(i)
            if s.series in SUSPECT_SERIES or s.source == "phantom":
                continue
            if s.source == "deeplesion" and s.boxes:
                # Lesions are rarely synthesized beside a real one, whose surroundings are unlabelled.
                continue
            patients.setdefault(s.patient, []).append(i)
        self.by = by
        self.backgrounds: list[int] = []
        weights = []
        for ids in patients.values():
            # A patient with many slices counts more, but less than in proportion; extremities less,
            # slices of the abdomen and pelvis more.
            share = 0.08 if slices[ids[0]].source == "sarcoma" else 1.0
            for i in ids:
                self.backgrounds.append(i)
                belly = share == 1 and _is_belly(slices[i].places)
                weights.append(share * len(ids) ** -0.35 * (mix.belly if belly else 1.0))
        self.weights = np.asarray(weights) / max(np.sum(weights), 1e-9)
        shares = {
            "synthetic": mix.synthetic if weights else 0.0,
            "nodule": mix.nodule if nodules and weights else 0.0,
            "negative": mix.negative if weights else 0.0,
            "sarcoma": mix.sarcoma if by["sarcoma"] else 0.0,
            "lung-dx": mix.lung_dx if by["lung-dx"] else 0.0,
            "deeplesion": mix.deeplesion if by["deeplesion"] else 0.0,
            "phantom": mix.phantom if by["phantom"] else 0.0,
        }
        self.kinds = list(shares)
        self.shares = np.asarray(list(shares.values())) / sum(shares.values())

    def _background(self, bit: int) -> tuple[int, tuple[int, int]] | None:
        for _ in range(12):
            idx = int(self.rng.choice(len(self.backgrounds), p=self.weights))
            idx = self.backgrounds[idx]
            mask = self.slices[idx].places
            found = np.flatnonzero(mask & bit)
            if len(found) > 25:
                at = int(found[self.rng.integers(len(found))])
                return idx, (at % mask.shape[1], at // mask.shape[1])
        return None

    def _view(
        self, idx: int, around: tuple[float, float], jitter: float
    ) -> tuple[np.ndarray, np.ndarray, list, np.ndarray]:
        """Random affine crop with `around` (source px) within `jitter` px of the middle.

        Returns HU, place mask, the slice's boxes in crop px, and the 2×3 map source → crop."""
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
        grid = torch.from_numpy(_GRID) @ torch.from_numpy(back.T) - torch.from_numpy(back @ shift)
        grid = grid * torch.tensor([2.0 / w, 2.0 / h], dtype=torch.float64) - 1
        grid = grid.float()[None]
        hu = torch.from_numpy(np.asarray(s.hu).astype(np.float32))[None].add_(1024)
        out = torch.nn.functional.grid_sample(hu, grid, align_corners=False)[0].numpy() - 1024
        places = torch.from_numpy(s.places.astype(np.float32))[None, None]
        place = torch.nn.functional.grid_sample(places, grid, "nearest", align_corners=False)[0, 0]
        boxes = []
        for b in s.boxes:
            mid = forward @ np.array([(b[0] + b[2]) / 2, (b[1] + b[3]) / 2]) + shift
            half = np.array([(b[2] - b[0]) / 2, (b[3] - b[1]) / 2])
            # The lesion is taken for the ellipse inscribed in its box.
            ext = np.sqrt((forward**2) @ (half**2))
            boxes.append((mid[0] - ext[0], mid[1] - ext[1], mid[0] + ext[0], mid[1] + ext[1]))
        return out, place.numpy().astype(np.uint8), boxes, np.hstack([forward, shift[:, None]])

    def _random_place(self, places: np.ndarray, bit: int) -> tuple[float, float] | None:
        found = np.flatnonzero(places & bit)
        if len(found) < 10:
            return None
        at = int(found[self.rng.integers(len(found))])
        return (at % CROP + 0.5, at // CROP + 0.5)

    def crop(self) -> tuple[np.ndarray, list, list, float, np.ndarray]:
        """HU f32 `[3, 256, 256]`, boxes, ignored boxes, negative weight, emphasis mask."""
        rng = self.rng
        kind = str(rng.choice(self.kinds, p=self.shares))
        emphasis = np.zeros((CROP, CROP), bool)
        if kind in self.by:
            idx = int(rng.choice(self.by[kind]))
            s = self.slices[idx]
            b = s.boxes[int(rng.integers(len(s.boxes)))]
            hu, places, boxes, _ = self._view(idx, ((b[0] + b[2]) / 2, (b[1] + b[3]) / 2), 70)
            if kind == "sarcoma":
                self._cut_edges(hu, boxes)
            kept, ignored = self._clip(boxes)
            weight = 1.0 if kind == "phantom" else self.mix.real_negative
            self._finish(hu)
            return hu, kept, ignored, weight, emphasis

        wanted = ["negative"]
        if kind == "nodule":
            bit = tissue.LUNG
        elif kind == "synthetic":
            names = list(synthesis.KIND_SHARES)
            wanted = [str(rng.choice(names, p=_KIND_P))]
            bit = synthesis.PLACE_OF_KIND[wanted[0]]
        else:
            bit = tissue.BODY
        found = self._background(bit)
        if found is None:
            return self.crop()
        idx, around = found
        s = self.slices[idx]
        hu, places, real, forward = self._view(idx, around, 90)
        ignored = []
        weight = self.mix.background_negative
        kept_real, cut = self._clip(real)
        boxes = list(kept_real)
        ignored += cut
        taken = list(real)

        if rng.random() < 0.35 or kind == "negative":
            for _ in range(int(rng.integers(1, 4))):
                at = self._random_place(places, tissue.BODY)
                if at is None or _inside(at, taken, 12):
                    continue
                if rng.random() < 0.45:
                    synthesis.decoy(rng, hu, places, at)
                else:
                    here = int(places[int(at[1]), int(at[0])])
                    donors = [v for v in _PASTE_BITS if here & v]
                    if not donors:
                        continue
                    donor = self._background(donors[int(rng.integers(len(donors)))])
                    if donor is None or _inside(donor[1], self.slices[donor[0]].boxes, 12):
                        continue
                    synthesis.healthy_paste(rng, hu, self.slices[donor[0]].hu, at, donor[1])
                r = 10
                emphasis[max(int(at[1]) - r, 0) : int(at[1]) + r, max(int(at[0]) - r, 0) : int(at[0]) + r] = True

        if kind != "negative":
            first = forward[:, :2] @ (np.asarray(around) + 0.5) + forward[:, 2]
            for n in range(int(rng.choice([1, 2, 3, 4], p=[0.4, 0.25, 0.2, 0.15]))):
                name = wanted[0]
                if n:
                    name = str(rng.choice(list(synthesis.KIND_SHARES), p=_KIND_P))
                    if rng.random() < 0.5:
                        name = wanted[0] if kind != "nodule" else "lung"
                    bit = synthesis.PLACE_OF_KIND[name]
                at = (float(first[0]), float(first[1])) if n == 0 else self._random_place(places, bit)
                if at is None or not (4 < at[0] < CROP - 4 and 4 < at[1] < CROP - 4):
                    continue
                if _inside(at, taken, 10):
                    continue
                before = hu.copy() if taken else None
                if kind == "nodule" and n == 0:
                    nodule = self.nodules[int(rng.integers(len(self.nodules)))]
                    scale = rng.uniform(0.7, 1.15) * 0.7 / SPACING_MM
                    box = synthesis.paste_nodule(rng, hu, at, nodule, scale)
                else:
                    box = synthesis.lesion(rng, hu, places, name, at)
                if box is None:
                    continue
                if any(_overlap(box, t) for t in taken):
                    assert before is not None
                    hu[:] = before
                    continue
                boxes.append(box)
                taken.append(box)
        kept, cut = self._clip(boxes)
        self._finish(hu)
        return hu, kept, ignored + cut, weight, emphasis

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

    def _clip(self, boxes: list) -> tuple[list, list]:
        """Boxes cut by the crop: kept, clipped, when 80 % remains; else the rest is ignored."""
        kept, ignored = [], []
        for b in boxes:
            c = (max(b[0], 0.0), max(b[1], 0.0), min(b[2], float(CROP)), min(b[3], float(CROP)))
            if c[2] <= c[0] or c[3] <= c[1]:
                continue
            share = (c[2] - c[0]) * (c[3] - c[1]) / ((b[2] - b[0]) * (b[3] - b[1]))
            (kept if share > 0.8 else ignored).append(c)
        return kept, ignored

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
        elif roll < self.mix.degrade + self.mix.copy_neighbours:
            hu[0] = hu[1]
            hu[2] = hu[1]

    def batch(self, n: int) -> Batch:
        """`n` crops with their targets."""
        levels, heads = [], [[] for _ in STRIDES]
        for _ in range(n):
            hu, boxes, ignored, weight, emphasis = self.crop()
            levels.append(levels_from_hu(hu))
            for k, (stride, size_range) in enumerate(zip(STRIDES, RANGES_PX)):
                heads[k].append(
                    head_targets(boxes, ignored, (CROP, CROP), stride, size_range, weight, emphasis)
                )
        return Batch(
            torch.from_numpy(np.stack(levels)),
            [{key: torch.from_numpy(np.stack([t[key] for t in h])) for key in h[0]} for h in heads],
        )


_GRID = np.stack(
    np.meshgrid(np.arange(CROP, dtype=np.float64) + 0.5, np.arange(CROP, dtype=np.float64) + 0.5), -1
)
_KIND_P = np.asarray(list(synthesis.KIND_SHARES.values()))
_KIND_P = _KIND_P / _KIND_P.sum()
_PASTE_BITS = (tissue.LUNG, tissue.NODE_FAT, tissue.PARENCHYMA, tissue.DEEP_SOFT)


def _is_belly(places: np.ndarray) -> bool:
    """A trunk's slice with hardly any lung: a wide body, less than a fiftieth of it lung."""
    body = (places & tissue.BODY) > 0
    n = int(body.sum())
    lung = int(((places & (tissue.LUNG | tissue.LUNG_BORDER)) > 0).sum())
    return n > 45_000 and lung < 0.02 * n


def _inside(point: tuple[float, float], boxes: list, margin: float) -> bool:
    return any(
        b[0] - margin < point[0] < b[2] + margin and b[1] - margin < point[1] < b[3] + margin for b in boxes
    )


def _overlap(a: tuple, b: tuple) -> bool:
    return min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1])
