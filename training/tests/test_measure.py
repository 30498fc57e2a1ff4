import math

import pytest

from lesionlens_training.data.truths import KeySlice, match
from lesionlens_training.judge.intervals import over_patients, share_interval, wilson
from lesionlens_training.judge.measure import angle_between, measured
from lesionlens_training.twin.froc import Truth

# A lesion of 20 × 10 px lying along x, tight box (20, 30, 40, 40), at 0.5 mm per px.
TRUTH = Truth((15, 25, 45, 45), long_px=20, short_px=10, angle=0.0, type="lung")


def detection(box: tuple, score: float, axes: dict | None = None) -> dict:
    return {"box_px": list(box), "score": score, "axes": axes, "type": None}


def axes(long: float, short: float, degrees: float = 0, mm: float | None = 0.5) -> dict:
    c, s = math.cos(math.radians(degrees)) / 2, math.sin(math.radians(degrees)) / 2
    return {
        "long_px": [[30 - long * c, 35 - long * s], [30 + long * c, 35 + long * s]],
        "short_px": [[30 + short * s, 35 - short * c], [30 - short * s, 35 + short * c]],
        "long_mm": mm and long * mm,
        "short_mm": mm and short * mm,
    }


def key_slice(patient: int, *truths: Truth) -> KeySlice:
    return KeySlice(f"{patient:06d}_01_01/001.png", patient, str(patient), "s", 0.5, list(truths))


def test_errors_are_found_less_annotated_in_millimetres() -> None:
    slices = [key_slice(1, TRUTH), key_slice(2, TRUTH)]
    found = {
        slices[0].path: [detection((13, 25, 47, 45), 0.9, axes(24, 9))],
        slices[1].path: [detection((15, 25, 45, 45), 0.2, axes(18, 10, degrees=170))],
    }
    result = measured(slices, found, threshold=0.5)
    assert (result["n_lesions"], result["n_with_diameters"]) == (2, 2)
    every = result["iou50"]["all_matched"]
    assert every["long_mm"]["median_abs"] == pytest.approx((2 + 1) / 2)
    assert every["long_mm"]["mean_signed"] == pytest.approx((2 - 1) / 2)
    assert every["long_mm"]["median_abs_95"] == [1, 2]
    assert every["angle_deg"]["median_abs"] == pytest.approx(5)
    at = result["iou50"]["at_threshold"]
    assert at["n_matched"] == 1
    assert (at["long_mm"]["mean_signed"], at["short_mm"]["mean_signed"]) == (2, -0.5)
    assert (at["width_mm"]["mean_signed"], at["height_mm"]["mean_signed"]) == (2, 0)
    assert (at["axes_width_mm"]["mean_signed"], at["axes_height_mm"]["mean_signed"]) == (2, -0.5)
    assert at["long_mm"]["median_abs_95"] is None


def test_a_lesion_without_diameters_is_compared_by_its_box_alone() -> None:
    bare = key_slice(1, Truth(TRUTH.box_px))
    result = measured([bare], {bare.path: [detection(TRUTH.box_px, 0.9)]}, 0.5)["center"]["all_matched"]
    assert set(result) == {"n_matched", "n_patients", "width_mm", "height_mm"}


def test_a_round_lesion_has_no_angle_to_miss() -> None:
    round_one = key_slice(1, Truth(TRUTH.box_px, long_px=12, short_px=10, angle=0.0))
    result = measured([round_one], {round_one.path: [detection(TRUTH.box_px, 0.9, axes(12, 10, 90))]}, 0.5)
    assert "angle_deg" not in result["center"]["all_matched"]


def test_the_matching_detection_is_the_one_with_the_highest_score() -> None:
    low, high = detection((15, 25, 45, 45), 0.3), detection((16, 26, 46, 46), 0.6)
    assert match(TRUTH, [low, high], "iou50") is high
    assert match(TRUTH, [low], "iou50", threshold=0.4) is None
    assert match(TRUTH, [], "center") is None


def test_lines_differ_by_at_most_a_right_angle() -> None:
    assert angle_between(0.0, math.pi) == pytest.approx(0)
    assert angle_between(math.radians(170), math.radians(10)) == pytest.approx(20)


def test_intervals_of_shares_are_never_narrower_than_wilsons() -> None:
    assert wilson(0, 10) == pytest.approx([0, 0.27753], abs=1e-4)
    assert wilson(10, 10) == pytest.approx([0.72247, 1], abs=1e-4)
    assert wilson(0, 0) == [0, 1]
    # Two patients, one all found, one not at all: the bootstrap sees that their lesions are alike.
    assert share_interval([True] * 10 + [False] * 10, ["a"] * 10 + ["b"] * 10) == [0, 1]
    assert share_interval([False] * 10, ["a"] * 5 + ["b"] * 5) == pytest.approx(wilson(0, 10))
    assert over_patients([1.0], ["a"], float) is None
