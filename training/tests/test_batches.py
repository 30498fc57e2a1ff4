from pathlib import Path

import numpy as np
import pytest
import torch
from lesionlens_training.batches import Mix, Sampler, head_targets
from lesionlens_training.cache import open_cache
from lesionlens_training.loss import detection_loss
from lesionlens_training.net import Net, gmac


def sampler(cache: Path, seed: int, **shares: float) -> Sampler:
    slices = open_cache(cache)
    for s in slices:
        s.boxes = s.boxes if s.number == 11 else []
    return Sampler(slices, [], Mix(**shares), seed)


def test_shapes_and_types(cache: Path) -> None:
    batch = sampler(cache, 1).batch(3)
    assert batch.levels.shape == (3, 3, 256, 256)
    assert batch.levels.dtype == torch.uint8
    for head, size in zip(batch.heads, (64, 32)):
        assert head["heat"].shape == head["positive"].shape == head["negative_weight"].shape == (3, size, size)
        assert head["regression"].shape == (3, 4, size, size)


def test_the_same_seed_gives_the_same_batch_and_another_another(cache: Path) -> None:
    a, b, c = (sampler(cache, seed).batch(2) for seed in (5, 5, 6))
    assert torch.equal(a.levels, b.levels)
    assert all(torch.equal(x[k], y[k]) for x, y in zip(a.heads, b.heads) for k in x)
    assert not torch.equal(a.levels, c.levels)


def test_target_decodes_to_the_box() -> None:
    box = (50.0, 60.0, 71.0, 90.0)
    t = head_targets([box], [], (256, 256), 4, (0, 50), 0.3)
    assert t["positive"].sum() == 1
    row, col = np.argwhere(t["positive"] == 1)[0]
    dx, dy, lw, lh = t["regression"][:, row, col]
    assert ((col + dx) * 4, (row + dy) * 4) == pytest.approx((60.5, 75.0))
    assert (np.exp(lw), np.exp(lh)) == pytest.approx((21, 30), rel=1e-5)


def test_a_large_lesion_belongs_to_the_coarse_head_alone() -> None:
    box = (50.0, 50.0, 150.0, 130.0)
    fine = head_targets([box], [], (256, 256), 4, (0, 50), 0.3)
    coarse = head_targets([box], [], (256, 256), 8, (34, 1e9), 0.3)
    assert fine["positive"].sum() == 0
    assert coarse["positive"].sum() == 1


def test_ignored_boxes_carry_no_negative_weight() -> None:
    t = head_targets([], [(40, 40, 80, 80)], (256, 256), 4, (0, 50), 0.3)
    assert (t["negative_weight"][10:20, 10:20] == 0).all()
    assert t["negative_weight"][40, 40] == np.float32(0.3)


def test_real_slices_carry_the_smaller_negative_weight(cache: Path) -> None:
    shares = {"synthetic": 0.0, "nodule": 0.0, "negative": 0.0, "deeplesion": 1.0}
    batch = sampler(cache, 2, **shares).batch(4)
    assert float(batch.heads[0]["negative_weight"].median()) == pytest.approx(0.3)
    assert sum(float(h["positive"].sum()) for h in batch.heads) >= 4


def test_loss_falls_on_a_fixed_batch(cache: Path) -> None:
    torch.manual_seed(0)
    batch = sampler(cache, 3, deeplesion=1.0).batch(4)
    net = Net()
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3)
    x = batch.levels.float() / 255
    losses = []
    for _ in range(8):
        loss, _ = detection_loss(net(x), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_the_net_keeps_to_its_budget() -> None:
    assert gmac(512, 512) <= 1.8
    assert sum(p.numel() for p in Net().parameters()) < 1_000_000
