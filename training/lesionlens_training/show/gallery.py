"""Contact sheets of what a detector finds, misses and wrongly marks, one PNG per source, for a person to look at.

`python -m lesionlens_training.show.gallery IMAGES DL_INFO DETECTIONS… --out DIR [--threshold T] [--patient P…]`

Rows: the lesions found with the highest scores; missed ones to which a mark below the threshold comes nearest,
by its score; missed ones that no mark fits, the largest first; the false marks with the highest scores. A lesion
is found by a mark of at least the threshold at IoU ≥ .5; a mark is false when it meets no lesion even by its
centre. Green: the annotated box and its diameters. Yellow: marks with their score and diameters. Window 400/40,
−600/1500 where the surroundings are lung (median below −500 HU). Pictures of patients: not to be committed.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..data.layout import read_hu, source_of
from ..data.truths import KeySlice, boxes_of, key_slices, match, read_sources
from ..judge.evaluate import Found, load
from ..twin.froc import Truth, meets

TILE_PX = 220
COLUMNS = 8
SMALLEST_PX = 90
GREEN, YELLOW, GREY = (60, 230, 60), (255, 220, 40), (170, 170, 170)
ROWS = (
    "found, highest scores",
    "missed, nearest mark below the threshold",
    "missed, no mark fits",
    "false marks, highest scores",
)


@dataclass(frozen=True)
class Tile:
    """A place worth a look: slice, box around which to look, what orders it (higher first)."""

    path: str
    box: tuple[float, float, float, float]
    rank: float


def area(truth: Truth) -> float:
    x0, y0, x1, y1 = truth.box_px
    return (x1 - x0) * (y1 - y0)


def tiles(slices: list[KeySlice], found: Found, threshold: float) -> list[list[Tile]]:
    """The rows of one sheet, best first and cut to the sheet's width. Images without a key slice have no lesions."""
    rows: list[list[Tile]] = [[], [], [], []]
    truths_of = {s.path: s.truths for s in slices}
    for path, detections in found.items():
        truths = truths_of.get(path, [])
        boxes = boxes_of(detections)
        hit = np.zeros(len(detections), bool)
        for truth in truths:
            hit |= meets(boxes, np.asarray(truth.box_px), "iou50") | meets(boxes, np.asarray(truth.box_px), "center")
            best = match(truth, detections, "iou50")
            if best is None:
                rows[2].append(Tile(path, truth.box_px, area(truth)))
            else:
                rows[0 if best["score"] >= threshold else 1].append(Tile(path, truth.box_px, best["score"]))
        for detection, is_hit in zip(detections, hit):
            if not is_hit and detection["score"] >= threshold:
                rows[3].append(Tile(path, tuple(detection["box_px"]), detection["score"]))
    return [sorted(row, key=lambda t: -t.rank)[:COLUMNS] for row in rows]


def windowed(hu: np.ndarray) -> np.ndarray:
    """u8 picture: soft tissue, or lung where the median says so."""
    low, width = (-1350, 1500) if np.median(hu) < -500 else (-160, 400)
    return ((hu - low) / width * 255).clip(0, 255).astype(np.uint8)


def picture(hu: np.ndarray, tile: Tile, truths: list[Truth], detections: list[dict], threshold: float) -> Image.Image:
    """The surroundings of one place with all truths, and all marks of at least the threshold or on the place."""
    x0, y0, x1, y1 = tile.box
    side = max(SMALLEST_PX, round(2.2 * max(x1 - x0, y1 - y0)))
    left, top = round((x0 + x1 - side) / 2), round((y0 + y1 - side) / 2)
    crop = np.full((side, side), -1024, np.int32)
    rows, cols = hu.shape
    inside = hu[max(top, 0) : min(top + side, rows), max(left, 0) : min(left + side, cols)]
    at_y, at_x = max(-top, 0), max(-left, 0)
    crop[at_y : at_y + inside.shape[0], at_x : at_x + inside.shape[1]] = inside
    zoom = TILE_PX / side
    image = Image.fromarray(windowed(crop)).resize((TILE_PX, TILE_PX), Image.Resampling.BILINEAR).convert("RGB")
    draw = ImageDraw.Draw(image)

    def place(points: list) -> list[tuple[float, float]]:
        return [((x - left) * zoom, (y - top) * zoom) for x, y in points]

    for truth in truths:
        u0, v0, u1, v1 = truth.box_px
        draw.rectangle([c for p in place([(u0, v0), (u1, v1)]) for c in p], outline=GREEN)
        if truth.angle is not None and truth.long_px and truth.short_px:
            middle = np.array([(u0 + u1) / 2, (v0 + v1) / 2])
            for length, angle in ((truth.long_px, truth.angle), (truth.short_px, truth.angle + np.pi / 2)):
                reach = length / 2 * np.array([np.cos(angle), np.sin(angle)])
                draw.line(place([middle - reach, middle + reach]), fill=GREEN)
    near = [meets(boxes_of([d]), np.asarray(tile.box), "iou50", 0.3)[0] for d in detections]
    for detection, is_near in zip(detections, near):
        if detection["score"] < threshold and not is_near:
            continue
        u0, v0, u1, v1 = detection["box_px"]
        draw.rectangle([c for p in place([(u0, v0), (u1, v1)]) for c in p], outline=YELLOW)
        for line in ("long_px", "short_px") if detection.get("axes") else ():
            draw.line(place(detection["axes"][line]), fill=YELLOW)
        kind = detection["type"]["name"] if detection.get("type") else ""
        (x, y), _ = place([(u0, v0), (u1, v1)])
        if is_near or (x >= 0 and y >= 0):
            draw.text((max(x, 0) + 2, max(y - 11, 0)), f"{detection['score']:.2f} {kind}", fill=YELLOW)
    draw.text((2, TILE_PX - 12), tile.path.removesuffix(".png"), fill=GREY)
    return image


def sheet(images: Path, slices: list[KeySlice], found: Found, threshold: float) -> Image.Image:
    """One source's contact sheet."""
    truths_of = {s.path: s.truths for s in slices}
    rows = tiles(slices, found, threshold)
    heading = 16
    result = Image.new("RGB", (COLUMNS * TILE_PX, len(rows) * (TILE_PX + heading)))
    draw = ImageDraw.Draw(result)
    for r, row in enumerate(rows):
        top = r * (TILE_PX + heading)
        draw.text((4, top + 2), f"{ROWS[r]} (threshold {threshold:.2f})", fill=(255, 255, 255))
        for c, tile in enumerate(row):
            made = picture(read_hu(images / tile.path), tile, truths_of.get(tile.path, []), found[tile.path], threshold)
            result.paste(made, (c * TILE_PX, top + heading))
    return result


def sources(table: Path, found: Found) -> dict[str, Found]:
    """The detections by source: the name before the bracket in `sources.csv`, or that of the number range."""
    listed = {series: row["source"].split("(")[0].strip() for series, row in read_sources(table).items()}
    result: dict[str, Found] = {}
    for path, detections in found.items():
        series = path.split("/")[0]
        result.setdefault(listed.get(series) or source_of(series), {})[path] = detections
    return result


def write_sheets(images: Path, table: Path, found: Found, threshold: float, out: Path, prefix: str = "") -> list[Path]:
    """A PNG per source; returns their paths."""
    out.mkdir(parents=True, exist_ok=True)
    slices = key_slices(table)
    written = []
    for source, part in sorted(sources(table, found).items()):
        name = "".join(c if c.isalnum() else "-" for c in source.lower())
        written.append(out / f"{prefix}{name}.png")
        sheet(images, slices, part, threshold).save(written[-1])
    return written


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("images", type=Path)
    p.add_argument("dl_info", type=Path)
    p.add_argument("detections", type=Path, nargs="+")
    p.add_argument("--out", type=Path, required=True)
    p.add_argument("--threshold", type=float, default=0.3)
    args = p.parse_args()
    for path in write_sheets(args.images, args.dl_info, load(args.detections), args.threshold, args.out):
        print(path)


if __name__ == "__main__":
    main()
