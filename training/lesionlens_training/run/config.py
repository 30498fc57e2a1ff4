"""What a run is: its TOML file, and the slices, nodules and places that it may see.

In: `configs/*.toml`. Out: `Config`, and the training data that it names.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from ..data.cache import CachedSlice, open_cache
from ..data.nodules import NodulePatch, load_nodules
from ..draw.mix import HardNegative, Mix


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
    # Share of DeepLesion's training patients that the run sees, for learning curves.
    patients: float = 1.0
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


def some_patients(names: set[str], share: float) -> set[str]:
    """A share of these patients; a larger share holds a smaller one. Ordered by a digest of the name, so that the order
    in which patients were numbered plays no part."""
    ordered = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    return set(ordered[: round(share * len(ordered))])


def training_slices(config: Config) -> list[CachedSlice]:
    """The cached slices that this run may see, with the places that `unlabelled` ignores."""
    slices = [
        s
        for cache in config.caches
        for s in open_cache(Path(cache))
        if not matches(s.source, config.leave_out_sources)
        and not matches(s.patient, config.leave_out_patients)
        # The official split says nothing about a phantom.
        and (not config.only_splits or s.source == "phantom" or s.split in config.only_splits)
    ]
    strange = sorted({s.series for s in slices if s.split > 1 and s.source != "phantom"})
    if strange and not config.only_splits:
        raise ValueError(f"not training rows by the official split: {', '.join(strange[:5])}")
    if config.patients < 1:
        names = {s.patient for s in slices if s.source == "deeplesion" and s.split == 1}
        kept = some_patients(names, config.patients)
        slices = [s for s in slices if s.patient not in names or s.patient in kept]
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
