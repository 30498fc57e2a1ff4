"""Averages the weights of nets fine-tuned from one start: `python -m lesionlens_training.average CHECKPOINT… --out FILE`.

In: checkpoints of `lesionlens_training.train`. Out: a checkpoint whose `ema` is the mean of theirs
(batch-norm statistics included), for `lesionlens_training.export`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def averaged(checkpoints: list[Path]) -> dict[str, torch.Tensor]:
    """Mean of every floating-point tensor; counters of the first."""
    states = [torch.load(c, weights_only=True)["ema"] for c in checkpoints]
    return {
        k: torch.stack([s[k] for s in states]).mean(0) if v.dtype.is_floating_point else v
        for k, v in states[0].items()
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("checkpoints", type=Path, nargs="+")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"ema": averaged(args.checkpoints)}, args.out)


if __name__ == "__main__":
    main()
