import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import write_miniature

from lesionlens_training.draw.sampler import Mix
from lesionlens_training.run.config import Config, read_config, some_patients
from lesionlens_training.run.train import train

TRAINING = Path(__file__).resolve().parents[1]


def test_one_command_goes_from_a_deeplesion_folder_to_figures(tmp_path: Path) -> None:
    images, dl_info = write_miniature(tmp_path / "data")
    config = tmp_path / "run.toml"
    config.write_text(
        "caches = []\nsteps = 2\nbatch = 2\nworkers = 2\nonly_splits = [1]\n[mix]\ndeeplesion = 0.5\n"
    )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "lesionlens_training.pipeline", str(config), str(images), str(dl_info), "--out", str(out)]
    subprocess.run(command, cwd=TRAINING, check=True)
    report = json.loads((out / "evaluation.json").read_text())
    assert report["froc"]["deeplesion"]["n_lesions"] == 3
    spec = json.loads((out / "detector.json").read_text())
    assert (out / spec["file"]).exists()
    log = (out / "log.csv").read_text().splitlines()
    assert log[0].startswith("step,crops,seconds")
    assert len(log) >= 2


def test_an_interrupted_training_goes_on_where_it_stopped(cache: Path, tmp_path: Path) -> None:
    config = Config([str(cache)], steps=2, batch=2, workers=1, mix=Mix(deeplesion=0.5))
    first = torch.load(train(config, tmp_path), weights_only=True)
    config.steps = 3
    second = torch.load(train(config, tmp_path), weights_only=True)
    assert (first["step"], second["step"]) == (2, 3)
    assert (first["crops"], second["crops"]) == (4, 6)


def test_crops_drawn_by_other_processes_train_as_well(cache: Path, tmp_path: Path) -> None:
    config = Config([str(cache)], steps=3, batch=2, workers=1, generators=2)
    state = torch.load(train(config, tmp_path), weights_only=True)
    assert (state["step"], state["crops"]) == (3, 6)


def test_an_unknown_key_in_a_configuration_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text("caches = []\nsteps = 1\nlearning_rate = 1\n")
    with pytest.raises(TypeError, match="learning_rate"):
        read_config(config)


def test_an_interrupted_run_goes_on_from_its_checkpoint_and_its_log_from_there(cache: Path, tmp_path: Path) -> None:
    first = Config([str(cache)], steps=4, end=0.5, batch=2, workers=1)
    train(first, tmp_path)
    with open(tmp_path / "log.csv", "a") as log:
        log.write("3,6,9,0,0,0,0,0,0,0\n")
    state = torch.load(train(replace(first, end=1.0), tmp_path), weights_only=True)
    assert (state["step"], state["crops"]) == (4, 8)
    steps = [int(row.split(",")[0]) for row in (tmp_path / "log.csv").read_text().splitlines()[1:]]
    assert steps == [1], "the row beyond the checkpoint is gone"


def test_a_larger_share_of_the_patients_holds_a_smaller_one() -> None:
    names = {f"DL{i:06d}" for i in range(260)}
    quarter, half = some_patients(names, 0.25), some_patients(names, 0.5)
    assert (len(quarter), len(half), len(some_patients(names, 1.0))) == (65, 130, 260)
    assert quarter < half
