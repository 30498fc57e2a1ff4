import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lesionlens_training import spec
from lesionlens_training.twin.heads import Decoding, Marks, candidates, iou, records, suppressed

AT = {name: i for i, name in enumerate(spec.CHANNELS)}
PLAIN = Decoding()


def marks(*rows: tuple[float, ...]) -> Marks:
    made = np.asarray(rows, np.float64).reshape(-1, 5)
    return Marks(made[:, :4], made[:, 4])


def heads(**values: float) -> list[np.ndarray]:
    """One hot cell (column 7, row 5) at stride 4 in an image of 64 × 64 input px."""
    made = [np.zeros((len(spec.CHANNELS), 64 // s, 64 // s), np.float32) for s in spec.STRIDES]
    for head in made:
        head[AT["heat"]] = -99
    plain = {"heat": 2.0, "dx": 0.5, "dy": 0.25, "log_w": np.log(16), "log_h": np.log(8)}
    for name, value in {**plain, **values}.items():
        made[0][AT[name], 5, 7] = value
    return made


def test_candidate_is_decoded_to_image_pixels_with_margin() -> None:
    found = candidates(heads(), (10, 20), (1.25, 1.25), (512, 512))
    assert len(found) == 1
    # Centre (30, 21) on the grid, 16 × 8; origin and ratio; 5 px of margin.
    assert found.boxes[0] == pytest.approx(
        [(22 + 10) * 1.25 - 5, (17 + 20) * 1.25 - 5, (38 + 10) * 1.25 + 5, (25 + 20) * 1.25 + 5]
    )
    assert found.score[0] == pytest.approx(1 / (1 + np.exp(-2)))


def test_diameters_cross_in_the_centre_at_right_angles_and_short_never_exceeds_long() -> None:
    theta = np.deg2rad(30)
    axes = {
        "log_long": np.log(20),
        "log_short": np.log(10),
        "sin_2theta": 3 * np.sin(2 * theta),
        "cos_2theta": 3 * np.cos(2 * theta),
    }
    found = candidates(heads(**axes), (0, 0), (2.0, 2.0), (200, 200))
    long, short = found.ends[0]
    assert long.mean(0) == pytest.approx([60, 42])
    assert short.mean(0) == pytest.approx([60, 42])
    assert long[1] - long[0] == pytest.approx([40 * np.cos(theta), 40 * np.sin(theta)])
    assert np.dot(long[1] - long[0], short[1] - short[0]) == pytest.approx(0)
    assert found.lengths[0] == pytest.approx([20, 10])
    cut = candidates(heads(**{**axes, "log_short": np.log(30)}), (0, 0), (1.0, 1.0), (64, 64))
    assert cut.lengths[0] == pytest.approx([20, 20])


def test_records_carry_millimetres_and_a_type_only_where_they_are_known() -> None:
    found = candidates(
        heads(log_long=np.log(20), log_short=np.log(10), cos_2theta=1, type_lung=3), (0, 0), (1.0, 1.0), (64, 64)
    )
    known = records(found, PLAIN, spacing_known=True)[0]
    assert (known["axes"]["long_mm"], known["axes"]["short_mm"]) == (16.0, 8.0)
    assert known["type"]["name"] == "lung"
    assert known["type"]["probability"] == pytest.approx(np.exp(3) / (np.exp(3) + 7), abs=1e-4)
    unsure = records(found, replace(PLAIN, temperature=3.0), spacing_known=False)[0]
    assert unsure["type"] is None
    assert (unsure["axes"]["long_mm"], unsure["axes"]["short_mm"]) == (None, None)
    raw = records(found, PLAIN, spacing_known=True, raw=True)[0]["raw"]
    assert (raw["stride"], raw["logit"], raw["types"][4]) == (4, 2.0, 3.0)


def test_scores_of_each_output_have_their_own_scale_and_offset() -> None:
    decoding = replace(PLAIN, score={4: (0.5, 1.0), 8: (1.0, -9.0)})
    assert candidates(heads(), (0, 0), (1.0, 1.0), (64, 64), decoding).score == pytest.approx([1 / (1 + np.exp(-2))])
    assert (
        len(candidates(heads(), (0, 0), (1.0, 1.0), (64, 64), replace(PLAIN, score={4: (1.0, -6.0), 8: (1.0, 0.0)})))
        == 0
    )


def test_a_value_that_is_no_number_makes_no_candidate() -> None:
    assert len(candidates(heads(log_w=np.nan), (0, 0), (1.0, 1.0), (64, 64))) == 0


def test_a_net_without_diameters_and_types_is_decoded_to_boxes_alone() -> None:
    five = [h[:5] for h in heads()]
    found = candidates(five, (0, 0), (1.0, 1.0), (64, 64), replace(PLAIN, channels=spec.CHANNELS[:5]))
    made = records(found, PLAIN, spacing_known=True)[0]
    assert (made["axes"], made["type"]) == (None, None)


def test_suppression_keeps_the_best_of_an_overlapping_pair() -> None:
    kept = suppressed(marks((0, 0, 10, 10, 0.5), (0, 0, 10, 9, 0.9), (40, 40, 50, 50, 0.1)))
    assert kept.score.tolist() == [0.9, 0.1]


def test_suppression_does_not_depend_on_the_order_of_equal_scores() -> None:
    rows = [(2, 0, 12, 10, 0.5), (0, 0, 10, 10, 0.5), (1, 0, 11, 10, 0.5)]
    kept = [suppressed(marks(*(rows[i] for i in order))).boxes.tolist() for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0))]
    assert kept == [[[0, 0, 10, 10]]] * 3


def test_overlap_of_empty_boxes_is_nothing() -> None:
    assert iou(np.zeros(4), np.array([[0.0, 0, 0, 0], [0, 0, 1, 1]])).tolist() == [0, 0]


def test_decoding_is_read_from_specs_with_and_without_scores_and_types(tmp_path: Path) -> None:
    made = spec.spec_dict("ab")
    path = tmp_path / "detector.json"
    for output in made["outputs"]:
        output["score"] = {"scale": 2.0, "offset": -0.5}
    made["types"] = {"temperature": 1.5, "min_probability": 0.7}
    path.write_text(json.dumps(made))
    read = Decoding.read(path)
    assert (read.score, read.temperature, read.min_probability) == ({4: (2.0, -0.5), 8: (2.0, -0.5)}, 1.5, 0.7)
    for output in made["outputs"]:
        del output["score"]
    del made["types"]
    path.write_text(json.dumps(made))
    assert Decoding.read(path).score == {4: (1.0, 0.0), 8: (1.0, 0.0)}
