"""Loss of both heads: Gaussian focal loss on the heat, L1 on offset and log-size, GIoU of the boxes.

In: the heads' outputs, a `Batch`. Out: a scalar and its parts. Boxes are compared with DeepLesion's
margin added (5 px of the original image, 4.9 mm at most: taken as 5 input px).
"""

from __future__ import annotations

import torch

from .batches import Batch
from .spec import MARGIN_PX, STRIDES


def focal(logit: torch.Tensor, heat: torch.Tensor, positive: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Summed penalty-reduced focal loss (α = 2, β = 4), normalised by the caller."""
    log_p = torch.nn.functional.logsigmoid(logit)
    log_n = torch.nn.functional.logsigmoid(-logit)
    p = log_p.exp()
    hit = positive * (1 - p) ** 2 * log_p
    miss = (1 - positive) * weight * (1 - heat) ** 4 * p**2 * log_n
    return -(hit.sum() + miss.sum())


def giou_loss(pred: torch.Tensor, target: torch.Tensor, stride: int) -> torch.Tensor:
    """1 − GIoU per cell of boxes given as (dx, dy, log_w, log_h) `[k, 4]`, margin added."""
    def edges(t: torch.Tensor) -> tuple[torch.Tensor, ...]:
        cx, cy = t[:, 0] * stride, t[:, 1] * stride
        hw = t[:, 2].clamp(max=6).exp() / 2 + MARGIN_PX
        hh = t[:, 3].clamp(max=6).exp() / 2 + MARGIN_PX
        return cx - hw, cy - hh, cx + hw, cy + hh

    a, b = edges(pred), edges(target)
    iw = (torch.minimum(a[2], b[2]) - torch.maximum(a[0], b[0])).clamp(min=0)
    ih = (torch.minimum(a[3], b[3]) - torch.maximum(a[1], b[1])).clamp(min=0)
    inter = iw * ih
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inter
    hull = (torch.maximum(a[2], b[2]) - torch.minimum(a[0], b[0])) * (
        torch.maximum(a[3], b[3]) - torch.minimum(a[1], b[1])
    )
    return 1 - inter / union + (hull - union) / hull


def detection_loss(outputs: list[torch.Tensor], batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
    """Sum over heads. Parts: heat, size and offset (L1), giou."""
    total = torch.zeros(())
    parts = {"heat": 0.0, "l1": 0.0, "giou": 0.0}
    for out, target, stride in zip(outputs, batch.heads, STRIDES):
        out = out.float()
        n = target["positive"].sum().clamp(min=2.0)
        heat = focal(out[:, 0], target["heat"], target["positive"], target["negative_weight"]) / n
        weight = target["regression_weight"]
        where = weight > 0
        l1 = giou = torch.zeros(())
        if where.any():
            w = weight[where]
            pred = out[:, 1:].permute(0, 2, 3, 1)[where]
            true = target["regression"].permute(0, 2, 3, 1)[where]
            scale = pred.new_tensor([0.2, 0.2, 1.0, 1.0])
            l1 = ((pred - true).abs() * scale * w[:, None]).sum() / w.sum()
            giou = (giou_loss(pred, true, stride) * w).sum() / w.sum()
        total = total + heat + 0.7 * l1 + 1.5 * giou
        parts["heat"] += float(heat.detach())
        parts["l1"] += float(l1.detach())
        parts["giou"] += float(giou.detach())
    return total, parts
