"""On-the-fly training batches: crops and their targets for both heads.

In: the cache, nodule patches, a `Mix` of shares, a seed. Out: `Batch` of tensors. The same seed
gives the same batches.

Each crop is a random affine view (flip, ±15°, scale) of one slice with nothing, a synthetic
lesion, a pasted nodule, decoys or healthy patches written into it, or a real annotated lesion; or a
mosaic of LIDC patches; or a place where an earlier net found a lesion that is none.
Real slices carry incomplete labels, so their negatives may weigh less (`real_negative`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch

from ..data import tissue
from ..data.cache import CachedSlice
from ..data.nodules import PATCH_SPACING_MM, NodulePatch, mosaic, mosaic_count
from ..lesion import UNKNOWN_TYPE, Box
from ..spec import SPACING_MM, STRIDES
from ..twin.input import levels_from_hu
from . import synthesis
from .crop import Crop, clip_lesions, view
from .finish import Finish
from .mix import SHARES, HardNegative, Mix
from .targets import RANGES_PX, head_targets, mirrored

# Crops that wait for their second use.
POOL = 64

ABDOMEN_TYPE, MEDIASTINUM_TYPE, SOFT_TISSUE_TYPE, PELVIS_TYPE = 2, 3, 7, 8


@dataclass
class Batch:
    """`levels` u8 `[n, 3, rows, cols]`; per head the arrays of `targets`, stacked."""

    levels: torch.Tensor
    heads: list[dict[str, torch.Tensor]] = field(default_factory=list)

    def to(self, device: str) -> Batch:
        """The same batch on a device."""
        move = {"device": device, "non_blocking": True}
        return Batch(self.levels.to(**move), [{k: v.to(**move) for k, v in head.items()} for head in self.heads])


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
        self.finish = Finish(self.rng, mix)
        self.pool: list[tuple[np.ndarray, list[dict[str, np.ndarray]]]] = []
        self.organs: dict[str, np.ndarray] = {}
        self.lesion_kinds: dict[str, float] = synthesis.KIND_SHARES
        self.frames = [tissue.frame(s.places) for s in slices]
        by: dict[str, list[int]] = {"sarcoma": [], "lung_dx": [], "lidc": [], "by_eye": [], "deeplesion": [], "phantom": []}
        patients: dict[str, list[int]] = {}
        for i, s in enumerate(slices):
            kind = "by_eye" if s.by_eye else s.source.replace("-", "_")
            if s.lesions and kind in by:
                by[kind].append(i)
            if s.suspect or s.source == "phantom":
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

    def _lesion_kind(self) -> str:
        shares = np.asarray(list(self.lesion_kinds.values()))
        return str(self.rng.choice(list(self.lesion_kinds), p=shares / shares.sum()))

    def _random_place(self, places: np.ndarray, bit: int) -> tuple[float, float] | None:
        found = np.flatnonzero(places & bit)
        if len(found) < 10:
            return None
        at = int(found[self.rng.integers(len(found))])
        return (at % places.shape[1] + 0.5, at // places.shape[1] + 0.5)

    def _negative_weight(self, idx: int) -> float:
        """What a slice's background weighs: little beside DeepLesion's lesions, half of which are unlabelled."""
        s = self.slices[idx]
        partly_labelled = s.source == "deeplesion" and s.lesions and not s.by_eye
        return self.mix.real_negative if partly_labelled else self.mix.background_negative

    def crop(self) -> Crop:
        """The next crop."""
        kind = str(self.rng.choice(self.kinds, p=self.shares))
        if kind == "mosaic":
            chosen = [self.nodules[int(i)] for i in self.rng.integers(len(self.nodules), size=mosaic_count(self.mix.shape))]
            hu, lesions = mosaic(self.rng, chosen, self.mix.shape)
            crop = Crop(hu, lesions, [], self.mix.real_negative)
        elif kind in self.by:
            crop = self._real(kind)
        elif kind == "hard":
            idx, x, y = self.hard[int(self.rng.integers(len(self.hard)))]
            crop, _, forward = view(self.rng, self.slices[idx], (x, y), 90, self.mix)
            crop.negative_weight = self._negative_weight(idx)
            at = forward[:, :2] @ (x, y) + forward[:, 2]
            crop.emphasis.append((at[0] - 14, at[1] - 14, at[0] + 14, at[1] + 14))
        else:
            made = self._drawn(kind)
            if made is None:
                return self.crop()
            crop = made
        clip_lesions(crop)
        inside = np.ones(crop.hu.shape[1:], bool) if crop.inside is None else crop.inside
        self.finish(crop.hu, crop.coded, inside)
        return crop

    def _real(self, kind: str) -> Crop:
        """A crop around a lesion that somebody boxed."""
        idx = int(self.rng.choice(self.by[kind]))
        s = self.slices[idx]
        b = s.lesions[int(self.rng.integers(len(s.lesions)))].box
        crop, _, _ = view(self.rng, self.slices[idx], ((b[0] + b[2]) / 2, (b[1] + b[3]) / 2), 70, self.mix)
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
        crop, places, forward = view(self.rng, self.slices[idx], around, 90, self.mix)
        crop.negative_weight = self._negative_weight(idx)
        taken = [x.box for x in crop.lesions] + crop.ignored
        if rng.random() < (1.0 if kind == "negative" and self.mix.decoys > 0 else self.mix.decoys):
            self._add_decoys(crop, places, taken)
        if kind == "negative":
            return crop
        rows, cols = self.mix.shape
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
            if not (4 < at[0] < cols - 4 and 4 < at[1] < rows - 4) or _inside(at, taken, 10):
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
        rows, cols = hu.shape[1:]
        for side in range(4):
            if self.rng.random() > 0.6:
                continue
            share = self.rng.uniform(0.1, 0.9)
            if side == 0:
                hu[:, :, : max(int(share * (min(b[0] for b in boxes) - 6)), 0)] = -1024
            elif side == 1:
                edge = max(b[2] for b in boxes) + 6
                hu[:, :, int(cols - share * max(cols - edge, 0)) :] = -1024
            elif side == 2:
                hu[:, : max(int(share * (min(b[1] for b in boxes) - 6)), 0)] = -1024
            else:
                edge = max(b[3] for b in boxes) + 6
                hu[:, int(rows - share * max(rows - edge, 0)) :] = -1024

    def _next(self) -> tuple[np.ndarray, list[dict[str, np.ndarray]]]:
        """Levels and targets of a crop: a fresh one, or one of the pool for its second, mirrored use."""
        if self.pool and (len(self.pool) >= POOL or self.rng.random() < 1 - 1 / self.mix.reuse):
            return self.pool.pop(int(self.rng.integers(len(self.pool))))
        crop = self.crop()
        levels = linear_levels(crop.hu) if self.mix.linear_input else levels_from_hu(crop.hu)
        targets = [
            head_targets(crop.lesions, crop.ignored, self.mix.shape, stride, r, crop.negative_weight, crop.emphasis)
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
        if s.pelvis:
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
