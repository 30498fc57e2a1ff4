import csv
import math
from pathlib import Path

import numpy as np
import pytest

from lesionlens_training.data.layout import read_hu, read_layout
from lesionlens_training.data.nodules import NodulePatch
from lesionlens_training.data.truths import key_slices
from lesionlens_training.judge.nodule_set import clusters_of, groups_of_four, write_set


def patch(patient: str, long: int = 24, short: int = 12) -> NodulePatch:
    """An elliptic nodule in the middle of lung."""
    y, x = np.mgrid[0:128, 0:128] - 63.5
    mask = (x / (long / 2)) ** 2 + (y / (short / 2)) ** 2 <= 1
    hu = np.full((128, 128), -850, np.float32)
    hu[mask] = 30
    return NodulePatch(hu, mask, patient)


def of(**counts: int) -> list[NodulePatch]:
    return [patch(p) for p, n in counts.items() for _ in range(n)]


def test_mosaics_are_made_of_as_few_patients_as_possible_and_use_each_nodule_once() -> None:
    groups = groups_of_four(of(a=4, b=3, c=1, d=2, e=2, f=1, g=1, h=1, i=1))
    assert [sorted(p.patient for p in g) for g in groups] == [list("aaaa"), list("bbbc"), list("ddee"), list("fghi")]
    assert len({id(p) for g in groups for p in g}) == 16


def test_mosaics_that_share_a_patient_are_one_cluster() -> None:
    groups = groups_of_four(of(a=7, b=1, c=4))
    assert [sorted(p.patient for p in g) for g in groups] == [list("aaaa"), list("cccc"), list("aaab")]
    assert clusters_of(groups) == [0, 1, 0]


def test_the_set_reads_back_with_diameters_types_and_clusters(tmp_path: Path) -> None:
    made = write_set(of(a=4, b=2, c=2), tmp_path)
    assert made == {"mosaics": 2, "clusters": 2, "patients": 3, "nodules": 8}
    slices = key_slices(tmp_path / "DL_info.csv")
    assert [(s.patient, s.patient_name, len(s.truths)) for s in slices] == [(930000, "a", 4), (930001, "b+c", 4)]
    series = read_layout(tmp_path / "Images_png", tmp_path / "DL_info.csv", tmp_path / "sources.csv")
    for s, folder in zip(slices, series):
        hu = read_hu(folder.path(0))
        for t in s.truths:
            x0, y0, x1, y1 = t.box_px
            # The nodule fills its box less the margin, and nothing bright is in the margin.
            tight = hu[int(y0) + 5 : int(y1) - 5, int(x0) + 5 : int(x1) - 5]
            assert (tight > -400).mean() > 0.6
            assert t.type == "lung"
            assert t.long_px / t.short_px == pytest.approx(2, abs=0.35)
            extent = max(x1 - x0, y1 - y0) - 10
            assert t.long_px == pytest.approx(extent, abs=2)
            across = math.degrees(t.angle) % 180
            assert min(abs(across - a) for a in (0, 90, 180)) < 15


def test_the_same_patches_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_set(of(a=4), tmp_path / name)
    one, two = (sorted(p for p in (tmp_path / n).rglob("*") if p.is_file()) for n in ("one", "two"))
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]
    with open(tmp_path / "one/DL_info.csv", newline="") as f:
        assert len(list(csv.DictReader(f))) == 4
