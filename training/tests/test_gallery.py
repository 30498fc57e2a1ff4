from pathlib import Path

import numpy as np
from conftest import write_miniature
from PIL import Image

from lesionlens_training.data.truths import KeySlice
from lesionlens_training.show.gallery import COLUMNS, TILE_PX, tiles, windowed, write_sheets
from lesionlens_training.twin.froc import Truth


def found(score: float, *box: float) -> dict:
    axes = {"long_px": [[110, 70], [110, 99]], "short_px": [[105, 85], [129, 85]], "long_mm": 23.2, "short_mm": 19.2}
    return {"box_px": list(box), "score": score, "axes": axes, "type": {"name": "lung", "probability": 0.9}}


def test_lesions_and_marks_are_sorted_into_hits_misses_and_false_marks() -> None:
    truths = [Truth((0, 0, 20, 20)), Truth((50, 50, 70, 70)), Truth((100, 100, 130, 130)), Truth((200, 0, 210, 10))]
    marks = [
        found(0.9, 0, 0, 20, 20),
        found(0.1, 50, 50, 70, 71),
        found(0.8, 300, 300, 310, 310),
        found(0.1, 400, 0, 410, 10),
    ]
    key = KeySlice("a/001.png", 1, "p", "s", 1.0, truths)
    hits, near, none, false = tiles([key], {"a/001.png": marks, "b/001.png": [found(0.7, 0, 0, 9, 9)]}, 0.5)
    assert [t.box for t in hits] == [truths[0].box_px]
    assert [t.box for t in near] == [truths[1].box_px]
    assert [t.box for t in none] == [truths[2].box_px, truths[3].box_px]
    assert [(t.path, t.rank) for t in false] == [("a/001.png", 0.8), ("b/001.png", 0.7)]


def test_lung_is_shown_in_its_own_window() -> None:
    assert windowed(np.full((4, 4), -850))[0, 0] > 80
    assert windowed(np.array([[40, 40, -850]]))[0].tolist() == [127, 127, 0]


def test_a_sheet_is_written_per_source(tmp_path: Path) -> None:
    images, table = write_miniature(tmp_path / "data")
    marks = {"000001_01_01/011.png": [found(0.9, 98, 63, 137, 108)], "000002_01_01/010.png": [found(0.6, 2, 2, 40, 40)]}
    (path,) = write_sheets(images, table, marks, 0.5, tmp_path / "out")
    made = np.asarray(Image.open(path))
    assert made.shape == (4 * (TILE_PX + 16), COLUMNS * TILE_PX, 3)
    first = made[16 : 16 + TILE_PX, :TILE_PX].reshape(-1, 3)
    assert (first == (60, 230, 60)).all(1).any() and (first == (255, 220, 40)).all(1).any()
