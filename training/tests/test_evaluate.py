import json
import os
import subprocess
from pathlib import Path

import pytest
from conftest import write_miniature
from made import detections_file

from lesionlens_training.data.truths import key_slices, read_detections
from lesionlens_training.judge.evaluate import froc_report, load

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def lesionlens() -> str:
    """The program: the one that LESIONLENS names, as `cargo xtask test training` does, or the repository's build."""
    path = os.environ.get("LESIONLENS") or str(REPOSITORY / "target/debug/lesionlens")
    if not Path(path).exists():
        pytest.skip(f"{path} is not built")
    return path


def test_boxes_of_the_table_as_detections_are_found_without_false_positives(tmp_path: Path) -> None:
    _, table = write_miniature(tmp_path / "data")
    slices = key_slices(table)
    assert [(s.path, s.patient, len(s.truths)) for s in slices] == [(f"{p:06d}_01_01/011.png", p, 1) for p in (1, 2, 3)]
    assert slices[0].truths[0].box_px == (100, 65, 135, 105)
    assert slices[0].truths[0].type == "abdomen"
    file = detections_file(tmp_path / "d.json", {s.path: [(*s.truths[0].box_px, 0.9)] for s in slices[:2]})
    report = froc_report(table, [file])
    assert (report["n_images"], report["n_lesions"]) == (2, 2)
    assert report["curves"][0]["mean_sensitivity"] == 1


def test_diameters_and_angle_come_from_the_table_where_it_has_them(tmp_path: Path) -> None:
    table = tmp_path / "DL_info.csv"
    table.write_text(
        "File_name,Patient_index,Measurement_coordinates,Bounding_boxes,Lesion_diameters_Pixel_,Coarse_lesion_type,"
        "Possibly_noisy,Spacing_mm_px_\n"
        '000005_01_02_030.png,9,"10, 20, 22, 32, 18, 24, 14, 28","5, 15, 27, 37","16.97, 5.66",-1,0,"0.7, 0.7, 5"\n'
        '000005_01_02_031.png,9,,"5, 15, 27, 37",,5,1,"0.7, 0.7, 5"\n'
    )
    (tmp_path / "sources.csv").write_text("series,source,patient\n000005_01_02,somewhere,P9\n")
    first, second = key_slices(table)
    truth = first.truths[0]
    assert (truth.long_px, truth.short_px) == pytest.approx((16.97, 5.66))
    assert truth.angle == pytest.approx(0.785398, abs=1e-6)
    assert (truth.type, first.source, first.patient, first.patient_name) == (None, "somewhere", 9, "P9")
    assert second.truths == []
    assert key_slices(table, ["P?"]) == [first, second]
    assert key_slices(table, ["P10"]) == []


def test_a_file_of_another_schema_and_an_image_twice_are_refused(tmp_path: Path) -> None:
    a = detections_file(tmp_path / "a", {"000001_01_01/011.png": []})
    with pytest.raises(ValueError, match="schema other/1"):
        read_detections(detections_file(tmp_path / "b", {}, "other/1"))
    with pytest.raises(ValueError, match="two of the files"):
        load([a, a])


@pytest.mark.parametrize("shift", [3.3, 17.1])
def test_the_program_and_the_python_froc_write_the_same_report(
    shift: float, lesionlens: str, tmp_path: Path
) -> None:
    images, table = write_miniature(tmp_path / "data", n_patients=5)
    found = {
        s.path: [(100 + shift * k, 65.7, 135 + shift * k, 105.2, 0.9 - 0.1 * ((k + i) % 4)) for k in range(6)]
        for i, s in enumerate(key_slices(table))
    }
    file = detections_file(tmp_path / "d.json", found)
    report = froc_report(table, [file])
    assert report["n_detections"] == 30
    command = [lesionlens, "froc", str(images), str(table), "--detections", str(file), "--json"]
    assert report == json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
