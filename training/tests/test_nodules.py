import numpy as np

from lesionlens_training.data.nodules import NodulePatch, mosaic


def patch(radius: int) -> NodulePatch:
    """A ball of soft tissue in lung; the nodule alone is brighter than lung."""
    y, x = np.mgrid[:128, :128] - 63.5
    mask = np.hypot(x, y) < radius
    return NodulePatch(np.where(mask, 40, -870).astype(np.float32), mask, "p")


def test_every_nodule_of_a_mosaic_shows_once_and_is_boxed() -> None:
    for seed in range(12):
        hu, lesions = mosaic(np.random.default_rng(seed), [patch(r) for r in (4, 8, 12, 20)], (256, 256))
        assert hu.shape == (3, 256, 256)
        assert len(lesions) == 4
        bright = hu[1] > -400
        for lesion in lesions:
            x0, y0, x1, y1 = (int(v) for v in lesion.box)
            assert bright[y0:y1, x0:x1].mean() > 0.6
            assert lesion.type == 5
            assert lesion.axes is not None
            bright[max(y0 - 2, 0) : y1 + 2, max(x0 - 2, 0) : x1 + 2] = False
        assert not bright.any(), "no second copy of a nodule"


def test_nodules_of_a_mosaic_are_not_always_in_the_same_place() -> None:
    rng = np.random.default_rng(3)
    centers = []
    for _ in range(30):
        x0, y0, x1, y1 = mosaic(rng, [patch(6)] * 4, (256, 256))[1][0].box
        centers.append(((x0 + x1) / 2, (y0 + y1) / 2))
    assert np.std(centers, axis=0).min() > 8
