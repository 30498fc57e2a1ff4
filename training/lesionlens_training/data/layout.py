"""Reads a folder in DeepLesion's layout.

In: `IMAGES/<series>/<slice>.png` (16-bit, stored value = HU + 32768), a `DL_info.csv`, and, where
there is one, a `sources.csv` with columns series, source, patient, licence, spacing_mm.
Out: `Series` and `SliceRecord` objects. Boxes are half-open pixel edges of the tight lesion
extent: DeepLesion's boxes are 1-based, inclusive and hold 5 px of margin on each side.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from ..lesion import Axes, Box, Lesion
from ..spec import MARGIN_PX

STORED_OFFSET = 32768
ASSUMED_SPACING_MM = 0.8
TABLE_COLUMNS = ["File_name", "Patient_index", "Study_index", "Series_ID", "Key_slice_index", "Measurement_coordinates", "Bounding_boxes", "Lesion_diameters_Pixel_", "Coarse_lesion_type", "Possibly_noisy", "Spacing_mm_px_", "Image_size", "Train_Val_Test"]
"""The columns of `DL_info.csv` that the sets made here fill."""


@dataclass
class Truth:
    """One annotated lesion: `box_px` as DeepLesion draws it (with margin), `tight_px` without; `axes_px`
    where the table carries the measurement."""

    box_px: Box
    coarse_type: int
    split: int
    axes_px: Axes | None = None

    @property
    def tight_px(self) -> Box:
        """Lesion extent; a box too small for the margin keeps at least 1 px."""
        x0, y0, x1, y1 = self.box_px
        mx = min(MARGIN_PX, (x1 - x0 - 1) / 2)
        my = min(MARGIN_PX, (y1 - y0 - 1) / 2)
        return (x0 + mx, y0 + my, x1 - mx, y1 - my)

    @property
    def long_px(self) -> float | None:
        """RECIST long diameter."""
        return self.axes_px and self.axes_px[0]

    @property
    def short_px(self) -> float | None:
        """RECIST short diameter."""
        return self.axes_px and self.axes_px[1]


@dataclass
class Series:
    """Slices of one series in stacking order."""

    id: str
    patient: str
    source: str
    licence: str
    folder: Path
    spacing_mm: float
    spacing_assumed: bool
    interval_mm: float | None
    numbers: list[int]
    # DeepLesion's official split of the patient where `sources.csv` says it; 0 where nothing does.
    split: int = 0
    truths: dict[int, list[Truth]] = field(default_factory=dict)

    @property
    def patient_index(self) -> int:
        """DeepLesion's number of the patient: the first part of the series' name."""
        return int(self.id.split("_")[0])

    def position_mm(self, idx: int) -> float | None:
        """Position along the stacking axis: slice number times the slice interval."""
        if self.interval_mm is None:
            return None
        return self.numbers[idx] * self.interval_mm

    def path(self, idx: int) -> Path:
        return self.folder / f"{self.numbers[idx]:03d}.png"


def read_hu(path: Path) -> np.ndarray:
    """16-bit PNG → HU, int32 `[rows, cols]`."""
    return np.asarray(Image.open(path)).astype(np.int32) - STORED_OFFSET


def parse_box(text: str) -> tuple[float, float, float, float]:
    """DeepLesion's `x0, y0, x1, y1` (1-based, inclusive) → half-open pixel edges."""
    x0, y0, x1, y1 = (float(v) for v in text.split(","))
    return (x0 - 1, y0 - 1, x1, y1)


def parse_axes(text: str) -> Axes | None:
    """DeepLesion's `x11, y11, x12, y12, x21, y21, x22, y22`, the end points of two diameters; None for ''."""
    if not text.strip():
        return None
    x0, y0, x1, y1, u0, v0, u1, v1 = (float(v) for v in text.split(","))
    a, b = np.array([x1 - x0, y1 - y0]), np.array([u1 - u0, v1 - v0])
    if np.hypot(*b) > np.hypot(*a):
        a, b = b, a
    return float(np.hypot(*a)), float(np.hypot(*b)), float(np.arctan2(a[1], a[0]))


def table_cells(lesion: Lesion) -> dict[str, str]:
    """The cells of a row that describe a lesion; the diameters' ends lie about the middle of its box."""
    x0, y0, x1, y1 = lesion.box
    m = MARGIN_PX
    made = {
        "Bounding_boxes": f"{x0 - m + 1:g}, {y0 - m + 1:g}, {x1 + m:g}, {y1 + m:g}",
        "Coarse_lesion_type": str(lesion.type),
    }
    if lesion.axes is not None:
        long, short, theta = lesion.axes
        middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
        ends: list[float] = []
        for length, angle in ((long, theta), (short, theta + np.pi / 2)):
            reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
            ends += [*(middle - reach), *(middle + reach)]
        made["Measurement_coordinates"] = ", ".join(f"{v:.3f}" for v in ends)
        made["Lesion_diameters_Pixel_"] = f"{long:.4f}, {short:.4f}"
    return made


def split_said(annotation: str) -> int:
    """The official split that a source's annotation names, as in "official val patient"; 0 where it names none."""
    words = {"official train patient": 1, "official val patient": 2, "official test patient": 3}
    return next((split for text, split in words.items() if text in annotation), 0)


def source_of(series_id: str) -> str:
    """Short name of the source, from the number range of the pack's series."""
    n = int(series_id.split("_")[0])
    if n < 900000:
        return "deeplesion"
    if n < 920000:
        return "sarcoma"
    if n < 930000 or 950000 <= n < 960000:
        return "lung-dx"
    if 940000 <= n < 950000:
        return "lidc"
    if n >= 990000:
        return "phantom"
    return "background"


def read_layout(images: Path, dl_info: Path | None, sources: Path | None = None) -> list[Series]:
    """All series below `images`, ordered by id. Rows flagged as noisy are dropped."""
    rows: dict[str, list[dict]] = {}
    if dl_info is not None:
        with open(dl_info, newline="") as f:
            for row in csv.DictReader(f):
                if row.get("Possibly_noisy", "0").strip() == "1":
                    continue
                series_id, _, number = row["File_name"].removesuffix(".png").rpartition("_")
                row["number"] = number
                rows.setdefault(series_id, []).append(row)
    listed: dict[str, dict] = {}
    if sources is not None and sources.exists():
        with open(sources, newline="") as f:
            listed = {row["series"]: row for row in csv.DictReader(f)}

    result = []
    for folder in sorted(p for p in images.iterdir() if p.is_dir()):
        numbers = sorted(int(p.stem) for p in folder.glob("*.png"))
        if not numbers:
            continue
        id_ = folder.name
        spacing: list[float] = []
        for text in [r.get("Spacing_mm_px_", "") for r in rows.get(id_, [])[:1]] + [
            listed.get(id_, {}).get("spacing_mm", "")
        ]:
            try:
                spacing = [float(v) for v in text.split(",")]
            except ValueError:
                continue
            break
        series = Series(
            id=id_,
            patient=listed.get(id_, {}).get("patient", id_.split("_")[0]),
            source=source_of(id_),
            licence=listed.get(id_, {}).get("licence", ""),
            folder=folder,
            spacing_mm=spacing[0] if spacing else ASSUMED_SPACING_MM,
            spacing_assumed=not spacing,
            interval_mm=spacing[2] if len(spacing) > 2 and spacing[2] > 0 else None,
            numbers=numbers,
            split=split_said(listed.get(id_, {}).get("annotation", "")),
        )
        present = set(numbers)
        for row in rows.get(id_, []):
            number = int(row["number"])
            if number in present:
                kind = row.get("Coarse_lesion_type", "").strip()
                split = row.get("Train_Val_Test", "").strip()
                series.truths.setdefault(number, []).append(
                    Truth(
                        parse_box(row["Bounding_boxes"]),
                        int(kind or -1),
                        int(split or 0),
                        parse_axes(row.get("Measurement_coordinates", "")),
                    )
                )
        result.append(series)
    return result
