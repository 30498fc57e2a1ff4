"""Every figure of the model card, from exported models: `python -m lesionlens_training.figures …`.

In: the program `lesionlens`, the data folder, the folder of runs (each with `detector.onnx`,
`detector.json`, `checkpoint.pt`), the cache. Out, in the results folder: detections files, the
reports of `lesionlens froc` on them, and `figures.json` with what the card quotes.

Fold models are judged on the boxed DeepLesion slices of the patients that they never saw. The
default threshold comes from unboxed slices of validation patients that no fold model saw.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .baselines import blob_detect, prior_boxes
from .data import read_layout
from .detect import chosen, detections_file, float_detector
from .merge import merged
from .threshold import threshold

FOLDS = {
    "fold-a": ["DL000002"],
    "fold-b": ["DL000009"],
    "fold-c": ["DL000010", "DL000013", "DL000014"],
}
UNBOXED_DEEPLESION = ["DL000007", "DL000062"]
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


def marks(files: list[Path], at: float) -> dict:
    """Mean number of detections per slice with at least this score; a slice counts once per file."""
    images = [image for f in files for image in json.loads(f.read_text())["images"]]
    n = sum(d["score"] >= at for image in images for d in image["detections"])
    return {"slices": len(images) // len(files), "models": len(files), "marks_per_slice": round(n / len(images), 2)}


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
    here.detect("base", patients, results / "detections-base.json")
    series = chosen(read_layout(here.images, here.table, here.table.parent / "sources.csv"), patients)
    numbers = {int(s.id.split("_")[0]) for s in series}
    prior = prior_boxes(args.data / "DL_info_test_split.csv", numbers)
    for name, detect in (("blob", blob_detect), ("prior", lambda _series, _idx: prior)):
        made = detections_file(name, "", series, detect, only_boxed=True)
        (results / f"detections-{name}.json").write_text(json.dumps(made) + "\n")
    figures: dict = {
        name: short(here.froc(results / f"detections-{name}.json", results / f"froc-{name}.json"))
        for name in ("folds", "base", "blob", "prior")
    }

    validation = [here.detect(run, VALIDATION_UNBOXED, work / f"{run}-validation.json") for run in FOLDS]
    at, _ = threshold(validation, MARKS_PER_SLICE)
    deeplesion = [here.detect(run, UNBOXED_DEEPLESION, work / f"{run}-unboxed.json") for run in FOLDS]
    folds = json.loads((results / "detections-folds.json").read_text())
    figures["default_threshold"] = at
    figures["marks_at_default_threshold"] = {
        "validation, unboxed": marks(validation, at),
        "deeplesion, unboxed": marks(deeplesion, at),
        "deeplesion, key slices": round(
            sum(d["score"] >= at for i in folds["images"] for d in i["detections"]) / len(folds["images"]), 2
        ),
    }

    sarcoma = here.detect("fold-a", VALIDATION_SARCOMA, work / "sarcoma.json")
    figures["sarcoma"] = short(here.froc(sarcoma, results / "froc-sarcoma.json"))

    synthetic = args.runs / "synthetic"
    pair = (synthetic / "Images_png", synthetic / "DL_info.csv")
    found = here.detect("base", [], work / "synthetic.json", *pair)
    figures["synthetic"] = short(here.froc(found, results / "froc-synthetic.json", *pair))
    made = detections_file(
        "float", "", read_layout(*pair), float_detector(args.runs / "base/checkpoint.pt"), only_boxed=True
    )
    (work / "synthetic-float.json").write_text(json.dumps(made))
    report = here.froc(work / "synthetic-float.json", results / "froc-synthetic-float.json", *pair)
    figures["synthetic, float net"] = short(report)
    (results / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
