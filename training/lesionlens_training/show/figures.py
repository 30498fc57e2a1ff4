"""Every figure of the model card, from exported models: `python -m lesionlens_training.show.figures …`.

In: the program `lesionlens`, the data folder, and the folder of runs, which also holds the sets `validation`,
`full-hu` and `nodules`. `sets.py` says which run judges which set, `judged.py` where models lie.

1. Every run's scores and types are fitted on the same slices of patients that none saw (`FIT` in `sets.py`), and
   its spec file is amended.
2. `lesionlens detect` runs every judge on its set; `lesionlens froc` scores the detections, and the Python twin has
   to give the same report.
3. Default threshold, operating points and their evidence go into the spec of the shipped run, which is then what
   `models/detector.json` is to be.

Out, in the results folder: `figures.json` with all that the card quotes, `calibration.json`, the reports of
`lesionlens froc`, the detections on the validation slices. In `RUNS/figures`: all other detections, and the
contact sheets of `gallery`, which show patients and are not to be committed.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from ..data.truths import KeySlice, eval_images, match, patient_names, read_detections, scores_of
from ..judge import calibrate, confusion, measure
from ..judge import points as operating_points
from ..judge.baselines import blob_detect, prior_boxes
from ..judge.evaluate import Found, load
from ..judge.intervals import share_interval
from ..judge.judged import Place, rounded, written
from ..judge.sets import FIT, SETS, series_of, slices_of
from ..run.detect import detections_file
from ..twin.froc import RATES, Cohort, EvalImage, interval_95, long_mm, paired_difference, resamples
from . import curve, gallery

SHIPPED = "shipped"
BOXED = [name for name, one in SETS.items() if one.is_boxed]
QUANTIZED = ("validation", "nodules", "sarcoma")
"""Sets on which integers are compared with floats."""
LARGE = ("validation", "lung-dx", "sarcoma")
BEFORE = "lesionlens-2"
"""The run folder of the model that was shipped before, if it is there; it saw no official training slice."""
NODULE_MM = 6.0
LARGE_MM = 30.0


def percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 1)


def percents(values: list[float] | None) -> list[float]:
    return [round(100 * v, 1) for v in values or []]


def short(report: dict) -> dict:
    """What the card quotes of a report, in percent."""
    result = {"images": report["n_images"], "patients": report["n_patients"], "lesions": report["n_lesions"]}
    for one in report["curves"]:
        result[one["criterion"]] = {
            "sensitivity": percents(one["sensitivity"]),
            "mean": percent(one["mean_sensitivity"]),
            "interval_95": percents(one["mean_interval_95"]),
        }
    result["strata"] = {
        f"{s['by']} {s['name']}": [s["n_lesions"], percent(s["mean_sensitivity"]), percent(s["sensitivity"][RATES.index(4.0)])]
        for s in report["strata"]
    }
    return result


def at_rates(images: list[EvalImage], criterion: str, longer_than_mm: float = 0.0) -> dict:
    """Sensitivity at every rate with its interval, for lesions longer than so much; shorter ones need not be found,
    and a mark on one is not false."""
    cohort = Cohort(images)
    members = cohort.where(lambda image, truth: long_mm(truth, image.mm_per_px) > longer_than_mm)
    events, n = cohort.events(criterion), len(cohort.patients)
    once = cohort.sensitivity(events, members, np.ones((1, n)))[0]
    drawn = cohort.sensitivity(events, members, resamples(n)) if n > 1 else np.full((1, len(RATES)), np.nan)
    return {
        "criterion": criterion,
        "longer_than_mm": longer_than_mm,
        "lesions": int(members.sum()),
        "patients": n,
        "sensitivity": percents(list(once)),
        "interval_95": [percents(interval_95(drawn[:, i])) for i in range(len(RATES))],
    }


def large(slices: list[KeySlice], found: Found, at: float) -> dict:
    """Of the lesions over 30 mm that a mark of at least this score finds by its centre: how many such a mark also
    meets at IoU ≥ .5, and for how many that mark is the one with the highest score among those by the centre."""
    lesions = [(s, t) for s in slices if s.path in found for t in s.truths if long_mm(t, s.mm_per_px) > LARGE_MM]
    by_center = [(s, t, best) for s, t in lesions if (best := match(t, found[s.path], "center", at))]
    fits = [match(t, found[s.path], "iou50", at) is not None for s, t, _ in by_center]
    return {
        "lesions": len(lesions),
        "found_by_center": len(by_center),
        "of_those_by_iou": sum(fits),
        "share": percent(float(np.mean(fits))) if fits else None,
        "share_95": percents(share_interval(fits, [s.patient for s, _, _ in by_center])) if fits else [],
        "best_by_center_fits": sum(match(t, [best], "iou50") is not None for _, t, best in by_center),
    }


def marks(found: Found, at: float) -> dict:
    """Mean number of marks per slice with at least this score."""
    n = [int((scores_of(d) >= np.float32(at)).sum()) for d in found.values()]
    return {"slices": len(n), "marks_per_slice": round(float(np.mean(n)), 2)}


def lesions_found(slices: list[KeySlice], found: Found, at: float) -> dict:
    """Lesions that a mark of at least this score meets at IoU ≥ .5."""
    hits, patients = operating_points.sensitivity(slices, found, at)
    return {"lesions": len(hits), "found": sum(hits), "found_95": percents(share_interval(hits, patients))}


def fitted(place: Place, run: str) -> dict:
    """Fits a run's scores and types and writes them into its spec file."""
    parts, lesions = [], []
    for name, one in FIT.items():
        folder = place.folder(one)
        found = read_detections(place.raw(run, name, one))
        if one.is_boxed:
            slices = slices_of(folder, one.patients())
            lesions += confusion.named(slices_of(folder, one.types or one.patients()), found)
        else:
            slices = calibrate.unboxed(found, patient_names(folder / "DL_info.csv"))
        parts.append(calibrate.samples(slices, found, one.weight))
    scores, types = calibrate.calibrated(calibrate.joined(parts)), confusion.fitted(lesions)
    calibrate.amend(place.spec(run), scores["score"], types=types["types"])
    return {"scores": scores, "types": types}


def baselines(place: Place) -> dict[str, Path]:
    """Detections of the blob detector and of the blind prior on the validation slices."""
    one = SETS["validation"]
    series = series_of(place.folder(one), one.patients())
    prior = prior_boxes(place.data / "DL_info_test_split.csv", {int(s.id.split("_")[0]) for s in series})
    detectors = {"blob": blob_detect, "prior": lambda _series, _idx: prior}
    return {
        name: written(rounded(detections_file(name, "", series, detect, only_boxed=True)), place.work / f"{name}.json")
        for name, detect in detectors.items()
    }


def quantization(place: Place, name: str) -> dict:
    """Mean sensitivity of the integer nets less that of their float nets on the same images, in points."""
    one = SETS[name]
    slices = slices_of(place.folder(one), one.patients())
    files = [place.float_detected(run, name, one, patterns) for run, patterns in one.judges.items()]
    floats, integers = (eval_images(slices, load(f)) for f in (files, place.judged(name, one)))
    made = paired_difference(floats, integers)
    whole = np.ones(sum(len(i.lesions) for i in floats), bool)
    means = [c.curve("iou50", c.events("iou50"), whole)["mean_sensitivity"] for c in (Cohort(floats), Cohort(integers))]
    return {
        "float": percent(means[0]),
        "int8": percent(means[1]),
        "difference": round(100 * made["difference"], 2),
        "difference_95": [round(100 * v, 2) for v in made["difference_95"] or []],
    }


def thorough(place: Place, slices: dict[str, list[KeySlice]], names: dict[str, str]) -> dict:
    """Figures of the setting "thorough" on the sets that choose thresholds, and what the spec says of it."""
    files = {name: place.judged(name, SETS[name], thorough=True) for name in ("validation", "unboxed")}
    found = {name: load(some) for name, some in files.items()}
    default = operating_points.at_default(found["unboxed"], names)
    points = operating_points.operating_points(
        slices["validation"], found["validation"], found["unboxed"], default["default_threshold"]
    )
    report = short(place.froc("validation-thorough", SETS["validation"], files["validation"]))
    return {
        "figures": {"validation, thorough": report, "default_threshold, thorough": default},
        "spec": {"default_threshold": default["default_threshold"], "operating_points": points},
    }


def figures(place: Place) -> dict:
    """Everything; also amends specs and writes files as the module's head says."""
    runs = sorted({run for one in SETS.values() for run in one.judges})
    calibration = {run: fitted(place, run) for run in runs}
    written(calibration, place.results / "calibration.json")

    found = {name: load(place.judged(name, one)) for name, one in SETS.items()}
    slices = {name: slices_of(place.folder(SETS[name]), SETS[name].patients()) for name in BOXED}
    names = patient_names(place.folder(SETS["unboxed"]) / "DL_info.csv")
    default = operating_points.at_default(found["unboxed"], names)
    at = default["default_threshold"]

    result: dict = {
        name: short(place.froc(name, SETS[name], place.judged(name, SETS[name]), name == "validation"))
        for name in BOXED
    }
    key = SETS["validation"]
    rivals = baselines(place)
    if place.spec(BEFORE).exists():
        rivals[BEFORE] = place.detected(BEFORE, "validation", key, key.patients())
    result |= {f"validation, {name}": short(place.froc(name, key, [file])) for name, file in rivals.items()}
    curve.draw(
        place.folder(key) / "DL_info.csv",
        place.results / "detections-validation.json",
        rivals.get(BEFORE),
        place.results / "froc.png",
    )

    result["default_threshold"] = default
    result["at_default_threshold"] = {
        name: {**marks(found[name], at), **lesions_found(slices[name], found[name], at)} for name in BOXED
    }
    result["nodules longer than 6 mm"] = {
        name: at_rates(eval_images(slices[name], found[name]), "center", NODULE_MM) for name in ("nodules", "lung-dx")
    }
    result["longer than 30 mm"] = {
        name: {
            "at every score": large(slices[name], found[name], 0.0),
            "at the default": large(slices[name], found[name], at),
        }
        for name in LARGE
    }
    result["quantization"] = {name: quantization(place, name) for name in QUANTIZED}
    result["diameters"] = {name: measure.measured(slices[name], found[name], at) for name in BOXED}
    result["types"] = {
        name: confusion.matrix(confusion.named(slices_of(place.folder(one), one.types or one.patients()), found[name]))
        for name, one in SETS.items()
        if one.is_boxed and one.types != []
    }
    points = operating_points.operating_points(slices["validation"], found["validation"], found["unboxed"], at)
    evidence = operating_points.evidence(
        slices["validation"], found["validation"], found["unboxed"], default["n_patients"],
        "DeepLesion's official validation key slices, none of them trained on",
    )  # fmt: skip
    result["operating_points"], result["evidence"] = points, evidence
    twice = thorough(place, slices, names)
    result |= twice["figures"]
    amended = {"default_threshold": at, "operating_points": points, "evidence": evidence, "thorough": twice["spec"]}
    calibrate.amend(place.spec(SHIPPED), **amended)
    for name, one in SETS.items():
        folder = place.folder(one)
        table = folder / "DL_info.csv"
        gallery.write_sheets(folder / "Images_png", table, found[name], at, place.work / "gallery", f"{name}-")
    return result


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--lesionlens", default="../target/release/lesionlens")
    p.add_argument("--data", type=Path, default=Path("../../shared/data"))
    p.add_argument("--runs", type=Path, default=Path("../../train-out/v2"))
    p.add_argument("--results", type=Path, default=Path("results"))
    args = p.parse_args()
    place = Place(args.lesionlens, args.data, args.runs, args.results)
    place.results.mkdir(parents=True, exist_ok=True)
    place.work.mkdir(parents=True, exist_ok=True)
    made = figures(place)
    (place.results / "figures.json").write_text(json.dumps(made, indent=1) + "\n")
    print(json.dumps(made, indent=1))


if __name__ == "__main__":
    main()
