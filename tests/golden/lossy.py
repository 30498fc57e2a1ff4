"""Compares lossy CT files of ../shared/conformance with their reference decoder, pixel by pixel; writes lossy.json.

    pip install numpy==2.4.6 pydicom==3.0.2 pylibjpeg==2.1.0 pylibjpeg-libjpeg==2.5.0 pylibjpeg-openjpeg==2.6.0
    cargo build --example stored && python tests/golden/lossy.py target/debug/examples/stored

A digest of the reference says only whether every pixel is equal. The standards leave lossy decoders a tolerance, so for
files that differ this records the largest difference and the digest of the values that were compared; the conformance
test holds the decoder to that digest.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pydicom

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared" / "conformance"
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


def main() -> None:
    found = {}
    for name, expected in json.loads((SHARED / "expected.json").read_text())["files"].items():
        if not expected.get("check", "").startswith("max_abs_diff") or expected.get("sop") != CT_IMAGE:
            continue
        path = SHARED / "files" / name
        run = subprocess.run([sys.argv[1], path], capture_output=True, check=False)
        if run.returncode != 0:
            print("refused:", name, run.stderr.decode().splitlines()[0])
            continue
        digest = hashlib.sha256(run.stdout).hexdigest()
        if digest == expected["sha256_i32le"]:
            print("equal:", name)
            continue
        reference = pydicom.dcmread(path).pixel_array.astype("<i4")
        assert hashlib.sha256(reference.tobytes()).hexdigest() == expected["sha256_i32le"], name
        values = np.frombuffer(run.stdout, "<i4").reshape(reference.shape)
        difference = np.abs(values - reference)
        found[name] = {
            "sha256_i32le": digest,
            "max_abs_diff": int(difference.max()),
            "share_of_pixels": round(float((difference > 0).mean()), 4),
        }
        print("differs:", name, found[name])
    (HERE / "lossy.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
