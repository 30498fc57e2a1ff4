"""Reference lines that know little: a blob detector and a blind prior over positions.

`python -m lesionlens_training.judge.baselines blob IMAGES DL_INFO --out detections.json`
`python -m lesionlens_training.judge.baselines prior IMAGES DL_INFO --annotations CSV --out detections.json`

`blob`: scale-normalised Laplacian of Gaussian on the slice at 0.8 mm, clipped to −150..250 HU (a
soft-tissue window; lung nodules are bright blobs in it), both signs, radius σ·√2, at least 6 px
inside the body. Nothing is trained.
`prior`: never looks at a pixel. The same boxes on every slice: those of a table of annotations in
DeepLesion's format that meet the most of the table's other boxes at an overlap of .5, ranked by that
number; patients of the evaluated folder do not count.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import numpy as np
from scipy import ndimage

from .. import spec
from ..data.cache import slice_input
from ..data.layout import Series, parse_box, read_hu, read_layout
from ..run.detect import chosen, detections_file
from ..twin.heads import Marks, iou, suppressed

SIGMAS_PX = (2.0, 2.9, 4.2, 6.1, 8.8, 12.8, 18.5, 26.0)


def blob_detect(series: Series, idx: int) -> Marks:
    """Blobs of one slice, scores in 0..1."""
    made = slice_input(series, idx)
    hu = made.hu[spec.OFFSETS_MM.index(0.0)]
    image = hu.clip(-150, 250) / 400
    body = ndimage.binary_fill_holes(hu > spec.BODY_THRESHOLD_HU)
    depth = ndimage.distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1]
    stack = np.stack([np.abs(s * s * ndimage.gaussian_laplace(image, s)) for s in SIGMAS_PX])
    stack *= depth > 6
    peak = (stack == ndimage.maximum_filter(stack, 3)) & (stack > 0.02)
    ks, ys, xs = np.nonzero(peak)
    r = np.asarray(SIGMAS_PX)[ks] * np.sqrt(2)
    (ox, oy), (rx, ry) = made.origin, made.ratio
    rows, cols = read_hu(series.path(idx)).shape
    m = spec.MARGIN_PX
    boxes = np.stack(
        [
            ((xs + 0.5 - r + ox) * rx - m).clip(0, cols),
            ((ys + 0.5 - r + oy) * ry - m).clip(0, rows),
            ((xs + 0.5 + r + ox) * rx + m).clip(0, cols),
            ((ys + 0.5 + r + oy) * ry + m).clip(0, rows),
        ],
        1,
    )
    found = Marks(boxes, 1 - np.exp(-stack[ks, ys, xs]))
    return suppressed(found[np.argsort(-found.score, kind="stable")[:100]])


def prior_boxes(annotations: Path, without_patients: set[int]) -> Marks:
    """The 100 best places, from annotation rows of other patients."""
    with open(annotations, newline="") as f:
        boxes = np.array(
            [
                parse_box(row["Bounding_boxes"])
                for row in csv.DictReader(f)
                if row["Possibly_noisy"].strip() != "1" and int(row["Patient_index"]) not in without_patients
            ]
        )
    candidates = boxes[:: max(len(boxes) // 2000, 1)]
    support = np.array([(iou(b, boxes) >= 0.5).mean() for b in candidates])
    return suppressed(Marks(candidates, support))[:100]


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("kind", choices=["blob", "prior"])
    p.add_argument("images", type=Path)
    p.add_argument("dl_info", type=Path)
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--annotations", type=Path, help="rows that the prior is made of")
    p.add_argument("--only", action="append", default=[], help="series or patient pattern")
    args = p.parse_args()
    series = chosen(read_layout(args.images, args.dl_info, args.dl_info.parent / "sources.csv"), args.only)
    if args.kind == "blob":
        detect = blob_detect
    else:
        boxes = prior_boxes(args.annotations, {int(s.id.split("_")[0]) for s in series})

        def detect(_series: Series, _idx: int) -> Marks:
            return boxes

    name = {"blob": "laplacian-of-gaussian", "prior": "blind-prior"}[args.kind]
    made = detections_file(name, "", series, detect, only_boxed=True)
    args.out.write_text(json.dumps(made) + "\n")


if __name__ == "__main__":
    main()
