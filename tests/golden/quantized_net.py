"""Small random quantized nets and their outputs by an integer reference, for tests/engine.rs.

`python tests/golden/quantized_net.py` writes `quantized_net.onnx`, `quantized_net_free.onnx` and
`quantized_net.json` beside itself; with onnx, numpy and, for a second opinion, onnxruntime installed
(training/requirements.txt).

Both nets have every form that the engine takes: 3×3 and 1×1 kernels, strides 1 and 2, an enlarged and
a concatenated map, channels that fill no group of eight, and two heads of 17 channels. The scales of the
first are powers of two; those of the second are not, so that it must run by plain tract. `reference`
reads any such file and computes in int64; only its last step to a logit is a product of floats, and that
one is exact for powers of two.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).parent
ROWS, COLS = 32, 64
# name, kind, inputs, outputs, kernel, stride
LAYERS = [
    ("e2", "conv", ["slices"], 9, 3, 2),
    ("e4", "conv", ["e2"], 16, 3, 2),
    ("e4b", "conv", ["e4"], 12, 3, 1),
    ("e8", "conv", ["e4b"], 24, 3, 2),
    ("e8b", "conv", ["e8"], 24, 3, 1),
    ("l4", "conv", ["e8b"], 5, 1, 1),
    ("l4_up", "up", ["l4"], 5, 0, 0),
    ("c4", "cat", ["l4_up", "e4b"], 17, 0, 0),
    ("d4", "conv", ["c4"], 48, 3, 1),
    ("s4", "head", ["d4"], 17, 1, 1),
    ("s8", "head", ["e8b"], 17, 3, 1),
]


def build(rng: np.random.Generator, free: bool) -> onnx.ModelProto:
    """A net of LAYERS; `free` scales are powers of two times 1.1."""
    nodes, constants = [], {}
    stretch = 1.1 if free else 1.0
    channels = {"slices": 3}

    def constant(name: str, value: np.ndarray) -> str:
        constants[name] = numpy_helper.from_array(value, name)
        return name

    def add(op: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(op, inputs, [output], name=f"{output}:{op}", **attributes))
        return output

    zero = constant("zero", np.zeros((), np.uint8))
    scale = constant("scale", np.float32(stretch / 32))
    input_scale = constant("input_scale", np.float32(stretch / 256))
    twice = constant("twice", np.array([1, 1, 2, 2], np.float32))
    real = {"slices": add("DequantizeLinear", ["slices", input_scale, zero], "slices.f")}
    for name, kind, inputs, outputs, kernel, stride in LAYERS:
        channels[name] = outputs
        args = [real[i] for i in inputs]
        if kind == "up":
            form = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
            y = add("Resize", [args[0], "", twice], f"{name}.r", **form)
        elif kind == "cat":
            y = add("Concat", args, f"{name}.c", axis=1)
        else:
            n_in = channels[inputs[0]]
            weight = rng.integers(-127, 128, (outputs, n_in, kernel, kernel)).astype(np.int8)
            # Exponents that keep most levels off both ends, one per output.
            fan = np.log2(70 * np.sqrt(n_in * kernel * kernel))
            step = np.float32(stretch) * np.exp2(-np.round(fan + rng.uniform(-1, 2, outputs))).astype(np.float32)
            bias = rng.integers(-3000, 3000, outputs).astype(np.int32)
            unit = (step * numpy_helper.to_array(constants["input_scale" if inputs == ["slices"] else "scale"])).astype(np.float32)
            w = [constant(f"{name}.weight", weight), constant(f"{name}.step", step), constant(f"{name}.zero", np.zeros(outputs, np.int8))]
            b = [constant(f"{name}.bias", bias), constant(f"{name}.unit", unit), constant(f"{name}.zero32", np.zeros(outputs, np.int32))]
            w, b = add("DequantizeLinear", w, f"{name}.w", axis=0), add("DequantizeLinear", b, f"{name}.b", axis=0)
            form = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [kernel // 2] * 4, "dilations": [1, 1], "group": 1}
            y = add("Conv", [args[0], w, b], name if kind == "head" else f"{name}.y", **form)
            if kind == "head":
                continue
            y = add("Relu", [y], f"{name}.r")
        q = add("QuantizeLinear", [y, scale, zero], f"{name}.q")
        real[name] = add("DequantizeLinear", [q, scale, zero], f"{name}.f")
    outputs = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 17, f"h_{n}", f"w_{n}"]) for n in ("s4", "s8")
    ]
    slices = helper.make_tensor_value_info("slices", TensorProto.UINT8, [1, 3, "h", "w"])
    graph = helper.make_graph(nodes, "quantized-net", [slices], outputs, list(constants.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="lesionlens")
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def convolve(x: np.ndarray, w: np.ndarray, stride: int, pad: int) -> np.ndarray:
    """Sums in int64: x `[c, h, w]`, w `[o, c, k, k]`."""
    k = w.shape[2]
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad))).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), (1, 2))[:, ::stride, ::stride]
    return np.einsum("chwij,ocij->ohw", windows, w.astype(np.int64))


def reference(model: onnx.ModelProto, slices: np.ndarray) -> dict[str, np.ndarray]:
    """The file's outputs. A tensor is (integers, value of one step); steps are scalar or per output."""
    constants = {c.name: numpy_helper.to_array(c) for c in model.graph.initializer}
    tensors = {"slices": (slices, None)}
    for node in model.graph.node:
        form = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "DequantizeLinear":
            levels = constants[node.input[0]] if node.input[0] in constants else tensors[node.input[0]][0]
            result = (levels, constants[node.input[1]].astype(np.float64))
        elif node.op_type == "Conv":
            (x, x_step), (w, w_step), (b, _) = (tensors[i] for i in node.input)
            sums = convolve(x, w, form["strides"][0], form["pads"][0]) + b.astype(np.int64)[:, None, None]
            assert np.abs(sums).max() < 2**24
            result = (sums, w_step[:, None, None] * x_step)
        elif node.op_type == "Relu":
            sums, step = tensors[node.input[0]]
            result = (np.maximum(sums, 0), step)
        elif node.op_type == "QuantizeLinear":
            sums, step = tensors[node.input[0]]
            result = (np.rint(sums * (step / constants[node.input[1]])).clip(0, 255).astype(np.uint8), None)
        elif node.op_type == "Resize":
            x, step = tensors[node.input[0]]
            result = (x.repeat(2, 1).repeat(2, 2), step)
        elif node.op_type == "Concat":
            parts = [tensors[i] for i in node.input]
            assert len({float(step) for _, step in parts}) == 1
            result = (np.concatenate([x for x, _ in parts]), parts[0][1])
        else:
            raise ValueError(node.op_type)
        tensors[node.output[0]] = result
    return {o.name: (tensors[o.name][0] * tensors[o.name][1]).astype(np.float32) for o in model.graph.output}


def main() -> None:
    rng = np.random.default_rng(11)
    nets = {"quantized_net": build(rng, free=False), "quantized_net_free": build(rng, free=True)}
    slices = rng.integers(0, 256, (3, ROWS, COLS)).astype(np.uint8)
    slices[:, :8] = 255
    outputs = reference(nets["quantized_net"], slices)
    try:
        import onnxruntime as ort

        session = ort.InferenceSession(nets["quantized_net"].SerializeToString(), providers=["CPUExecutionProvider"])
        for name, values in zip(outputs, session.run(list(outputs), {"slices": slices[None]})):
            assert (values[0] == outputs[name]).all(), f"onnxruntime disagrees about {name}"
        print("onnxruntime gives the same")
    except ImportError:
        print("onnxruntime is not installed: no second opinion")
    for name, model in nets.items():
        (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())
    golden = {
        "rows": ROWS,
        "cols": COLS,
        "levels": slices.ravel().tolist(),
        "outputs": {name: values.ravel().tolist() for name, values in outputs.items()},
    }
    (HERE / "quantized_net.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
