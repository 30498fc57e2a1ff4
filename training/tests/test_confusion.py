import numpy as np
import pytest

from lesionlens_training.data.truths import KeySlice
from lesionlens_training.judge.confusion import Named, fitted, matrix, named
from lesionlens_training.twin.froc import TYPE_NAMES, Truth

LUNG, LIVER = TYPE_NAMES.index("lung"), TYPE_NAMES.index("liver")


def named_one(true: int, name: str | None, patient: str = "p") -> Named:
    return Named(patient, true, {"type": name and {"name": name, "probability": 0.9}})


def logits(true: int, best: int, lead: float) -> Named:
    values = [0.0] * 8
    values[best] = lead
    return Named(f"p{true}", true, {"raw": {"types": values}})


def test_the_matrix_counts_named_types_and_unknown_ones() -> None:
    made = matrix(
        [
            named_one(LUNG, "lung", "a"),
            named_one(LUNG, None, "a"),
            named_one(LUNG, "soft tissue", "b"),
            named_one(LIVER, "liver", "c"),
        ]
    )
    assert made["counts"][LUNG][TYPE_NAMES.index("lung")] == 1
    assert made["counts"][LUNG][TYPE_NAMES.index("soft tissue")] == 1
    assert made["counts"][LUNG][-1] == 1
    assert (made["n_lesions_met"], made["n_patients"], made["n_named"], made["right"]) == (
        4,
        3,
        3,
        pytest.approx(0.6667, abs=1e-4),
    )
    assert made["right_95"][0] < 0.6667 < made["right_95"][1]
    assert matrix([])["right"] is None


def test_a_lesion_is_named_by_the_best_detection_that_meets_it_and_only_where_its_type_is_known() -> None:
    def found(score: float, name: str, *box: float) -> dict:
        return {"box_px": list(box), "score": score, "type": {"name": name, "probability": 0.9}}

    truths = [Truth((0, 0, 20, 20), type="lung"), Truth((50, 50, 70, 70)), Truth((90, 90, 99, 99), type="bone")]
    key = KeySlice("a/001.png", 1, "p", "s", 1.0, truths)
    # The first meets the lesion by its centre alone.
    detections = [
        found(0.9, "lung", 5, 5, 15, 15),
        found(0.5, "bone", 0, 0, 20, 20),
        found(0.9, "bone", 50, 50, 70, 70),
    ]
    assert [(n.type, n.detection["score"]) for n in named([key], {"a/001.png": detections})] == [(LUNG, 0.9)]


def test_the_smallest_probability_leaves_types_right_at_least_four_times_in_five() -> None:
    rng = np.random.default_rng(1)
    lesions = []
    for true in (LUNG, LIVER, 0, 6):
        for _ in range(50):
            sure = rng.random() < 0.5
            best = true if sure or rng.random() < 0.4 else (true + 1) % 8
            lesions.append(logits(true, best, 5.0 if sure else 1.0))
    made = fitted(lesions)
    assert made["right_of_all"] < 0.8 <= made["right_of_named"]
    assert 0.3 < made["share_named"] < 0.8
    assert made == fitted(lesions)


def test_the_temperature_rises_where_the_net_is_too_sure() -> None:
    too_sure = [logits(LUNG, LUNG if i % 3 else LIVER, 8.0) for i in range(60)]
    assert fitted(too_sure)["types"]["temperature"] > 2


def test_a_type_with_many_lesions_does_not_hide_one_that_is_always_wrong() -> None:
    made = fitted([logits(LUNG, LUNG, 3.0) for _ in range(95)] + [logits(LIVER, LUNG, 3.0) for _ in range(5)])
    assert made["right_of_all"] == pytest.approx(0.5)


def test_without_a_lesion_a_type_would_have_to_be_certain() -> None:
    assert fitted([])["types"]["min_probability"] == 1.0
