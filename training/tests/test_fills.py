import numpy as np

from lesionlens_training.draw.fills import AIR_HU, FAT_HU, LUNG_HU, TOP_HU, cut_to_code, soften_fills


def picture() -> tuple[np.ndarray, np.ndarray]:
    """Air around a body of fat with soft tissue, lung and bone in it; HU f32 `[3, 64, 96]`, and the body."""
    hu = np.full((64, 96), -1000.0, np.float32)
    hu[8:56, 8:88] = -93
    hu[16:48, 16:40] = 55.4
    hu[16:48, 44:64] = -880
    hu[16:48, 68:80] = 700
    body = np.zeros(hu.shape, bool)
    body[8:56, 8:88] = True
    return np.repeat(hu[None], 3, 0), body


def test_a_cut_crop_holds_whole_hu_from_0_to_253_and_the_three_constants() -> None:
    hu, body = picture()
    cut_to_code(hu, body)
    assert [float(hu[1, y, x]) for y, x in ((2, 2), (10, 10), (20, 20), (20, 50), (20, 70))] == [
        AIR_HU,
        FAT_HU,
        55.0,
        LUNG_HU,
        TOP_HU,
    ]


def test_softened_fills_vary_and_soft_tissue_inside_keeps_its_value() -> None:
    hu, body = picture()
    cut_to_code(hu, body)
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((200, 200)).astype(np.float32)
    soften_fills(rng, hu, noise)
    assert hu[1, 9:15, 10:80].std() > 3
    assert hu[1, 20:44, 46:62].std() > 5
    assert (hu[1, 20:44, 20:36] == 55).all()
    assert (hu[1, :6] == AIR_HU).all()
    assert (hu[0] == hu[1]).all()
