"""The weights of a run in a form small enough to be kept with the code: `python -m lesionlens_training.run.keep CHECKPOINT --out start.npz`.

In: a float checkpoint. Out: its EMA as 16-bit floats, from which another run can start (`init` in its configuration):
hours of training do not have to be repeated where the checkpoint itself is gone. The optimizer's state is left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

Weights = dict[str, torch.Tensor]


def keep(checkpoint: Path, out: Path) -> None:
    """Writes the file."""
    ema: Weights = torch.load(checkpoint, weights_only=True, map_location="cpu")["ema"]
    arrays = {k: v.numpy().astype(np.float16) if v.dtype.is_floating_point else v.numpy() for k, v in ema.items()}
    np.savez_compressed(out, **arrays)


def weights_of(path: Path) -> Weights:
    """The weights that a run starts from: a checkpoint's EMA, or a file that `keep` wrote."""
    if path.suffix != ".npz":
        return torch.load(path, weights_only=True, map_location="cpu")["ema"]
    with np.load(path) as kept:
        arrays = {k: kept[k] for k in kept.files}
    return {k: torch.from_numpy(v.astype(np.float32) if v.dtype == np.float16 else v) for k, v in arrays.items()}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("checkpoint", type=Path)
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    keep(args.checkpoint, args.out)


if __name__ == "__main__":
    main()
