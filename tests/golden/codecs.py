"""Writes codecs.json: small compressed images by independent encoders, and what their decoders make of them.

    pip install numpy==2.4.6 imagecodecs==2026.3.6 pyjpegls==1.5.1 pillow==13.0.0
    python tests/golden/codecs.py

The image is an ellipse of soft tissue in air with ribs and noise, all in integers, so that it is the same everywhere.
Of lossless streams the image itself is the reference; of lossy ones, the decoder of the library that wrote it
(libjpeg-turbo, CharLS, OpenJPEG, OpenJPH).
"""

import io
import json
from pathlib import Path

import imagecodecs
import jpeg_ls
import numpy as np
from PIL import Image

ROWS, COLS = 29, 43


def picture() -> np.ndarray:
    """HU + 1024 in 12 bits, int32 [ROWS, COLS]."""
    y, x = np.mgrid[0:ROWS, 0:COLS].astype(np.int64)
    inside = (x - 21) ** 2 * 196 + (y - 14) ** 2 * 400 < 196 * 400
    bone = inside & ((x * 3 + y * 5) % 17 == 0)
    noise = (x * 7919 + y * 104729 + x * y * 31) % 41 - 20
    values = np.where(inside, 1064 + noise, 24 + noise // 8)
    return np.where(bone, 2100 + 3 * noise, values).astype(np.int32)


def case(name: str, uid: str, bits: int, signed: bool, stream: bytes, expected: np.ndarray, tolerance: int = 0) -> dict:
    assert expected.shape == (ROWS, COLS), (name, expected.shape)
    return {
        "name": name,
        "transfer_syntax": uid,
        "rows": ROWS,
        "cols": COLS,
        "bits_stored": bits,
        "signed": signed,
        "tolerance": tolerance,
        "stream": bytes(stream).hex(),
        "expected": expected.astype(int).ravel().tolist(),
    }


def jpeg(image: np.ndarray) -> list[dict]:
    eight = (image >> 4).astype(np.uint8)
    twelve, sixteen = image.astype(np.uint16), (image * 15 + 77).astype(np.uint16)
    cases = []
    baseline = imagecodecs.jpeg8_encode(eight, level=92)
    cases.append(case("baseline", "4.50", 8, False, baseline, imagecodecs.jpeg8_decode(baseline)))
    extended = imagecodecs.jpeg8_encode(twelve, level=95, bitspersample=12)
    cases.append(case("extended 12 bits", "4.51", 12, False, extended, imagecodecs.jpeg8_decode(extended)))
    for optimise in (False, True):
        file = io.BytesIO()
        Image.fromarray(eight).save(file, "JPEG", quality=90, progressive=True, optimize=optimise)
        pixels = np.asarray(Image.open(io.BytesIO(file.getvalue())))
        cases.append(case(f"progressive {optimise}", "4.53" if optimise else "4.55", 8, False, file.getvalue(), pixels))
    file = io.BytesIO()
    Image.fromarray(eight).save(file, "JPEG", quality=90, restart_marker_blocks=3)
    pixels = np.asarray(Image.open(io.BytesIO(file.getvalue())))
    cases.append(case("baseline with restarts", "4.50", 8, False, file.getvalue(), pixels))
    for predictor in range(1, 8):
        for bits, values in ((8, eight), (12, twelve), (16, sixteen)):
            stream = imagecodecs.jpeg8_encode(values, lossless=True, predictor=predictor, bitspersample=bits)
            uid = "4.70" if predictor == 1 else "4.57"
            cases.append(case(f"lossless {bits} bits, predictor {predictor}", uid, bits, False, stream, values))
    stream = imagecodecs.jpeg8_encode(sixteen, lossless=True, predictor=1, bitspersample=16)
    cases.append(case("lossless signed", "4.70", 16, True, stream, sixteen.view(np.int16)))
    return cases


def jpeg_ls_cases(image: np.ndarray) -> list[dict]:
    cases = []
    for bits, values in ((8, (image >> 4).astype(np.uint8)), (16, (image * 15 + 77).astype(np.uint16))):
        for near in (0, 1, 3):
            stream = jpeg_ls.encode_array(values, lossy_error=near)
            pixels = jpeg_ls.decode(np.frombuffer(stream, np.uint8)).reshape(ROWS, COLS)
            uid = "4.81" if near else "4.80"
            cases.append(case(f"JPEG-LS {bits} bits, near {near}", uid, bits, False, stream, pixels))
    return cases


def jpeg_2000(image: np.ndarray) -> list[dict]:
    twelve, signed = image.astype(np.uint16), (image - 1024).astype(np.int16)
    cases = []
    for name, values, options in (
        ("unsigned", twelve, {"codecformat": "j2k"}),
        ("signed", signed, {"codecformat": "j2k"}),
        ("in a JP2 file", twelve, {"codecformat": "jp2"}),
        ("one resolution", signed, {"codecformat": "j2k", "resolutions": 1}),
    ):
        stream = imagecodecs.jpeg2k_encode(values, level=0, reversible=True, **options)
        is_signed = values.dtype == np.int16
        cases.append(case(f"JPEG 2000 {name}", "4.90", 16, is_signed, stream, values))
    for values in (twelve, signed):
        stream = imagecodecs.jpeg2k_encode(values, level=50, reversible=False, codecformat="j2k")
        pixels = imagecodecs.jpeg2k_decode(stream)
        cases.append(case("JPEG 2000 lossy", "4.91", 16, values.dtype == np.int16, stream, pixels, 1))
    return cases


def high_throughput(image: np.ndarray) -> list[dict]:
    twelve, signed = image.astype(np.uint16), (image - 1024).astype(np.int16)
    cases = []
    for name, uid, values, options in (
        ("unsigned", "4.201", twelve, {}),
        ("signed", "4.202", signed, {}),
        ("in parts of a tile", "4.201", twelve, {"tilepart": 1, "tlm": True}),
        ("one resolution", "4.201", signed, {"resolutions": 0}),
    ):
        stream = imagecodecs.htj2k_encode(values, reversible=True, **options)
        cases.append(case(f"HTJ2K {name}", uid, 16, values.dtype == np.int16, stream, values))
    for values in (twelve, signed):
        stream = imagecodecs.htj2k_encode(values, level=0.001, reversible=False)
        pixels = imagecodecs.htj2k_decode(stream)
        cases.append(case("HTJ2K lossy", "4.203", 16, values.dtype == np.int16, stream, pixels, 1))
    return cases


def main() -> None:
    image = picture()
    cases = jpeg(image) + jpeg_ls_cases(image) + jpeg_2000(image) + high_throughput(image)
    lines = ",\n".join(json.dumps(one) for one in cases)
    Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
