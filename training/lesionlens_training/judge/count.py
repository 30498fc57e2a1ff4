"""Counts what runs train on, together: `python -m lesionlens_training.judge.count CONFIG.toml… DATA --out counts.csv`.

Out: a row per source and licence of the packs' `sources.csv`, one for phantoms, and one for the nodule patches in use.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

from ..data.cache import CachedSlice
from ..run.config import Config, read_config, training_nodules, training_slices

PHANTOM = ("Phantom studies of this repository", "MIT OR Apache-2.0")
NODULES = ("LIDC-IDRI nodule patches", "CC BY 3.0")
COLUMNS = ("source", "licence", "patients", "slices", "boxes")


def listed(data: Path) -> dict[str, tuple[str, str]]:
    """Short name of the source and licence of every series of the packs."""
    result = {}
    for path in sorted(data.glob("*/sources.csv")):
        with open(path, newline="") as f:
            for row in csv.DictReader(f):
                result[row["series"]] = (row["source"].split(" (")[0].split(" via ")[0], row["licence"])
    return result


def counted(configs: list[Config], data: Path) -> list[dict[str, str | int]]:
    """A row per source: what the runs together may see."""
    sources = listed(data)
    slices = {s.path: s for config in configs for s in training_slices(config) if s.lesions or not s.suspect}
    groups: dict[tuple[str, str], list[CachedSlice]] = defaultdict(list)
    for s in slices.values():
        groups[PHANTOM if s.source == "phantom" else sources[s.series]].append(s)
    rows = [
        (*key, len({s.patient for s in some}), len(some), sum(len(s.lesions) for s in some))
        for key, some in sorted(groups.items(), key=lambda item: -len(item[1]))
    ]
    nodules = {n.hu.tobytes(): n.patient for config in configs for n in training_nodules(config)}
    if nodules:
        rows.append((*NODULES, len(set(nodules.values())), len(nodules), len(nodules)))
    return [dict(zip(COLUMNS, row)) for row in rows]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("configs", type=Path, nargs="+")
    p.add_argument("data", type=Path, help="folder with the packs, each with its sources.csv")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    with open(args.out, "w", newline="") as f:
        table = csv.DictWriter(f, COLUMNS)
        table.writeheader()
        table.writerows(counted([read_config(c) for c in args.configs], args.data))


if __name__ == "__main__":
    main()
