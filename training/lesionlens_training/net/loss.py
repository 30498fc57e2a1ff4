"""Loss of both heads: a focal loss on the heat, L1 on offset and log-size, GIoU of the boxes, L1 on
the log-diameters, squared error of the long axis' direction, cross-entropy of the type.

In: the heads' outputs, a `Batch`. Out: a scalar and its parts. Boxes are compared with DeepLesion's
margin added (5 px of the original image, 4.9 mm at most: taken as 5 input px).

The heat's loss is one of two. `cell`: CenterNet's, one positive cell per lesion. `quality`: the varifocal loss of
Zhang et al. 2021; each cell of a lesion's ellipse answers for it, and what it shall answer is how well its own box
fits (IoU as the evaluation computes it) times its prior, so that scores rank by fit and fall away from the centre.
"""

from __future__ import annotations

import torch

from ..draw.sampler import Batch
from ..spec import AXIS_CHANNELS, BOX_CHANNELS, MARGIN_PX, STRIDES

N_BOX, N_AXES = len(BOX_CHANNELS) - 1, len(AXIS_CHANNELS)


PARTS = {"heat": 1.0, "l1": 0.7, "giou": 1.5, "axes": 0.3, "type": 0.15}
"""Weights of the parts."""


def focal(logit: torch.Tensor, heat: torch.Tensor, positive: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Summed penalty-reduced focal loss (α = 2, β = 4), normalised by the caller."""
    log_p = torch.nn.functional.logsigmoid(logit)
    log_n = torch.nn.functional.logsigmoid(-logit)
    p = log_p.exp()
    hit = positive * (1 - p) ** 2 * log_p
    miss = (1 - positive) * weight * (1 - heat) ** 4 * p**2 * log_n
    return -(hit.sum() + miss.sum())


LEAST_FIT = 0.35
"""What a positive cell answers at least, however badly its box fits: a net that fits nothing yet learns where to look."""
NEGATIVE_SHARE = 0.75


def varifocal(
    logit: torch.Tensor, prior: torch.Tensor, prior_weight: torch.Tensor, heat: torch.Tensor, fit: torch.Tensor,
    weight: torch.Tensor,
) -> torch.Tensor:
    """Summed varifocal loss, normalised by the caller; `[n, h, w]` each. `fit`: IoU of each cell's box with its lesion's."""
    target = prior * fit.clamp(min=LEAST_FIT)
    is_positive = prior > 0
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logit, target, reduction="none")
    hit = torch.where(is_positive, prior_weight * target * entropy, 0.0)
    p = torch.sigmoid(logit.detach())
    miss = torch.where(is_positive, 0.0, NEGATIVE_SHARE * weight * (1 - heat) ** 4 * p**2 * entropy)
    return hit.sum() + miss.sum()


def overlap(pred: torch.Tensor, target: torch.Tensor, stride: int) -> tuple[torch.Tensor, torch.Tensor]:
    """IoU and GIoU per cell of boxes given as (dx, dy, log_w, log_h) `[k, 4]`, margin added."""

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
    iou = inter / union
    return iou, iou - (hull - union) / hull


def axes_loss(pred: torch.Tensor, true: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Mean over cells of the log-diameters' L1 and of the direction's squared error, the latter weighed by
    elongation, since a round lesion has no direction. `[k, 4]`: log long, log short, sin 2θ, cos 2θ."""
    size = (pred[:, :2] - true[:, :2]).abs().sum(1)
    elongation = 1 - (true[:, 1] - true[:, 0]).exp()
    direction = (pred[:, 2:] - true[:, 2:]).square().sum(1) * elongation
    return ((size + direction) * weight).sum() / weight.sum().clamp(min=1e-6)


def detection_loss(
    outputs: list[torch.Tensor], batch: Batch, heat: str = "cell"
) -> tuple[torch.Tensor, dict[str, float]]:
    """Sum over heads. Parts: heat (`cell` or `quality`), size and offset (L1), giou, axes, type."""
    total = outputs[0].new_zeros((), dtype=torch.float32)
    parts = dict.fromkeys(PARTS, 0.0)
    for out, target, stride in zip(outputs, batch.heads, STRIDES):
        out = out.float()
        n = target["positive"].sum().clamp(min=2.0)
        fit = torch.zeros_like(out[:, 0])
        losses = {}
        where = target["regression_weight"] > 0
        if where.any():
            w = target["regression_weight"][where]
            pred = out.permute(0, 2, 3, 1)[where][:, 1:]
            true = target["regression"].permute(0, 2, 3, 1)[where]
            scale = pred.new_tensor([0.2, 0.2, 1.0, 1.0])
            box, true_box = pred[:, :N_BOX], true[:, :N_BOX]
            losses["l1"] = ((box - true_box).abs() * scale * w[:, None]).sum() / w.sum()
            iou, giou = overlap(box, true_box, stride)
            fit[where] = iou.detach()
            losses["giou"] = ((1 - giou) * w).sum() / w.sum()
            axes = slice(N_BOX, N_BOX + N_AXES)
            losses["axes"] = axes_loss(pred[:, axes], true[:, axes], target["axes_weight"][where])
            type_ = target["type"][where]
            known = type_ > 0
            if known.any():
                entropy = torch.nn.functional.cross_entropy(pred[known][:, N_BOX + N_AXES :], type_[known] - 1, reduction="none")
                losses["type"] = (entropy * w[known]).sum() / w[known].sum()
        if heat == "cell":
            losses["heat"] = focal(out[:, 0], target["heat"], target["positive"], target["negative_weight"]) / n
        elif heat == "quality":
            weights = (target["prior"], target["prior_weight"], target["heat"], fit, target["negative_weight"])
            losses["heat"] = varifocal(out[:, 0], *weights) / n
        else:
            raise ValueError(f"heat loss {heat}")
        for name, loss in losses.items():
            total = total + PARTS[name] * loss
            parts[name] += float(loss.detach())
    return total, parts
