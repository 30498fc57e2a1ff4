"""Writes `tests/golden/input.json`: small series given by a formula and the input tensor they make.

`python tests/golden/input.py tests/golden/input.json`

Every HU value follows from integers (see `FORMULA`), so that any language recomputes the series.
The file holds shapes, crop origin, ratios and the SHA-256 of the u8 levels `[3, H, W]`, row-major.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))

from lesionlens_training.twin.input import build_input, companding_table

FORMULA = {
    "body": "inside rows y in [r0, r1) and columns x in [c0, c1) of `body` [c0, r0, c1, r1]: "
    "((x*7 + y*13 + z*29 + (x*y) mod 11 * 31) mod 700) - 300; elsewhere -1000",
    "island": "inside `island` [c0, r0, c1, r1], which overrides the body: ((x*3 + y*5 + z) mod 300) + 1300",
    "noise": "((x*7 + y*13 + z*29) mod 2000) - 1000 everywhere",
    "air": "-1000 everywhere",
    "z": "the slice's 0-based index in the series; x column, y row, 0-based; mod of non-negative integers",
}


def plane(case: dict, z: int) -> np.ndarray:
    rows, cols = case["rows"], case["cols"]
    y, x = np.mgrid[0:rows, 0:cols].astype(np.int64)
    if case["fill"] == "noise":
        return ((x * 7 + y * 13 + z * 29) % 2000 - 1000).astype(np.int32)
    hu = np.full((rows, cols), -1000, np.int64)
    if case["fill"] == "body":
        c0, r0, c1, r1 = case["body"]
        value = (x * 7 + y * 13 + z * 29 + (x * y) % 11 * 31) % 700 - 300
        hu[r0:r1, c0:c1] = value[r0:r1, c0:c1]
        if case.get("island"):
            c0, r0, c1, r1 = case["island"]
            value = (x * 3 + y * 5 + z) % 300 + 1300
            hu[r0:r1, c0:c1] = value[r0:r1, c0:c1]
    return hu.astype(np.int32)


BODY = {"rows": 128, "cols": 128, "fill": "body", "body": [20, 30, 101, 96], "island": [110, 4, 121, 15]}
SQUARE = [0.703125, 0.703125]
CASES = [
    {"name": "interval of 5 mm", **BODY, "spacing_mm": SQUARE, "positions_mm": [0, 5, 10], "key": 1},
    {"name": "interval of 1.25 mm", **BODY, "spacing_mm": SQUARE, "positions_mm": [0, 1.25, 2.5, 3.75, 5], "key": 2},
    {"name": "first slice of the series", **BODY, "spacing_mm": SQUARE, "positions_mm": [0, 5, 10], "key": 0},
    {"name": "no neighbours", **BODY, "spacing_mm": SQUARE, "positions_mm": [7], "key": 0},
    {"name": "gap too large", **BODY, "spacing_mm": SQUARE, "positions_mm": [0, 12.5, 25], "key": 1},
    {"name": "gap of exactly 10 mm", **BODY, "spacing_mm": SQUARE, "positions_mm": [0, 10, 20], "key": 1},
    {"name": "all air", "rows": 40, "cols": 70, "fill": "air", "spacing_mm": SQUARE, "positions_mm": [0], "key": 0},
    {
        "name": "neither square nor isotropic",
        "rows": 90,
        "cols": 150,
        "fill": "body",
        "body": [31, 3, 149, 90],
        "spacing_mm": [0.9, 0.65],
        "positions_mm": [-3, 0.5, 3],
        "key": 1,
    },
    {
        "name": "every level, spacing of 0.8 mm",
        "rows": 64,
        "cols": 96,
        "fill": "noise",
        "spacing_mm": [0.8, 0.8],
        "positions_mm": [0, 2.5],
        "key": 0,
    },
]


def main() -> None:
    out = Path(sys.argv[1])
    cases = []
    for case in CASES:
        planes = [plane(case, z) for z in range(len(case["positions_mm"]))]
        others = list(zip(map(float, case["positions_mm"]), planes))
        key = case["key"]
        made = build_input(planes[key], tuple(case["spacing_mm"]), others[key][0], others)
        cases.append(
            {
                **case,
                "expected": {
                    "shape": list(made.levels.shape),
                    "origin": [int(v) for v in made.origin],
                    "cropped": [int(v) for v in made.hu.shape[1:]],
                    "ratio": list(made.ratio),
                    "sha256": hashlib.sha256(made.levels.tobytes()).hexdigest(),
                    "first_row_of_key": [int(v) for v in made.levels[1, made.hu.shape[1] // 2, :16]],
                },
            }
        )
    golden = {
        "schema": "lesionlens.input-golden/1",
        "made_by": "tests/golden/input.py",
        "formula": FORMULA,
        "note": "positions ascend; `shape` is [3, H, W] after padding; `cropped` is [h, w] before it; `origin` is the "
        "crop's corner (x, y) on the 0.8 mm grid; `ratio` is (x, y) of image px per input px; "
        "`first_row_of_key` holds the first 16 levels of row h/2 (integer division) of the key plane",
        "companding_table": {
            "formula": "y0 + (hu - x0) * (y1 - y0) / (x1 - x0) in f64, product before quotient, half to even",
            "first_hu": -1024,
            "length": len(companding_table()),
            "sha256": hashlib.sha256(companding_table().tobytes()).hexdigest(),
        },
        "cases": cases,
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
