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
import math
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
import torch.distributed as dist

from ..draw.sampler import Batch, Sampler
from ..net.loss import PARTS, detection_loss
from ..net.net import Net
from ..net.quantize import FakeQuantNet, activation_scales, calibration_inputs, folded
from .config import Config, hard_negatives, read_config, training_nodules, training_slices

LEAST_LEARNING_RATE = 0.02
"""Of the highest one, at the end of the cosine."""
LARGEST_GRADIENT = 10.0
LOG_EVERY_STEPS = 50


def starting_net(config: Config) -> Net | FakeQuantNet:
    """The net that a run starts from: random, or `init`'s EMA, quantized for `qat`."""
    net = Net()
    if config.init:
        net.load_state_dict(torch.load(config.init, weights_only=True, map_location="cpu")["ema"])
    if not config.qat:
        return net.to(memory_format=torch.channels_last)
    layers = folded(net.eval())
    return FakeQuantNet(layers, activation_scales(layers, calibration_inputs([Path(c) for c in config.caches])))


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


class Log:
    """`log.csv`: mean losses of every `LOG_EVERY_STEPS` steps. An interrupted run's rows up to `step` are kept."""

    def __init__(self, path: Path, step: int) -> None:
        kept: list[list[str]] = []
        if path.exists():
            with open(path, newline="") as f:
                kept = [row for row in list(csv.reader(f))[1:] if int(row[0]) <= step]
        self.path = path
        self.sums: dict[str, float] = {}
        self.n = 0
        with open(path, "w", newline="") as f:
            csv.writer(f).writerows([["step", "crops", "seconds", "lr", "loss", *PARTS], *kept])

    def add(self, step: int, crops: int, seconds: float, lr: float, losses: dict[str, float]) -> None:
        """Counts a step, and writes a row where one is due."""
        for k, v in losses.items():
            self.sums[k] = self.sums.get(k, 0.0) + v
        self.n += 1
        if step % LOG_EVERY_STEPS and step != 1:
            return
        means = [f"{self.sums[k] / self.n:.4f}" for k in ("loss", *PARTS)]
        with open(self.path, "a", newline="") as f:
            csv.writer(f).writerow([step, crops, f"{seconds:.0f}", f"{lr:.2e}", *means])
        self.sums, self.n = {}, 0


class Run:
    """One worker of a training: its net, its progress, its checkpoint. Only worker 0 writes."""

    def __init__(self, rank: int, config: Config, out: Path) -> None:
        self.rank, self.config = rank, config
        self.checkpoint = out / "checkpoint.pt"
        self.net = starting_net(config).to(config.device)
        self.ema = {k: v.clone() for k, v in self.net.state_dict().items()}
        self.parameters = [p for p in self.net.parameters() if p.requires_grad]
        decay = [p for p in self.net.parameters() if p.ndim > 1]
        rest = [p for p in self.net.parameters() if p.ndim <= 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": decay, "weight_decay": config.weight_decay}, {"params": rest, "weight_decay": 0.0}],
            lr=config.lr,
            foreach=True,
        )
        self.step, self.crops, self.before_s = 0, 0, 0.0
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, weights_only=True, map_location=config.device)
            self.net.load_state_dict(state["net"])
            self.ema = state["ema"]
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.crops, self.before_s = state["step"], state["crops"], state["seconds"]
        self.start = self.last_save = time.monotonic()

    @property
    def seconds(self) -> float:
        """Training time so far, interruptions left out."""
        return self.before_s + time.monotonic() - self.start

    def progress(self) -> float:
        """Share of the schedule that is over, the same for every worker."""
        config = self.config
        by_steps = self.step / config.steps if config.steps else 0.0
        by_time = self.seconds / 60 / config.minutes if config.minutes else 0.0
        shared = torch.tensor([max(by_steps, by_time)])
        if config.workers > 1:
            dist.broadcast(shared, 0)
        return float(shared)

    def learning_rate(self, progress: float) -> float:
        """A cosine behind a linear start."""
        cosine = 0.5 * (1 + math.cos(math.pi * progress))
        start = min(1.0, (self.step + 1) / max(self.config.warmup_steps, 1))
        return self.config.lr * (LEAST_LEARNING_RATE + (1 - LEAST_LEARNING_RATE) * cosine) * start

    def save(self, is_due: bool) -> None:
        """Writes the checkpoint when `is_due` or when the last one is old."""
        if self.rank != 0 or not (is_due or time.monotonic() - self.last_save > 60 * self.config.checkpoint_minutes):
            return
        self.last_save = time.monotonic()
        state = {
            "net": self.net.state_dict(),
            "ema": self.ema,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "crops": self.crops,
            "seconds": self.seconds,
            **({"scales": self.net.scales} if isinstance(self.net, FakeQuantNet) else {}),
        }
        part = self.checkpoint.with_suffix(".tmp")
        torch.save(state, part)
        os.replace(part, self.checkpoint)

    def gradients(self, batch: Batch) -> dict[str, float]:
        """Gradients of the mean loss over every worker's batch; the losses of this worker's."""
        config = self.config
        x = (batch.levels.float() / 255).contiguous(memory_format=torch.channels_last)
        with torch.autocast(config.device, dtype=torch.bfloat16, enabled=config.bf16 and not config.qat):
            outputs = self.net(x)
        loss, parts = detection_loss(outputs, batch, config.heat)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if config.workers > 1:
            flat = torch.cat([p.grad.reshape(-1) for p in self.parameters])
            dist.all_reduce(flat)
            flat /= config.workers
            at = 0
            for p in self.parameters:
                p.grad.copy_(flat[at : at + p.numel()].view_as(p))
                at += p.numel()
        return {"loss": float(loss.detach()), **parts}

    def update(self, lr: float) -> None:
        """One step of the optimizer, unless a gradient is not finite, and of the mean of the weights."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, LARGEST_GRADIENT)
        if torch.isfinite(norm):
            self.optimizer.step()
        if self.rank == 0:
            config = self.config
            # A net that starts from nothing forgets its start.
            d = config.ema if config.init else min(config.ema, (self.step + 1) / (self.step + 10))
            for k, v in self.net.state_dict().items():
                if v.dtype.is_floating_point:
                    self.ema[k].lerp_(v, 1 - d)
                else:
                    self.ema[k].copy_(v)
        self.step += 1
        self.crops += self.config.batch * self.config.workers


def _worker(rank: int, config: Config, out: Path, rendezvous: str) -> None:
    if config.workers > 1:
        # A session of its own: Linux shares the processor between sessions first.
        os.setsid()
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    if config.workers > 1:
        dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=config.workers)
    run = Run(rank, config, out)
    batches = drawn_batches(config, rank, run.step)
    log = Log(out / "log.csv", run.step) if rank == 0 else None
    run.net.train()
    while (progress := run.progress()) < config.end:
        run.save(is_due=False)
        lr = run.learning_rate(progress)
        losses = run.gradients(next(batches).to(config.device))
        run.update(lr)
        if log is not None:
            log.add(run.step, run.crops, run.seconds, lr, losses)
    run.save(is_due=True)
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
