from pathlib import Path

import numpy as np
import pytest
import torch

from lesionlens_training.data.cache import open_cache
from lesionlens_training.draw.mix import HardNegative, Mix
from lesionlens_training.draw.sampler import Sampler
from lesionlens_training.draw.targets import head_targets, mirrored
from lesionlens_training.lesion import Lesion
from lesionlens_training.net.loss import detection_loss, varifocal
from lesionlens_training.net.net import Net, gmac


def sampler(cache: Path, seed: int, **shares: float) -> Sampler:
    slices = open_cache(cache)
    for s in slices:
        s.lesions = s.lesions if s.number == 11 else []
    return Sampler(slices, [], Mix(**shares), seed)


def test_shapes_and_types(cache: Path) -> None:
    batch = sampler(cache, 1).batch(3)
    assert batch.levels.shape == (3, 3, 256, 256)
    assert batch.levels.dtype == torch.uint8
    for head, size in zip(batch.heads, (64, 32)):
        assert head["heat"].shape == head["positive"].shape == head["negative_weight"].shape == (3, size, size)
        assert head["regression"].shape == (3, 8, size, size)
        assert head["axes_weight"].shape == head["type"].shape == (3, size, size)


def test_a_crop_may_be_a_whole_slice_and_holds_its_lesion(cache: Path) -> None:
    only = {"synthetic": 0.0, "nodule": 0.0, "negative": 0.0, "deeplesion": 1.0}
    s = sampler(cache, 1, crop=[288, 416], scale=[0.7, 1.4], **only)
    assert s.batch(2).heads[1]["heat"].shape == (2, 36, 52)
    crops = [s.crop() for _ in range(20)]
    assert sum(len(c.lesions) for c in crops) == 20
    for crop in crops:
        (x0, y0, x1, y1) = crop.lesions[0].box
        assert 0 <= x0 < x1 <= 416
        assert 0 <= y0 < y1 <= 288


def test_the_same_seed_gives_the_same_batch_and_another_another(cache: Path) -> None:
    a, b, c = (sampler(cache, seed).batch(2) for seed in (5, 5, 6))
    assert torch.equal(a.levels, b.levels)
    assert all(torch.equal(x[k], y[k]) for x, y in zip(a.heads, b.heads) for k in x)
    assert not torch.equal(a.levels, c.levels)


def test_target_decodes_to_the_lesion() -> None:
    lesion = Lesion((50.0, 60.0, 71.0, 90.0), 5, (30.0, 12.0, 2.0))
    t = head_targets([lesion], [], (256, 256), 4, (0, 50), 0.3)
    assert t["positive"].sum() == 1
    row, col = np.argwhere(t["positive"] == 1)[0]
    dx, dy, lw, lh, long, short, sine, cosine = t["regression"][:, row, col]
    assert ((col + dx) * 4, (row + dy) * 4) == pytest.approx((60.5, 75.0))
    assert np.exp([lw, lh, long, short]) == pytest.approx([21, 30, 30, 12], rel=1e-5)
    assert (np.arctan2(sine, cosine) / 2) % np.pi == pytest.approx(2.0)
    assert (t["axes_weight"][row, col], t["type"][row, col]) == (1, 5)


@pytest.mark.parametrize(("box", "stride"), [((50.0, 60.0, 58.0, 70.0), 4), ((40.0, 40.0, 150.0, 130.0), 8)])
def test_every_cell_of_the_ellipse_answers_for_the_lesion(box: tuple[float, ...], stride: int) -> None:
    t = head_targets([Lesion(box)], [], (256, 256), stride, (0, 1e9), 0.3)
    rows, cols = np.nonzero(t["prior"])
    assert len(rows) >= 3
    assert t["prior"].max() == 1
    for row, col in zip(rows, cols):
        dx, dy, lw, lh = t["regression"][:4, row, col]
        middle = ((col + dx) * stride, (row + dy) * stride)
        assert middle == pytest.approx(((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), abs=1e-3)
        assert np.exp([lw, lh]) == pytest.approx([box[2] - box[0], box[3] - box[1]], rel=1e-5)
    whole = float((t["prior"] * t["prior_weight"]).sum())
    assert whole == pytest.approx(float(t["prior"].sum()) ** 0.5, rel=1e-5)


def test_what_is_unknown_of_a_lesion_is_not_trained() -> None:
    t = head_targets([Lesion((50.0, 60.0, 71.0, 90.0))], [], (256, 256), 4, (0, 50), 0.3)
    assert t["regression_weight"].max() == 1
    assert t["axes_weight"].max() == 0
    assert t["type"].max() == 0


def test_a_mirrored_target_is_the_target_of_the_mirrored_lesion() -> None:
    lesion = Lesion((50.0, 60.0, 71.0, 90.0), 2, (30.0, 12.0, 0.6))
    other = Lesion((256 - 71.0, 60.0, 256 - 50.0, 90.0), 2, (30.0, 12.0, np.pi - 0.6))
    got = mirrored(head_targets([lesion], [(10, 10, 30, 30)], (256, 256), 4, (0, 50), 0.3))
    want = head_targets([other], [(226, 10, 246, 30)], (256, 256), 4, (0, 50), 0.3)
    for name in want:
        assert np.allclose(got[name], want[name], atol=1e-5), name


def test_a_large_lesion_belongs_to_the_coarse_head_alone() -> None:
    large = Lesion((50.0, 50.0, 150.0, 130.0))
    fine = head_targets([large], [], (256, 256), 4, (0, 50), 0.3)
    coarse = head_targets([large], [], (256, 256), 8, (34, 1e9), 0.3)
    assert fine["positive"].sum() == 0
    assert coarse["positive"].sum() == 1


def test_ignored_boxes_carry_no_negative_weight_even_where_emphasized() -> None:
    t = head_targets([], [(40, 40, 80, 80)], (256, 256), 4, (0, 50), 0.3, [(60, 60, 120, 120)])
    assert (t["negative_weight"][10:20, 10:20] == 0).all()
    assert (t["negative_weight"][22:28, 22:28] == 1).all()
    assert t["negative_weight"][40, 40] == np.float32(0.3)


def test_every_crop_is_used_twice_the_second_time_mirrored(cache: Path) -> None:
    s = sampler(cache, 4, reuse=2)
    levels = s.batch(40).levels.numpy()
    seen = {x.tobytes() for x in levels}
    again = sum(x[..., ::-1].tobytes() in seen for x in levels)
    assert again >= 10
    assert len(seen) == 40


def test_a_hard_negative_is_shown_and_weighs_in_full(cache: Path) -> None:
    slices = open_cache(cache)
    hard = [HardNegative(slices[0].series, slices[0].number, 60.0, 70.0), HardNegative("unknown", 1, 5.0, 5.0)]
    only = {"synthetic": 0.0, "negative": 0.0, "hard": 1.0}
    s = Sampler(slices, [], Mix(**only), 1, hard)
    crop = s.crop()
    assert len(s.hard) == 1
    (x0, y0, x1, y1) = crop.emphasis[0]
    assert 0 < x0 < x1 < 256 and 0 < y0 < y1 < 256
    assert crop.negative_weight == Mix().background_negative


def test_real_slices_carry_the_smaller_negative_weight(cache: Path) -> None:
    shares = {"synthetic": 0.0, "nodule": 0.0, "negative": 0.0, "deeplesion": 1.0}
    batch = sampler(cache, 2, **shares).batch(4)
    assert float(batch.heads[0]["negative_weight"].median()) == pytest.approx(0.3)
    assert sum(float(h["positive"].sum()) for h in batch.heads) >= 4


@pytest.mark.parametrize("heat", ["cell", "quality"])
def test_loss_falls_on_a_fixed_batch(cache: Path, heat: str) -> None:
    torch.manual_seed(0)
    batch = sampler(cache, 3, deeplesion=1.0).batch(4)
    net = Net()
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3)
    x = batch.levels.float() / 255
    losses = []
    for _ in range(16):
        loss, _ = detection_loss(net(x), batch, heat)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.8 * losses[0]


def test_the_quality_loss_asks_for_a_score_that_follows_the_fit() -> None:
    prior, weight = torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[1.0, 1.0]]])
    heat = torch.zeros(1, 1, 2)
    for fit in (0.5, 0.9):
        logit = torch.full((1, 1, 2), -2.0, requires_grad=True)
        optimizer = torch.optim.SGD([logit], 2.0)
        for _ in range(800):
            loss = varifocal(logit, prior, torch.ones_like(prior), heat, torch.tensor([[[fit, 0.0]]]), weight)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        score = torch.sigmoid(logit.detach())[0, 0]
        assert float(score[0]) == pytest.approx(fit, abs=0.02)
        assert float(score[1]) < 0.1


def test_the_net_keeps_to_its_budget() -> None:
    assert gmac(512, 512) <= 3.2
    assert sum(p.numel() for p in Net().parameters()) < 1_600_000
