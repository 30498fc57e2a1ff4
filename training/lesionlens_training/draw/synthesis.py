"""Lesions, decoys and healthy patches written into real CT.

In: an HU crop f32 `[3, h, w]` at 0.8 mm (slices at −2, 0, +2 mm), its place mask, a random
generator. Out: the crop changed in place and, for a lesion, its tight box on the key slice.

A lesion is a closed contour r(φ) = 1 + Σ a_k cos(kφ + ψ_k) around an ellipse whose size follows
DeepLesion's diameters, an ellipsoid along z, blurred by a point-spread function; its value keeps
the scanner's noise: (1 − m)·I + m·(T + texture + g·(I − blur I)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..data import tissue
from ..data.nodules import LUNG_TYPE, NodulePatch
from ..lesion import UNKNOWN_TYPE, Lesion, axes_of_mask, mask_box
from ..spec import OFFSETS_MM, SPACING_MM

KEY = OFFSETS_MM.index(0.0)
BONE_TYPE = 1


def sample_diameters_mm(rng: np.random.Generator, max_mm: float) -> tuple[float, float]:
    """Long and short diameter, mm: DeepLesion's log-normal, a quarter drawn above 35 mm."""
    for _ in range(20):
        if max_mm > 40 and rng.random() < 0.22:
            long = float(np.exp(rng.uniform(np.log(33), np.log(110))))
        else:
            long = float(np.exp(rng.normal(2.954, 0.731)))
        if 4.5 <= long <= max_mm:
            break
    else:
        long = float(rng.uniform(5, max_mm))
    short = long * float(np.exp(np.clip(rng.normal(-0.33, 0.26), -1.1, -0.02)))
    return long, max(short, 3.5)


@dataclass
class Stamp:
    """Soft masks f32 `[3, h, w]` of one object over window `[y0, y1) × [x0, x1)` of the crop."""

    masks: np.ndarray
    y0: int
    y1: int
    x0: int
    x1: int

    @property
    def window(self) -> tuple[slice, slice, slice]:
        return (slice(None), slice(self.y0, self.y1), slice(self.x0, self.x1))


def contour_table(rng: np.random.Generator, roughness: float, spiculated: bool) -> np.ndarray:
    """Relative radius at 256 angles, mean about 1."""
    phi = np.linspace(0, 2 * np.pi, 256, endpoint=False)
    r = np.ones(256)
    for k in range(2, 7):
        r += rng.normal(0, roughness / k) * np.cos(k * phi + rng.uniform(0, 2 * np.pi))
    if spiculated:
        for k in (9, 13, 17):
            r += rng.normal(0, 0.06) * np.cos(k * phi + rng.uniform(0, 2 * np.pi))
    return np.clip(r, 0.45, 1.7).astype(np.float32)


def ellipsoid_stamp(
    rng: np.random.Generator,
    shape: tuple[int, int],
    center: tuple[float, float],
    long_mm: float,
    short_mm: float,
    roughness: float = 0.16,
    spiculated: bool = False,
    psf_px: float | None = None,
) -> Stamp | None:
    """One lobed ellipsoid around `center` (x, y px). None when it lies outside the crop."""
    a, b = long_mm / 2 / SPACING_MM, short_mm / 2 / SPACING_MM
    reach = int(np.ceil(a * 1.5 + 4))
    cx, cy = center
    x0, x1 = max(int(cx) - reach, 0), min(int(cx) + reach + 1, shape[1])
    y0, y1 = max(int(cy) - reach, 0), min(int(cy) + reach + 1, shape[0])
    if x1 - x0 < 3 or y1 - y0 < 3:
        return None
    theta = rng.uniform(0, np.pi)
    xs = np.arange(x0, x1, dtype=np.float32) + 0.5 - cx
    ys = (np.arange(y0, y1, dtype=np.float32) + 0.5 - cy)[:, None]
    u = (xs * np.cos(theta) + ys * np.sin(theta)) / a
    v = (ys * np.cos(theta) - xs * np.sin(theta)) / b
    rho = np.sqrt(u * u + v * v)
    angle = ((np.arctan2(v, u) + 2 * np.pi) * (256 / (2 * np.pi))).astype(np.int32) & 255
    radius = contour_table(rng, roughness, spiculated)[angle]
    edge = np.float32(1 / max(np.sqrt(a * b), 1))

    z_semi = short_mm * rng.uniform(0.8, 1.3) / 2
    z_center = rng.uniform(-0.5, 0.5) * z_semi
    thickness = rng.choice([1.0, 2.5, 5.0], p=[0.3, 0.2, 0.5])
    masks = np.zeros((3, y1 - y0, x1 - x0), np.float32)
    norm = np.sqrt(1 - (z_center / z_semi) ** 2)
    for i, z in enumerate(OFFSETS_MM):
        for dz in (-thickness / 3, 0, thickness / 3):
            t = (z + dz - z_center) / z_semi
            if abs(t) < 1:
                # The drawn size is the size on the key slice, not at the ellipsoid's equator.
                s = np.float32(np.sqrt(1 - t * t) / norm)
                masks[i] += np.clip(0.5 + (radius * s - rho) / edge, 0, 1) / 3
    sigma = psf_px if psf_px is not None else rng.uniform(0.35, 1.0) / SPACING_MM
    masks = ndimage.gaussian_filter(masks, (0, sigma, sigma), truncate=2.5)
    return Stamp(masks, y0, y1, x0, x1)


def texture(rng: np.random.Generator, shape: tuple[int, ...], sigma_px: float, hu: float) -> np.ndarray:
    """Correlated noise of this standard deviation, the same on the three slices."""
    t = ndimage.gaussian_filter(rng.standard_normal(shape[1:]).astype(np.float32), sigma_px, truncate=2.5)
    s = float(t.std()) or 1.0
    return (t * np.float32(hu / s))[None]


def blend(
    rng: np.random.Generator,
    hu: np.ndarray,
    stamp: Stamp,
    target: np.ndarray | float,
    keep_noise: float,
) -> None:
    """Writes `target` HU through the stamp's mask; the crop's own noise stays inside."""
    view = hu[stamp.window]
    noise = view - ndimage.gaussian_filter(view, (0, 1.6, 1.6), truncate=2.0)
    m = stamp.masks
    view[...] = (1 - m) * view + m * (target + keep_noise * np.clip(noise, -35, 35))


LEAST_CONTRAST_HU = 20.0
"""A tenth of DeepLesion's lesions outside the lung differ from their surroundings by less than 36 HU; half of that is
taken for the least that a reader would mark."""
LEAST_BONE_CONTRAST_HU = 80.0
"""The texture of healthy bone hides less."""


def visible_mask(
    before: np.ndarray, after: np.ndarray, stamp: Stamp, least_hu: float = LEAST_CONTRAST_HU, min_share: float = 0.45
) -> np.ndarray | None:
    """The part of the stamp that differs from what was there, bool; None when too little does.

    `before` and `after` are the key slice in the stamp's window. A lesion merging with tissue of
    its own density is measured where it can be told apart.
    """
    mask = stamp.masks[KEY] > 0.5
    n = int(mask.sum())
    if n < 6:
        return None
    change = np.abs(ndimage.gaussian_filter(after - before, 1.0, truncate=2.0)) > least_hu
    seen = mask & change
    share = seen.sum() / n
    if share < min_share:
        return None
    if share > 0.85:
        return mask
    return ndimage.binary_opening(seen) | (seen & ndimage.binary_erosion(mask))


def measured(mask: np.ndarray | None, x0: int, y0: int, type_: int) -> Lesion | None:
    """The lesion of a mask whose corner lies at (x0, y0); None when it is under 3 px."""
    box = None if mask is None else mask_box(mask, x0, y0)
    if mask is None or box is None or min(box[2] - box[0], box[3] - box[1]) < 3:
        return None
    return Lesion(box, type_, axes_of_mask(mask))


def add_rim(rng: np.random.Generator, stamp: Stamp, target: np.ndarray) -> np.ndarray:
    """A shell 1.5–4 mm thick, 20 to 60 HU above the core."""
    sigma = rng.uniform(1.5, 4.0) / SPACING_MM / 2
    core = ndimage.gaussian_filter(stamp.masks, (0, sigma, sigma), truncate=2.5)
    shell = np.clip(1.6 * (1 - core), 0, 1) * (stamp.masks > 0.1)
    return target + shell * np.float32(rng.uniform(20, 60))


def _core(stamp: Stamp, shrink_px: float) -> np.ndarray:
    """Soft mask of the lesion's inside, `shrink_px` away from its edge."""
    inside = ndimage.binary_erosion(stamp.masks[KEY] > 0.5, iterations=max(int(shrink_px), 1))
    soft = ndimage.gaussian_filter(inside.astype(np.float32), 1.2, truncate=2.0)
    return soft[None] * stamp.masks


def lesion(
    rng: np.random.Generator, hu: np.ndarray, places: np.ndarray, kind: str, center: tuple[float, float]
) -> Lesion | None:
    """Draws one lesion of this kind; returns what a reader would measure, or None and leaves the crop as it was."""
    shape = hu.shape[1:]
    cx, cy = int(center[0]), int(center[1])
    around = hu[KEY, max(cy - 4, 0) : cy + 5, max(cx - 4, 0) : cx + 5]
    local = float(np.median(around)) if around.size else 0.0
    spiculated = False
    max_mm = 110.0
    if kind == "lung":
        max_mm = 45.0
        spiculated = rng.random() < 0.3
    elif kind == "node" or kind == "bone":
        max_mm = 50.0
    elif kind == "parenchyma":
        max_mm = 90.0
    long, short = sample_diameters_mm(rng, max_mm)
    if kind == "lung" and rng.random() < 0.5:
        long = float(np.exp(rng.normal(2.25, 0.4)))
        long, short = max(long, 4.5), max(long * rng.uniform(0.65, 0.98), 3.5)
    if kind in ("mass", "pleura") and long < 18:
        long, short = long + 18, short + 14
    stamp = ellipsoid_stamp(
        rng, shape, center, long, short, roughness=rng.choice([0.06, 0.16, 0.3]), spiculated=spiculated
    )
    if stamp is None:
        return None
    view = hu[stamp.window]
    before = view.copy()
    size = view.shape

    if long > 20 and kind in ("mass", "node", "pleura") and rng.random() < 0.35:
        # A conglomerate: a second lobe beside the first.
        shift = long / SPACING_MM * 0.35
        phi = rng.uniform(0, 2 * np.pi)
        second = ellipsoid_stamp(
            rng, shape, (center[0] + shift * np.cos(phi), center[1] + shift * np.sin(phi)), long * 0.6, short * 0.7
        )
        if second is not None:
            y0, y1 = min(stamp.y0, second.y0), max(stamp.y1, second.y1)
            x0, x1 = min(stamp.x0, second.x0), max(stamp.x1, second.x1)
            both = Stamp(np.zeros((3, y1 - y0, x1 - x0), np.float32), y0, y1, x0, x1)
            for s in (stamp, second):
                part = both.masks[:, s.y0 - y0 : s.y1 - y0, s.x0 - x0 : s.x1 - x0]
                np.maximum(part, s.masks, out=part)
            stamp = both
            view = hu[stamp.window]
            before = view.copy()
            size = view.shape

    here = places[stamp.y0 : stamp.y1, stamp.x0 : stamp.x1]
    keep = rng.uniform(0.6, 1.0)
    rim_share = 0.3
    tex_hu = rng.uniform(2, 14)
    body = ndimage.gaussian_filter(((here & tissue.BODY) > 0).astype(np.float32), 0.8)
    stamp.masks *= body

    if kind in ("lung", "pleura"):
        lung = (here & (tissue.LUNG | tissue.LUNG_BORDER)) > 0
        lung = ndimage.binary_closing(np.pad(lung, 4), iterations=3)[4:-4, 4:-4]
        if rng.random() < (0.9 if kind == "lung" else 0.6):
            stamp.masks *= ndimage.gaussian_filter(lung.astype(np.float32), 0.7)
        roll = rng.random()
        if kind == "lung" and roll < 0.18:
            base: np.ndarray | float = rng.uniform(-650, -300)
            blend_target = np.maximum(before, base + texture(rng, size, rng.uniform(1, 3), 50))
            if rng.random() < 0.35:
                core = _core(stamp, long / SPACING_MM * 0.15)
                blend_target = blend_target * (1 - core) + core * rng.normal(0, 40)
            m = stamp.masks
            view[...] = (1 - m) * view + m * blend_target
        else:
            t = np.float32(rng.normal(25 if kind == "lung" else 45, 35)) + texture(rng, size, rng.uniform(1, 4), tex_hu)
            t = np.broadcast_to(t, size)
            if long > 14 and rng.random() < 0.12:
                t = t - _core(stamp, long / SPACING_MM * rng.uniform(0.12, 0.22)) * 850
            elif long > 25 and rng.random() < 0.3:
                t = t - _core(stamp, long / SPACING_MM * 0.2) * rng.uniform(15, 45)
            blend(rng, hu, stamp, t, keep)
    elif kind == "bone":
        bone = ndimage.binary_dilation((here & tissue.BONE) > 0, iterations=3)
        stamp.masks *= ndimage.gaussian_filter(bone.astype(np.float32), 0.7)
        t = rng.normal(60, 35) if rng.random() < 0.6 else rng.uniform(450, 950)
        blend(rng, hu, stamp, t + texture(rng, size, 1.5, 3 * tex_hu), keep)
    else:
        lung = (here & (tissue.LUNG | tissue.LUNG_BORDER)) > 0
        bone = ndimage.binary_dilation((here & tissue.BONE) > 0, iterations=1)
        if rng.random() < 0.8:
            stamp.masks *= 1 - ndimage.gaussian_filter((lung | bone).astype(np.float32), 0.8)
        roll = rng.random()
        if kind == "parenchyma":
            if roll < 0.62:
                value = local - rng.uniform(22, 80)
            elif roll < 0.78:
                value, rim_share, tex_hu = rng.uniform(-5, 20), 0.1, 2
            elif roll < 0.92:
                value, rim_share = local + rng.uniform(20, 60), 0.1
            else:
                value = rng.normal(50, 25)
        elif kind == "organ_edge":
            if roll < 0.45:
                value = rng.normal(50, 30)
            elif roll < 0.8:
                value, rim_share, tex_hu = rng.uniform(-5, 22), 0.1, 2
            elif roll < 0.9:
                value = rng.uniform(-95, -30)
                tex_hu = 25
            else:
                value = rng.normal(100, 30)
        elif kind == "node":
            value = rng.normal(75, 30)
            if rng.random() < 0.2:
                value = rng.uniform(10, 35)
                rim_share = 0.8
        else:
            value = rng.normal(58, 26)
        t = np.broadcast_to(np.float32(value) + texture(rng, size, rng.uniform(0.8, 5), tex_hu), size)
        if rng.random() < rim_share:
            t = add_rim(rng, stamp, t)
        if kind == "mass" and rng.random() < 0.4:
            t = t - _core(stamp, long / SPACING_MM * rng.uniform(0.1, 0.25)) * rng.uniform(15, 50)
        if rng.random() < 0.06:
            speck = texture(rng, size, 1.0, 1.0) > 2.0
            t = t + speck * np.float32(rng.uniform(150, 500))
        blend(rng, hu, stamp, t, keep)

    least_hu = LEAST_BONE_CONTRAST_HU if kind == "bone" else LEAST_CONTRAST_HU
    seen = visible_mask(before[KEY], hu[stamp.window][KEY], stamp, least_hu)
    found = measured(seen, stamp.x0, stamp.y0, TYPE_OF_KIND.get(kind, UNKNOWN_TYPE))
    if found is None:
        hu[stamp.window] = before
    return found


TYPE_OF_KIND = {"lung": LUNG_TYPE, "pleura": LUNG_TYPE, "bone": BONE_TYPE}
"""Kinds whose place alone says DeepLesion's type."""
PLACE_OF_KIND = {
    "lung": tissue.LUNG,
    "pleura": tissue.LUNG_BORDER,
    "node": tissue.NODE_FAT,
    "parenchyma": tissue.PARENCHYMA,
    "organ_edge": tissue.ORGAN_EDGE,
    "bone": tissue.BONE,
    "mass": tissue.DEEP_SOFT,
}
KIND_SHARES = {
    "lung": 0.17,
    "pleura": 0.09,
    "node": 0.27,
    "parenchyma": 0.16,
    "organ_edge": 0.12,
    "bone": 0.05,
    "mass": 0.14,
}


def paste_nodule(
    rng: np.random.Generator, hu: np.ndarray, center: tuple[float, float], nodule: NodulePatch, px: float
) -> Lesion | None:
    """Pastes a real nodule, scaled by `px`, through its dilated mask; neighbours get a shrunken copy."""
    size = round(128 * px)
    if size < 24:
        return None
    angle = rng.uniform(0, 360)
    flip = rng.random() < 0.5
    c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    matrix = np.array([[c, -s], [s, c]]) / px
    if flip:
        matrix = matrix @ np.array([[1, 0], [0, -1]])
    ys, xs = np.nonzero(nodule.mask)
    mid = np.array([ys.mean(), xs.mean()])
    reach = int(np.ceil(np.hypot(np.ptp(ys) + 1, np.ptp(xs) + 1) * px / 2)) + 6
    x, y = int(center[0]), int(center[1])
    if x - reach < 0 or y - reach < 0 or x + reach >= hu.shape[2] or y + reach >= hu.shape[1]:
        return None
    side = 2 * reach + 1
    offset = mid - matrix @ np.array([reach, reach])
    value = ndimage.affine_transform(nodule.hu, matrix, offset, (side, side), order=1, mode="nearest")
    mask = ndimage.affine_transform(nodule.mask.astype(np.float32), matrix, offset, (side, side), order=1)
    stamp_mask = ndimage.gaussian_filter(ndimage.binary_dilation(mask > 0.5, iterations=2).astype(np.float32), 0.9)
    stamp = Stamp(np.zeros((3, side, side), np.float32), y - reach, y + reach + 1, x - reach, x + reach + 1)
    before = hu[stamp.window].copy()
    value = np.maximum(value, before[KEY] - 40)
    for i in range(3):
        m = stamp_mask
        if i != KEY:
            shrink = rng.uniform(0.0, 0.8)
            m = stamp_mask * (1 - shrink * (1 - mask))
        hu[i, stamp.y0 : stamp.y1, stamp.x0 : stamp.x1] = (1 - m) * before[i] + m * value
    found = measured(mask > 0.5, stamp.x0, stamp.y0, LUNG_TYPE)
    if found is None:
        hu[stamp.window] = before
    return found


def decoy(rng: np.random.Generator, hu: np.ndarray, places: np.ndarray, center: tuple[float, float]) -> None:
    """Something that is no lesion: a long vessel, bowel gas, a calcification, a fissure."""
    x, y = int(center[0]), int(center[1])
    here = int(places[y, x])
    roll = rng.random()
    if here & tissue.LUNG:
        if roll < 0.7:
            _tube(rng, hu, center, radius_px=rng.uniform(0.8, 3.0), value=rng.normal(30, 40), length_px=rng.uniform(18, 60))
        else:
            _tube(rng, hu, center, radius_px=0.5, value=-700, length_px=rng.uniform(40, 110))
    elif roll < 0.45:
        value = rng.uniform(40, 90) if rng.random() < 0.4 else rng.uniform(120, 260)
        _tube(rng, hu, center, radius_px=rng.uniform(1.2, 5.0), value=value, length_px=rng.uniform(24, 80))
    elif roll < 0.75:
        stamp = ellipsoid_stamp(rng, hu.shape[1:], center, rng.uniform(5, 30), rng.uniform(4, 15), 0.3)
        if stamp is not None:
            blend(rng, hu, stamp, rng.uniform(-980, -800), 0.3)
    else:
        stamp = ellipsoid_stamp(rng, hu.shape[1:], center, rng.uniform(2, 6), rng.uniform(2, 5), 0.2)
        if stamp is not None:
            blend(rng, hu, stamp, rng.uniform(300, 1000), 1.0)


def _tube(
    rng: np.random.Generator,
    hu: np.ndarray,
    center: tuple[float, float],
    radius_px: float,
    value: float,
    length_px: float,
) -> None:
    """A curved, tapering tube in the slice plane, at least four times as long as wide."""
    length_px = max(length_px, 9 * radius_px)
    n = int(length_px) + 1
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.06, n))
    px = np.cumsum(np.cos(heading))
    py = np.cumsum(np.sin(heading))
    px += center[0] - px[n // 2]
    py += center[1] - py[n // 2]
    h, w = hu.shape[1:]
    x0, x1 = max(int(px.min()) - 8, 0), min(int(px.max()) + 9, w)
    y0, y1 = max(int(py.min()) - 8, 0), min(int(py.max()) + 9, h)
    if x1 - x0 < 3 or y1 - y0 < 3:
        return
    seed = np.ones((y1 - y0, x1 - x0), bool)
    ix, iy = (px - x0).astype(int), (py - y0).astype(int)
    ok = (ix >= 0) & (iy >= 0) & (ix < x1 - x0) & (iy < y1 - y0)
    if not ok.any():
        return
    seed[iy[ok], ix[ok]] = False
    d = ndimage.distance_transform_edt(seed)
    m = np.clip(radius_px + 0.5 - d, 0, 1).astype(np.float32)
    m = ndimage.gaussian_filter(m, 0.7)[None]
    blend(rng, hu, Stamp(np.repeat(m, 3, 0), y0, y1, x0, x1), value, 0.8)


def healthy_paste(
    rng: np.random.Generator, hu: np.ndarray, donor: np.ndarray, center: tuple[float, float], donor_center: tuple[int, int]
) -> None:
    """Healthy tissue of another place, its mean matched, through a lesion-like mask: no lesion."""
    long, short = sample_diameters_mm(rng, 45)
    stamp = ellipsoid_stamp(rng, hu.shape[1:], center, long, short)
    if stamp is None:
        return
    h, w = stamp.y1 - stamp.y0, stamp.x1 - stamp.x0
    dx, dy = donor_center[0] - w // 2, donor_center[1] - h // 2
    if dx < 0 or dy < 0 or dx + w > donor.shape[2] or dy + h > donor.shape[1]:
        return
    patch = donor[:, dy : dy + h, dx : dx + w].astype(np.float32)
    view = hu[stamp.window]
    m = stamp.masks
    weight = m[KEY].sum() + 1e-6
    difference = float((m[KEY] * (view[KEY] - patch[KEY])).sum() / weight)
    if abs(difference) > 90:
        return
    view[...] = (1 - m) * view + m * (patch + difference)


def degrade(rng: np.random.Generator, hu: np.ndarray) -> None:
    """DeepLesion's 8-bit copies: 16 HU per step, JPEG, and no neighbours but the key slice itself."""
    import io

    from PIL import Image

    grey = np.clip((hu[KEY] + 1024) / 16.06, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "JPEG", quality=int(rng.integers(80, 96)))
    hu[:] = np.asarray(Image.open(buffer)).astype(np.float32) * np.float32(16.06) - 1024
