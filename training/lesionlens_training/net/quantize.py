"""Float net → integer weights and activation scales; the fake-quantized twin of the ONNX file.

In: a trained net and calibration inputs. Out: `Quantized` (everything the ONNX file holds).

Batch norm is folded. Weights are int8, symmetric, one scale per output channel; activations follow
a ReLU and are u8 with zero point 0; biases are int32 in units of input scale × weight scale. The
inputs and the output of a concatenation share a scale, so that it moves bytes only. The heads'
outputs stay float. Scales minimise the squared error, activations' over the calibration inputs.

Every scale is a power of two. Then each product of a dequantized weight and activation, and each sum
of them, is a multiple of one power of two, and `MOST_EXACT` keeps the sums below 2²⁴ of it: f32 holds
them exactly. So the order in which an engine adds, and whether it fuses multiply and add, make no
difference: onnxruntime, tract natively and tract in a browser give the same bits, and rounding to
the next activation is a shift.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..data.cache import open_cache
from ..twin.input import levels_from_hu, pad
from .net import GRAPH, OUTPUTS, Net, Node, walk

INPUT_SCALE = 2.0**-8
"""Of the u8 levels in the ONNX file; the float net sees level / 255, and `folded` evens that out."""
BINS = 2048
MOST_EXACT = 2**24
"""Integers up to this are exact in f32."""


@dataclass
class Quantized:
    """Per convolution `weight` int8 `[o, i, k, k]`, `weight_scale` f32 `[o]`, `bias` int32 `[o]`;
    per tensor its scale."""

    weight: dict[str, np.ndarray] = field(default_factory=dict)
    weight_scale: dict[str, np.ndarray] = field(default_factory=dict)
    bias: dict[str, np.ndarray] = field(default_factory=dict)
    scale: dict[str, np.float32] = field(default_factory=dict)


def quantized_input(x: torch.Tensor) -> torch.Tensor:
    """Level / 255, as the float net takes it, to level × `INPUT_SCALE`."""
    return torch.round(x * 255) * INPUT_SCALE


def folded(net: Net) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Weight and bias of every convolution with its batch norm folded in, for `quantized_input`."""
    result = {}
    for node in GRAPH:
        if node.op == "conv":
            conv, bn, _ = net.layers[node.name]
            g = bn.weight / torch.sqrt(bn.running_var + bn.eps)
            result[node.name] = (conv.weight * g[:, None, None, None], bn.bias - bn.running_mean * g)
        elif node.op == "head":
            conv = net.layers[node.name]
            result[node.name] = (conv.weight, conv.bias)
        if node.inputs[0] == "slices":
            weight, bias = result[node.name]
            result[node.name] = (weight / (255 * INPUT_SCALE), bias)
    return {k: (w.detach().float(), b.detach().float()) for k, (w, b) in result.items()}


def shared_scale() -> dict[str, str]:
    """Tensor → the tensor whose scale it uses: concatenations and upsampled tensors share theirs."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.get(name, name) != name:
            name = parent[name]
        return name

    for node in GRAPH:
        parent.setdefault(node.name, node.name)
        if node.op in ("up", "cat"):
            for i in node.inputs:
                parent[root(i)] = root(node.name)
    return {node.name: root(node.name) for node in GRAPH}


class FakeQuantNet(nn.Module):
    """The quantized net in float arithmetic with straight-through gradients.

    `scales` are fixed; weight scales follow the weights. Training it is quantization-aware training.
    """

    def __init__(self, layers: dict[str, tuple[torch.Tensor, torch.Tensor]], scales: dict[str, float]) -> None:
        super().__init__()
        self.weights = nn.ParameterDict({k: nn.Parameter(w.clone()) for k, (w, _) in layers.items()})
        self.biases = nn.ParameterDict({k: nn.Parameter(b.clone()) for k, (_, b) in layers.items()})
        self.scales = dict(scales)

    def weight_scale(self, name: str) -> torch.Tensor:
        """One power of two per output channel: the one that clips nothing, or a half or a quarter of it where the finer
        steps are worth more than the clipped weights; doubled until sums are exact."""
        w = self.weights[name].detach()
        top = w.abs().amax((1, 2, 3)).clamp(min=1e-7)
        coarsest = torch.exp2(torch.ceil(torch.log2(top / 127)))
        candidates = torch.stack([coarsest, coarsest / 2, coarsest / 4])
        source = next(node.inputs[0] for node in GRAPH if node.name == name)
        bias = self.biases[name].detach().abs() / self.scales[source]
        steps = candidates[:, :, None, None, None]
        error = (w - torch.round(w / steps).clamp(-127, 127) * steps).square().sum((2, 3, 4))
        scale = candidates.gather(0, error.argmin(0)[None])[0]
        while True:
            largest_sum = 255 * torch.round(w / scale[:, None, None, None]).clamp(-127, 127).abs().sum((1, 2, 3))
            inexact = largest_sum + bias / scale >= MOST_EXACT
            if not inexact.any():
                return scale
            scale = torch.where(inexact, 2 * scale, scale)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        def convolve(node: Node, a: torch.Tensor) -> torch.Tensor:
            s = self.weight_scale(node.name)
            w = _straight_through(self.weights[node.name], s[:, None, None, None], -127, 127)
            b = _straight_through(self.biases[node.name], s * self.scales[node.inputs[0]], -(2**31), 2**31 - 1)
            y = nn.functional.conv2d(a, w, b, node.stride, node.kernel // 2)
            if node.op == "conv":
                y = _straight_through(y, torch.tensor(self.scales[node.name]), 0, 255)
            return y

        t = walk(quantized_input(x), convolve)
        return [t[name] for name in OUTPUTS]


def _straight_through(x: torch.Tensor, scale: torch.Tensor, low: int, high: int) -> torch.Tensor:
    clipped = torch.clamp(x, low * scale, high * scale)
    rounded = torch.round(clipped / scale) * scale
    return clipped + (rounded - clipped).detach()


def calibration_inputs(caches: list[Path], n: int = 48, seed: int = 5) -> list[torch.Tensor]:
    """Whole slices that a run may train on, as many of DeepLesion as of other sources, extremities left out; half of
    those with neighbours have them replaced by copies."""
    rng = np.random.default_rng(seed)
    slices = [s for cache in caches for s in open_cache(cache) if s.split < 2 and s.source != "sarcoma"]
    groups = [[s for s in slices if (s.source == "deeplesion") == is_deeplesion] for is_deeplesion in (True, False)]
    chosen = [g[i] for g in groups for i in rng.choice(len(g), min(n // 2, len(g)), replace=False)]
    result = []
    for k, s in enumerate(chosen):
        hu = np.asarray(s.hu, np.float32)
        if k % 2:
            hu = np.repeat(hu[1:2], 3, 0)
        result.append(torch.from_numpy(pad(levels_from_hu(hu))).float()[None] / 255)
    return result


def fake_quant_net_of(state: dict) -> FakeQuantNet:
    """The net of a checkpoint of quantization-aware training (its EMA)."""
    names = [n.name for n in GRAPH if n.op in ("conv", "head")]
    layers = {n: (state["ema"][f"weights.{n}"], state["ema"][f"biases.{n}"]) for n in names}
    return FakeQuantNet(layers, state["scales"])


@torch.no_grad()
def activation_scales(layers: dict[str, tuple[torch.Tensor, torch.Tensor]], inputs: list[torch.Tensor]) -> dict[str, float]:
    """Scale of every tensor, a power of two, by least squared error of u8 quantization over the inputs."""

    def convolve(node: Node, a: torch.Tensor) -> torch.Tensor:
        w, b = layers[node.name]
        y = nn.functional.conv2d(a, w, b, node.stride, node.kernel // 2)
        return y.relu() if node.op == "conv" else y

    roots = shared_scale()
    measured = [n.name for n in GRAPH if n.op == "conv"]
    top: dict[str, float] = {}
    for x in inputs:
        t = walk(quantized_input(x), convolve)
        for name in measured:
            top[roots[name]] = max(top.get(roots[name], 0.0), float(t[name].max()))
    hist = {k: np.zeros(BINS) for k in top}
    for x in inputs:
        t = walk(quantized_input(x), convolve)
        for name in measured:
            k = roots[name]
            hist[k] += np.histogram(t[name].numpy(), BINS, (0, max(top[k], 1e-6)))[0]
    best = {}
    for k, counts in hist.items():
        values = (np.arange(BINS) + 0.5) * max(top[k], 1e-6) / BINS
        errors = []
        candidates = 2.0 ** (np.ceil(np.log2(max(top[k], 1e-6) / 255)) - np.arange(5))
        for s in candidates:
            error = values - np.rint(values / s).clip(0, 255) * s
            errors.append((counts * error * error).sum())
        best[k] = float(np.float32(candidates[int(np.argmin(errors))]))
    scales = {name: best[root] for name, root in roots.items() if root in best}
    scales["slices"] = INPUT_SCALE
    return scales


def quantized(net: FakeQuantNet) -> Quantized:
    """Freezes a fake-quantized net into integers."""
    q = Quantized(scale={k: np.float32(v) for k, v in net.scales.items()})
    for node in GRAPH:
        if node.op not in ("conv", "head"):
            continue
        s = net.weight_scale(node.name).numpy().astype(np.float32)
        w = net.weights[node.name].detach().numpy()
        b = net.biases[node.name].detach().numpy()
        q.weight[node.name] = np.rint(w / s[:, None, None, None]).clip(-127, 127).astype(np.int8)
        q.weight_scale[node.name] = s
        unit = (s * q.scale[node.inputs[0]]).astype(np.float32)
        q.bias[node.name] = np.rint(b / unit).clip(-(2**31) + 1, 2**31 - 1).astype(np.int32)
    return q
