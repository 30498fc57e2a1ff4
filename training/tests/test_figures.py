import fnmatch
import json
from pathlib import Path

import numpy as np
import pytest

from lesionlens_training.data.truths import KeySlice
from lesionlens_training.judge.judged import Place, rounded, slim
from lesionlens_training.judge.sets import FIT, SETS, EvalSet
from lesionlens_training.show.figures import at_rates, large, lesions_found, marks, short
from lesionlens_training.twin.froc import EvalImage, Truth, evaluate

BOX = (0, 0, 50, 50)


def found(score: float, *box: float) -> dict:
    return {"box_px": list(box), "score": score, "axes": None, "type": None}


def key_slice(patient: int, *truths: Truth) -> KeySlice:
    return KeySlice(f"{patient:06d}_01_01/001.png", patient, str(patient), "s", 1.0, list(truths))


def test_the_card_quotes_percent() -> None:
    boxes, scores = np.array([BOX], np.float32), np.array([0.9], np.float32)
    images = [
        EvalImage(p, "s", 1.0, [Truth(BOX, type="lung")], boxes[:n], scores[:n]) for p, n in ((1, 1), (2, 1), (3, 0))
    ]
    made = short(evaluate(images))
    assert (made["images"], made["patients"], made["lesions"]) == (3, 3, 3)
    assert made["iou50"]["sensitivity"] == [66.7] * 6
    assert made["strata"]["type lung"] == [3, 66.7, 66.7]


def test_short_lesions_need_not_be_found_and_marks_on_them_are_not_false() -> None:
    long, short_one = Truth(BOX, long_px=20), Truth((100, 100, 114, 114), long_px=4)
    boxes = np.array([(100, 100, 114, 114), BOX], np.float32)
    images = [EvalImage(p, "s", 1.0, [long, short_one], boxes, np.array([0.9, 0.8], np.float32)) for p in (1, 2)]
    made = at_rates(images, "center", longer_than_mm=6)
    assert made["lesions"] == 2
    assert made["sensitivity"] == [100.0] * 6
    assert made["interval_95"][2] == [100.0, 100.0]


def test_of_large_lesions_found_by_centre_those_are_counted_that_are_boxed_well() -> None:
    truth = Truth(BOX)
    slices = [key_slice(1, truth), key_slice(2, truth), key_slice(3, truth), key_slice(4, Truth((0, 0, 30, 30)))]
    marks_of = {
        slices[0].path: [found(0.9, *BOX)],
        # The best by the centre is too small, another fits.
        slices[1].path: [found(0.9, 20, 20, 30, 30), found(0.4, 0, 0, 50, 45)],
        slices[2].path: [found(0.9, 20, 20, 30, 30)],
        slices[3].path: [found(0.9, 0, 0, 30, 30)],
    }
    made = large(slices, marks_of, 0.0)
    assert (made["lesions"], made["found_by_center"], made["of_those_by_iou"], made["best_by_center_fits"]) == (
        3,
        3,
        2,
        1,
    )
    assert made["share"] == pytest.approx(66.7)
    assert large(slices, marks_of, 0.95)["share"] is None


def test_marks_and_lesions_are_counted_from_a_threshold_on() -> None:
    key = key_slice(1, Truth(BOX))
    marks_of = {key.path: [found(0.5, *BOX), found(0.3, 200, 200, 210, 210)], "b/001.png": []}
    assert marks(marks_of, 0.5) == {"slices": 2, "marks_per_slice": 0.5}
    assert marks(marks_of, 0.3)["marks_per_slice"] == 1
    assert lesions_found([key], marks_of, 0.5)["found"] == 1
    assert lesions_found([key], marks_of, 0.51)["found"] == 0


def test_no_patient_by_whom_types_are_fitted_has_types_reported() -> None:
    names = [f"DL{i:06d}" for i in range(1, 61)]
    fit = {n for n in names for p in FIT["validation"].types or [] if fnmatch.fnmatchcase(n, p)}
    reported = {n for n in names for p in SETS["validation"].types or [] if fnmatch.fnmatchcase(n, p)}
    assert fit
    assert reported
    assert not fit & reported


def place_at(root: Path) -> Place:
    place = Place("lesionlens", root / "data", root / "runs", root / "results")
    place.work.mkdir(parents=True)
    return place


def test_a_runs_integer_net_is_its_model_where_there_is_one(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    assert place.spec("base") == tmp_path / "runs/base/detector.json"
    (tmp_path / "runs/base-int8").mkdir()
    (tmp_path / "runs/base-int8/detector.onnx").write_bytes(b"")
    assert place.spec("base") == tmp_path / "runs/base-int8/detector.json"
    assert place.checkpoint("base") == tmp_path / "runs/base/checkpoint.pt"


def test_detections_are_made_once_and_again_when_the_spec_decodes_otherwise(tmp_path: Path) -> None:
    place = place_at(tmp_path)
    program = tmp_path / "lesionlens"
    answer = json.dumps({"schema": "lesionlens.detections/2", "model": {}, "images": [], "errors": []})
    program.write_text(f"#!/bin/sh\necho run >> \"$0.log\"\necho '{answer}'\n")
    program.chmod(0o755)
    place.lesionlens = str(program)
    run, folder = tmp_path / "runs/base", tmp_path / "data/set"
    run.mkdir()
    (folder / "Images_png").mkdir(parents=True)
    (folder / "DL_info.csv").write_text("File_name,Bounding_boxes\n")
    (run / "detector.onnx").write_bytes(b"net")
    judged = EvalSet("a set", "{data}/set", {"base": []})

    def runs_after(**spec: object) -> int:
        (run / "detector.json").write_text(json.dumps(spec))
        place.judged("set", judged)
        return len((tmp_path / "lesionlens.log").read_text().splitlines())

    assert runs_after(nms_iou=0.4) == 1
    assert runs_after(nms_iou=0.4, default_threshold=0.2, operating_points=[]) == 1
    assert runs_after(nms_iou=0.5) == 2


def test_files_are_rounded_and_committed_ones_hold_boxes_and_scores_alone() -> None:
    axes = {"long_px": [[1.2345, 2], [3, 4]], "short_px": [[1, 2], [3, 4]], "long_mm": 10.123456, "short_mm": None}
    detection = {
        "box_px": [1.23456, 2, 3, 4],
        "score": 0.123456789,
        "axes": axes,
        "type": {"name": "lung", "probability": 0.98765},
    }
    made = rounded({"images": [{"path": "/data/Images_png/a/001.png", "detections": [detection]}]})
    image = made["images"][0]
    assert image["path"] == "a/001.png"
    assert image["detections"][0]["box_px"][0] == 1.23
    assert image["detections"][0]["axes"]["long_px"][0] == [1.2, 2]
    assert image["detections"][0]["axes"]["long_mm"] == 10.12
    assert slim(made)["images"][0]["detections"] == [{"box_px": [1.23, 2, 3, 4], "score": 0.12346}]
