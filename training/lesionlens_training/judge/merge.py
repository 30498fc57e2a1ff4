"""Joins detections files: `python -m lesionlens_training.judge.merge FILE… --name NAME --out FILE`.

Images keep their order; an image that two files hold is an error. Each image's `model_sha256` says
which model saw it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..data.truths import short_path

SCHEMA = "lesionlens.detections/2"


def merged(files: list[Path], name: str) -> dict:
    """One detections file of all images; paths shortened to `<series>/<slice>.png`."""
    images, errors, seen = [], [], set()
    for file in files:
        part = json.loads(file.read_text())
        for image in part["images"]:
            path = short_path(image["path"])
            if path in seen:
                raise ValueError(f"{path} is in two of the files")
            seen.add(path)
            images.append({**image, "path": path, "model_sha256": part["model"]["sha256"]})
        errors += part["errors"]
    return {
        "schema": SCHEMA,
        "model": {"name": name, "sha256": ""},
        "images": images,
        "errors": errors,
    }


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("files", type=Path, nargs="+")
    p.add_argument("--name", default="folds")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    args.out.write_text(json.dumps(merged(args.files, args.name)) + "\n")


if __name__ == "__main__":
    main()
