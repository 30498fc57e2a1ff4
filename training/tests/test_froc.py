import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lesionlens_training.twin.froc import (
    Cohort,
    EvalImage,
    Truth,
    evaluate,
    meets,
    paired_difference,
    percentile,
    resamples,
    splitmix64,
)

REPOSITORY = Path(__file__).resolve().parents[2]


def image(patient: int, lesions: list[tuple], *detections: tuple[float, ...]) -> EvalImage:
    rows = np.asarray(detections, np.float32).reshape(-1, 5)
    return EvalImage(patient, "generated", 1.0, [Truth(box) for box in lesions], rows[:, :4], rows[:, 4])


def by(report: dict, criterion: str) -> dict:
    return next(curve for curve in report["curves"] if curve["criterion"] == criterion)


def test_froc_by_hand() -> None:
    a, b = (0.0, 0, 10, 10), (50.0, 50, 70, 70)
    images = [
        image(1, [a, b], (100, 0, 110, 10, 0.9), (0, 0, 10, 10, 0.8), (0, 0, 10, 11, 0.7), (50, 50, 70, 70, 0.2)),
        image(2, [a], (30, 30, 40, 40, 0.6), (0, 0, 10, 9, 0.5), (80, 80, 90, 90, 0.3)),
    ]
    # Falling score: false, lesion 1, again lesion 1 (counts neither way), false, lesion 3, false, lesion 2.
    curve = by(evaluate(images), "iou50")
    assert curve["sensitivity"] == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1])
    assert curve["mean_sensitivity"] == pytest.approx(0.75)


def test_one_detection_may_find_two_lesions() -> None:
    report = evaluate([image(1, [(0.0, 0, 10, 10), (0.0, 0, 10, 12)], (0, 0, 10, 11, 0.5))])
    assert by(report, "iou50")["sensitivity"][0] == 1


def test_each_criterion_meets_what_it_says() -> None:
    lesion = np.array([0, 0, 10, 10], np.float32)
    inside, half, beside = (2, 2, 6, 6), (0, 0, 10, 5), (5, 0, 16, 10)
    assert meets([inside, half, beside], lesion, "iou50").tolist() == [False, True, False]
    assert meets([inside, half, beside], lesion, "iobb50").tolist() == [True, True, False]
    assert meets([inside, half, beside], lesion, "center").tolist() == [True, True, False]
    assert meets([(4, 4, 4, 4)], lesion, "iou50").tolist() == [False]


def test_strata_split_the_lesions_and_share_the_false_positives() -> None:
    small, large = Truth((0, 0, 15, 15), type="lung"), Truth((50, 50, 100, 100), long_px=31.0)
    found = np.array([[50, 50, 100, 100]], np.float32)
    report = evaluate([EvalImage(1, "s", 1.0, [small, large], found, np.array([0.9], np.float32))])
    strata = {(s["by"], s["name"]): (s["n_lesions"], s["sensitivity"][0]) for s in report["strata"]}
    assert strata["long_diameter", "<10 mm"] == (1, 0)
    assert strata["long_diameter", ">30 mm"] == (1, 1)
    assert strata["type", "lung"] == (1, 0)
    assert strata["type", "unknown"] == (1, 1)
    assert strata["source", "s"] == (2, 0.5)


def test_the_interval_covers_the_spread_between_patients() -> None:
    # One lesion each for ten patients, five found: a binomial share, of which 0.2 and 0.8 are the percentiles.
    box = (0.0, 0, 10, 10)
    images = [image(p, [box], *[(*box, 0.9)][: 1 - p % 2]) for p in range(10)]
    assert by(evaluate(images), "iou50")["mean_interval_95"] == [0.2, 0.8]


def test_one_patient_has_no_interval_and_no_image_no_lesion() -> None:
    assert by(evaluate([image(1, [(0.0, 0, 9, 9)])]), "iou50")["mean_interval_95"] is None
    assert by(evaluate([]), "center") == {
        "criterion": "center",
        "n_lesions": 0,
        "sensitivity": [0.0] * 6,
        "mean_sensitivity": 0.0,
        "mean_interval_95": None,
    }


def test_a_part_of_the_lesions_is_judged_with_all_false_positives() -> None:
    cohort = Cohort([image(1, [(0.0, 0, 10, 10), (40.0, 40, 50, 50)], (0, 0, 10, 10, 0.9), (90, 90, 99, 99, 0.95))])
    members = cohort.where(lambda _image, truth: truth.box_px[0] == 0)
    curve = cohort.curve("center", cohort.events("center"), members)
    assert (curve["n_lesions"], curve["sensitivity"]) == (1, [0, 1, 1, 1, 1, 1])


def test_generator_and_percentile_are_those_of_their_sources() -> None:
    # The first outputs for seed 1234567 in the reference implementation of SplitMix64.
    assert splitmix64(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert resamples(4).sum(1).tolist() == [4] * 1000
    assert percentile(np.arange(1, 41), 0.025) == 1
    assert percentile(np.arange(1, 42), 0.025) == 2


def test_the_committed_golden_file_is_what_its_script_writes(tmp_path: Path) -> None:
    out = tmp_path / "froc.json"
    subprocess.run([sys.executable, str(REPOSITORY / "tests/golden/froc.py"), str(out)], check=True)
    assert out.read_bytes() == (REPOSITORY / "tests/golden/froc.json").read_bytes()
    assert out.stat().st_size < 150_000


def test_two_detectors_are_compared_on_the_same_resamples() -> None:
    box, far = (0.0, 0, 10, 10), (80, 80, 90, 90, 0.95)
    first = [image(p, [box], (*box, 0.9)) for p in range(6)]
    second = [image(p, [box], *([(*box, 0.9)] if p else [far])) for p in range(6)]
    made = paired_difference(first, second)
    assert made["difference"] == pytest.approx(-1 / 6)
    low, high = made["difference_95"]
    assert -0.6 < low < -1 / 6 < high == 0
    assert paired_difference(first, first) == {"difference": 0.0, "difference_95": [0.0, 0.0]}
    with pytest.raises(ValueError, match="same images"):
        paired_difference(first, first[:3])
