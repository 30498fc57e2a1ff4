import json
from pathlib import Path

import torch

from lesionlens_training.data.cache import open_cache
from lesionlens_training.net.net import Net
from lesionlens_training.run.config import Config, training_slices
from lesionlens_training.run.mine import mined, near, sheet, unlabelled


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


def test_what_a_sure_net_sees_beside_a_boxed_lesion_is_ignored_in_training(cache: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    net = Net()
    with torch.no_grad():
        net.layers["s4"].weight.normal_(0, 0.3)
        net.layers["s4"].bias[0] = 1.0
    places = unlabelled(net.eval(), open_cache(cache), 0.5)
    assert places
    boxed = {(s.series, s.number): len(s.ignored) for s in open_cache(cache) if s.lesions}
    assert {(p["series"], p["number"]) for p in places} <= set(boxed)
    file = tmp_path / "unlabelled.json"
    file.write_text(json.dumps(places))
    after = training_slices(Config([str(cache)], unlabelled=str(file)))
    assert sum(len(s.ignored) for s in after) == sum(boxed.values()) + len(places)
