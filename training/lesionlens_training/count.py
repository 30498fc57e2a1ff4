"""Counts what a run trains on: `python -m lesionlens_training.count CONFIG.toml DATA`.

Out: a Markdown table, one row per source and licence of `sources.csv`, and one for the nodule
patches in use.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

from .batches import SUSPECT_SERIES, load_nodules
from .train import matches, read_config, training_slices


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("config", type=Path)
    p.add_argument("data", type=Path, help="folder with ct-lesions and lidc-nodules")
    args = p.parse_args()
    config = read_config(args.config)
    with open(args.data / "ct-lesions/sources.csv", newline="") as f:
        listed = {row["series"]: row for row in csv.DictReader(f)}
    groups = defaultdict(list)
    for s in training_slices(config):
        if s.series in SUSPECT_SERIES:
            continue
        row = listed[s.series]
        groups[(row["source"].split(" (")[0].split(" via ")[0], row["licence"])].append(s)
    print("| source | licence | patients | slices | boxes |\n|---|---|---|---|---|")
    for (source, licence), slices in groups.items():
        patients = len({s.patient for s in slices})
        print(f"| {source} | {licence} | {patients} | {len(slices)} | {sum(len(s.boxes) for s in slices)} |")
    if config.nodules:
        nodules = [n for n in load_nodules(Path(config.nodules)) if not matches(n.patient, config.leave_out_nodule_patients)]
        patients = len({n.patient for n in nodules})
        print(f"| LIDC-IDRI nodule patches | CC BY 3.0 | {patients} | {len(nodules)} patches | {len(nodules)} masks |")


if __name__ == "__main__":
    main()
