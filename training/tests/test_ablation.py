import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lesionlens_training.data.cache import slice_input
from lesionlens_training.data.layout import read_layout
from lesionlens_training.draw.sampler import Mix
from lesionlens_training.judge.ablation import levels_for, markdown, read_variants, slug

TRAINING = Path(__file__).resolve().parents[1]


def write_variants(folder: Path, cache: Path, variants: str) -> Path:
    (folder / "base.toml").write_text(
        f'caches = ["{cache}"]\nminutes = 5\nbatch = 2\nworkers = 1\n[mix]\ndeeplesion = 0.5\nsynthetic = 0.4\n'
    )
    path = folder / "ablation.toml"
    path.write_text(f'base = "base.toml"\nsteps = 2\nseed = 9\n{variants}')
    return path


def test_variants_override_keys_of_the_configuration_and_nothing_else(tmp_path: Path) -> None:
    path = write_variants(
        tmp_path, tmp_path, '[variants.all]\n[variants."one slice"]\nmix = { one_slice = true }\nlr = 0.01\n'
    )
    made = read_variants(path)
    assert list(made) == ["all", "one slice"]
    assert (made["all"].steps, made["all"].minutes, made["all"].seed) == (2, 0, 9)
    one = made["one slice"]
    assert (one.mix.one_slice, one.mix.deeplesion, one.lr) == (True, 0.5, 0.01)
    assert not made["all"].mix.one_slice
    with pytest.raises(ValueError, match="learning_rate"):
        read_variants(write_variants(tmp_path, tmp_path, "[variants.x]\nlearning_rate = 1\n"))
    with pytest.raises(TypeError, match="decoy"):
        read_variants(write_variants(tmp_path, tmp_path, "[variants.x]\nmix = { decoy = 1 }\n"))


def test_a_net_is_judged_on_the_input_that_it_was_trained_on(miniature: tuple[Path, Path]) -> None:
    series = read_layout(*miniature)[0]
    made = slice_input(series, 1)
    assert (levels_for(Mix())(made) == made.levels).all()
    one = levels_for(Mix(one_slice=True))(made)
    assert (one == made.levels[1]).all() and not (made.levels[0] == made.levels[1]).all()
    linear = levels_for(Mix(linear_input=True))(made)
    assert linear.shape == made.levels.shape and not (linear == made.levels).all()
    assert abs(int(linear[1, 50, 50]) - np.clip((made.hu[1, 50, 50] + 1024) * 255 / 2524, 0, 255)) <= 1


def test_one_command_trains_judges_and_compares(cache: Path, miniature: tuple[Path, Path], tmp_path: Path) -> None:
    path = write_variants(
        tmp_path, cache, '[variants."full recipe"]\n[variants."no degradation"]\nmix = { degrade = 0.0 }\n'
    )
    runs = tmp_path / "runs"
    (runs / "synthetic").mkdir(parents=True)
    images, table = miniature
    (runs / "synthetic/Images_png").symlink_to(images)
    (runs / "synthetic/DL_info.csv").symlink_to(table)
    command = [sys.executable, "-m", "lesionlens_training.judge.ablation", str(path), "--data", str(tmp_path / "none")]
    command += ["--runs", str(runs), "--out", str(tmp_path / "out"), "--results", str(tmp_path / "results")]
    subprocess.run(command, cwd=TRAINING, check=True)
    report = json.loads((tmp_path / "results/ablation.json").read_text())
    first, second = (report["variants"][n]["sets"]["synthetic"] for n in ("full recipe", "no degradation"))
    assert first["n_lesions"] == second["n_lesions"] == 3
    assert "difference" in second and "difference" not in first
    assert (tmp_path / "out/no-degradation/checkpoint.pt").exists()
    table_text = (tmp_path / "results/ablation.md").read_text()
    assert table_text == markdown(report)
    assert table_text.splitlines()[2].startswith("| full recipe |")


def test_folder_names_are_plain() -> None:
    assert slug("three slices → one, no decoys") == "three-slices-one-no-decoys"
