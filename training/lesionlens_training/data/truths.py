"""The key slices of a `DL_info.csv` with their lesions, read as `lesionlens froc` reads them.

In: the table and, beside it, where there is one, a `sources.csv` with the columns series, source and patient.
Out: `KeySlice` objects by rising series and slice number; with detections (the JSON of `lesionlens detect`)
they become images of an evaluation. Boxes are parsed as f32, so that Python and Rust see the same bits.
"""

from __future__ import annotations

import csv
import fnmatch
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..twin.froc import TYPE_NAMES, EvalImage, Truth, meets
from .layout import ASSUMED_SPACING_MM

SCHEMAS = ("lesionlens.detections/1", "lesionlens.detections/2")
UNKNOWN_SOURCE = "unknown"


@dataclass(frozen=True)
class KeySlice:
    """One key slice. `patient` is the table's index, `patient_name` that of `sources.csv` (or the index)."""

    path: str
    patient: int
    patient_name: str
    source: str
    mm_per_px: float
    truths: list[Truth]


def numbers(text: str | None) -> list[float]:
    """The numbers between the commas of a cell; none for an empty cell."""
    return [float(v) for v in text.split(",")] if text and text.strip() else []


def truth_of(row: dict[str, str]) -> Truth | None:
    """The lesion of a row of the table; None without a box."""
    box = numbers(row.get("Bounding_boxes"))
    if not box:
        return None
    x0, y0, x1, y1 = (np.float32(v) for v in box)
    diameters = numbers(row.get("Lesion_diameters_Pixel_"))
    ends = numbers(row.get("Measurement_coordinates"))
    number = int(row.get("Coarse_lesion_type", "").strip() or -1)
    return Truth(
        box_px=(float(x0 - np.float32(1)), float(y0 - np.float32(1)), float(x1), float(y1)),
        long_px=float(np.float32(diameters[0])) if diameters else None,
        short_px=float(np.float32(diameters[1])) if diameters else None,
        angle=math.atan2(ends[3] - ends[1], ends[2] - ends[0]) % math.pi if ends else None,
        type=TYPE_NAMES[number - 1] if 1 <= number <= len(TYPE_NAMES) else None,
    )


def read_sources(table: Path) -> dict[str, dict[str, str]]:
    """Rows of the `sources.csv` beside a table, by series; empty without the file."""
    path = table.parent / "sources.csv"
    if not path.exists():
        return {}
    with open(path, newline="") as f:
        return {row["series"]: row for row in csv.DictReader(f)}


def patient_names(table: Path) -> dict[str, str]:
    """Patient of each series, by the `sources.csv` beside a table."""
    return {series: row["patient"] for series, row in read_sources(table).items()}


def key_slices(table: Path, patients: list[str] | None = None) -> list[KeySlice]:
    """The key slices of these patients (patterns over patient names or series); all without patterns. A slice
    whose rows are all noisy or without a box is a key slice without lesions."""
    with open(table, newline="") as f:
        rows = list(csv.DictReader(f))
    sources = read_sources(table)
    grouped: dict[tuple[str, int], list[dict[str, str]]] = {}
    for row in rows:
        series, _, number = row["File_name"].strip().removesuffix(".png").rpartition("_")
        grouped.setdefault((series, int(number)), []).append(row)
    result = []
    for (series, number), here in sorted(grouped.items()):
        listed = sources.get(series, {})
        patient = int(here[0].get("Patient_index", "").strip() or series.split("_")[0])
        name = listed.get("patient", str(patient))
        if patients and not any(fnmatch.fnmatchcase(name, p) or fnmatch.fnmatchcase(series, p) for p in patients):
            continue
        spacing = numbers(here[0].get("Spacing_mm_px_"))
        kept = (truth_of(row) for row in here if (row.get("Possibly_noisy") or "").strip() != "1")
        result.append(
            KeySlice(
                path=f"{series}/{number:03d}.png",
                patient=patient,
                patient_name=name,
                source=listed.get("source", UNKNOWN_SOURCE),
                mm_per_px=spacing[0] if spacing else ASSUMED_SPACING_MM,
                truths=[truth for truth in kept if truth is not None],
            )
        )
    return result


def short_path(path: str) -> str:
    """`<series>/<slice>.png`, by which slices are known in every file."""
    return "/".join(Path(path).parts[-2:])


def read_detections(path: Path) -> dict[str, list[dict]]:
    """Detections by image of a detections file of either schema."""
    report = json.loads(path.read_text())
    if report.get("schema") not in SCHEMAS:
        raise ValueError(f"{path} has schema {report.get('schema')}, expected one of {', '.join(SCHEMAS)}")
    return {short_path(image["path"]): image["detections"] for image in report["images"]}


def boxes_of(detections: list[dict]) -> np.ndarray:
    """Boxes f32 `[k, 4]`."""
    return np.asarray([d["box_px"] for d in detections], np.float32).reshape(-1, 4)


def scores_of(detections: list[dict]) -> np.ndarray:
    """Scores f32 `[k]`."""
    return np.asarray([d["score"] for d in detections], np.float32)


def eval_images(slices: list[KeySlice], found: dict[str, list[dict]]) -> list[EvalImage]:
    """Images of the key slices that the detections cover; the others are left out, as the program does."""
    return [
        EvalImage(s.patient, s.source, s.mm_per_px, s.truths, boxes_of(found[s.path]), scores_of(found[s.path]))
        for s in slices
        if s.path in found
    ]


def match(
    truth: Truth, detections: list[dict], criterion: str, threshold: float = 0.0, overlap: float = 0.5
) -> dict | None:
    """The detection with the highest score, at least `threshold`, that meets a lesion; the first of equal ones."""
    if not detections:
        return None
    scores = scores_of(detections)
    hits = np.flatnonzero(
        meets(boxes_of(detections), np.asarray(truth.box_px), criterion, overlap) & (scores >= threshold)
    )
    return detections[hits[np.argmax(scores[hits])]] if len(hits) else None
