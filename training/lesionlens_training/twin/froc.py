"""FROC, the twin of the program's `froc` stage: the same images give the same figures to the last digit.

In: per image the lesions that a person marked and the detections. Out: a report, as plain values with
the names of `lesionlens froc --json`.
The protocol: detections of all images by falling score; one that meets no lesion of its image is a false
positive; one that meets lesions finds every one of them that was not found yet; a further one on a lesion
already found counts neither way. Equal scores keep the order of images and of detections inside an image.
The sensitivity at a rate is the highest one reached without exceeding it (a step function). Boxes are
half-open and f32, all arithmetic on them is f32 in the program's order; shares are f64.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RATES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
N_MEAN = 4
CRITERIA = ("iou50", "iobb50", "center")
BOOTSTRAP_SAMPLES = 1000
BOOTSTRAP_SEED = 0x4C6573696F6E
TYPE_NAMES = ("bone", "abdomen", "mediastinum", "liver", "lung", "kidney", "soft tissue", "pelvis")
SIZE_CLASSES = ("<10 mm", "10-30 mm", ">30 mm")
# Resamples that are counted together: bounds the memory, changes no figure.
CHUNK = 50

F32 = np.float32
Array = np.ndarray


@dataclass(frozen=True)
class Truth:
    """A lesion that a person marked. `box_px` f32, half-open image px, with DeepLesion's margin; diameters
    in image px and `angle` (rad, long axis, from +x towards +y) where the annotation carries them."""

    box_px: tuple[float, float, float, float]
    long_px: float | None = None
    short_px: float | None = None
    angle: float | None = None
    type: str | None = None


@dataclass(frozen=True)
class EvalImage:
    """One image of an evaluation; `boxes` `[k, 4]` and `scores` `[k]` of its detections in any order."""

    patient: int
    source: str
    mm_per_px: float
    lesions: list[Truth]
    boxes: Array
    scores: Array


def area(boxes: Array) -> Array:
    """Areas of f32 boxes `[k, 4]`; 0 where an edge is on the wrong side."""
    return np.maximum(boxes[:, 2] - boxes[:, 0], F32(0)) * np.maximum(boxes[:, 3] - boxes[:, 1], F32(0))


def common_area(boxes: Array, box: Array) -> Array:
    """Area that each of `boxes` shares with `box`."""
    low, high = np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])
    return area(np.concatenate([low, high], 1))


def meets(boxes: Array, lesion: Array, criterion: str, overlap: float = 0.5) -> Array:
    """Which detections meet a lesion. `iou50`: intersection over union ≥ `overlap`; `iobb50`: intersection
    over the detection's own area ≥ `overlap`; `center`: the detection's centre lies in the lesion's box."""
    boxes, lesion = np.asarray(boxes, F32).reshape(-1, 4), np.asarray(lesion, F32)
    if criterion == "center":
        center = F32(0.5) * (boxes[:, :2] + boxes[:, 2:])
        return ((lesion[:2] <= center) & (center < lesion[2:])).all(1)
    inter, whole = common_area(boxes, lesion), area(boxes)
    if criterion == "iou50":
        whole = whole + area(lesion[None]) - inter
    elif criterion != "iobb50":
        raise ValueError(f"criterion {criterion}")
    return (whole > 0) & (inter / np.where(whole > 0, whole, F32(1)) >= F32(overlap))


def long_mm(truth: Truth, mm_per_px: float) -> float:
    """Long diameter; without one the longer edge of the box, less the 5 px on each side, stands in."""
    if truth.long_px is not None:
        return float(F32(truth.long_px)) * mm_per_px
    x0, y0, x1, y1 = (F32(v) for v in truth.box_px)
    return float(max(x1 - x0, y1 - y0, F32(0)) - F32(10)) * mm_per_px


def size_class(mm: float) -> str:
    """The size stratum of a long diameter."""
    return SIZE_CLASSES[0 if mm < 10 else 1 if mm <= 30 else 2]


def splitmix64(seed: int, n: int) -> list[int]:
    """The first `n` numbers of Steele, Lea and Flood's generator (2014)."""
    mask = (1 << 64) - 1
    result = []
    for _ in range(n):
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        result.append(z ^ (z >> 31))
    return result


@functools.lru_cache(maxsize=32)
def resamples(n_patients: int) -> Array:
    """How often each patient is in each bootstrap sample, int64 `[BOOTSTRAP_SAMPLES, n_patients]`."""
    numbers = splitmix64(BOOTSTRAP_SEED, BOOTSTRAP_SAMPLES * n_patients)
    drawn = [((z >> 32) * n_patients) >> 32 for z in numbers]
    weights = np.zeros((BOOTSTRAP_SAMPLES, n_patients), np.int64)
    np.add.at(weights, (np.repeat(np.arange(BOOTSTRAP_SAMPLES), n_patients), drawn), 1)
    weights.setflags(write=False)
    return weights


def percentile(ascending: Array, share: float) -> float:
    """Nearest-rank percentile."""
    return float(ascending[max(math.ceil(share * len(ascending)), 1) - 1])


def interval_95(values: Array) -> list[float] | None:
    """2.5 and 97.5 percentiles of bootstrap values; NaN (a sample without the thing counted) is left out."""
    values = np.sort(np.asarray(values, np.float64))
    values = values[~np.isnan(values)]
    return [percentile(values, 0.025), percentile(values, 0.975)] if len(values) else None


def mean_of_first(sensitivity: Array) -> float:
    """Mean over the first four rates, summed in order."""
    total = 0.0
    for value in sensitivity[:N_MEAN]:
        total += float(value)
    return total / N_MEAN


@dataclass
class Events:
    """Detections by falling score: whose they are, which meet nothing, and which lesion (index over all
    images) each finds for the first time, as parallel lists of (event, lesion)."""

    patient: Array
    is_false: Array
    found_event: Array
    found_lesion: Array


class Cohort:
    """Images with patients numbered from 0 by rising index and lesions numbered over all images."""

    def __init__(self, images: list[EvalImage]) -> None:
        self.images = images
        self.patients = sorted({image.patient for image in images})
        index = {patient: i for i, patient in enumerate(self.patients)}
        self.patient_of_image = np.array([index[image.patient] for image in images], np.int64)
        self.lesions = [(image_idx, truth) for image_idx, image in enumerate(images) for truth in image.lesions]
        self.patient_of_lesion = np.array([self.patient_of_image[i] for i, _ in self.lesions], np.int64)
        self.images_of_patient = np.bincount(self.patient_of_image, minlength=len(self.patients))

    def events(self, criterion: str) -> Events:
        """What each detection, by falling score, adds to the curve."""
        image_of = np.repeat(np.arange(len(self.images)), [len(image.scores) for image in self.images])
        within = np.concatenate([np.arange(len(image.scores)) for image in self.images] or [np.zeros(0)]).astype(int)
        scores = np.concatenate([np.asarray(image.scores, F32) for image in self.images] or [np.zeros(0, F32)])
        order = np.argsort(-scores, kind="stable")
        met: list[list[Array]] = [
            [meets(image.boxes, np.asarray(truth.box_px, F32), criterion) for truth in image.lesions]
            for image in self.images
        ]
        first = np.cumsum([0, *(len(image.lesions) for image in self.images)])
        is_found = np.zeros(len(self.lesions), bool)
        is_false = np.zeros(len(order), bool)
        found: list[tuple[int, int]] = []
        for event, at in enumerate(order):
            image_idx, k = image_of[at], within[at]
            hits = [first[image_idx] + i for i, hit in enumerate(met[image_idx]) if hit[k]]
            is_false[event] = not hits
            for lesion in hits:
                if not is_found[lesion]:
                    is_found[lesion] = True
                    found.append((event, lesion))
        pairs = np.array(found, np.int64).reshape(-1, 2)
        return Events(self.patient_of_image[image_of[order]], is_false, pairs[:, 0], pairs[:, 1])

    def sensitivity(
        self, events: Events, members: Array, weights: Array, rates: tuple[float, ...] = RATES
    ) -> Array:
        """f64 `[n, rates]` when patient p is there `weights[n, p]` times; NaN in a row without any lesion."""
        weights = np.asarray(weights, np.int64)
        parts = [self._sensitivity(events, members, weights[i : i + CHUNK], rates) for i in range(0, len(weights), CHUNK)]
        return np.concatenate(parts)

    def _sensitivity(self, events: Events, members: Array, weights: Array, rates: tuple[float, ...]) -> Array:
        n_images = weights @ self.images_of_patient
        n_lesions = weights[:, self.patient_of_lesion[members]].sum(1)
        of_member = members[events.found_lesion]
        found_event = events.found_event[of_member]
        n_found = np.cumsum(weights[:, events.patient[found_event]], 1)
        n_found = np.concatenate([np.zeros((len(weights), 1), np.int64), n_found], 1)
        n_false = np.cumsum(weights[:, events.patient] * events.is_false, 1)
        result = np.full((len(weights), len(rates)), np.nan)
        for row in range(len(weights)):
            if n_lesions[row] == 0:
                continue
            # The false positives only grow: the events allowed are the first so many.
            limits = np.array(rates) * float(n_images[row])
            n_allowed = np.searchsorted(n_false[row].astype(np.float64), limits, "right")
            best = n_found[row, np.searchsorted(found_event, n_allowed, "left")]
            result[row] = best.astype(np.float64) / float(n_lesions[row])
        return result

    def curve(self, criterion: str, events: Events, members: Array) -> dict:
        """Figures of one criterion over the lesions that `members` (bool per lesion) names."""
        sensitivity = self.sensitivity(events, members, np.ones((1, len(self.patients)), np.int64))[0]
        sensitivity = np.zeros(len(RATES)) if np.isnan(sensitivity).any() else sensitivity
        return {
            "criterion": criterion,
            "n_lesions": int(members.sum()),
            "sensitivity": [float(s) for s in sensitivity],
            "mean_sensitivity": mean_of_first(sensitivity),
            "mean_interval_95": self.interval(events, members),
        }

    def interval(self, events: Events, members: Array) -> list[float] | None:
        """95 % percentile bootstrap interval of the mean, over patients; None with fewer than two."""
        if len(self.patients) < 2:
            return None
        drawn = self.sensitivity(events, members, resamples(len(self.patients)))
        return interval_95(np.array([mean_of_first(row) for row in drawn]))

    def where(self, belongs: Callable[[EvalImage, Truth], bool]) -> Array:
        """Bool per lesion."""
        return np.array([belongs(self.images[i], truth) for i, truth in self.lesions], bool)


def evaluate(images: list[EvalImage]) -> dict:
    """The report of `lesionlens froc` on these images."""
    cohort = Cohort(images)
    everything = np.ones(len(cohort.lesions), bool)
    events = {criterion: cohort.events(criterion) for criterion in CRITERIA}
    classes = {
        "source": [images[i].source for i, _ in cohort.lesions],
        "type": [truth.type or "unknown" for _, truth in cohort.lesions],
        "long_diameter": [size_class(long_mm(truth, images[i].mm_per_px)) for i, truth in cohort.lesions],
    }
    strata = []
    for by, names in classes.items():
        # By UTF-8 bytes, as Rust orders text.
        for name in sorted(set(names), key=str.encode):
            members = np.array([n == name for n in names], bool)
            strata.append({"by": by, "name": name, **cohort.curve("iou50", events["iou50"], members)})
    return {
        "n_images": len(images),
        "n_patients": len(cohort.patients),
        "n_lesions": len(cohort.lesions),
        "n_detections": sum(len(image.scores) for image in images),
        "false_positives_per_image": list(RATES),
        "curves": [cohort.curve(criterion, events[criterion], everything) for criterion in CRITERIA],
        "strata": strata,
    }


def paired_difference(first: list[EvalImage], second: list[EvalImage], criterion: str = "iou50") -> dict:
    """Mean sensitivity of the second detector less that of the first on the same images, with the 95 % interval
    of the difference over the same resamples of patients."""
    cohorts = [Cohort(first), Cohort(second)]
    if [i.patient for i in first] != [i.patient for i in second] or len(cohorts[0].lesions) != len(cohorts[1].lesions):
        raise ValueError("the two detectors were not run on the same images")
    everything = np.ones(len(cohorts[0].lesions), bool)
    patients = len(cohorts[0].patients)
    means, drawn = [], []
    for cohort in cohorts:
        events = cohort.events(criterion)
        means.append(cohort.curve(criterion, events, everything)["mean_sensitivity"])
        some = (
            cohort.sensitivity(events, everything, resamples(patients)) if patients > 1 else np.zeros((0, len(RATES)))
        )
        drawn.append(np.array([mean_of_first(row) for row in some]))
    return {"difference": means[1] - means[0], "difference_95": interval_95(drawn[1] - drawn[0])}
