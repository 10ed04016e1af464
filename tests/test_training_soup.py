"""A soup is the mean of its runs' weights, in a folder that is a run's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import load_file, save_file

from clausemark.errors import OutputError
from training.config import ConfigError
from training.soup import WEIGHTS, write

if TYPE_CHECKING:
    from pathlib import Path


def make_run(folder: Path, value: float, rows: int = 2) -> Path:
    (folder / "model").mkdir(parents=True)
    weights = {"head.weight": torch.full((rows, 3), value), "head.bias": torch.tensor([value])}
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps({"seed": value}))
    (folder / "run.json").write_text(json.dumps({"data": {"a.jsonl": "0" * 64}}))
    return folder


def test_its_weights_are_the_mean_of_the_runs(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / f"r{k}", value) for k, value in enumerate((1.0, 2.0, 6.0))]
    write(runs, tmp_path / "soup")
    mixed = load_file(tmp_path / "soup" / WEIGHTS)
    assert torch.equal(mixed["head.weight"], torch.full((2, 3), 3.0))
    assert torch.equal(mixed["head.bias"], torch.tensor([3.0]))
    made = json.loads((tmp_path / "soup" / "run.json").read_text())
    assert list(made["soup"]) == ["r0", "r1", "r2"]
    assert json.loads((tmp_path / "soup" / "config.json").read_text()) == {"seed": 1.0}


def test_runs_of_other_shapes_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / "a", 1.0), make_run(tmp_path / "b", 1.0, rows=4)]
    with pytest.raises(ConfigError, match="b: its weights are not of the shapes of"):
        write(runs, tmp_path / "soup")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]


def test_an_unfinished_run_and_a_folder_in_the_way_are_named(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", 1.0)
    with pytest.raises(ConfigError, match=r"missing.*Finish that run"):
        write([run, tmp_path / "none"], tmp_path / "soup")
    with pytest.raises(OutputError, match="there already"):
        write([run], run)
