"""The net: a plain 3×3 conv-BN-ReLU U-shape with heads at strides 4 and 8.

In: u8 levels / 255, f32 `[n, 3, H, W]`, H and W multiples of 32. Out: one `[n, 17, H/s, W/s]` tensor
per stride with the channels of `spec.CHANNELS`: heat (logit), box, RECIST axes, logits of the types.

`GRAPH` is the only description of the structure: training, quantization and export read it, so
the three cannot disagree. Each row names its output, the operation and its inputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from ..spec import CHANNELS, STRIDES


@dataclass(frozen=True)
class Node:
    """One operation: `conv` (k×k, BN, ReLU), `head` (k×k, bias, no activation), `up` (nearest ×2),
    `cat` (channels)."""

    name: str
    op: str
    inputs: tuple[str, ...]
    out: int = 0
    kernel: int = 3
    stride: int = 1


def _conv(name: str, source: str, out: int, kernel: int = 3, stride: int = 1) -> Node:
    return Node(name, "conv", (source,), out, kernel, stride)


GRAPH: tuple[Node, ...] = (
    _conv("e2", "slices", 24, stride=2),
    _conv("e4a", "e2", 32, stride=2),
    _conv("e4b", "e4a", 32),
    _conv("e8a", "e4b", 64, stride=2),
    _conv("e8b", "e8a", 64),
    _conv("e8c", "e8b", 64),
    _conv("e16a", "e8c", 112, stride=2),
    _conv("e16b", "e16a", 112),
    _conv("e16c", "e16b", 112),
    _conv("e32a", "e16c", 160, stride=2),
    _conv("e32b", "e32a", 160),
    _conv("e32c", "e32b", 160),
    _conv("l16", "e32c", 64, kernel=1),
    Node("l16_up", "up", ("l16",)),
    Node("c16", "cat", ("l16_up", "e16c")),
    _conv("d16a", "c16", 112),
    _conv("d16b", "d16a", 112),
    _conv("l8", "d16b", 48, kernel=1),
    Node("l8_up", "up", ("l8",)),
    Node("c8", "cat", ("l8_up", "e8c")),
    _conv("d8a", "c8", 72),
    _conv("d8b", "d8a", 72),
    _conv("l4", "d8b", 24, kernel=1),
    Node("l4_up", "up", ("l4",)),
    Node("c4", "cat", ("l4_up", "e4b")),
    _conv("d4a", "c4", 48),
    _conv("d4b", "d4a", 48),
    Node("s4", "head", ("d4b",), len(CHANNELS), kernel=1),
    Node("s8", "head", ("d8b",), len(CHANNELS)),
)
OUTPUTS = tuple(f"s{s}" for s in STRIDES)


def channels() -> dict[str, int]:
    """Number of channels of every tensor of the graph."""
    n = {"slices": 3}
    for node in GRAPH:
        n[node.name] = node.out or sum(n[i] for i in node.inputs)
    return n


def gmac(height: int, width: int) -> float:
    """Multiply-accumulates of one forward pass, in 10⁹."""
    n = channels()
    scale = {"slices": 1}
    total = 0
    for node in GRAPH:
        s = scale[node.inputs[0]] * node.stride
        scale[node.name] = s // 2 if node.op == "up" else s
        if node.op in ("conv", "head"):
            total += n[node.inputs[0]] * node.out * node.kernel**2 * (height // s) * (width // s)
    return total / 1e9


def walk(slices: torch.Tensor, convolve: Callable[[Node, torch.Tensor], torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every tensor of the graph by name; `convolve` computes the `conv` and `head` nodes."""
    t = {"slices": slices}
    for node in GRAPH:
        a = [t[i] for i in node.inputs]
        if node.op == "up":
            t[node.name] = nn.functional.interpolate(a[0], scale_factor=2, mode="nearest")
        elif node.op == "cat":
            t[node.name] = torch.cat(a, 1)
        else:
            t[node.name] = convolve(node, a[0])
    return t


class Net(nn.Module):
    """The float net for training."""

    def __init__(self) -> None:
        super().__init__()
        n = channels()
        self.layers = nn.ModuleDict()
        for node in GRAPH:
            if node.op == "conv":
                conv = nn.Conv2d(
                    n[node.inputs[0]], node.out, node.kernel, node.stride, node.kernel // 2, bias=False
                )
                nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
                self.layers[node.name] = nn.Sequential(
                    conv, nn.BatchNorm2d(node.out, momentum=0.05), nn.ReLU(inplace=True)
                )
            elif node.op == "head":
                conv = nn.Conv2d(n[node.inputs[0]], node.out, node.kernel, 1, node.kernel // 2)
                nn.init.normal_(conv.weight, std=0.01)
                size = math.log(20.0 if node.name == "s4" else 60.0)
                start = {"heat": -4.0, "dx": 0.5, "dy": 0.5, "log_w": size, "log_h": size, "log_long": size, "log_short": size}
                with torch.no_grad():
                    conv.bias.copy_(torch.tensor([start.get(c, 0.0) for c in CHANNELS]))
                self.layers[node.name] = conv

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        t = walk(x, lambda node, a: self.layers[node.name](a))
        return [t[name] for name in OUTPUTS]
