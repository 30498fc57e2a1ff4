"""Every figure of the model card, from exported models: `python -m lesionlens_training.figures …`.

In: the program `lesionlens`, the data folder, the folder of runs (each with `detector.onnx`,
`detector.json`, `checkpoint.pt`), the cache. Out, in the results folder: detections files, the
reports of `lesionlens froc` on them, and `figures.json` with what the card quotes.

Fold models are judged on the boxed DeepLesion slices of the patients that they never saw. The
shipped model is the average of the fold models, so it has seen those slices, but no validation
patient: the default threshold comes from their unboxed slices.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .baselines import blob_detect, prior_boxes
from .data import Truth, read_layout
from .detect import chosen, detections_file, float_detector
from .heads import iou
from .merge import merged
from .threshold import threshold

FOLDS = {
    "fold-a": ["DL000002"],
    "fold-b": ["DL000009"],
    "fold-c": ["DL000010", "DL000013", "DL000014"],
}
VALIDATION_UNBOXED = [
    "965000-2", "ID_0039", "ID_0060", "ID_0015", "ID_0021", "ID_0030", "ID_0022", "ID_0032", "ID_0013", "ID_0019",
    "ID_0071",
]  # fmt: skip
VALIDATION_SARCOMA = ["STS_03[3-9]", "STS_040"]
MARKS_PER_SLICE = 1.0


@dataclass
class Place:
    """Where everything lies."""

    lesionlens: str
    data: Path
    runs: Path
    results: Path

    @property
    def images(self) -> Path:
        return self.data / "ct-lesions/Images_png"

    @property
    def table(self) -> Path:
        return self.data / "ct-lesions/DL_info.csv"

    def detect(self, run: str, patients: list[str], out: Path, images: Path | None = None, table: Path | None = None) -> Path:
        """Detections of the program with this run's model, every score from the floor on."""
        images, table = images or self.images, table or self.table
        series = chosen(read_layout(images, table, table.parent / "sources.csv"), patients)
        spec = self.runs / run / "detector.json"
        command = [self.lesionlens, "detect", *[str(s.folder) for s in series], str(table)]
        command += ["--model", str(spec), "--threshold", "0.05", "--json"]
        report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        for image in report["images"]:
            image["path"] = "/".join(Path(image["path"]).parts[-2:])
        out.write_text(json.dumps(report) + "\n")
        return out

    def froc(self, detections: Path, out: Path, images: Path | None = None, table: Path | None = None) -> dict:
        """The program's report on a detections file."""
        command = [self.lesionlens, "froc", str(images or self.images), str(table or self.table)]
        command += ["--detections", str(detections), "--json"]
        report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        # Slices of the table that the file does not cover are not part of this evaluation.
        report["missing"] = []
        out.write_text(json.dumps(report, indent=1) + "\n")
        return report


def short(report: dict) -> dict:
    """What the card quotes of a report, in percent."""
    result = {"images": report["n_images"], "patients": report["n_patients"], "lesions": report["n_lesions"]}
    for curve in report["curves"]:
        result[curve["criterion"]] = {
            "sensitivity": [round(100 * s, 1) for s in curve["sensitivity"]],
            "mean": round(100 * curve["mean_sensitivity"], 1),
            "interval_95": [round(100 * s, 1) for s in curve["mean_interval_95"] or []],
        }
    result["strata"] = {
        f"{s['by']} {s['name']}": [s["n_lesions"], round(100 * s["mean_sensitivity"], 1)] for s in report["strata"]
    }
    return result


def marks(file: Path, at: float) -> dict:
    """Mean number of detections per slice with at least this score."""
    images = json.loads(file.read_text())["images"]
    n = sum(d["score"] >= at for image in images for d in image["detections"])
    return {"slices": len(images), "marks_per_slice": round(n / len(images), 2)}


def found_share(file: Path, truths: dict[str, list[Truth]], at: float) -> dict:
    """Share of the lesions that a detection with at least this score meets at IoU ≥ .5."""
    n = hit = 0
    for image in json.loads(file.read_text())["images"]:
        boxes = np.array([d["box_px"] for d in image["detections"] if d["score"] >= at]).reshape(-1, 4)
        for truth in truths.get(image["path"], []):
            n += 1
            hit += bool(len(boxes)) and bool((iou(np.asarray(truth.box_px), boxes) >= 0.5).any())
    return {"lesions": n, "found": hit}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--lesionlens", default="../target/release/lesionlens")
    p.add_argument("--data", type=Path, default=Path("../../shared/data"))
    p.add_argument("--runs", type=Path, default=Path("../../train-out"))
    p.add_argument("--results", type=Path, default=Path("results"))
    args = p.parse_args()
    here = Place(args.lesionlens, args.data, args.runs, args.results)
    here.results.mkdir(exist_ok=True)
    work = args.runs / "figures"
    work.mkdir(exist_ok=True)
    patients = [q for fold in FOLDS.values() for q in fold]

    parts = [here.detect(run, held_out, work / f"{run}.json") for run, held_out in FOLDS.items()]
    results = here.results
    (results / "detections-folds.json").write_text(json.dumps(merged(parts, "folds")) + "\n")
    for run in ("base", "refine"):
        here.detect(run, patients, results / f"detections-{run}.json")
    series = chosen(read_layout(here.images, here.table, here.table.parent / "sources.csv"), patients)
    numbers = {int(s.id.split("_")[0]) for s in series}
    prior = prior_boxes(args.data / "DL_info_test_split.csv", numbers)
    for name, detect in (("blob", blob_detect), ("prior", lambda _series, _idx: prior)):
        made = detections_file(name, "", series, detect, only_boxed=True)
        (results / f"detections-{name}.json").write_text(json.dumps(made) + "\n")
    figures: dict = {
        name: short(here.froc(results / f"detections-{name}.json", results / f"froc-{name}.json"))
        for name in ("folds", "base", "refine", "blob", "prior")
    }

    validation = here.detect("shipped", VALIDATION_UNBOXED, work / "validation.json")
    at, _ = threshold([validation], MARKS_PER_SLICE)
    figures["default_threshold"] = at
    figures["at_default_threshold"] = {
        "shipped, validation slices without boxes": marks(validation, at),
        "folds, DeepLesion key slices": marks(results / "detections-folds.json", at),
        "folds, DeepLesion lesions found": found_share(
            results / "detections-folds.json", {f"{s.id}/{n:03d}.png": t for s in series for n, t in s.truths.items()}, at
        ),
    }

    sarcoma = here.detect("shipped", VALIDATION_SARCOMA, work / "sarcoma.json")
    figures["shipped, sarcoma of validation patients"] = short(here.froc(sarcoma, results / "froc-sarcoma.json"))

    synthetic = args.runs / "synthetic"
    pair = (synthetic / "Images_png", synthetic / "DL_info.csv")
    for run in ("base", "refine", "shipped"):
        found = here.detect(run, [], work / f"synthetic-{run}.json", *pair)
        figures[f"{run}, synthetic"] = short(here.froc(found, results / f"froc-synthetic-{run}.json", *pair))
    made = detections_file(
        "float", "", read_layout(*pair), float_detector(args.runs / "shipped/checkpoint.pt"), only_boxed=True
    )
    (work / "synthetic-float.json").write_text(json.dumps(made))
    report = here.froc(work / "synthetic-float.json", results / "froc-synthetic-float.json", *pair)
    figures["shipped before quantization, synthetic"] = short(report)
    (results / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
