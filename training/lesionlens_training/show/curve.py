"""The FROC curve of detections on a set, with its 95 % band, as one PNG.

`python -m lesionlens_training.show.curve DL_INFO DETECTIONS [--before DETECTIONS] --out froc.png`

In: a table with its lesions and detections files. Sensitivity at IoU ≥ .5 against false positives per image, a step
function; the band is the bootstrap over patients at each rate. `--before` draws another detector's curve behind.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ..data.truths import eval_images, key_slices
from ..judge.evaluate import load
from ..twin.froc import Cohort, interval_95, resamples

CURVE_RATES = tuple(float(r) for r in np.geomspace(0.125, 16, 85))


def curve(table: Path, detections: Path) -> tuple[np.ndarray, np.ndarray]:
    """Sensitivity at every rate, and the ends of its interval `[rates, 2]`."""
    cohort = Cohort(eval_images(key_slices(table), load([detections])))
    events, everything = cohort.events("iou50"), np.ones(len(cohort.lesions), bool)
    once = cohort.sensitivity(events, everything, np.ones((1, len(cohort.patients))), CURVE_RATES)[0]
    drawn = cohort.sensitivity(events, everything, resamples(len(cohort.patients)), CURVE_RATES)
    band = [interval_95(drawn[:, i]) or [np.nan, np.nan] for i in range(len(CURVE_RATES))]
    return once, np.asarray(band)


def draw(table: Path, detections: Path, before: Path | None, out: Path) -> None:
    """Writes the picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6.4, 4.2), dpi=110)
    once, band = curve(table, detections)
    axis.fill_between(CURVE_RATES, 100 * band[:, 0], 100 * band[:, 1], step="post", alpha=0.2, linewidth=0)
    axis.step(CURVE_RATES, 100 * once, where="post", label="this model, 95 % interval over patients")
    if before is not None:
        axis.step(CURVE_RATES, 100 * curve(table, before)[0], where="post", linestyle="--", color="grey", label="the model before")
    axis.set_xscale("log", base=2)
    ticks = (0.125, 0.25, 0.5, 1, 2, 4, 8, 16)
    axis.set_xticks(ticks, [f"{t:g}" for t in ticks])
    axis.set_xlim(ticks[0], ticks[-1])
    axis.set_ylim(0, 100)
    axis.set_xlabel("false positives per image")
    axis.set_ylabel("sensitivity, % (IoU ≥ 0.5)")
    axis.grid(alpha=0.3)
    axis.legend(loc="upper left", fontsize=9)
    figure.tight_layout()
    figure.savefig(out)
    pyplot.close(figure)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("table", type=Path)
    p.add_argument("detections", type=Path)
    p.add_argument("--before", type=Path)
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    draw(args.table, args.detections, args.before, args.out)


if __name__ == "__main__":
    main()
