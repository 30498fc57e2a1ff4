"""Runs every judge on its set and keeps what it said.

In: the program `lesionlens`, the data folder, the folder of runs. A run's model is `RUN-int8/detector.{onnx,json}`
where that folder is, else `RUN/detector.{onnx,json}`; its float net is `RUN/checkpoint.pt`.
Out: detections files in `RUNS/figures`, under names that hold a digest of what made them (model, what its spec says
about decoding, the set's table, the patients), so that nothing is run twice and nothing stale is used. Numbers are
rounded before they are written: every figure is computed from what is written.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ..run.detect import decoding_of, detections_file, float_detector, onnx_detector, thorough_heads
from ..spec import NAME, SCORE_FLOOR
from .evaluate import froc_report
from .merge import merged
from .sets import EvalSet, series_of

RAW_FLOOR = 0.01
"""Lowest score that a calibration looks at."""
OF_THRESHOLDS = ("default_threshold", "operating_points", "evidence", "thorough")
"""Entries of a spec on which detections do not depend."""


def rounded(report: dict) -> dict:
    """A detections file with as many digits as matter."""
    for image in report["images"]:
        image["path"] = "/".join(Path(image["path"]).parts[-2:])
        for d in image["detections"]:
            d["box_px"] = [round(v, 2) for v in d["box_px"]]
            d["score"] = round(d["score"], 5)
            if axes := d.get("axes"):
                for line in ("long_px", "short_px"):
                    axes[line] = [[round(v, 1) for v in end] for end in axes[line]]
                for length in ("long_mm", "short_mm"):
                    axes[length] = None if axes[length] is None else round(axes[length], 2)
            if d.get("type"):
                d["type"]["probability"] = round(d["type"]["probability"], 3)
    return report


def slim(report: dict) -> dict:
    """Boxes and scores alone: what FROC needs."""
    for image in report["images"]:
        image["detections"] = [{"box_px": d["box_px"], "score": d["score"]} for d in image["detections"]]
    return report


def written(report: dict, path: Path) -> Path:
    """The file, without blanks."""
    path.write_text(json.dumps(report, separators=(",", ":")) + "\n")
    return path


@dataclass
class Place:
    """Where everything lies."""

    lesionlens: str
    data: Path
    runs: Path
    results: Path

    @property
    def work(self) -> Path:
        """For files that are not committed."""
        return self.runs / "figures"

    def model(self, run: str) -> Path:
        """The ONNX file of a run; its spec lies beside it."""
        quantized = self.runs / f"{run}-int8" / "detector.onnx"
        return quantized if quantized.exists() else self.runs / run / "detector.onnx"

    def spec(self, run: str) -> Path:
        """The spec file of a run's model."""
        return self.model(run).with_suffix(".json")

    def checkpoint(self, run: str) -> Path:
        """The float net of a run."""
        return self.runs / run / "checkpoint.pt"

    def folder(self, one: EvalSet) -> Path:
        """Where a set lies."""
        return one.place(self.data, self.runs)

    def _decoding(self, run: str) -> bytes:
        made = json.loads(self.spec(run).read_text())
        return json.dumps({k: v for k, v in made.items() if k not in OF_THRESHOLDS}).encode()

    def _kept(
        self, name: str, folder: Path, patterns: list[str], made_of: list[bytes], make: Callable[[], dict]
    ) -> Path:
        table = (folder / "DL_info.csv").read_bytes()
        digest = hashlib.sha256(b"\0".join([*made_of, table, json.dumps(patterns).encode()])).hexdigest()[:12]
        path = self.work / f"{name}-{digest}.json"
        if not path.exists():
            print(f"making {path.name}", flush=True)
            written(rounded(make()), path)
        return path

    def raw(self, run: str, name: str, one: EvalSet) -> Path:
        """Raw detections of a run's model on a set, by onnxruntime, scored by the net's own heat."""
        folder, patterns, model = self.folder(one), one.patients(), self.model(run)

        def make() -> dict:
            decoding = decoding_of(model)
            plain = dict.fromkeys(decoding.score, (1.0, 0.0))
            detect = onnx_detector(model, replace(decoding, score=plain, score_floor=RAW_FLOOR))
            return detections_file(run, "", series_of(folder, patterns), detect, one.is_boxed, raw=True)

        return self._kept(f"raw-{run}-{name}", folder, patterns, [model.read_bytes()], make)

    def detected(self, run: str, name: str, one: EvalSet, patterns: list[str], thorough: bool = False) -> Path:
        """Detections of the program with a run's model on these patients of a set; `thorough`: each slice looked at twice.

        Slices without boxes have no rows in `DL_info.csv`, so the program would not know their spacing; those go
        through the Python twin, which reads it from `sources.csv`."""
        folder = self.folder(one)

        def make() -> dict:
            if not one.is_boxed:
                detect = onnx_detector(self.model(run))
                if thorough:
                    detect = replace(detect, heads=thorough_heads(detect.heads))
                return detections_file(NAME, "", series_of(folder, patterns), detect, only_boxed=False)
            folders = [str(s.folder) for s in series_of(folder, patterns)]
            command = [self.lesionlens, "detect", *folders, str(folder / "DL_info.csv"), "--model", str(self.spec(run))]
            command += ["--threshold", str(SCORE_FLOOR), "--json", *(["--thorough"] if thorough else [])]
            return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

        made_of = [self.model(run).read_bytes(), self._decoding(run)]
        return self._kept(f"{run}-{name}{'-thorough' if thorough else ''}", folder, patterns, made_of, make)

    def float_detected(self, run: str, name: str, one: EvalSet, patterns: list[str]) -> Path:
        """Detections of a run's float net, decoded as its integer net's."""
        folder, checkpoint = self.folder(one), self.checkpoint(run)

        def make() -> dict:
            detect = float_detector(checkpoint, decoding_of(self.model(run)))
            return detections_file("float", "", series_of(folder, patterns), detect, only_boxed=True)

        return self._kept(f"float-{run}-{name}", folder, patterns, [checkpoint.read_bytes(), self._decoding(run)], make)

    def judged(self, name: str, one: EvalSet, thorough: bool = False) -> list[Path]:
        """Detections of every judge of a set."""
        return [self.detected(run, name, one, patterns, thorough) for run, patterns in one.judges.items()]

    def froc(self, name: str, one: EvalSet, files: list[Path], committed: bool = False) -> dict:
        """The report of `lesionlens froc` on detections files together; the Python twin has to give the same.
        The report goes into the results folder, boxes and scores too when they are to be `committed`."""
        folder = self.folder(one)
        out = (self.results if committed else self.work) / f"detections-{name}.json"
        file = written(slim(merged(files, name)), out)
        command = [self.lesionlens, "froc", str(folder / "Images_png"), str(folder / "DL_info.csv")]
        command += ["--detections", str(file), "--json"]
        report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        # Slices of the table that the files do not cover are not part of this evaluation.
        report["missing"] = []
        if froc_report(folder / "DL_info.csv", [file]) != report:
            raise ValueError(f"{name}: the program and the Python FROC disagree")
        written(report, self.results / f"froc-{name}.json")
        return report
