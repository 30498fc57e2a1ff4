"""Trains the float net: `python -m lesionlens_training.run.train CONFIG.toml --out DIR`.

In: a run's TOML file (see `training/configs`). Out, in DIR: `checkpoint.pt` (net, EMA, optimizer,
progress; written every few minutes, resumed from when present), `log.csv`.

Each worker process generates its own crops and computes gradients on one core; gradients are
averaged. For a GPU, `--device cuda --generators N`: one process computes gradients there, N others
draw its crops. The learning rate falls along a cosine over whichever of `minutes` and `steps` is used up
first, so a run with `steps` alone is reproducible and one with `minutes` ends on time.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
import json
import math
import os
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
import torch.distributed as dist

from ..data.cache import CachedSlice, open_cache
from ..data.nodules import NodulePatch, load_nodules
from ..draw.mix import HardNegative, Mix
from ..draw.sampler import Batch, Sampler
from ..net.loss import PARTS, detection_loss
from ..net.net import Net
from ..net.quantize import FakeQuantNet, activation_scales, calibration_inputs, folded


@dataclass
class Config:
    """One run. Paths are relative to the working directory."""

    caches: list[str]
    nodules: str = ""
    # JSON list of places that an earlier net took for lesions (`mine` writes it).
    hard_negatives: str = ""
    # JSON list of places on boxed slices where an earlier net is sure of a lesion that nobody boxed.
    unlabelled: str = ""
    init: str = ""
    leave_out_sources: list[str] = field(default_factory=list)
    leave_out_patients: list[str] = field(default_factory=list)
    leave_out_nodule_patients: list[str] = field(default_factory=list)
    only_splits: list[int] = field(default_factory=list)
    mix: Mix = field(default_factory=Mix)
    minutes: float = 0.0
    steps: int = 0
    # Share of the schedule after which the run stops, for another run to go on from its net.
    end: float = 1.0
    batch: int = 8
    workers: int = 2
    # Processes that only draw crops, for the one worker of a GPU; without any, workers draw their own.
    generators: int = 0
    device: str = "cpu"
    lr: float = 1.5e-3
    warmup_steps: int = 200
    weight_decay: float = 0.01
    ema: float = 0.998
    seed: int = 1
    bf16: bool = True
    # Quantization-aware: the integer net of `init` in float arithmetic, its activation scales fixed.
    qat: bool = False
    # Loss of the heat: `cell` or `quality`.
    heat: str = "cell"
    checkpoint_minutes: float = 3.0


def read_config(path: Path) -> Config:
    """Reads a TOML file; an unknown key is an error."""
    raw = tomllib.loads(path.read_text())
    mix = Mix(**raw.pop("mix", {}))
    config = Config(**raw, mix=mix)
    if not config.steps and not config.minutes:
        raise ValueError(f"{path}: steps or minutes must be given")
    return config


def matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, p) for p in patterns)


def training_slices(config: Config) -> list[CachedSlice]:
    """The cached slices that this run may see, with the places that `unlabelled` ignores."""
    slices = [
        s
        for cache in config.caches
        for s in open_cache(Path(cache))
        if not matches(s.source, config.leave_out_sources)
        and not matches(s.patient, config.leave_out_patients)
        and (not config.only_splits or s.split in config.only_splits)
    ]
    strange = sorted({s.series for s in slices if s.split > 1})
    if strange and not config.only_splits:
        raise ValueError(f"not training rows by the official split: {', '.join(strange[:5])}")
    if config.unlabelled:
        by = {(s.series, s.number): s for s in slices}
        for place in json.loads(Path(config.unlabelled).read_text()):
            key = (place["series"], place["number"])
            if key in by:
                by[key].ignored.append(tuple(place["box"]))
    return slices


def training_nodules(config: Config) -> list[NodulePatch]:
    """The LIDC patches that this run may see."""
    nodules = load_nodules(Path(config.nodules)) if config.nodules else []
    return [n for n in nodules if not matches(n.patient, config.leave_out_nodule_patients)]


def hard_negatives(config: Config) -> list[HardNegative]:
    """The places that this run learns are none; none without a file."""
    if not config.hard_negatives:
        return []
    return [HardNegative(**h) for h in json.loads(Path(config.hard_negatives).read_text())]


def starting_net(config: Config) -> Net | FakeQuantNet:
    """The net that a run starts from: random, or `init`'s EMA, quantized for `qat`."""
    net = Net()
    if config.init:
        net.load_state_dict(torch.load(config.init, weights_only=True, map_location="cpu")["ema"])
    if not config.qat:
        return net.to(memory_format=torch.channels_last)
    layers = folded(net.eval())
    return FakeQuantNet(layers, activation_scales(layers, calibration_inputs(Path(config.caches[0]))))


def rows_until(log: Path, step: int) -> list[list[str]]:
    """The rows of an interrupted run's log up to the step that it goes on from."""
    if not log.exists():
        return []
    with open(log, newline="") as f:
        return [row for row in list(csv.reader(f))[1:] if int(row[0]) <= step]


class Crops(torch.utils.data.IterableDataset):
    """Endless batches; every process that iterates draws its own."""

    def __init__(self, config: Config, seed: int) -> None:
        self.config = config
        self.seed = seed

    def __iter__(self) -> Iterator[Batch]:
        info = torch.utils.data.get_worker_info()
        torch.set_num_threads(1)
        config = self.config
        seed = self.seed + (info.id * 7_919 if info else 0)
        sampler = Sampler(training_slices(config), training_nodules(config), config.mix, seed, hard_negatives(config))
        while True:
            yield sampler.batch(config.batch)


def drawn_batches(config: Config, rank: int, step: int) -> Iterator[Batch]:
    """The batches of one worker from this step on."""
    crops = Crops(config, (config.seed * 1000 + rank) * 1_000_003 + step)
    if not config.generators:
        return iter(crops)
    loader = torch.utils.data.DataLoader(
        crops, batch_size=None, num_workers=config.generators, prefetch_factor=4, pin_memory=config.device != "cpu"
    )
    return iter(loader)


def _worker(rank: int, config: Config, out: Path, rendezvous: str) -> None:
    if config.workers > 1:
        # A session of its own: Linux shares the processor between sessions first.
        os.setsid()
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    if config.workers > 1:
        dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=config.workers)
    net = starting_net(config).to(config.device)
    ema = {k: v.clone() for k, v in net.state_dict().items()}
    decay = [p for p in net.parameters() if p.ndim > 1]
    rest = [p for p in net.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": config.weight_decay}, {"params": rest, "weight_decay": 0.0}],
        lr=config.lr,
        foreach=True,
    )
    step, crops, before_s = 0, 0, 0.0
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=config.device)
        net.load_state_dict(state["net"])
        ema = state["ema"]
        optimizer.load_state_dict(state["optimizer"])
        step, crops, before_s = state["step"], state["crops"], state["seconds"]

    batches = drawn_batches(config, rank, step)
    parameters = [p for p in net.parameters() if p.requires_grad]
    start = last_save = time.monotonic()
    sums: dict[str, float] = {}
    n_sums = 0
    log = None
    if rank == 0:
        kept = rows_until(out / "log.csv", step)
        log_file = open(out / "log.csv", "w", newline="")
        log = csv.writer(log_file)
        log.writerow(["step", "crops", "seconds", "lr", "loss", *PARTS])
        log.writerows(kept)

    net.train()
    while True:
        seconds = before_s + time.monotonic() - start
        progress = torch.tensor(
            [max(step / config.steps if config.steps else 0.0, seconds / 60 / config.minutes if config.minutes else 0.0)]
        )
        if config.workers > 1:
            dist.broadcast(progress, 0)
        done = float(progress) >= config.end
        if rank == 0 and (done or time.monotonic() - last_save > 60 * config.checkpoint_minutes):
            last_save = time.monotonic()
            state = {
                "net": net.state_dict(),
                "ema": ema,
                "optimizer": optimizer.state_dict(),
                "step": step,
                "crops": crops,
                "seconds": seconds,
                **({"scales": net.scales} if isinstance(net, FakeQuantNet) else {}),
            }
            torch.save(state, out / "checkpoint.tmp")
            os.replace(out / "checkpoint.tmp", checkpoint)
        if done:
            break
        lr = config.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * float(progress))))
        lr *= min(1.0, (step + 1) / max(config.warmup_steps, 1))
        for group in optimizer.param_groups:
            group["lr"] = lr
        batch = next(batches).to(config.device)
        x = (batch.levels.float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.autocast(config.device, dtype=torch.bfloat16, enabled=config.bf16 and not config.qat):
            outputs = net(x)
        loss, parts = detection_loss(outputs, batch, config.heat)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if config.workers > 1:
            flat = torch.cat([p.grad.reshape(-1) for p in parameters])
            dist.all_reduce(flat)
            flat /= config.workers
            at = 0
            for p in parameters:
                p.grad.copy_(flat[at : at + p.numel()].view_as(p))
                at += p.numel()
        norm = torch.nn.utils.clip_grad_norm_(parameters, 10.0)
        if torch.isfinite(norm):
            optimizer.step()
        if rank == 0:
            d = min(config.ema, (step + 1) / (step + 10)) if not config.init else config.ema
            for k, v in net.state_dict().items():
                if v.dtype.is_floating_point:
                    ema[k].lerp_(v, 1 - d)
                else:
                    ema[k].copy_(v)
        step += 1
        crops += config.batch * config.workers
        for k, v in {"loss": float(loss.detach()), **parts}.items():
            sums[k] = sums.get(k, 0.0) + v
        n_sums += 1
        if log is not None and (step % 50 == 0 or step == 1):
            row = [f"{sums[k] / n_sums:.4f}" for k in ("loss", *PARTS)]
            log.writerow([step, crops, f"{seconds:.0f}", f"{lr:.2e}", *row])
            log_file.flush()
            sums, n_sums = {}, 0
    if config.workers > 1:
        dist.destroy_process_group()


def train(config: Config, out: Path) -> Path:
    """Runs (or resumes) the training and returns the checkpoint's path."""
    out.mkdir(parents=True, exist_ok=True)
    if config.workers == 1:
        _worker(0, config, out, "")
    else:
        rendezvous = out / f"rendezvous-{os.getpid()}"
        rendezvous.unlink(missing_ok=True)
        torch.multiprocessing.spawn(
            _worker, (config, out, str(rendezvous.resolve())), nprocs=config.workers, join=True
        )
        rendezvous.unlink(missing_ok=True)
    return out / "checkpoint.pt"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("config", type=Path)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--device", default="cpu", help="cuda: one worker, on the GPU")
    p.add_argument("--generators", type=int, default=0, help="processes that draw the crops of a GPU")
    args = p.parse_args()
    config = read_config(args.config)
    if args.device != "cpu":
        # The batch of all the workers that the configuration was written for.
        batch = config.batch * config.workers
        config = replace(config, device=args.device, workers=1, generators=args.generators, batch=batch)
    print(train(config, args.out))


if __name__ == "__main__":
    main()
