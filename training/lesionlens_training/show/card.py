"""The tables of the model card, from the committed results: `python -m lesionlens_training.show.card [--write]`.

In: `results/figures.json`, `results/{choices,counts,log-*}.csv`. Out: for every name in `TABLES` a Markdown table, printed, or
written into `models/README.md` between `<!-- table: NAME -->` and `<!-- end -->`. A test holds the card to it.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

from ..judge.sets import SETS

TRAINING = Path(__file__).resolve().parents[2]
CARD = TRAINING.parent / "models/README.md"
RATES = (".5", "1", "2", "4", "8", "16")


def interval(values: list[float] | None, digits: int = 1) -> str:
    """` [low, high]`, or nothing."""
    return f" [{values[0]:.{digits}f}, {values[1]:.{digits}f}]" if values else ""


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def froc_row(title: str, report: dict, criterion: str = "iou50") -> list[str]:
    """Title, sizes, sensitivities and their mean."""
    curve = report[criterion]
    sizes = [str(report[k]) for k in ("images", "patients", "lesions")]
    return [title, *sizes, *(f"{s:.1f}" for s in curve["sensitivity"]), f"{curve['mean']:.1f}{interval(curve['interval_95'])}"]


HEADER = ["", "slices", "patients", "lesions", *RATES, "mean"]


def validation(figures: dict) -> str:
    """The official validation slices, and what they are measured against."""
    made = [
        froc_row("**this model**", figures["validation"]),
        froc_row("the same, centre in the box", figures["validation"], "center"),
        froc_row("the same, intersection over own area ≥ .5", figures["validation"], "iobb50"),
        froc_row("**the same, set to thorough**", figures["validation, thorough"]),
        froc_row("of these slices those with full HU, and 22 more", figures["full-hu"]),
    ]
    titles = {
        "lesionlens-2": "the model before (synthetic and other real lesions)",
        "blob": "blob detector (Laplacian of Gaussian)",
        "prior": "blind prior (positions of the test split's boxes)",
    }
    made += [froc_row(title, figures[f"validation, {k}"]) for k, title in titles.items() if f"validation, {k}" in figures]
    return table(HEADER, made)


def strata(figures: dict) -> str:
    """The validation slices by type and size."""
    made = figures["validation"]["strata"]
    rows = []
    for key, (n, mean, at_4) in made.items():
        by, _, name = key.partition(" ")
        if by != "source":
            rows.append([name, str(n), f"{mean:.1f}", f"{at_4:.1f}"])
    return table(["type or long diameter", "lesions", "mean", "at 4"], rows)


def sets(figures: dict) -> str:
    """Every other set."""
    return table(HEADER, [froc_row(SETS[k].title, figures[k]) for k in ("nodules", "lung-dx", "sarcoma")])


def targets(figures: dict) -> str:
    """The goals that this version was built towards, and what came out."""
    key, full = figures["validation"]["iou50"], figures["full-hu"]["iou50"]
    nodules, marks = figures["nodules longer than 6 mm"]["nodules"], figures["default_threshold"]
    rows = [
        ["DeepLesion validation slices, mean sensitivity", "55", f"{key['mean']:.1f}{interval(key['interval_95'])}"],
        ["the same at 4 false positives per image", "70", f"{key['sensitivity'][3]:.1f}"],
    ]
    for name, goal in (("long_diameter <10 mm", 40), ("type bone", 25)):
        n, at_4 = figures["validation"]["strata"][name][::2]
        rows.append([f"of these {name.partition(' ')[2]} at 4 ({n} lesions)", str(goal), f"{at_4:.1f}"])
    rows += [
        ["full-HU DeepLesion slices, mean", "the first line", f"{full['mean']:.1f}{interval(full['interval_95'])}"],
        [
            f"LIDC-IDRI nodules over 6 mm, by centre at 2 ({nodules['lesions']} lesions)",
            "85",
            f"{nodules['sensitivity'][2]:.1f}{interval(nodules['interval_95'][2])}",
        ],
        [
            "marks per unboxed slice at the default threshold",
            "≤ 1",
            f"{marks['marks_per_slice']:.2f}{interval(marks['marks_per_slice_95'], 2)}",
        ],
    ]
    return table(["", "goal", "measured"], rows)


def quantization(figures: dict) -> str:
    """Integer against float nets on the same images."""
    rows = [
        [SETS[k].title, f"{v['float']:.1f}", f"{v['int8']:.1f}", f"{v['difference']:+.2f}{interval(v['difference_95'], 2)}"]
        for k, v in figures["quantization"].items()
    ]
    return table(["", "float", "int8", "difference, points"], rows)


def diameters(figures: dict) -> str:
    """Errors of diameters on found lesions."""
    rows = []
    names = {"long_mm": "long, mm", "short_mm": "short, mm", "angle_deg": "direction, °", "width_mm": "box width, mm", "height_mm": "box height, mm"}
    for key, made in figures["diameters"].items():
        errors = made["iou50"]["all_matched"]
        for name, title in names.items():
            if name not in errors or (name in ("width_mm", "height_mm") and "long_mm" in errors):
                continue
            e = errors[name]
            signed = f"{e['mean_signed']:+.1f}{interval(e['mean_signed_95'])}" if "mean_signed" in e else "–"
            rows.append([SETS[key].title, title, str(e["n"]), f"{e['median_abs']:.1f}{interval(e['median_abs_95'])}", signed])
    return table(["", "of", "lesions", "median absolute error", "mean error"], rows)


def types(figures: dict) -> str:
    """How often a named type is right."""
    rows = []
    for key, made in figures["types"].items():
        right = f"{100 * made['right']:.0f}{interval([100 * v for v in made['right_95']], 0)}" if made["n_named"] else "–"
        rows.append([SETS[key].title, str(made["n_lesions_met"]), str(made["n_named"]), right])
    return table(["", "lesions met", "with a named type", "right, %"], rows)


def confusion(figures: dict) -> str:
    """The counts of every set together: rows are the annotated type."""
    first = next(iter(figures["types"].values()))
    rows = []
    for i, name in enumerate(first["rows"]):
        counts = [sum(made["counts"][i][j] for made in figures["types"].values()) for j in range(len(first["columns"]))]
        rows.append([name, *(str(c) for c in counts)])
    return table(["annotated \\ named", *first["columns"]], rows)


def operating_points(figures: dict) -> str:
    """What was measured at which threshold."""
    rows = [
        [f"{p['threshold']:.2f}", f"{100 * p['sensitivity']:.1f}{interval([100 * v for v in p['sensitivity_95']])}", f"{p['marks_per_slice']:.2f}"]
        for p in figures["operating_points"]
    ]
    return table(["score ≥", "sensitivity, %", "marks per slice"], rows)


def choices(path: Path) -> str:
    """The runs by which the recipe was chosen (`judge.watch`): training slices beside validation."""
    with open(path, newline="") as f:
        read = list(csv.DictReader(f))
    by: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    for row in read:
        by.setdefault((row["checkpoint"], row["crops"]), {})[row["set"]] = row
    rows = []
    for (name, crops), made in by.items():
        cells = [made[which][column] for which in ("validation", "training") for column in ("mean", "at_4")]
        rows.append([f"`{name}`", f"{int(crops):,}", *cells, made["validation"]["small_at_4"]])
    header = ["run", "crops", "validation: mean", "at 4", "own training slices: mean", "at 4", "under 10 mm at 4"]
    return table(header, rows)


def counts(path: Path) -> str:
    """What the shipped run saw, by source (`judge.count`)."""
    with open(path, newline="") as f:
        rows = [list(row.values()) for row in csv.DictReader(f)]
    return table(["source", "licence", "patients", "slices", "boxes"], rows)


def runs(results: Path) -> str:
    """How long each run of the shipped net took and how many crops it saw, by its log."""
    rows = []
    for path in sorted(results.glob("log-*.csv")):
        with open(path, newline="") as f:
            last = list(csv.DictReader(f))[-1]
        rows.append([f"`{path.stem.removeprefix('log-')}`", f"{int(last['seconds']) / 3600:.1f}", f"{int(last['crops']):,}"])
    return table(["run", "hours", "crops of 288 × 416"], rows)


TABLES: dict[str, Callable[[dict], str]] = {
    "validation": validation,
    "strata": strata,
    "sets": sets,
    "targets": targets,
    "quantization": quantization,
    "diameters": diameters,
    "types": types,
    "confusion": confusion,
    "operating points": operating_points,
}


def tables(results: Path) -> dict[str, str]:
    """Every table by name."""
    figures = json.loads((results / "figures.json").read_text())
    made = {name: make(figures) for name, make in TABLES.items()}
    return made | {
        "choices": choices(results / "choices.csv"),
        "counts": counts(results / "counts.csv"),
        "runs": runs(results),
    }


def filled(card: str, made: dict[str, str]) -> str:
    """The card with the tables in their places; a name that it lacks or does not know is an error."""
    places = re.findall(r"<!-- table: (.+?) -->", card)
    if sorted(places) != sorted(made):
        raise ValueError(f"the card has places for {sorted(places)}, the tables are {sorted(made)}")
    for name, text in made.items():
        pattern = rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)"
        card = re.sub(pattern, lambda m, text=text: f"{m[1]}{text}\n{m[2]}", card, flags=re.DOTALL)
    return card


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--results", type=Path, default=TRAINING / "results")
    p.add_argument("--write", action="store_true")
    args = p.parse_args()
    made = tables(args.results)
    if args.write:
        CARD.write_text(filled(CARD.read_text(), made))
    else:
        print("\n\n".join(f"{name}\n\n{text}" for name, text in made.items()))


if __name__ == "__main__":
    main()
