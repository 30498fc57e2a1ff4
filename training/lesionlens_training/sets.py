"""What is judged by what: the sets of the evaluation, and those by which scores and types are fitted.

Change the tables here when a run sees other patients. A set's folder holds `Images_png/` and `DL_info.csv`;
`{data}` and `{runs}` stand for the folders given on the command line. Patterns are over patient names or series;
an empty list means every slice of the folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .data import Series, read_layout
from .detect import chosen
from .truths import KeySlice, key_slices

FOLDS = {
    "fold-a": ["DL000002"],
    "fold-b": ["DL000009"],
    "fold-c": ["DL000010", "DL000013", "DL000014"],
}
"""Patients whose key slices a fold run never saw."""

VALIDATION = [
    "965000-2", "ID_0039", "ID_0060", "ID_0015", "ID_0021", "ID_0030", "ID_0022", "ID_0032", "ID_0013", "ID_0019",
    "ID_0071",
]  # fmt: skip
"""Patients with unboxed slices that no run saw."""
VALIDATION_FIT = ["ID_0039", "ID_0060", "ID_0015", "ID_0021", "ID_0030"]
"""Those in whose slices the lesions lie by which types are fitted."""
SARCOMA = ["STS_03[3-9]", "STS_040"]
SARCOMA_FIT = ["STS_03[3-6]"]
NODULES = ["LIDC-IDRI-??[13579]0"]
NODULES_FIT = ["LIDC-IDRI-??[02468]0"]


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
    "deeplesion": EvalSet("DeepLesion key slices, by patient folds", CT, FOLDS),
    "lung-dx": EvalSet("Lung-PET-CT-Dx, lung tumour", CT, {"fold-a": ["Lung_Dx-A0001"]}),
    "nodules": EvalSet("LIDC-IDRI nodules", "{runs}/nodules", {"shipped": []}),
    "sarcoma": EvalSet("soft-tissue sarcoma", CT, {"shipped": SARCOMA}, types=["STS_03[7-9]", "STS_040"]),
    "synthetic": EvalSet(
        "synthetic lesions in real slices",
        "{runs}/synthetic",
        {"shipped": []},
        # The set numbers its patients by the order of their sorted names.
        types=[str(980000 + sorted(VALIDATION).index(p)) for p in VALIDATION if p not in VALIDATION_FIT],
    ),
    "unboxed": EvalSet("slices without boxes", CT, {"shipped": VALIDATION}, is_boxed=False),
}

FIT = {
    "unboxed": EvalSet("slices without boxes", CT, {"": VALIDATION}, is_boxed=False),
    "sarcoma": EvalSet("soft-tissue sarcoma", CT, {"": SARCOMA_FIT}),
    "nodules": EvalSet("LIDC-IDRI nodules", "{runs}/nodules-fit", {"": []}),
    "synthetic": EvalSet("synthetic lesions in real slices", "{runs}/synthetic-fit", {"": []}),
}
"""The same for every run, and seen by none."""


def series_of(place: Path, patterns: list[str]) -> list[Series]:
    """Series of a set's folder."""
    table = place / "DL_info.csv"
    return chosen(read_layout(place / "Images_png", table, table.parent / "sources.csv"), patterns)


def slices_of(place: Path, patterns: list[str]) -> list[KeySlice]:
    """Key slices of a set's folder."""
    return key_slices(place / "DL_info.csv", patterns)
