"""The key slices of one official split as a set of their own, in DeepLesion's layout.

`python -m lesionlens_training.judge.split_set FOLDER... --split 2 --out OUT [--pixels full|coded]`

In: folders in DeepLesion's layout with the columns of `DL_info.csv`. Out: `Images_png/` with links to the slices,
`DL_info.csv` with the rows of that split whose slices are there, and `sources.csv`. `--pixels full` keeps slices with
measured values below 0 HU, `coded` those in which they were filled in.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from ..data.cache import is_coded
from ..data.layout import read_hu
from ..data.truths import read_sources


def write_set(folders: list[Path], split: int, out: Path, pixels: str | None = None) -> dict[str, int]:
    """Writes the set; returns how many slices, lesions and patients it holds. The first folder that has a slice
    gives it."""
    (out / "Images_png").mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, str]] = []
    columns: list[str] = []
    sources: dict[str, dict[str, str]] = {}
    taken: dict[str, Path] = {}
    for folder in folders:
        with open(folder / "DL_info.csv", newline="") as f:
            listed = csv.DictReader(f)
            columns += [c for c in listed.fieldnames or [] if c not in columns]
            for row in listed:
                series, _, number = row["File_name"].strip().removesuffix(".png").rpartition("_")
                image = folder / "Images_png" / series / f"{int(number):03d}.png"
                if row["Train_Val_Test"].strip() != str(split) or not image.exists():
                    continue
                if taken.setdefault(row["File_name"], folder) != folder:
                    continue
                if pixels is not None and is_coded(read_hu(image)) != (pixels == "coded"):
                    continue
                link = out / "Images_png" / series / image.name
                link.parent.mkdir(exist_ok=True)
                link.unlink(missing_ok=True)
                link.symlink_to(image.resolve())
                rows.append(row)
        sources |= {k: v for k, v in read_sources(folder / "DL_info.csv").items() if k not in sources}
    used = sorted({row["File_name"].strip().removesuffix(".png").rpartition("_")[0] for row in rows})
    with open(out / "DL_info.csv", "w", newline="") as f:
        table = csv.DictWriter(f, columns, restval="")
        table.writeheader()
        table.writerows(rows)
    with open(out / "sources.csv", "w", newline="") as f:
        table = csv.DictWriter(f, ("series", "source", "patient", "licence", "pixels", "spacing_mm", "annotation"))
        table.writeheader()
        table.writerows(sources[series] for series in used if series in sources)
    slices = {row["File_name"] for row in rows}
    return {"slices": len(slices), "lesions": len(rows), "patients": len({s.split("_")[0] for s in used})}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folders", type=Path, nargs="+")
    p.add_argument("--split", type=int, required=True)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--pixels", choices=("full", "coded"))
    args = p.parse_args()
    print(write_set(args.folders, args.split, args.out, args.pixels))


if __name__ == "__main__":
    main()
