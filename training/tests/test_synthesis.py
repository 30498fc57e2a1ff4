import numpy as np
import pytest
from conftest import body_slice

from lesionlens_training.data import nodules, tissue
from lesionlens_training.draw import synthesis
from lesionlens_training.draw.synthesis import KEY, KIND_SHARES, PLACE_OF_KIND


def crop(seed: int = 0, size: int = 256) -> tuple[np.ndarray, np.ndarray]:
    hu = body_slice(np.random.default_rng(seed), size, size).astype(np.float32)
    return np.repeat(hu[None], 3, 0), tissue.place_mask(hu)


def place(rng: np.random.Generator, places: np.ndarray, kind: str) -> tuple[float, float]:
    found = np.flatnonzero(places & PLACE_OF_KIND[kind])
    at = int(found[rng.integers(len(found))])
    return at % places.shape[1] + 0.5, at // places.shape[1] + 0.5


def test_box_of_an_isolated_lesion_equals_the_extent_of_its_mask() -> None:
    stamp = synthesis.ellipsoid_stamp(np.random.default_rng(1), (200, 200), (100, 100), 24, 16, psf_px=0.6)
    assert stamp is not None
    before = np.full(stamp.masks.shape[1:], -100, np.float32)
    after = before + 150 * stamp.masks[KEY]
    inside = stamp.masks[KEY] > 0.5
    ys, xs = np.nonzero(inside)
    expected = (stamp.x0 + xs.min(), stamp.y0 + ys.min(), stamp.x0 + xs.max() + 1, stamp.y0 + ys.max() + 1)
    lesion = synthesis.measured(synthesis.visible_mask(before, after, stamp), stamp.x0, stamp.y0, 2)
    assert lesion is not None
    assert (lesion.box, lesion.type) == (expected, 2)


def test_drawn_size_follows_the_diameters() -> None:
    rng = np.random.default_rng(2)
    areas = []
    for _ in range(60):
        stamp = synthesis.ellipsoid_stamp(rng, (200, 200), (100, 100), 32, 16, roughness=0.05)
        assert stamp is not None
        areas.append((stamp.masks[KEY] > 0.5).sum() * 0.8**2)
    assert np.median(areas) == pytest.approx(np.pi * 16 * 8, rel=0.15)


def test_extent_along_z_ends_for_a_flat_lesion_and_lasts_for_a_thick_one() -> None:
    rng = np.random.default_rng(3)
    flat, thick = [], []
    for _ in range(40):
        for short, sums in ((4, flat), (40, thick)):
            stamp = synthesis.ellipsoid_stamp(rng, (200, 200), (100, 100), 40, short)
            assert stamp is not None
            area = stamp.masks.sum((1, 2))
            sums.append(area[[0, 2]].min() / area[KEY])
    assert np.mean(flat) < 0.4
    assert np.mean(thick) > 0.85


def test_hu_of_the_core_is_the_target_and_the_noise_stays() -> None:
    rng = np.random.default_rng(4)
    hu = rng.normal(-100, 12, (3, 120, 120)).astype(np.float32)
    stamp = synthesis.ellipsoid_stamp(rng, (120, 120), (60, 60), 40, 36, roughness=0.0)
    assert stamp is not None
    synthesis.blend(rng, hu, stamp, 60.0, 1.0)
    core = hu[KEY, 52:68, 52:68]
    assert core.mean() == pytest.approx(60, abs=4)
    assert core.std() > 6


@pytest.mark.parametrize("kind", list(KIND_SHARES))
def test_every_kind_changes_the_crop_inside_its_box_and_hardly_outside(kind: str) -> None:
    rng = np.random.default_rng(5)
    drawn = 0
    for _ in range(40):
        hu, places = crop()
        before = hu.copy()
        lesion = synthesis.lesion(rng, hu, places, kind, place(rng, places, kind))
        if lesion is None:
            assert (hu == before).all(), "a refused lesion leaves the crop as it was"
            continue
        assert lesion.axes is not None
        assert lesion.axes[0] >= max(lesion.box[2] - lesion.box[0], lesion.box[3] - lesion.box[1]) - 1
        drawn += 1
        changed = np.abs(hu[KEY] - before[KEY]) > 25
        x0, y0, x1, y1 = (int(v) for v in lesion.box)
        assert changed[y0:y1, x0:x1].any()
        changed[max(y0 - 4, 0) : y1 + 4, max(x0 - 4, 0) : x1 + 4] = False
        assert changed.sum() <= 0.4 * (x1 - x0) * (y1 - y0)
    assert drawn >= 8


def test_lung_lesion_is_brighter_than_lung() -> None:
    rng = np.random.default_rng(6)
    for _ in range(10):
        hu, places = crop()
        lesion = synthesis.lesion(rng, hu, places, "lung", place(rng, places, "lung"))
        if lesion is not None:
            assert lesion.type == 5
            x0, y0, x1, y1 = (int(v) for v in lesion.box)
            assert np.percentile(hu[KEY, y0:y1, x0:x1], 90) > -700


def test_healthy_paste_within_one_tissue_leaves_no_step() -> None:
    rng = np.random.default_rng(7)
    hu = rng.normal(50, 10, (3, 200, 200)).astype(np.float32)
    donor = rng.normal(90, 10, (3, 300, 300)).astype(np.float32)
    synthesis.healthy_paste(rng, hu, donor, (100, 100), (150, 150))
    assert abs(hu[KEY, 90:110, 90:110].mean() - 50) < 8


def test_degradation_copies_the_key_slice_and_keeps_hu_within_three_steps() -> None:
    hu, _ = crop()
    hu[0] += 40
    before = hu[KEY].copy()
    synthesis.degrade(np.random.default_rng(8), hu)
    assert (hu[0] == hu[KEY]).all()
    assert (hu[2] == hu[KEY]).all()
    assert np.abs(hu[KEY] - before)[100:150, 10:40].mean() < 48


def test_patch_hu_is_recovered_from_its_two_peaks() -> None:
    rng = np.random.default_rng(9)
    hu = np.full((128, 128), -870.0)
    hu[:, 90:] = 40
    hu[50:70, 30:50] = 20
    hu += rng.normal(0, 15, hu.shape)
    scaled = ((hu - hu.min()) / (hu.max() - hu.min()) * 255).astype(np.uint8)
    found = nodules.estimate_patch_hu(scaled)
    assert found is not None
    assert found[52:68, 32:48].mean() == pytest.approx(20, abs=25)


def test_patch_without_lung_is_refused() -> None:
    flat = np.random.default_rng(10).integers(120, 255, (128, 128)).astype(np.uint8)
    assert nodules.estimate_patch_hu(flat) is None


def test_diameters_keep_to_the_bound_and_a_fifth_is_large() -> None:
    rng = np.random.default_rng(11)
    long = np.array([synthesis.sample_diameters_mm(rng, 110)[0] for _ in range(3000)])
    assert long.max() <= 110
    assert 0.2 < (long > 33).mean() < 0.45
    assert max(synthesis.sample_diameters_mm(rng, 30)[0] for _ in range(300)) <= 30


def test_places_name_lung_fat_and_parenchyma_where_they_are() -> None:
    hu, places = crop()
    assert places[100, 80] & tissue.LUNG
    assert not places[5, 5] & tissue.BODY
    assert not places[100, 80] & tissue.PARENCHYMA
    assert np.percentile(hu[KEY][(places & tissue.NODE_FAT) > 0], 90) < -30, "fat, but for its edge"


def test_only_a_round_trunk_without_lungs_is_a_belly_and_its_wall_is_outside() -> None:
    def body(rows: int, cols: int, lung: bool) -> tissue.Frame:
        y, x = np.mgrid[:rows, :cols]
        inside = np.hypot((x - cols / 2) / (cols / 2), (y - rows / 2) / (rows / 2)) < 1
        places = np.where(inside, tissue.BODY, 0).astype(np.uint8)
        if lung:
            places[rows // 3 : rows // 2, cols // 4 : cols // 2] |= tissue.LUNG
        made = tissue.frame(places)
        assert made is not None
        return made

    belly, chest, shoulders = body(270, 400, False), body(270, 400, True), body(240, 520, False)
    assert (belly.is_belly, chest.is_belly, shoulders.is_belly) == (True, False, False)
    assert belly.is_inside(200, 135)
    assert not belly.is_inside(200, 12)
    assert tissue.frame(np.zeros((9, 9), np.uint8)) is None


def test_a_lesion_below_the_least_contrast_is_refused() -> None:
    stamp = synthesis.ellipsoid_stamp(np.random.default_rng(1), (200, 200), (100, 100), 24, 16, psf_px=0.6)
    assert stamp is not None
    before = np.full(stamp.masks.shape[1:], 60, np.float32)
    for contrast, seen in ((15, False), (40, True)):
        mask = synthesis.visible_mask(before, before + contrast * stamp.masks[KEY], stamp)
        assert (mask is not None) == seen
    assert synthesis.visible_mask(before, before + 60 * stamp.masks[KEY], stamp, synthesis.LEAST_BONE_CONTRAST_HU) is None
