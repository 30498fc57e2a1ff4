"""Builds the training cache: every slice at 0.8 mm, cropped to the body, as int16 HU.

In: a folder in DeepLesion's layout. Out: `<cache>/slices.raw` (flat int16), `<cache>/places.raw`
(place masks, flat u8) and `<cache>/index.json` with one entry per slice: offset and shape in the
flat array, series, slice number, patient, source, spacing, map to image px, tight boxes in input px.

Lesions that the table lacks can be added from a file of boxes drawn by eye (`lesions_by_eye.csv`): a
`lesion` is trained on, an `ignore`d place is neither lesion nor background.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..lesion import UNKNOWN_TYPE, Axes, Box, Lesion
from ..twin.input import Input, build_input
from .layout import Series, read_hu, read_layout
from .tissue import place_mask


@dataclass
class CachedSlice:
    """One slice of the cache. `hu` is int16 `[3, h, w]`, `places` the place mask u8 `[h, w]`;
    `lesions` and the `ignored` boxes in input px. `by_eye`: lesions of no radiologist. `coded`: what was below 0 HU
    was lost and filled with constants. `suspect`: shows lesions that nobody boxed. `pelvis`: known to be there."""

    hu: np.ndarray
    places: np.ndarray
    series: str
    number: int
    patient: str
    source: str
    path: str
    spacing_mm: float
    origin: tuple[int, int]
    ratio: tuple[float, float]
    lesions: list[Lesion]
    ignored: list[Box]
    by_eye: bool
    split: int
    coded: bool = False
    suspect: bool = False
    pelvis: bool = False


FILLS_HU = (-1024, -850, -100)
"""What a coded slice holds below 0 HU."""


def is_coded(hu: np.ndarray) -> bool:
    """Whether nearly all that lies between air and water is one of the fills' constants."""
    between = hu[(hu > -1000) & (hu < 0)]
    return len(between) > 0 and float(np.isin(between, FILLS_HU).mean()) > 0.9


@dataclass
class Facts:
    """What `series_facts.toml` says of single series: patterns of `suspect` ones, first slice of the pelvis."""

    suspect: list[str] = field(default_factory=list)
    pelvis_from: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path | None) -> Facts:
        """From a TOML file; nothing is known without one."""
        return cls(**tomllib.loads(path.read_text())) if path is not None else cls()

    def is_suspect(self, series: str) -> bool:
        return any(fnmatch.fnmatchcase(series, p) for p in self.suspect)

    def is_pelvis(self, series: str, number: int) -> bool:
        return series in self.pelvis_from and number >= self.pelvis_from[series]


def slice_input(series: Series, idx: int) -> Input:
    """The input stage for slice `idx` of a series on disk."""
    key = read_hu(series.path(idx))
    position = series.position_mm(idx)
    others: list[tuple[float, np.ndarray]] = []
    if position is not None:
        for j in range(max(idx - 3, 0), min(idx + 4, len(series.numbers))):
            p = series.position_mm(j)
            assert p is not None
            others.append((p, key if j == idx else read_hu(series.path(j))))
    return build_input(key, (series.spacing_mm, series.spacing_mm), position, others)


def chosen_slices(series: Series, backgrounds: int | None) -> list[int]:
    """Indices of the slices to cache: all, or the key slices and at most `backgrounds` slices without
    rows, evenly spread and no nearer than 20 mm to a key slice, since those show its lesion too."""
    if backgrounds is None:
        return list(range(len(series.numbers)))
    keys = [i for i, number in enumerate(series.numbers) if number in series.truths]
    interval = series.interval_mm or 1.0
    far = [
        i
        for i, number in enumerate(series.numbers)
        if all(abs(number - series.numbers[k]) * interval >= 20 for k in keys)
    ]
    some = [far[int(j)] for j in np.linspace(0, len(far) - 1, min(backgrounds, len(far)))] if far else []
    return sorted({*keys, *some})


@dataclass
class ByEye:
    """One row of `lesions_by_eye.csv`: a tight box in image px, half-open."""

    ignored: bool
    box: Box
    type: int


def read_by_eye(path: Path | None) -> dict[tuple[str, int], list[ByEye]]:
    """Rows by series and slice number."""
    rows: dict[tuple[str, int], list[ByEye]] = {}
    if path is not None:
        with open(path, newline="") as f:
            for row in csv.DictReader(f):
                box = (float(row["x0"]), float(row["y0"]), float(row["x1"]), float(row["y1"]))
                one = ByEye(row["what"] == "ignore", box, int(row["coarse_type"]))
                rows.setdefault((row["series"], int(row["slice"])), []).append(one)
    return rows


class SealedPatient(ValueError):
    """The data hold a patient on whom only somebody else may judge."""


def patients_of(table: Path) -> set[int]:
    """The patients of a DeepLesion table's rows."""
    with open(table, newline="") as f:
        return {int(row["Patient_index"]) for row in csv.DictReader(f)}


def in_input(b: Box, made: Input) -> Box:
    """A box of the image in input px."""
    (ox, oy), (rx, ry) = made.origin, made.ratio
    return (b[0] / rx - ox, b[1] / ry - oy, b[2] / rx - ox, b[3] / ry - oy)


def axes_in_input(axes: Axes | None, made: Input) -> Axes | None:
    """Diameters of the image in input px; its pixels are taken for squares."""
    return axes and (axes[0] / made.ratio[0], axes[1] / made.ratio[0], axes[2])


def build_cache(
    images: Path,
    dl_info: Path | None,
    sources: Path | None,
    out: Path,
    backgrounds: int | None = None,
    by_eye: Path | None = None,
    facts: Path | None = None,
    sealed: Path | None = None,
) -> int:
    """Writes the cache and returns the number of slices; `backgrounds` as in `chosen_slices`. A DeepLesion series of a
    patient whom the table `sealed` lists is refused."""
    drawn = read_by_eye(by_eye)
    known = Facts.read(facts)
    closed = patients_of(sealed) if sealed is not None else set()
    out.mkdir(parents=True, exist_ok=True)
    entries = []
    at = 0
    with open(out / "slices.raw", "wb") as raw, open(out / "places.raw", "wb") as places:
        for series in read_layout(images, dl_info, sources):
            if series.source == "deeplesion" and series.patient_index in closed:
                raise SealedPatient(f"{series.id} belongs to a patient of {sealed}")
            # A slice without rows belongs to the official split of its series' rows.
            split = next((t.split for rows in series.truths.values() for t in rows), series.split)
            for idx in chosen_slices(series, backgrounds):
                number = series.numbers[idx]
                made = slice_input(series, idx)
                hu = np.rint(made.hu).clip(-1100, 3100).astype(np.int16)
                raw.write(hu.tobytes())
                places.write(place_mask(hu[1]).tobytes())
                (ox, oy), (rx, ry) = made.origin, made.ratio
                truths = series.truths.get(number, [])
                extra = drawn.get((series.id, number), [])
                seen = [e for e in extra if not e.ignored]

                entries.append(
                    {
                        "at": at,
                        "shape": list(hu.shape),
                        "series": series.id,
                        "number": number,
                        "patient": series.patient,
                        "source": series.source,
                        "path": f"{series.id}/{number:03d}.png",
                        "spacing_mm": series.spacing_mm,
                        "origin": [int(ox), int(oy)],
                        "ratio": [rx, ry],
                        "boxes": [in_input(b, made) for b in [*(t.tight_px for t in truths), *(e.box for e in seen)]],
                        "types": [t.coarse_type for t in truths] + [e.type for e in seen],
                        "axes": [axes_in_input(t.axes_px, made) for t in truths] + [None for _ in seen],
                        "ignored": [in_input(e.box, made) for e in extra if e.ignored],
                        "by_eye": bool(seen),
                        "split": split,
                        "coded": is_coded(read_hu(series.path(idx))),
                        "suspect": known.is_suspect(series.id),
                        "pelvis": known.is_pelvis(series.id, number),
                    }
                )
                at += hu.size
    (out / "index.json").write_text(json.dumps(entries))
    return len(entries)


def open_cache(path: Path) -> list[CachedSlice]:
    """The cached slices, memory-mapped."""
    entries = json.loads((path / "index.json").read_text())
    flat = np.memmap(path / "slices.raw", np.int16, "r")
    places = np.memmap(path / "places.raw", np.uint8, "r")
    result = []
    for e in entries:
        shape = tuple(e["shape"])
        n = shape[0] * shape[1] * shape[2]
        result.append(
            CachedSlice(
                hu=flat[e["at"] : e["at"] + n].reshape(shape),
                places=places[e["at"] // 3 : (e["at"] + n) // 3].reshape(shape[1:]),
                series=e["series"],
                number=e["number"],
                patient=e["patient"],
                source=e["source"],
                path=e["path"],
                spacing_mm=e["spacing_mm"],
                origin=tuple(e["origin"]),
                ratio=tuple(e["ratio"]),
                lesions=[
                    Lesion(tuple(b), t if t > 0 else UNKNOWN_TYPE, tuple(a) if a else None)
                    for b, t, a in zip(e["boxes"], e["types"], e["axes"])
                ],
                ignored=[tuple(b) for b in e["ignored"]],
                by_eye=e["by_eye"],
                split=e["split"],
                coded=e["coded"],
                suspect=e["suspect"],
                pelvis=e["pelvis"],
            )
        )
    return result


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("images", type=Path)
    p.add_argument("dl_info", type=Path)
    p.add_argument("out", type=Path)
    p.add_argument("--backgrounds", type=int, help="slices without rows per series; all by default")
    p.add_argument("--by-eye", type=Path, help="lesions that the table lacks, and places to ignore")
    p.add_argument("--facts", type=Path, help="what is known of single series")
    p.add_argument("--sealed", type=Path, help="table of patients who must not be in the data")
    args = p.parse_args()
    sources = args.dl_info.parent / "sources.csv"
    n = build_cache(args.images, args.dl_info, sources, args.out, args.backgrounds, args.by_eye, args.facts, args.sealed)
    print(f"{n} slices")


if __name__ == "__main__":
    main()
