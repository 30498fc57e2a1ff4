"""A miniature in DeepLesion's layout, made here: no outside data is needed."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
torch.set_num_threads(1)


def body_slice(rng: np.random.Generator, rows: int = 200, cols: int = 240) -> np.ndarray:
    """An elliptic body of soft tissue under a ring of fat, two lungs, a vertebra; HU int16."""
    y, x = np.mgrid[0:rows, 0:cols]
    u, v = (x - cols / 2) / (cols * 0.45), (y - rows / 2) / (rows * 0.42)
    r = np.hypot(u, v)
    hu = np.full((rows, cols), -1000.0)
    hu[r < 1] = -100
    hu[r < 0.82] = 55
    for side in (-1, 1):
        hu[np.hypot((u - side * 0.4) / 0.3, (v + 0.1) / 0.45) < 1] = -860
    hu[np.hypot(u / 0.1, (v - 0.55) / 0.14) < 1] = 400
    hu[np.hypot(u / 0.22, (v + 0.5) / 0.12) < 1] = -95
    hu[r < 1] += rng.normal(0, 12, int((r < 1).sum()))
    return hu.round().astype(np.int16)


def write_miniature(root: Path, n_patients: int = 3, split: int = 1) -> tuple[Path, Path]:
    """Three slices per patient; the middle one is a key slice with one bright 30-px lesion."""
    rng = np.random.default_rng(3)
    images = root / "Images_png"
    images.mkdir(parents=True)
    with open(root / "DL_info.csv", "w", newline="") as f:
        table = csv.writer(f)
        table.writerow(
            ["File_name", "Bounding_boxes", "Coarse_lesion_type", "Possibly_noisy", "Spacing_mm_px_", "Train_Val_Test"]
        )
        for p in range(1, n_patients + 1):
            name = f"{p:06d}_01_01"
            (images / name).mkdir(parents=True)
            for number in (10, 11, 12):
                hu = body_slice(rng)
                hu[70:100, 105:130] = 150
                Image.fromarray((hu.astype(np.int32) + 32768).astype(np.uint16)).save(images / name / f"{number:03d}.png")
            # Tight extent [105, 130) × [70, 100), 5 px of margin, 1-based inclusive.
            table.writerow([f"{name}_011.png", "101, 66, 135, 105", 2, 0, "0.8, 0.8, 5", split])
            table.writerow([f"{name}_011.png", "1, 1, 40, 40", 2, 1, "0.8, 0.8, 5", split])
    return images, root / "DL_info.csv"


@pytest.fixture(scope="session")
def miniature(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_miniature(tmp_path_factory.mktemp("miniature"))


@pytest.fixture(scope="session")
def cache(miniature: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    from lesionlens_training.data.cache import build_cache

    out = tmp_path_factory.mktemp("cache")
    assert build_cache(*miniature, None, out) == 9
    return out
