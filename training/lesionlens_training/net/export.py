"""Checkpoint → `detector.onnx` (standard ONNX QDQ) and `detector.json` (the spec).

`python -m lesionlens_training.net.export CHECKPOINT --calibrate CACHE --out models/detector.onnx`

In: a float checkpoint (quantized statically here) or one of quantization-aware training. Out: an
ONNX graph of DequantizeLinear, Conv, Relu, QuantizeLinear, Resize (nearest ×2) and Concat only:
input `slices` u8 `[1, 3, H, W]`, one float output per stride. Checked against the fake-quantized
net in onnxruntime before it is written.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from .. import spec
from .net import GRAPH, OUTPUTS, Net
from .quantize import (
    FakeQuantNet,
    Quantized,
    activation_scales,
    calibration_inputs,
    fake_quant_net_of,
    folded,
    quantized,
)

OPSET = 17


def onnx_bytes(q: Quantized) -> bytes:
    """Serializes the graph."""
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, onnx.TensorProto] = {}

    def constant(name: str, value: np.ndarray) -> str:
        constants.setdefault(name, numpy_helper.from_array(value, name))
        return name

    zero_u8 = constant("zero_u8", np.zeros((), np.uint8))
    scales = constant("up_scales", np.array([1, 1, 2, 2], np.float32))

    def add(op: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(op, inputs, [output], name=f"{output}:{op}", **attributes))
        return output

    def tensor_scale(name: str) -> str:
        return constant(f"{name}.scale", np.asarray(q.scale[name], np.float32))

    float_of = {"slices": add("DequantizeLinear", ["slices", tensor_scale("slices"), zero_u8], "slices.f")}
    for node in GRAPH:
        args = [float_of[i] for i in node.inputs]
        if node.op == "up":
            y = add(
                "Resize",
                [args[0], "", scales],
                f"{node.name}.r",
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            )
        elif node.op == "cat":
            y = add("Concat", args, f"{node.name}.c", axis=1)
        else:
            n = node.name
            w_scale = q.weight_scale[n]
            out = node.out
            w = add(
                "DequantizeLinear",
                [
                    constant(f"{n}.weight", q.weight[n]),
                    constant(f"{n}.weight_scale", w_scale),
                    constant(f"zero_i8_{out}", np.zeros(out, np.int8)),
                ],
                f"{n}.w",
                axis=0,
            )
            b = add(
                "DequantizeLinear",
                [
                    constant(f"{n}.bias", q.bias[n]),
                    constant(f"{n}.bias_scale", (w_scale * q.scale[node.inputs[0]]).astype(np.float32)),
                    constant(f"zero_i32_{out}", np.zeros(out, np.int32)),
                ],
                f"{n}.b",
                axis=0,
            )
            p = node.kernel // 2
            y = add(
                "Conv",
                [args[0], w, b],
                n if node.op == "head" else f"{n}.y",
                kernel_shape=[node.kernel] * 2,
                strides=[node.stride] * 2,
                pads=[p] * 4,
                dilations=[1, 1],
                group=1,
            )
            if node.op == "head":
                continue
            y = add("Relu", [y], f"{n}.r")
        quant = add("QuantizeLinear", [y, tensor_scale(node.name), zero_u8], f"{node.name}.q")
        float_of[node.name] = add("DequantizeLinear", [quant, tensor_scale(node.name), zero_u8], f"{node.name}.f")

    graph = helper.make_graph(
        nodes,
        spec.NAME,
        [helper.make_tensor_value_info("slices", TensorProto.UINT8, [1, 3, "H", "W"])],
        [
            helper.make_tensor_value_info(
                name, TensorProto.FLOAT, [1, len(spec.CHANNELS), f"H_{s}", f"W_{s}"]
            )
            for name, s in zip(OUTPUTS, spec.STRIDES)
        ],
        list(constants.values()),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="lesionlens")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString()


def fake_quant_net(checkpoint: Path, caches: list[Path]) -> FakeQuantNet:
    """The quantized net of a checkpoint: as trained, or calibrated here when the net is float."""
    state = torch.load(checkpoint, weights_only=True)
    if "scales" in state:
        return fake_quant_net_of(state).eval()
    net = Net()
    net.load_state_dict(state["ema"])
    layers = folded(net.eval())
    return FakeQuantNet(layers, activation_scales(layers, calibration_inputs(caches))).eval()


@torch.no_grad()
def check(model: bytes, net: FakeQuantNet, sizes: tuple[tuple[int, int], ...] = ((512, 512), (384, 320))) -> dict:
    """Runs the file in onnxruntime beside the fake-quantized net on smooth random inputs.

    Returns, per size and output, the share of values equal to 10⁻⁴ and the largest difference."""
    import onnxruntime as ort
    from scipy import ndimage

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    report = {}
    for h, w in sizes:
        x = ndimage.gaussian_filter(rng.standard_normal((3, h, w)), (0, 6, 6))
        x = ((x / x.std() * 50) + 128 + rng.normal(0, 6, x.shape)).clip(0, 255).astype(np.uint8)[None]
        expected = net(torch.from_numpy(x).float() / 255)
        for name, got, want in zip(OUTPUTS, session.run(list(OUTPUTS), {"slices": x}), expected):
            difference = np.abs(got - want.numpy())
            report[f"{h}x{w} {name}"] = {
                "equal_share": float((difference < 1e-4).mean()),
                "max_difference": float(difference.max()),
                "mean_difference": float(difference.mean()),
            }
    return report


def export(checkpoint: Path, caches: list[Path], out: Path) -> dict:
    """Writes the ONNX file and, beside it, the spec, uncalibrated; returns the check's report."""
    net = fake_quant_net(checkpoint, caches)
    model = onnx_bytes(quantized(net))
    report = check(model, net)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(model)
    sha256 = hashlib.sha256(model).hexdigest()
    text = json.dumps(spec.spec_dict(sha256, out.name), indent=1)
    out.with_suffix(".json").write_text(text + "\n")
    return {"sha256": sha256, "bytes": len(model), "check": report}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("checkpoint", type=Path)
    p.add_argument("--calibrate", type=Path, nargs="+", required=True, help="caches whose slices calibrate a float net")
    p.add_argument("--out", type=Path, required=True)
    args = p.parse_args()
    torch.set_num_threads(1)
    print(json.dumps(export(args.checkpoint, args.calibrate, args.out), indent=1))


if __name__ == "__main__":
    main()
