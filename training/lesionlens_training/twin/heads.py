"""Raw heads → detections in image px: the twin of the program's `heads`, `measure` and `nms` stages, in f64.

In: one f32 `[channels, h, w]` array per stride, the map to image px, and how to decode them. Out: `Marks`.
A cell is a candidate where its heat is a maximum of its 3×3 neighbourhood. Its score is
sigmoid(scale · heat + offset) with the output's own scale and offset. The two diameters cross in the centre of
the box; their lengths and the right angle between them are those of input px.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
from scipy import ndimage

from .. import spec
from .froc import TYPE_NAMES

Array = np.ndarray
TYPE_CHANNELS = tuple(f"type_{name.replace(' ', '_')}" for name in TYPE_NAMES)
AXIS_CHANNELS = ("log_long", "log_short", "sin_2theta", "cos_2theta")


@dataclass(frozen=True)
class Decoding:
    """What the spec file says about decoding. `score`: scale and offset per stride."""

    channels: tuple[str, ...] = spec.CHANNELS
    score: dict[int, tuple[float, float]] = field(default_factory=lambda: dict.fromkeys(spec.STRIDES, (1.0, 0.0)))
    temperature: float = 1.0
    min_probability: float = 0.6
    margin_px: float = spec.MARGIN_PX
    score_floor: float = spec.SCORE_FLOOR
    top_k: int = spec.TOP_K
    nms_iou: float = spec.NMS_IOU

    @classmethod
    def read(cls, path: Path) -> Decoding:
        """From a model's spec file."""
        made = json.loads(path.read_text())
        plain = {"scale": 1.0, "offset": 0.0}
        scores = {o["stride"]: o.get("score", plain) for o in made["outputs"]}
        return cls(
            channels=tuple(made["channels"]),
            score={stride: (s["scale"], s["offset"]) for stride, s in scores.items()},
            temperature=made.get("types", {}).get("temperature", 1.0),
            min_probability=made.get("types", {}).get("min_probability", 0.6),
            margin_px=made["margin_px"],
            score_floor=made["score_floor"],
            top_k=made["top_k"],
            nms_iou=made["nms_iou"],
        )


@dataclass
class Marks:
    """Candidates or detections of one slice, one row each.

    `boxes` `[k, 4]` half-open image px, `score` `[k]`, and what only a net gives: its output's `stride`, the
    raw heat `logit`, the `ends` of the diameters `[k, long or short, 2, xy]` in image px, their `lengths`
    `[k, 2]` in input px, and the raw logits `types` `[k, 8]`."""

    boxes: Array
    score: Array
    stride: Array | None = None
    logit: Array | None = None
    ends: Array | None = None
    lengths: Array | None = None
    types: Array | None = None

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, rows: Array | slice) -> Marks:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return Marks(**{k: None if v is None else v[rows] for k, v in values.items()})


def joined(parts: list[Marks]) -> Marks:
    """All rows, in order."""
    values = {f.name: [getattr(p, f.name) for p in parts] for f in fields(Marks)}
    return Marks(**{k: None if v[0] is None else np.concatenate(v) for k, v in values.items()})


def sigmoid(x: Array) -> Array:
    """1 / (1 + e⁻ˣ)."""
    return 1 / (1 + np.exp(-np.asarray(x, np.float64)))


def softmax(logits: Array) -> Array:
    """Shares of the last axis."""
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def candidates(
    heads: list[Array],
    origin: tuple[int, int],
    ratio: tuple[float, float],
    shape: tuple[int, int],
    decoding: Decoding | None = None,
) -> Marks:
    """Candidates of one slice of `shape` (rows, cols) image px, before suppression."""
    decoding = decoding or Decoding()
    strides = sorted(decoding.score)
    parts = [_of_head(h, s, np.asarray(origin), np.asarray(ratio), shape, decoding) for h, s in zip(heads, strides)]
    return joined(parts)


def _of_head(
    head: Array, stride: int, origin: Array, ratio: Array, shape: tuple[int, int], decoding: Decoding
) -> Marks:
    at = {name: i for i, name in enumerate(decoding.channels)}
    heat = head[at["heat"]]
    scale, offset = decoding.score[stride]
    peak = heat >= ndimage.maximum_filter(heat, 3, mode="constant", cval=-np.inf)
    score = sigmoid(scale * heat.astype(np.float64) + offset)
    ys, xs = np.nonzero(peak & np.isfinite(heat) & (score >= decoding.score_floor))
    order = np.argsort(-score[ys, xs], kind="stable")[: decoding.top_k]
    ys, xs = ys[order], xs[order]
    ys, xs = (v[np.isfinite(head[:, ys, xs]).all(0)] for v in (ys, xs))

    def value(name: str) -> Array:
        return head[at[name]][ys, xs].astype(np.float64)

    center = np.stack([xs + value("dx"), ys + value("dy")], 1) * stride
    half = np.exp(np.stack([value("log_w"), value("log_h")], 1)) / 2
    low = ((center - half + origin) * ratio - decoding.margin_px).clip(0, shape[::-1])
    high = ((center + half + origin) * ratio + decoding.margin_px).clip(0, shape[::-1])
    found = Marks(np.concatenate([low, high], 1), score[ys, xs], np.full(len(ys), stride), value("heat"))
    if AXIS_CHANNELS[0] in at:
        long = np.exp(value("log_long"))
        short = np.minimum(np.exp(value("log_short")), long)
        theta = 0.5 * np.arctan2(value("sin_2theta"), value("cos_2theta"))
        along = np.stack([np.cos(theta), np.sin(theta)], 1)
        across = np.stack([-np.sin(theta), np.cos(theta)], 1)
        found.lengths = np.stack([long, short], 1)
        reach = found.lengths[:, :, None, None] * np.array([-0.5, 0.5])[:, None]
        ends = center[:, None, None] + reach * np.stack([along, across], 1)[:, :, None]
        found.ends = (ends + origin) * ratio
    if TYPE_CHANNELS[0] in at:
        found.types = np.stack([value(name) for name in TYPE_CHANNELS], 1)
    return found[((high - low) > 0).all(1)]


def iou(box: Array, boxes: Array) -> Array:
    """Overlap of one half-open box with many."""
    w = (np.minimum(box[2], boxes[:, 2]) - np.maximum(box[0], boxes[:, 0])).clip(0)
    h = (np.minimum(box[3], boxes[:, 3]) - np.maximum(box[1], boxes[:, 1])).clip(0)
    inter = w * h
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    union = (box[2] - box[0]) * (box[3] - box[1]) + area - inter
    return np.where(union > 0, inter / np.maximum(union, 1e-12), 0)


def suppressed(found: Marks, nms_iou: float = spec.NMS_IOU) -> Marks:
    """Greedy non-maximum suppression over all heads together; equal scores are ordered by the box's edges."""
    x0, y0, x1, y1 = found.boxes.T
    found = found[np.lexsort((y1, x1, y0, x0, -found.score))]
    kept: list[int] = []
    for i in range(len(found)):
        if not kept or (iou(found.boxes[i], found.boxes[kept]) <= nms_iou).all():
            kept.append(i)
    return found[np.array(kept, int)]


def records(found: Marks, decoding: Decoding, spacing_known: bool, raw: bool = False) -> list[dict]:
    """Detections as `lesionlens detect` writes them; `raw` adds stride, heat logit and type logits."""
    result = []
    shares = None if found.types is None else softmax(found.types / decoding.temperature)
    for i in range(len(found)):
        made: dict = {
            "box_px": [round(float(v), 3) for v in found.boxes[i]],
            "score": round(float(found.score[i]), 6),
            "axes": None,
            "type": None,
        }
        if found.ends is not None and found.lengths is not None:
            long, short = ([[round(float(v), 3) for v in end] for end in line] for line in found.ends[i])
            long_mm, short_mm = (
                round(float(v) * spec.SPACING_MM, 3) if spacing_known else None for v in found.lengths[i]
            )
            made["axes"] = {"long_px": long, "short_px": short, "long_mm": long_mm, "short_mm": short_mm}
        if shares is not None and shares[i].max() >= decoding.min_probability:
            name = TYPE_NAMES[int(shares[i].argmax())]
            made["type"] = {"name": name, "probability": round(float(shares[i].max()), 4)}
        if raw and found.stride is not None and found.logit is not None:
            made["raw"] = {"stride": int(found.stride[i]), "logit": round(float(found.logit[i]), 5)}
            if found.types is not None:
                made["raw"]["types"] = [round(float(v), 4) for v in found.types[i]]
        result.append(made)
    return result
