import numpy as np

from lesionlens_training import spec
from lesionlens_training.run.detect import thorough_heads

CELLS = 4


def centred(levels: np.ndarray) -> list[np.ndarray]:
    """A net in closed form that sees a mirrored slice as the mirror image."""
    rows = levels[1, ::CELLS].astype(np.float32).reshape(levels.shape[1] // CELLS, -1, CELLS)
    whole = rows.sum(-1)
    heads = np.repeat(whole[None], len(spec.CHANNELS), 0)
    heads[spec.CHANNELS.index("dx")] = (rows * (np.arange(CELLS) + np.float32(0.5))).sum(-1) / whole / CELLS
    heads[spec.CHANNELS.index("sin_2theta")] = rows[..., :2].sum(-1) - rows[..., 2:].sum(-1)
    return [heads]


def left(levels: np.ndarray) -> list[np.ndarray]:
    """A net whose heat is each cell's left pixel."""
    heads = centred(levels)[0]
    heads[0] = levels[1, ::CELLS, ::CELLS]
    return [heads]


def test_a_net_that_sees_a_mirrored_slice_as_the_mirror_image_answers_as_before() -> None:
    levels = np.random.default_rng(1).integers(1, 255, (3, 8, 16), dtype=np.uint8)
    assert np.allclose(thorough_heads(centred)(levels)[0], centred(levels)[0], atol=1e-4)


def test_another_net_answers_with_the_mean_of_a_cell_and_of_its_mirror_image() -> None:
    levels = np.random.default_rng(2).integers(1, 255, (3, 8, 16), dtype=np.uint8)
    want = (levels[1, ::4, ::4].astype(np.float32) + levels[1, ::4, 3::4]) / 2
    assert (thorough_heads(left)(levels)[0][0] == want).all()
