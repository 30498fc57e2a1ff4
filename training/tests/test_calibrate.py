import json
from pathlib import Path

import numpy as np
import pytest

from lesionlens_training import spec
from lesionlens_training.data.truths import KeySlice
from lesionlens_training.judge.calibrate import Samples, amend, calibrated, fitted, joined, samples, scored, unboxed
from lesionlens_training.twin.froc import Truth
from lesionlens_training.twin.heads import sigmoid


def drawn(n: int, scale: float, offset: float, stride: int, seed: int) -> Samples:
    """Detections whose labels follow σ(scale · logit + offset)."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1, 2, n)
    label = (rng.random(n) < sigmoid(scale * logit + offset)).astype(float)
    patient = np.array([f"p{i % 10}" for i in range(n)], object)
    return Samples(patient, np.full(n, stride), logit, label, np.ones(n))


def test_the_fit_finds_each_outputs_scale_and_offset() -> None:
    data = joined([drawn(6000, 0.6, -1.0, 4, 1), drawn(6000, 1.5, 0.5, 8, 2)])
    fit = fitted(data)
    assert fit[4] == pytest.approx((0.6, -1.0), abs=0.1)
    assert fit[8] == pytest.approx((1.5, 0.5), abs=0.15)
    assert fit == fitted(data)


def test_scores_say_what_share_of_marks_are_lesions() -> None:
    made = calibrated(drawn(20000, 0.5, -1.5, 4, 3))
    assert made["after"]["brier"] < made["before"]["brier"]
    for part in ("after", "after_patients_left_out"):
        for row in made[part]["table"]:
            if row["n"] > 300:
                assert row["mean_score"] == pytest.approx(row["share_lesions"], abs=0.05)


def test_an_output_with_few_lesions_borrows_from_the_other_and_one_without_detections_takes_the_common_fit() -> None:
    many, few = drawn(5000, 0.5, -1.0, 4, 4), drawn(6, 0.5, -1.0, 8, 5)
    both, alone = fitted(joined([many, few])), fitted(many)
    assert both[8] == pytest.approx(both[4], abs=0.6)
    assert alone[8] == pytest.approx(alone[4], abs=0.01)


def test_scale_stays_positive_when_the_score_is_worse_than_chance() -> None:
    data = drawn(500, 1.0, 0.0, 4, 6)
    data.label = 1 - data.label
    assert fitted(data)[4][0] > 0


def test_a_set_counts_by_its_weight() -> None:
    data = drawn(2000, 1.0, 0.0, 4, 7)
    doubled = Samples(data.patient, data.stride, data.logit, data.label, data.weight * np.where(data.label > 0, 1, 3))
    assert scored(data, fitted(doubled)).mean() < scored(data, fitted(data)).mean()


def found(logit: float, *box: float, stride: int = 4) -> dict:
    return {"box_px": list(box), "score": 0.5, "raw": {"stride": stride, "logit": logit}}


def test_a_detection_is_a_lesion_by_overlap_or_by_its_centre_unless_it_is_a_small_mark_in_a_mass() -> None:
    boxed = KeySlice("a/001.png", 1, "p", "s", 1.0, [Truth((0, 0, 100, 100))])
    overlapping, small, inside = (0, 0, 100, 31), (10, 10, 20, 20), (30, 30, 70, 70)
    beside, touching = (-60, 0, 40, 150), (90, 90, 130, 130)
    detections = [found(-i, *box) for i, box in enumerate((overlapping, small, inside, beside, touching))]
    data = samples([boxed], {"a/001.png": detections})
    assert data.label.tolist() == [1, 0, 1, 0, 0]
    none = samples(unboxed({"b/001.png": detections}, {"b": "q"}), {"b/001.png": detections})
    assert (none.label.sum(), set(none.patient)) == (0, {"q"})


def test_only_the_ten_best_of_each_output_count() -> None:
    many = [found(float(i), 0, 0, 9, 9) for i in range(15)] + [found(-9.0, 0, 0, 9, 9, stride=8)]
    data = samples(unboxed({"a/001.png": many}), {"a/001.png": many})
    assert sorted(data.logit) == [-9.0, *range(5, 15)]


def test_a_fit_is_written_into_a_spec_and_leaves_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "detector.json"
    path.write_text(json.dumps(spec.spec_dict("ab")))
    score = {"s4": {"scale": 0.5, "offset": 0.1}, "s8": {"scale": 2.0, "offset": -0.1}}
    amend(path, score, default_threshold=0.41)
    made = json.loads(path.read_text())
    assert {o["name"]: o["score"] for o in made["outputs"]} == score
    assert made["default_threshold"] == 0.41
    assert list(made) == list(spec.spec_dict("ab"))
    amend(path, default_threshold=0.2)
    assert {o["name"]: o["score"] for o in json.loads(path.read_text())["outputs"]} == score
