import json
from pathlib import Path

import pytest
import torch
from lesionlens_training.average import averaged
from lesionlens_training.merge import merged


def detections(path: Path, image: str, *scores: float) -> Path:
    found = [{"box_px": [0, 0, 9, 9], "score": s} for s in scores]
    images = [{"path": f"/data/Images_png/{image}", "detections": found}]
    path.write_text(json.dumps({"model": {"name": "m", "sha256": "ab"}, "images": images, "errors": []}))
    return path


def test_average_is_the_mean_of_the_weights_and_keeps_counters(tmp_path: Path) -> None:
    for i, value in enumerate((1.0, 3.0)):
        torch.save({"ema": {"w": torch.full((2,), value), "n": torch.tensor(7 + i)}}, tmp_path / f"{i}.pt")
    mean = averaged([tmp_path / "0.pt", tmp_path / "1.pt"])
    assert mean["w"].tolist() == [2.0, 2.0]
    assert mean["n"] == 7


def test_merging_names_the_model_of_each_image_and_refuses_an_image_twice(tmp_path: Path) -> None:
    a, b = detections(tmp_path / "a", "s/001.png", 0.9), detections(tmp_path / "b", "s/002.png", 0.2)
    images = merged([a, b], "folds")["images"]
    assert [(i["path"], i["model_sha256"]) for i in images] == [("s/001.png", "ab"), ("s/002.png", "ab")]
    with pytest.raises(ValueError, match="two of the files"):
        merged([a, a], "folds")
