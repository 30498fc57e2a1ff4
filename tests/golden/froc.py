"""Writes `tests/golden/froc.json`: small sets of images and the FROC report that they make.

`python tests/golden/froc.py tests/golden/froc.json`

The sets are drawn with SplitMix64 from a seed, so that no library's generator matters; boxes lie on eighths
of a pixel and are exact in f32. Expected figures are texts (the shortest that gives the f64 back), since not
every JSON reader rounds numbers correctly.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "training"))

import numpy as np

from lesionlens_training.twin.froc import TYPE_NAMES, EvalImage, Truth, evaluate, splitmix64

SOURCES = ("DeepLesion", "Übungsdaten", "sarcoma", "unknown")
SPACINGS = (0.703125, 0.8, 0.9765625)


class Draw:
    """Numbers from a seed."""

    def __init__(self, seed: int) -> None:
        self.numbers = splitmix64(seed, 20_000)
        self.at = 0

    def below(self, n: int) -> int:
        self.at += 1
        return (self.numbers[self.at - 1] >> 32) * n >> 32

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def eighths(self, low: int, high: int) -> float:
        return low + self.below((high - low) * 8) / 8


def box(draw: Draw) -> list[float]:
    x, y = draw.eighths(0, 300), draw.eighths(0, 300)
    return [x, y, x + draw.eighths(8, 90), y + draw.eighths(8, 90)]


def moved(draw: Draw, edges: list[float], by: int) -> list[float]:
    return [e + draw.eighths(-by, by) for e in edges]


def lesion(draw: Draw, edges: list[float]) -> dict:
    made: dict = {"box_px": edges, "long_px": None, "type": None}
    if draw.chance(60):
        made["long_px"] = draw.eighths(4, 70)
    if draw.chance(70):
        made["type"] = TYPE_NAMES[draw.below(len(TYPE_NAMES))]
    return made


def image(draw: Draw, patient: int) -> dict:
    """An image with up to three lesions; detections on them, double, and beside them; scores with many ties."""
    lesions = [lesion(draw, box(draw)) for _ in range(draw.below(4))]
    if lesions and draw.chance(25):
        # A second lesion nearly where the first is: one detection can meet both.
        lesions.append(lesion(draw, moved(draw, lesions[0]["box_px"], 3)))
    detections = []
    for known in lesions:
        for _ in range(draw.below(4)):
            detections.append(
                {"box_px": moved(draw, known["box_px"], 2 + draw.below(14)), "score": draw.below(20) / 20}
            )
    for _ in range(draw.below(9)):
        detections.append({"box_px": box(draw), "score": draw.below(20) / 20})
    if detections and draw.chance(30):
        detections.append(dict(detections[draw.below(len(detections))]))
    order = sorted(range(len(detections)), key=lambda _: draw.below(1 << 20))
    return {
        "patient": patient,
        "source": SOURCES[draw.below(len(SOURCES))],
        "mm_per_px": SPACINGS[draw.below(len(SPACINGS))],
        "lesions": lesions,
        "detections": [detections[i] for i in order],
    }


def drawn_set(seed: int, patients: list[int], images_each: int) -> list[dict]:
    draw = Draw(seed)
    return [image(draw, patient) for patient in patients for _ in range(1 + draw.below(images_each))]


def plain(patient: int, lesions: list[list[float]], detections: list[tuple[list[float], float]]) -> dict:
    return {
        "patient": patient,
        "source": "generated",
        "mm_per_px": 1.0,
        "lesions": [{"box_px": b, "long_px": None, "type": None} for b in lesions],
        "detections": [{"box_px": b, "score": s} for b, s in detections],
    }


A, B, FAR = [0.0, 0.0, 20.0, 20.0], [0.0, 0.0, 20.0, 24.0], [200.0, 200.0, 220.0, 220.0]
CASES = {
    "no image": [],
    "one patient, no interval": [plain(7, [A], [(A, 0.5), (FAR, 0.25)])],
    "no lesion anywhere": [plain(1, [], [(A, 0.5)]), plain(2, [], [])],
    "no detection anywhere": [plain(1, [A], []), plain(2, [A], [])],
    "one detection on two lesions, and a second one on both": [
        plain(1, [A, B], [(A, 0.75), (B, 0.5)]),
        plain(2, [A], []),
    ],
    "equal scores keep the order of images": [
        plain(2, [A], [(FAR, 0.5), (A, 0.5)]),
        plain(1, [A], [(A, 0.5), (FAR, 0.5)]),
    ],
    "an overlap of exactly one half": [
        plain(1, [A], [([0.0, 0.0, 20.0, 10.0], 0.5)]),
        plain(2, [A], [([0.0, 0.0, 20.0, 9.875], 0.5)]),
    ],
    "a centre on the lesion's edges": [
        plain(1, [A], [([-5.0, 0.0, 5.0, 8.0], 0.5)]),
        plain(2, [A], [([15.0, 0.0, 25.0, 8.0], 0.5)]),
    ],
    "empty and inverted boxes": [
        plain(1, [A], [([5.0, 5.0, 5.0, 9.0], 0.5), ([9.0, 9.0, 5.0, 5.0], 0.25)]),
        plain(2, [A], [(A, 0.5)]),
    ],
    "two patients": drawn_set(11, [30, 4], 3),
    "eight patients, not in order": drawn_set(12, [812, 3, 77, 5, 901, 6, 42, 13], 4),
    "twenty-three patients": drawn_set(13, list(range(100, 123)), 4),
}


def as_text(value: object) -> object:
    """Every float as text, all through a report."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return [as_text(v) for v in value]
    if isinstance(value, dict):
        return {k: as_text(v) for k, v in value.items()}
    return value


def eval_image(made: dict) -> EvalImage:
    return EvalImage(
        patient=made["patient"],
        source=made["source"],
        mm_per_px=made["mm_per_px"],
        lesions=[Truth(tuple(t["box_px"]), long_px=t["long_px"], type=t["type"]) for t in made["lesions"]],
        boxes=np.array([d["box_px"] for d in made["detections"]], np.float32).reshape(-1, 4),
        scores=np.array([d["score"] for d in made["detections"]], np.float32),
    )


def golden() -> str:
    """The file's text."""
    head = {
        "schema": "lesionlens.froc-golden/1",
        "made_by": "tests/golden/froc.py",
        "note": "boxes are half-open image px, exact in f32; figures of `expected` are texts of f64",
    }
    lines = [f"{json.dumps(k)}: {json.dumps(v)}," for k, v in head.items()]
    cases = []
    for name, images in CASES.items():
        expected = as_text(evaluate([eval_image(i) for i in images]))
        rows = ",\n".join("   " + json.dumps(i, ensure_ascii=False) for i in images)
        cases.append(
            f'  {{"name": {json.dumps(name)}, "images": [\n{rows}\n   ],\n'
            f'   "expected": {json.dumps(expected, ensure_ascii=False)}}}'
        )
    return "{\n" + "\n".join(lines) + '\n"cases": [\n' + ",\n".join(cases) + "\n]}\n"


def main() -> None:
    out = Path(sys.argv[1])
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(golden(), encoding="utf-8")


if __name__ == "__main__":
    main()
