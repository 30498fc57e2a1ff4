import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lesionlens_training.twin.input import (
    body_box,
    build_input,
    companding_table,
    interpolated_slice,
    levels_from_hu,
    resample,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("hu", "level"),
    [
        (-1024, 0),
        (-5000, 0),
        (-200, 80),
        (300, 224),
        (1500, 255),
        (9000, 255),
        (-612, 40),  # halfway: 412 · 80 / 824
        (50, 152),  # 80 + 250 · 144 / 500
        (900, 240),  # 224 + 600 · 31 / 1200 = 239.5, half to even
        (0.5, 138),  # rounds to 0 HU: 80 + 57.6
        (1.5, 138),  # rounds to 2 HU: 80 + 58.176
    ],
)
def test_companding_levels_by_hand(hu: float, level: int) -> None:
    assert levels_from_hu(np.array([hu], np.float32))[0] == level


def test_companding_never_falls() -> None:
    assert (np.diff(companding_table().astype(int)) >= 0).all()


def test_neighbour_is_interpolated_between_adjacent_slices() -> None:
    key, below, above = (np.full((2, 2), v, np.int32) for v in (100, 0, 400))
    others = [(5.0, below), (10.0, key), (15.0, above)]
    assert interpolated_slice(key, 10.0, others, -2.0)[0, 0] == np.float32(0) + np.float32(100) * np.float32(0.6)
    assert interpolated_slice(key, 10.0, others, 2.0)[0, 0] == np.float32(100) + np.float32(300) * np.float32(0.4)


@pytest.mark.parametrize("above_mm", [20.1, 11.0])
def test_neighbour_too_far_or_absent_is_the_key_slice(above_mm: float) -> None:
    key, above = np.full((2, 2), 7, np.int32), np.full((2, 2), 900, np.int32)
    found = interpolated_slice(key, 10.0, [(10.0, key), (above_mm, above)], 2.0)
    assert (found == 7).all()


def test_resampling_by_hand() -> None:
    # 4 px of 0.6 mm → 3 px; sample points 1/6, 3/2, 17/6.
    row = np.array([[0, 6, 12, 30]], np.float32)
    out, ratio = resample(row, (0.6, 0.8))
    assert ratio == (4 / 3, 1.0)
    assert out[0] == pytest.approx([1, 9, 27], abs=1e-4)


def test_body_is_the_largest_connected_region_with_margin() -> None:
    hu = np.full((60, 80), -1000, np.float32)
    hu[20:40, 30:60] = 0
    hu[50:58, 2:10] = 0
    assert body_box(hu) == (22, 12, 68, 48)


def test_equal_regions_are_decided_by_the_first_in_row_major_order() -> None:
    hu = np.full((80, 80), -1000, np.float32)
    hu[20:24, 60:64] = 0
    hu[60:64, 20:24] = 0
    assert body_box(hu) == (52, 12, 72, 32)


def test_all_air_keeps_the_whole_image() -> None:
    made = build_input(np.full((40, 50), -1000), (0.8, 0.8))
    assert made.levels.shape == (3, 64, 64)
    assert made.origin == (0, 0)


def test_golden_file_is_what_the_script_writes(tmp_path: Path) -> None:
    out = tmp_path / "input.json"
    subprocess.run([sys.executable, str(ROOT / "tests/golden/input.py"), str(out)], check=True)
    assert json.loads(out.read_text()) == json.loads((ROOT / "tests/golden/input.json").read_text())
