from pathlib import Path

from conftest import write_miniature

from lesionlens_training.data.layout import read_layout
from lesionlens_training.judge.split_set import write_set


def test_a_split_becomes_a_set_of_its_own_with_the_slices_that_are_there(tmp_path: Path) -> None:
    write_miniature(tmp_path / "one", split=1)
    write_miniature(tmp_path / "two", split=2)
    made = write_set([tmp_path / "one", tmp_path / "two"], 2, tmp_path / "out")
    assert made == {"slices": 3, "lesions": 6, "patients": 3}
    series = read_layout(tmp_path / "out/Images_png", tmp_path / "out/DL_info.csv")
    assert [(s.id, s.numbers) for s in series] == [(f"00000{i}_01_01", [11]) for i in (1, 2, 3)]
    assert write_set([tmp_path / "one"], 2, tmp_path / "none") == {"slices": 0, "lesions": 0, "patients": 0}


def test_slices_with_measured_and_with_filled_tissue_are_kept_apart(tmp_path: Path) -> None:
    write_miniature(tmp_path / "two", split=2)
    assert write_set([tmp_path / "two"], 2, tmp_path / "full", "full")["slices"] == 3
    assert write_set([tmp_path / "two"], 2, tmp_path / "coded", "coded")["slices"] == 0
