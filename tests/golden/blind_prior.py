"""The blind prior of `tests/froc.rs` and its FROC, written a second time with NumPy.

`python tests/golden/blind_prior.py ../shared/data/DL_info_test_split.csv` prints sensitivities in percent at .5, 1, 2, 4,
8 and 16 false positives per image, and the mean of the first four. It works in float64 and breaks ties by row, the Rust
test in float32 and by box edges, so the two agree to a few hundredths of a point only.
"""

import csv
import sys

import numpy as np

NEIGHBOURS, KEPT, RATES = 400, 16, np.array([0.5, 1, 2, 4, 8, 16])


def overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of every box of `a` with every one of `b`."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(2)
    area = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (a, b)]
    return common / (area[0][:, None] + area[1][None] - common)


def main(path: str) -> None:
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Possibly_noisy"] == "0"]
    numbers = lambda row, column: [float(value) for value in row[column].split(",")]  # noqa: E731
    boxes = np.array([numbers(row, "Bounding_boxes") for row in rows]) - [1, 1, 0, 0]
    height = np.array([numbers(row, "Normalized_lesion_location")[2] for row in rows])
    size = np.array([numbers(row, "Image_size")[0] for row in rows])
    patient = np.array([int(row["Patient_index"]) for row in rows])
    image = np.unique([row["File_name"] for row in rows], return_inverse=True)[1]

    events = []
    for i in range(image.max() + 1):
        here = np.flatnonzero(image == i)
        others = np.flatnonzero(patient != patient[here[0]])
        near = others[np.argsort(np.abs(height[others] - height[here[0]]), kind="stable")[:NEIGHBOURS]]
        guesses = boxes[near] / size[near, None] * size[here[0]]
        between = overlaps(guesses, guesses)
        score = (between >= 0.5).sum(1)
        kept: list[int] = []
        for j in np.argsort(-score, kind="stable"):
            if all(between[j, k] <= 0.5 for k in kept):
                kept.append(j)
        for j in kept[:KEPT]:
            met = here[overlaps(guesses[[j]], boxes[here])[0] >= 0.5]
            events.append((-score[j], i, met))
    events.sort(key=lambda event: event[:2])

    found: set[int] = set()
    n_false, best = 0, np.zeros(len(RATES))
    for _, _, met in events:
        n_false += len(met) == 0
        found.update(met)
        best[n_false <= RATES * (image.max() + 1)] = len(found)
    sensitivity = 100 * best / len(rows)
    print(sensitivity.round(3), sensitivity[:4].mean().round(3))


main(sys.argv[1])
