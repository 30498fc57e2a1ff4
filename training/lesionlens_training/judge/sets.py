"""What is judged by what: the sets of the evaluation, and those by which scores and types are fitted.

Change the tables here when a run sees other patients. A set's folder holds `Images_png/` and `DL_info.csv`;
`{data}` and `{runs}` stand for the folders given on the command line. Patterns are over patient names or series;
an empty list means every slice of the folder.

Two numbers per output calibrate the scores, and two more name types; both are fitted on the slices in `FIT`: official
validation patients and patients with unboxed slices, seen by no run. Types are fitted on the validation patients with
even numbers and reported on those with odd ones (`types`). The FROC is over all of them: the fit moves the two outputs
against each other, no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..data.layout import Series, read_layout
from ..data.truths import KeySlice, key_slices
from ..run.detect import chosen

VALIDATION = [
    "965000-2", "ID_0039", "ID_0060", "ID_0015", "ID_0021", "ID_0030", "ID_0022", "ID_0032", "ID_0013", "ID_0019",
    "ID_0071",
]  # fmt: skip
"""Patients with unboxed slices that no run saw."""
SARCOMA = ["STS_03[3-9]", "STS_040"]
ODD, EVEN = ["DL*[13579]"], ["DL*[02468]"]


@dataclass(frozen=True)
class EvalSet:
    """A set that figures are reported on. `judges`: run → patients that it judges; `types`: patients whose types
    are reported, all of them when None; `weight` counts in fits only."""

    title: str
    folder: str
    judges: dict[str, list[str]]
    is_boxed: bool = True
    types: list[str] | None = None
    weight: float = 1.0

    def patients(self) -> list[str]:
        """Patterns of every judge."""
        return [p for patterns in self.judges.values() for p in patterns]

    def place(self, data: Path, runs: Path) -> Path:
        """The set's folder."""
        return Path(self.folder.format(data=data, runs=runs))


CT = "{data}/ct-lesions"
SETS = {
    "validation": EvalSet("DeepLesion, official validation key slices", "{runs}/validation", {"shipped": []}, types=ODD),
    "full-hu": EvalSet("those with full HU, and 22 more", "{runs}/full-hu", {"shipped": []}, types=[]),
    "nodules": EvalSet("LIDC-IDRI nodules", "{runs}/nodules", {"shipped": []}),
    "lung-dx": EvalSet("Lung-PET-CT-Dx, lung tumour", CT, {"shipped": ["Lung_Dx-A0001"]}),
    "sarcoma": EvalSet("soft-tissue sarcoma", CT, {"shipped": SARCOMA}),
    "unboxed": EvalSet("slices without boxes", CT, {"shipped": VALIDATION}, is_boxed=False),
}

FIT = {
    "unboxed": EvalSet("slices without boxes", CT, {"": VALIDATION}, is_boxed=False),
    "validation": EvalSet("DeepLesion, official validation key slices", "{runs}/validation", {"": []}, types=EVEN),
}
"""The same for every run, and seen by none. `types`: whose lesions fit the naming of types."""


def series_of(place: Path, patterns: list[str]) -> list[Series]:
    """Series of a set's folder."""
    table = place / "DL_info.csv"
    return chosen(read_layout(place / "Images_png", table, table.parent / "sources.csv"), patterns)


def slices_of(place: Path, patterns: list[str]) -> list[KeySlice]:
    """Key slices of a set's folder."""
    return key_slices(place / "DL_info.csv", patterns)
