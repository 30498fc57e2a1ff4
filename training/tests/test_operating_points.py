import pytest

from lesionlens_training.data.truths import KeySlice
from lesionlens_training.judge.points import THRESHOLDS, at_default, evidence, lowest, operating_points
from lesionlens_training.spec import SCORE_FLOOR
from lesionlens_training.twin.froc import Truth

BOX = (0, 0, 20, 20)


def found(*scores: float) -> list[dict]:
    return [{"box_px": list(BOX), "score": s} for s in scores]


def test_the_default_threshold_leaves_the_stated_number_of_marks_per_slice() -> None:
    assert lowest([0.9, 0.8, 0.311, 0.2], 2, 1.0) == 0.32
    assert lowest([0.9, 0.8, 0.311, 0.2], 2, 9.0) == SCORE_FLOOR
    # A mark with the threshold's very score is shown, also where hundredths are no binary numbers.
    for score in (0.29, 0.57, 0.58):
        assert lowest([0.9, score], 1, 1.0) == pytest.approx(score + 0.01)
    assert lowest([1.0, 1.0], 1, 1.0) == 1.0


def test_points_hold_sensitivity_interval_and_marks_at_rising_thresholds() -> None:
    slices = [KeySlice(f"{p}/001.png", p, str(p), "s", 1.0, [Truth(BOX)]) for p in (1, 2)]
    boxed = {"1/001.png": found(0.9), "2/001.png": found(0.3)}
    points = operating_points(slices, boxed, {"3/001.png": found(0.5, 0.1), "4/001.png": []}, 0.37)
    assert [p["threshold"] for p in points] == sorted([*THRESHOLDS, 0.37])
    assert len(operating_points(slices, boxed, {"3/001.png": []}, 0.35)) == len(THRESHOLDS)
    of = {p["threshold"]: p for p in points}
    assert (of[0.05]["sensitivity"], of[0.35]["sensitivity"], of[0.95]["sensitivity"]) == (1, 0.5, 0)
    assert (of[0.05]["marks_per_slice"], of[0.5]["marks_per_slice"], of[0.55]["marks_per_slice"]) == (1, 0.5, 0)
    for p in points:
        low, high = p["sensitivity_95"]
        assert 0 <= low <= p["sensitivity"] <= high <= 1
    words = evidence(slices, {s.path: [] for s in slices}, {"3/001.png": []}, 1, "made up")
    assert words["sensitivity"].startswith("Share of 2 lesions of 2 patients (made up)")


def test_marks_at_the_default_are_also_counted_with_each_patient_left_out_of_its_choice() -> None:
    unboxed = {"a/001.png": found(0.8, 0.7, 0.6), "b/001.png": found(0.2), "c/001.png": []}
    made = at_default(unboxed, {"a": "A", "b": "B", "c": "C"})
    assert made["default_threshold"] == 0.21
    assert made["marks_per_slice"] == 1
    # Without patient A the threshold would be the floor, at which A has three marks.
    assert made["marks_per_slice_left_out"] == pytest.approx((3 + 0 + 0) / 3)
    assert (made["n_slices"], made["n_patients"]) == (3, 3)
