"""What each part of the recipe was worth: nets trained alike but for one change, judged on the same sets.

`python -m lesionlens_training.judge.ablation VARIANTS.toml --data DATA --runs RUNS --out RUNS/ablation --results DIR`

In: a TOML file with `base` (a configuration, relative to the file), `steps`, `seed`, and a table per variant that
overrides keys of the configuration (`mix` key by key); a variant named `--only` alone, or all. Every variant
trains from the same start for the same number of steps. Out: `ablation.json` and `ablation.md` in the results
folder: mean sensitivity of the float net (IoU ≥ .5, 95 % interval over patients) per set, and the paired
difference to the first variant, whose interval comes from the same resamples of patients. One seed each: a
difference within the intervals is chance.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import torch

from ..data.truths import eval_images
from ..draw.sampler import Mix, linear_levels
from ..run.detect import NetDetector, detections_file, float_heads
from ..run.train import Config, read_config, train
from ..twin.froc import Cohort, EvalImage, paired_difference
from ..twin.heads import Decoding
from ..twin.input import Input, levels_from_hu, pad
from .evaluate import Found
from .sets import SETS, EvalSet, series_of, slices_of

JUDGED = ("synthetic", "nodules", "sarcoma", "deeplesion")


def read_variants(path: Path) -> dict[str, Config]:
    """Configurations by variant, in the file's order; an unknown key is an error."""
    raw = tomllib.loads(path.read_text())
    base = read_config(path.parent / raw["base"])
    base = replace(base, steps=raw["steps"], minutes=0.0, end=1.0, seed=raw["seed"])
    known = {f.name for f in fields(Config)}
    result = {}
    for name, changes in raw["variants"].items():
        if unknown := changes.keys() - known:
            raise ValueError(f"{path}: variant {name} has unknown keys {sorted(unknown)}")
        mix = replace(base.mix, **changes.get("mix", {}))
        result[name] = replace(base, **{**changes, "mix": mix})
    return result


def slug(name: str) -> str:
    """A folder's name."""
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def levels_for(mix: Mix) -> Callable[[Input], np.ndarray]:
    """What a net sees of an input: what it was trained on."""

    def levels(made: Input) -> np.ndarray:
        hu = made.hu[[1, 1, 1]] if mix.one_slice else made.hu
        return pad(linear_levels(hu) if mix.linear_input else levels_from_hu(hu))

    return levels


def detections(checkpoint: Path, mix: Mix, judged: EvalSet, place: Path) -> Found:
    """Detections of the float net on the boxed slices of a set."""
    detect = NetDetector(float_heads(checkpoint), Decoding(), levels_for(mix))
    made = detections_file("float", "", series_of(place, judged.patients()), detect, only_boxed=True)
    return {image["path"]: image["detections"] for image in made["images"]}


def figure(images: list[EvalImage], first: list[EvalImage] | None) -> dict:
    """Mean sensitivity and, beside the first variant's images, the difference to it."""
    cohort = Cohort(images)
    curve = cohort.curve("iou50", cohort.events("iou50"), np.ones(len(cohort.lesions), bool))
    made = {"n_lesions": curve["n_lesions"], "mean": curve["mean_sensitivity"], "mean_95": curve["mean_interval_95"]}
    return made | (paired_difference(first, images) if first is not None else {})


def markdown(report: dict) -> str:
    """The table for the card, in percent."""

    def percent(values: list[float] | None) -> str:
        return " [" + ", ".join(f"{100 * v:.1f}" for v in values) + "]" if values else ""

    sets = [name for name in JUDGED if any(name in row["sets"] for row in report["variants"].values())]
    lines = [
        "| variant | " + " | ".join(f"{SETS[name].title}" for name in sets) + " |",
        "|---|" + "---|" * len(sets),
    ]
    for name, row in report["variants"].items():
        cells = []
        for one in (row["sets"].get(s) for s in sets):
            if one is None:
                cells.append("–")
                continue
            cell = f"{100 * one['mean']:.1f}{percent(one['mean_95'])}"
            if "difference" in one:
                cell += f"; {100 * one['difference']:+.1f}{percent(one['difference_95'])}"
            cells.append(cell)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines.append("")
    lines.append(
        f"Each trained alone for {report['steps']} steps of {report['crops_per_step']} crops, seed {report['seed']}; "
        "float nets; mean sensitivity at .5, 1, 2 and 4 false positives per image, IoU ≥ .5, 95 % intervals over "
        "patients; behind the semicolon the difference to the first row."
    )
    return "\n".join(lines) + "\n"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("variants", type=Path)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--runs", type=Path, required=True)
    p.add_argument("--out", type=Path, required=True, help="folder for the nets")
    p.add_argument("--results", type=Path, required=True)
    p.add_argument("--only", action="append", default=[], help="variant; all by default")
    args = p.parse_args()
    torch.set_num_threads(1)
    configs = read_variants(args.variants)
    images: dict[str, dict[str, list[EvalImage]]] = {}
    start = next(iter(configs.values()))
    report: dict = {
        "steps": start.steps, "crops_per_step": start.batch * start.workers, "seed": start.seed, "variants": {},
    }  # fmt: skip
    for name, config in configs.items():
        if args.only and name not in args.only:
            continue
        checkpoint = train(config, args.out / slug(name))
        row: dict = {"checkpoint": slug(name), "sets": {}}
        for key in JUDGED:
            place = SETS[key].place(args.data, args.runs)
            if not place.exists():
                continue
            found = detections(checkpoint, config.mix, SETS[key], place)
            mine = eval_images(slices_of(place, SETS[key].patients()), found)
            first = next(iter(images.values()), {}).get(key)
            images.setdefault(name, {})[key] = mine
            row["sets"][key] = figure(mine, first)
        report["variants"][name] = row
        print(name, json.dumps(row), flush=True)
    args.results.mkdir(parents=True, exist_ok=True)
    (args.results / "ablation.json").write_text(json.dumps(report, indent=1) + "\n")
    (args.results / "ablation.md").write_text(markdown(report))


if __name__ == "__main__":
    main()
