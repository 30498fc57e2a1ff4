import json
from pathlib import Path

import pytest

from lesionlens_training.judge.merge import merged


def detections(path: Path, image: str, *scores: float) -> Path:
    found = [{"box_px": [0, 0, 9, 9], "score": s} for s in scores]
    images = [{"path": f"/data/Images_png/{image}", "detections": found}]
    path.write_text(json.dumps({"model": {"name": "m", "sha256": "ab"}, "images": images, "errors": []}))
    return path


def test_merging_names_the_model_of_each_image_and_refuses_an_image_twice(tmp_path: Path) -> None:
    a, b = detections(tmp_path / "a", "s/001.png", 0.9), detections(tmp_path / "b", "s/002.png", 0.2)
    images = merged([a, b], "folds")["images"]
    assert [(i["path"], i["model_sha256"]) for i in images] == [("s/001.png", "ab"), ("s/002.png", "ab")]
    with pytest.raises(ValueError, match="two of the files"):
        merged([a, a], "folds")
