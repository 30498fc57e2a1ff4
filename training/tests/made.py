"""Files that several tests need."""

import json
from pathlib import Path


def detections_file(
    path: Path, images: dict[str, list[tuple[float, ...]]], schema: str = "lesionlens.detections/1"
) -> Path:
    """A detections file with rows (x0, y0, x1, y1, score) per image."""
    made = [
        {
            "path": f"/anywhere/{name}",
            "series": name.split("/")[0],
            "slice": 0,
            "spacing_mm": [0.8, 0.8, 5.0],
            "detections": [{"box_px": list(row[:4]), "score": row[4]} for row in rows],
        }
        for name, rows in images.items()
    ]
    path.write_text(json.dumps({"schema": schema, "model": {"name": "m", "sha256": ""}, "images": made, "errors": []}))
    return path
