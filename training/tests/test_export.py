from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from lesionlens_training.net.export import check, export, fake_quant_net, onnx_bytes
from lesionlens_training.net.net import GRAPH, Net
from lesionlens_training.net.quantize import (
    FakeQuantNet,
    activation_scales,
    folded,
    quantized,
    quantized_input,
    shared_scale,
)
from lesionlens_training.run.config import Config
from lesionlens_training.run.train import train


@pytest.fixture(scope="module")
def net() -> FakeQuantNet:
    torch.manual_seed(1)
    net = Net().train()
    x = torch.rand(2, 3, 96, 128)
    for _ in range(3):
        net(x)
    layers = folded(net.eval())
    return FakeQuantNet(layers, activation_scales(layers, [x])).eval()


def test_folding_batch_norm_changes_nothing() -> None:
    torch.manual_seed(2)
    net = Net()
    with torch.no_grad():
        for _ in range(2):
            net(torch.rand(2, 3, 64, 64))
        net.eval()
        weight, bias = folded(net)["e2"]
        x = torch.randint(0, 256, (1, 3, 64, 64)) / 255
        want = net.layers["e2"](x)
        got = torch.nn.functional.conv2d(quantized_input(x), weight, bias, 2, 1).relu()
    assert torch.allclose(got, want, atol=1e-5)


def test_concatenated_tensors_share_a_scale(net: FakeQuantNet) -> None:
    roots = shared_scale()
    for node in GRAPH:
        if node.op in ("cat", "up"):
            assert all(roots[i] == roots[node.name] for i in node.inputs)
            assert all(net.scales[i] == net.scales[node.name] for i in node.inputs)


def test_every_scale_is_a_power_of_two_and_every_sum_exact_in_f32(net: FakeQuantNet) -> None:
    q = quantized(net)
    for scale in [*q.scale.values(), *np.concatenate(list(q.weight_scale.values()))]:
        assert np.frexp(scale)[0] == 0.5
    for name, weight in q.weight.items():
        largest = 255 * np.abs(weight.astype(np.int64)).sum((1, 2, 3)) + np.abs(q.bias[name].astype(np.int64))
        assert largest.max() <= 2**24, name


def test_onnxruntime_equals_the_fake_quantized_net_to_the_bit_at_two_sizes(net: FakeQuantNet) -> None:
    report = check(onnx_bytes(quantized(net)), net, ((64, 96), (128, 64)))
    assert len(report) == 4
    for part in report.values():
        assert part["max_difference"] == 0


def test_graph_keeps_to_the_contract(net: FakeQuantNet) -> None:
    model = onnx.load_from_string(onnx_bytes(quantized(net)))
    ops = {n.op_type for n in model.graph.node}
    assert ops == {"DequantizeLinear", "QuantizeLinear", "Conv", "Relu", "Concat", "Resize"}
    first = model.graph.node[0]
    assert (first.op_type, first.input[0]) == ("DequantizeLinear", "slices")
    assert [d.dim_param or d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim] == [1, 3, "H", "W"]
    assert [o.name for o in model.graph.output] == ["s4", "s8"]
    kinds = {i.name: onnx.numpy_helper.to_array(i).dtype for i in model.graph.initializer}
    assert {kinds[k] for k in kinds if k.endswith(".weight")} == {np.dtype(np.int8)}
    assert {kinds[k] for k in kinds if k.endswith(".bias")} == {np.dtype(np.int32)}


def test_committed_model_is_the_one_its_spec_names() -> None:
    import hashlib
    import json

    models = Path(__file__).resolve().parents[2] / "models"
    spec = json.loads((models / "detector.json").read_text())
    data = (models / spec["file"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == spec["sha256"]
    assert len(data) <= 1_600_000


def test_quantization_aware_training_goes_on_from_a_float_net_and_exports_its_own_integers(
    cache: Path, tmp_path: Path
) -> None:
    common = {"caches": [str(cache)], "steps": 2, "batch": 2, "workers": 1}
    float_run = train(Config(**common), tmp_path / "float")
    run = train(Config(**common, init=str(float_run), qat=True, lr=1e-4), tmp_path / "qat")
    net = fake_quant_net(run, [cache])
    assert all(np.frexp(s)[0] == 0.5 for s in net.scales.values())
    report = export(run, [cache], tmp_path / "detector.onnx")
    assert all(part["max_difference"] == 0 for part in report["check"].values())
    before = fake_quant_net(float_run, [cache]).weights["e2"]
    assert not torch.equal(net.weights["e2"], before)
