"""Counts what runs train on, together: `python -m lesionlens_training.judge.count CONFIG.toml… DATA`.

Out: a Markdown table, one row per source and licence of `sources.csv`, and one for the nodule
patches in use.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

from ..run.config import read_config, training_nodules, training_slices


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("configs", type=Path, nargs="+")
    p.add_argument("data", type=Path, help="folder with ct-lesions and lidc-nodules")
    args = p.parse_args()
    configs = [read_config(c) for c in args.configs]
    with open(args.data / "ct-lesions/sources.csv", newline="") as f:
        listed = {row["series"]: row for row in csv.DictReader(f)}
    groups = defaultdict(list)
    slices = {
        s.path: s for config in configs for s in training_slices(config) if s.lesions or not s.suspect
    }
    for s in slices.values():
        if s.source == "phantom":
            groups[("Phantom studies of this repository", "MIT OR Apache-2.0")].append(s)
            continue
        row = listed[s.series]
        groups[(row["source"].split(" (")[0].split(" via ")[0], row["licence"])].append(s)
    print("| source | licence | patients | slices | boxes |\n|---|---|---|---|---|")
    for (source, licence), some in groups.items():
        patients = len({s.patient for s in some})
        print(f"| {source} | {licence} | {patients} | {len(some)} | {sum(len(s.lesions) for s in some)} |")
    nodules = {n.hu.tobytes(): n.patient for config in configs[:1] for n in training_nodules(config)}
    n = len(nodules)
    print(f"| LIDC-IDRI nodule patches | CC BY 3.0 | {len(set(nodules.values()))} | {n} patches | {n} masks |")


if __name__ == "__main__":
    main()
