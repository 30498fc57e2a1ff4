from pathlib import Path

import torch
from lesionlens_training.cache import open_cache
from lesionlens_training.mine import mined, near, sheet
from lesionlens_training.net import Net


def test_a_place_beside_a_lesion_is_near_it_and_one_farther_off_is_not() -> None:
    assert near(33, 20, [(10, 10, 30, 30)])
    assert not near(45, 20, [(10, 10, 30, 30)])


def test_peaks_outside_lesions_are_mined_strongest_first_from_unboxed_slices_only(cache: Path) -> None:
    torch.manual_seed(1)
    net = Net()
    with torch.no_grad():
        for name in ("s4", "s8"):
            net.layers[name].weight.normal_(0, 0.3)
            net.layers[name].bias[0] = 0.0
    slices = open_cache(cache)
    found = mined(net.eval(), slices, 0.1, 3)
    assert found
    scores = [score for score, _ in found]
    assert scores == sorted(scores, reverse=True)
    boxed = {(s.series, s.number) for s in slices if s.lesions}
    places = [(h.series, h.number) for _, h in found]
    assert not boxed & set(places)
    assert max(places.count(p) for p in places) <= 3
    assert sheet(found, slices).size == (14 * 128, 8 * 128)
