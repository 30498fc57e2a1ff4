"""The whole way in one command: DeepLesion folder → cache → training → ONNX → figures.

`python -m lesionlens_training.pipeline CONFIG.toml IMAGES DL_INFO --out DIR`

Out, in DIR: `cache/`, `checkpoint.pt`, `log.csv`, `detector.onnx`, `detector.json`,
`detections.json`, `evaluation.json`. `only_splits` in the configuration chooses DeepLesion's official
split (1 is training); `--evaluate-split` the split to evaluate on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import torch

from . import spec
from .data.cache import build_cache
from .data.layout import read_layout
from .judge.evaluate import evaluated, load
from .net.export import export
from .run.config import read_config
from .run.detect import detections_file, onnx_detector
from .run.train import train


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("config", type=Path)
    p.add_argument("images", type=Path)
    p.add_argument("dl_info", type=Path)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--backgrounds", type=int, help="cached slices without rows per series; all by default")
    p.add_argument("--evaluate-split", type=int, action="append", default=[])
    p.add_argument("--threshold", type=float, default=0.3)
    args = p.parse_args()
    torch.set_num_threads(1)
    cache = args.out / "cache"
    sources = args.dl_info.parent / "sources.csv"
    if not (cache / "index.json").exists():
        build_cache(args.images, args.dl_info, sources, cache, args.backgrounds)
    config = read_config(args.config)
    config.caches.append(str(cache))
    checkpoint = train(config, args.out)
    model = args.out / "detector.onnx"
    print(json.dumps(export(checkpoint, [cache], model), indent=1))

    series = read_layout(args.images, args.dl_info, sources)
    if args.evaluate_split:
        wanted = set(args.evaluate_split)
        series = [s for s in series if any(t.split in wanted for ts in s.truths.values() for t in ts)]
    sha256 = hashlib.sha256(model.read_bytes()).hexdigest()
    made = detections_file(spec.NAME, sha256, series, onnx_detector(model), only_boxed=True)
    detections = args.out / "detections.json"
    detections.write_text(json.dumps(made) + "\n")
    report = evaluated(series, load([detections]), args.threshold)
    (args.out / "evaluation.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
