"""What a run draws: shares of the kinds of crop, their size, what negatives weigh, what is changed at random."""

from __future__ import annotations

from dataclasses import dataclass, field

SHARES = (
    "synthetic",
    "nodule",
    "mosaic",
    "negative",
    "hard",
    "sarcoma",
    "lung_dx",
    "lidc",
    "by_eye",
    "deeplesion",
    "phantom",
)
"""The fields of `Mix` that share out the crops."""


@dataclass
class Mix:
    """Shares of the kinds of crop and weights of negatives."""

    synthetic: float = 0.50
    nodule: float = 0.12
    mosaic: float = 0.0
    negative: float = 0.20
    hard: float = 0.0
    sarcoma: float = 0.08
    lung_dx: float = 0.03
    lidc: float = 0.0
    by_eye: float = 0.0
    deeplesion: float = 0.0
    phantom: float = 0.0
    # Rows and columns of a crop, multiples of 32.
    crop: list[int] = field(default_factory=lambda: [256, 256])
    # Least and greatest magnification of a crop.
    scale: list[float] = field(default_factory=lambda: [0.8, 1.2])
    real_negative: float = 0.3
    background_negative: float = 0.6
    # Share of the background crops that carry decoys and healthy patches.
    decoys: float = 0.35
    degrade: float = 0.5
    copy_neighbours: float = 0.25
    # Share of the crops with filled tissue whose fills get a level, noise and soft edges.
    fill_noise: float = 0.0
    # Share of the crops with full HU that are cut to 0..253 HU and filled as DeepLesion's coded slices are.
    clip: float = 0.0
    # Weight of abdominal and pelvic backgrounds against the others.
    belly: float = 1.0
    # Standard deviation of the smooth displacement that bends backgrounds without lesions, px.
    elastic: float = 0.0
    # How often a drawn crop is used; every second time mirrored.
    reuse: int = 1
    # For ablations: one slice instead of three; HU mapped to levels by a straight line.
    one_slice: bool = False
    linear_input: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a crop."""
        rows, cols = self.crop
        return rows, cols


@dataclass(frozen=True)
class HardNegative:
    """A place that an earlier net took for a lesion, px of the cached slice."""

    series: str
    number: int
    x: float
    y: float
