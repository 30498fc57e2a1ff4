from pathlib import Path

import numpy as np
import pytest
from conftest import write_miniature

from lesionlens_training.data.cache import SealedPatient, build_cache, chosen_slices, is_coded, open_cache
from lesionlens_training.data.layout import Truth, parse_axes, parse_box, read_hu, read_layout, split_said
from lesionlens_training.run.config import Config, training_slices


def test_deeplesion_box_becomes_half_open_edges() -> None:
    assert parse_box("101, 66, 135, 105") == (100, 65, 135, 105)


def test_tight_box_loses_five_pixels_of_margin_on_each_side() -> None:
    assert Truth((100, 65, 135, 105), 2, 1).tight_px == (105, 70, 130, 100)


def test_tight_box_of_a_tiny_annotation_keeps_one_pixel() -> None:
    x0, y0, x1, y1 = Truth((10, 10, 16, 30), 2, 1).tight_px
    assert (x1 - x0, y1 - y0) == (1, 10)


def test_stored_value_is_hu_plus_32768(miniature: tuple[Path, Path]) -> None:
    series = read_layout(*miniature)[0]
    assert read_hu(series.path(1))[80, 110] == 150


def test_rows_flagged_noisy_are_dropped(miniature: tuple[Path, Path]) -> None:
    assert [len(s.truths[11]) for s in read_layout(*miniature)] == [1, 1, 1]


def test_position_is_slice_number_times_interval(miniature: tuple[Path, Path]) -> None:
    assert read_layout(*miniature)[0].position_mm(1) == 55


def test_cached_boxes_map_back_to_the_tight_extent(cache: Path) -> None:
    key = open_cache(cache)[1]
    (ox, oy), (rx, ry) = key.origin, key.ratio
    x0, y0, x1, y1 = key.lesions[0].box
    back = ((x0 + ox) * rx, (y0 + oy) * ry, (x1 + ox) * rx, (y1 + oy) * ry)
    assert back == pytest.approx((105, 70, 130, 100))


def test_chosen_backgrounds_keep_away_from_key_slices(miniature: tuple[Path, Path]) -> None:
    series = read_layout(*miniature)[0]
    assert chosen_slices(series, None) == [0, 1, 2]
    assert chosen_slices(series, 2) == [1], "10 and 12 lie 5 mm from the key slice"
    series.numbers = [1, 2, 10, 11, 30, 31]
    assert chosen_slices(series, 2) == [0, 3, 5]


def test_axes_are_the_two_diameters_longest_first_whatever_their_order() -> None:
    long, short, theta = parse_axes("10, 10, 16, 18, 12, 16, 15.2, 13.6")
    assert (long, short) == pytest.approx((10, 4))
    assert np.tan(theta) == pytest.approx(8 / 6)
    assert parse_axes("12, 16, 15.2, 13.6, 10, 10, 16, 18")[0] == pytest.approx(10)
    assert parse_axes(" ") is None


def test_lesions_drawn_by_eye_join_the_cache_and_ignored_places_stay_apart(
    miniature: tuple[Path, Path], tmp_path: Path
) -> None:
    by_eye = tmp_path / "by_eye.csv"
    rows = ["series,slice,what,x0,y0,x1,y1,coarse_type", "000001_01_01,10,lesion,105,70,130,100,4"]
    rows.append("000001_01_01,12,ignore,100,60,140,110,-1")
    by_eye.write_text("\n".join(rows))
    build_cache(*miniature, None, tmp_path / "cache", by_eye=by_eye)
    drawn, key, ignoring = open_cache(tmp_path / "cache")[:3]
    assert (drawn.by_eye, key.by_eye, ignoring.by_eye) == (True, False, False)
    assert (drawn.lesions[0].type, key.lesions[0].type) == (4, 2)
    assert drawn.lesions[0].box == pytest.approx(key.lesions[0].box, abs=1)
    assert (len(ignoring.lesions), len(ignoring.ignored)) == (0, 1)


def test_a_patient_whom_somebody_else_judges_on_is_refused(miniature: tuple[Path, Path], tmp_path: Path) -> None:
    sealed = tmp_path / "sealed.csv"
    sealed.write_text("File_name,Patient_index\n000002_03_01_017.png,2\n")
    with pytest.raises(SealedPatient, match="000002_01_01"):
        build_cache(*miniature, None, tmp_path / "out", sealed=sealed)
    sealed.write_text("File_name,Patient_index\n000077_03_01_017.png,77\n")
    assert build_cache(*miniature, None, tmp_path / "out", sealed=sealed) == 9


def test_training_on_validation_rows_needs_that_the_run_says_its_splits(tmp_path: Path) -> None:
    images, table = write_miniature(tmp_path / "two", split=2)
    build_cache(images, table, None, tmp_path / "cache")
    config = Config(caches=[str(tmp_path / "cache")], steps=1)
    with pytest.raises(ValueError, match="official split"):
        training_slices(config)
    config.only_splits = [0, 1]
    assert training_slices(config) == []


def test_the_split_of_a_series_without_rows_stands_in_its_source() -> None:
    assert split_said("none: unboxed lesions possible; official val patient") == 2
    assert split_said("none: unboxed lesions possible; official train patient") == 1
    assert split_said("tumour boxed on every slice") == 0


def test_facts_of_single_series_reach_the_cache(miniature: tuple[Path, Path], tmp_path: Path) -> None:
    facts = tmp_path / "facts.toml"
    facts.write_text('suspect = ["000002_*"]\n[pelvis_from]\n000003_01_01 = 11\n')
    build_cache(*miniature, None, tmp_path / "out", facts=facts)
    slices = open_cache(tmp_path / "out")
    assert {s.series for s in slices if s.suspect} == {"000002_01_01"}
    assert [(s.series, s.number) for s in slices if s.pelvis] == [("000003_01_01", 11), ("000003_01_01", 12)]


def test_filled_tissue_is_told_from_measured() -> None:
    rng = np.random.default_rng(1)
    measured = rng.normal(-500, 300, (40, 40)).round().astype(int)
    filled = np.where(measured < 0, np.where(measured < -500, -850, -100), measured)
    assert is_coded(filled)
    assert not is_coded(measured)
    assert not is_coded(np.full((4, 4), 40))
