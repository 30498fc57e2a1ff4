"""The model spec: constants that the training code and the Rust program share.

The file `models/detector.json` carries these values to the program, so that a model and its
input pipeline cannot drift apart. Lengths in mm or px as the suffix says; HU where it says so.
"""

SCHEMA = "lesionlens.model/2"
NAME = "lesionlens-3"

SPACING_MM = 0.8
OFFSETS_MM = (-2.0, 0.0, 2.0)
MAX_GAP_MM = 10.0
MULTIPLE = 32
COMPANDING = ((-1024, 0), (-200, 80), (300, 224), (1500, 255))
BODY_THRESHOLD_HU = -400
BODY_MARGIN_PX = 8

STRIDES = (4, 8)
TYPES = ("bone", "abdomen", "mediastinum", "liver", "lung", "kidney", "soft_tissue", "pelvis")
"""DeepLesion's coarse types, numbered from 1."""
BOX_CHANNELS = ("heat", "dx", "dy", "log_w", "log_h")
AXIS_CHANNELS = ("log_long", "log_short", "sin_2theta", "cos_2theta")
CHANNELS = BOX_CHANNELS + AXIS_CHANNELS + tuple(f"type_{t}" for t in TYPES)
MARGIN_PX = 5.0
SCORE_FLOOR = 0.02
TOP_K = 100
NMS_IOU = 0.4


def spec_dict(sha256: str, file: str = "detector.onnx") -> dict:
    """The content of the spec file for the ONNX file with this SHA-256, before anything is calibrated:
    `calibrate`, `confusion` and `operating_points` amend the file with what they measure."""
    return {
        "schema": SCHEMA,
        "name": NAME,
        "file": file,
        "sha256": sha256,
        "input": {
            "name": "slices",
            "spacing_mm": SPACING_MM,
            "offsets_mm": list(OFFSETS_MM),
            "max_gap_mm": MAX_GAP_MM,
            "multiple": MULTIPLE,
            "companding": [list(k) for k in COMPANDING],
            "body": {"threshold_hu": BODY_THRESHOLD_HU, "margin_px": BODY_MARGIN_PX},
        },
        "outputs": [{"name": f"s{s}", "stride": s, "score": {"scale": 1.0, "offset": 0.0}} for s in STRIDES],
        "channels": list(CHANNELS),
        "types": {"temperature": 1.0, "min_probability": 0.6},
        "margin_px": MARGIN_PX,
        "score_floor": SCORE_FLOOR,
        "top_k": TOP_K,
        "nms_iou": NMS_IOU,
        "default_threshold": 0.3,
        "operating_points": [],
    }
