"""What is judged by what: the sets of the evaluation, and those by which scores and types are fitted.

Change the tables here when a run sees other patients. A set's folder holds `Images_png/` and `DL_info.csv`;
`{data}` and `{runs}` stand for the folders given on the command line. Patterns are over patient names or series;
an empty list means every slice of the folder.

Two numbers per output calibrate the scores, and two more name types; both are fitted on the validation patients
in `FIT`, who are no DeepLesion patient. Types are reported on other patients only (`types`). The FROC of the
validation sets is over all of their patients: the fit moves the outputs against each other, no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..data.layout import Series, read_layout
from ..data.truths import KeySlice, key_slices
from ..run.detect import chosen

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
SARCOMA = ["STS_03[3-9]", "STS_040"]


def synthetic_patients(names: list[str]) -> list[str]:
    """Patterns over the synthetic set, which numbers its patients by the order of their sorted names."""
    return [str(980000 + sorted(VALIDATION).index(name)) for name in names]


VALIDATION_FIT = ["ID_0039", "ID_0060", "ID_0015", "ID_0021", "ID_0030"]
SARCOMA_FIT = ["STS_03[3-6]"]
NODULES_FIT = ["9300[0-9][02468]_*"]
"""Every second cluster of patients."""


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
    "nodules": EvalSet("LIDC-IDRI nodules", "{runs}/nodules", {"shipped": []}, types=["9300[0-9][13579]_*"]),
    "sarcoma": EvalSet("soft-tissue sarcoma", CT, {"shipped": SARCOMA}, types=["STS_03[7-9]", "STS_040"]),
    "synthetic": EvalSet(
        "synthetic lesions in real slices",
        "{runs}/synthetic",
        {"shipped": []},
        types=synthetic_patients([p for p in VALIDATION if p not in VALIDATION_FIT]),
    ),
    "unboxed": EvalSet("slices without boxes", CT, {"shipped": VALIDATION}, is_boxed=False),
}

FIT = {
    "unboxed": EvalSet("slices without boxes", CT, {"": VALIDATION}, is_boxed=False),
    # The cropped field of view tells the tumour's place: these slices flatter any score.
    "sarcoma": EvalSet("soft-tissue sarcoma", CT, {"": SARCOMA_FIT}, weight=0.5),
    "nodules": EvalSet("LIDC-IDRI nodules", "{runs}/nodules", {"": NODULES_FIT}),
    "synthetic": EvalSet(
        "synthetic lesions in real slices", "{runs}/synthetic", {"": synthetic_patients(VALIDATION_FIT)}
    ),
}
"""The same for every run, and seen by none."""


def series_of(place: Path, patterns: list[str]) -> list[Series]:
    """Series of a set's folder."""
    table = place / "DL_info.csv"
    return chosen(read_layout(place / "Images_png", table, table.parent / "sources.csv"), patterns)


def slices_of(place: Path, patterns: list[str]) -> list[KeySlice]:
    """Key slices of a set's folder."""
    return key_slices(place / "DL_info.csv", patterns)
