"""Training logs → one PNG of the losses over the crops seen.

`python -m lesionlens_training.show.plot LOG.csv… --out plot.png`
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

PANELS = {
    "heat": "focal loss of the heat",
    "l1": "L1 of log-size and offset",
    "giou": "1 − GIoU",
    "axes": "diameters and direction",
    "type": "cross-entropy of the type",
}


def main() -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("logs", type=Path, nargs="+")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    figure, axes = pyplot.subplots(1, len(PANELS), figsize=(15, 3.4), dpi=80)
    for log in args.logs:
        with open(log, newline="") as f:
            rows = [row for row in csv.DictReader(f) if int(row["step"]) > 1]
        crops = [int(row["crops"]) / 1000 for row in rows]
        for axis, key in zip(axes, PANELS):
            axis.plot(crops, [float(row[key]) for row in rows], label=log.stem.removeprefix("log-"), linewidth=1)
    for axis, title in zip(axes, PANELS.values()):
        axis.set_title(title, fontsize=10)
        axis.set_xlabel("crops, thousands")
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(args.out)


if __name__ == "__main__":
    main()
