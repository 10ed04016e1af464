"""A run: it learns, it repeats itself, it survives its own death, it stops when told."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from training_fixtures import (
    bert,
    bert_folder,
    config_values,
    easy,
    learnt,
    make_config,
    roberta_folder,
    rows,
    write_records,
    write_toml,
)

from clausemark.errors import ModelError
from training import checkpoint, encoders, loop
from training import fit as fit_module
from training.config import ConfigError
from training.fit import fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.config import FitConfig

ROOT = Path(__file__).parents[1]


def log(config: FitConfig) -> list[dict[str, str]]:
    with (config.folder / "log.csv").open() as file:
        return list(csv.DictReader(file))


def weights(config: FitConfig) -> bytes:
    return (config.folder / "model" / "model.safetensors").read_bytes()


def unless_seconds(config: FitConfig) -> dict[str, Any]:
    figures = json.loads((config.folder / "metrics.json").read_text())
    return {key: value for key, value in figures.items() if key != "seconds"}


def test_a_run_learns_its_texts() -> None:
    losses = [float(row["loss"]) for row in log(learnt())]
    assert np.mean(losses[-10:]) < 0.35 * np.mean(losses[:10])
    assert unless_seconds(learnt())["validation"]["micro_f1"] > 0.7


def test_a_finished_run_is_returned_as_it_is() -> None:
    before = (learnt().folder / "metrics.json").stat().st_mtime_ns
    assert fit(learnt())["steps"] == unless_seconds(learnt())["steps"]
    assert (learnt().folder / "metrics.json").stat().st_mtime_ns == before


def test_a_finished_run_leaves_only_its_results() -> None:
    assert sorted(path.name for path in learnt().folder.iterdir()) == [
        "config.json", "log.csv", "metrics.json", "model", "run.json",
        "validation_ids.json", "validation_logits.npy",
    ]  # fmt: skip


def test_a_run_says_what_it_was_made_with() -> None:
    run = json.loads((learnt().folder / "run.json").read_text())
    assert run["versions"]["torch"] == torch.__version__
    assert [len(digest) for digest in run["data"].values()] == [64, 64]


def test_another_config_is_kept_out_of_a_runs_folder(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "config.json").write_bytes((learnt().folder / "config.json").read_bytes())
    with pytest.raises(ConfigError, match=r"made with another config \(.*seed.*--set name"):
        fit(make_config(bert(), easy(), tmp_path, seed=9))


def begun(tmp_path: Path) -> FitConfig:
    """A finished run's folder without its weights, over files that a test may change."""
    for name in ("train", "held", "apart"):
        (tmp_path / f"{name}.jsonl").write_bytes(easy().read_bytes())
    base = tmp_path / "base"
    base.mkdir()
    (base / "model.safetensors").write_bytes(b"weights")
    train = [{"path": str(tmp_path / "train.jsonl"), "apart": str(tmp_path / "apart.jsonl")}]
    held = {"path": str(tmp_path / "held.jsonl")}
    config = make_config(base, easy(), tmp_path, train=train, validation=held)
    config.folder.mkdir()
    fit_module._claim(config)
    (config.folder / "metrics.json").write_text("{}")
    return config


@pytest.mark.parametrize(
    "name", ["train.jsonl", "held.jsonl", "apart.jsonl", "base/model.safetensors"]
)
def test_a_run_of_files_that_changed_is_not_taken_for_one_of_theirs(
    tmp_path: Path, name: str
) -> None:
    config = begun(tmp_path)
    assert fit(config) == {}
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b"\n")
    with pytest.raises(ConfigError, match=rf"tiny: .*{name} has changed since.*--set name"):
        fit(config)
    (config.folder / "metrics.json").unlink()
    (config.folder / "checkpoints").mkdir()
    with pytest.raises(ConfigError, match=rf"{name} has changed since"):
        fit(config)


def test_a_run_that_did_not_write_down_its_base_is_still_returned(tmp_path: Path) -> None:
    config = begun(tmp_path)
    path = config.folder / "run.json"
    path.write_text(json.dumps({"data": json.loads(path.read_text())["data"]}))
    (tmp_path / "base" / "model.safetensors").write_bytes(b"other weights")
    assert fit(config) == {}
    path.unlink()
    assert fit(config) == {}


def test_files_may_change_until_something_was_made_of_them(tmp_path: Path) -> None:
    config = begun(tmp_path)
    (config.folder / "metrics.json").unlink()
    (tmp_path / "train.jsonl").write_bytes(b"")
    fit_module._claim(config)
    made = json.loads((config.folder / "run.json").read_text())
    assert made["data"][str(tmp_path / "train.jsonl")] == hashlib.sha256(b"").hexdigest()


def test_what_a_run_left_that_was_killed_at_its_very_end_goes(tmp_path: Path) -> None:
    config = begun(tmp_path)
    (config.folder / "checkpoints" / "00000001-0001").mkdir(parents=True)
    (config.folder / "best.safetensors").write_bytes(b"weights")
    assert fit(config) == {}
    assert {path.name for path in config.folder.iterdir()} == {
        "config.json", "metrics.json", "run.json",
    }  # fmt: skip


def test_the_same_config_gives_the_same_model(tmp_path: Path) -> None:
    runs = [make_config(bert(), easy(), tmp_path / name, epochs=1) for name in ("a", "b")]
    other = make_config(bert(), easy(), tmp_path / "c", epochs=1, seed=1)
    for config in (*runs, other):
        fit(config)
    assert unless_seconds(runs[0]) == unless_seconds(runs[1])
    assert weights(runs[0]) == weights(runs[1]) != weights(other)


def start(config: Path) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "inference")])
    command = [sys.executable, "-m", "training.fit", str(config)]
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def kill_at(process: subprocess.Popen[bytes], folder: Path, step: int) -> None:
    """Kill the run as soon as a checkpoint of `step` or later exists."""
    while process.poll() is None:
        names = [p.name for p in (folder / "checkpoints").glob("????????-????")]
        if any(int(name[:8]) >= step for name in names):
            break
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the run ended before it was killed"


def test_a_run_killed_twice_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    quick = {"epochs": 3, "checkpoint_seconds": 0.0}
    whole = make_config(bert(), easy(), tmp_path / "whole", **quick)
    broken = make_config(bert(), easy(), tmp_path / "broken", **quick)
    toml = write_toml(
        tmp_path / "run.toml", config_values(bert(), easy(), tmp_path / "broken", **quick)
    )
    fit(whole)
    steps = len(log(whole))
    for step in (steps // 4, steps // 2):
        kill_at(start(toml), broken.folder, step)
    assert not (broken.folder / "metrics.json").exists()
    assert start(toml).wait() == 0
    assert unless_seconds(broken) == unless_seconds(whole)
    assert weights(broken) == weights(whole)
    assert log(broken) == log(whole)


def test_a_run_goes_on_in_as_many_processes_as_it_was_begun_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(bert(), easy(), tmp_path, epochs=1)
    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "clear", lambda _: None)
        fit(config)
    state = next(config.folder.glob("checkpoints/*/state.json"))
    state.write_text(json.dumps(json.loads(state.read_text()) | {"processes": 2}))
    (config.folder / "metrics.json").unlink()
    with pytest.raises(ConfigError, match="begun in 2 processes, not 1"):
        fit(config)


def test_patience_ends_a_run_that_does_not_improve(tmp_path: Path) -> None:
    config = make_config(bert(), easy(), tmp_path, epochs=9, learning_rate=0.0, patience=2)
    figures = fit(config)
    assert figures["best_epoch"] == 1
    assert len(figures["history"]) == 3


def test_select_last_takes_the_last_epoch_whatever_its_figures(tmp_path: Path) -> None:
    quick = {"epochs": 2, "learning_rate": 0.0, "patience": 1}
    figures = fit(make_config(bert(), easy(), tmp_path, select="last", **quick))
    assert figures["best_epoch"] == 2
    assert len(figures["history"]) == 2


def test_max_tokens_bounds_a_pass(tmp_path: Path) -> None:
    config = make_config(bert(), easy(), tmp_path, epochs=1, max_tokens=1000)
    assert fit(config)["steps"] == 4


def test_the_heading_task_learns(tmp_path: Path) -> None:
    words = ("cookies", "security", "children")
    rows = [
        {"text": f"About {word}, {k} of them.", "heading": word}
        for word in words
        for k in range(30)
    ]
    path = write_records(tmp_path / "headings.jsonl", rows)
    changes = {"task": "headings", "select": "last", "epochs": 6, "train": [{"path": str(path)}]}
    config = make_config(bert(), path, tmp_path / "runs", validation=None, **changes)
    fit(config)
    losses = [float(row["loss"]) for row in log(config)]
    assert np.mean(losses[-3:]) < 0.5 * np.log(3)
    model = encoders.load_model(str(config.folder / "model"), labels=list("ab"), dropout=0.0)
    assert model.classifier.out_features == 2


def test_a_base_that_is_nowhere_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"base '.*empty': transformers cannot load it"):
        fit(make_config(tmp_path / "empty", easy(), tmp_path))


def test_a_tokenizer_without_special_tokens_is_named(tmp_path: Path) -> None:
    tokenizer = encoders.load_tokenizer(str(bert()))
    tokenizer.backend_tokenizer.post_processor = None
    with pytest.raises(ModelError, match="adds 0 special tokens to a text, 2 are needed"):
        encoders.make_encoder(tokenizer, size=62, overlap=8)


@pytest.mark.parametrize(("make", "places"), [(bert_folder, 300), (roberta_folder, 298)])
def test_a_window_is_padded_to_no_more_than_the_base_has_places_for(
    tmp_path: Path, make: Callable[[Path], Path], places: int
) -> None:
    long = [row | {"text": row["text"] * 40, "split": "train"} for row in rows()[:1]]
    records = write_records(tmp_path / "long.jsonl", [*long, rows()[1] | {"split": "validation"}])
    config = make_config(make(tmp_path / "base"), records, tmp_path, epochs=1, batch_tokens=512)
    with pytest.raises(ConfigError, match=f"window is 255, .* for {places} .*Set window = 254"):
        fit(replace(config, window=255))
    assert fit(replace(config, window=254))["validation"]  # the refused one has not taken the name


def test_the_head_learns_faster_and_biases_do_not_decay() -> None:
    config = make_config(bert(), easy(), Path("runs"), head_multiplier=5.0)
    model = encoders.load_model(str(bert()), labels=list("abc"), dropout=0.1)
    groups = loop.make_optimiser(model, config).param_groups
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    for group in groups:
        for parameter in group["params"]:
            head = names[id(parameter)].startswith("classifier")
            assert group["peak"] == pytest.approx(3e-3 * (5.0 if head else 1.0))
            assert (group["weight_decay"] > 0) == (parameter.ndim > 1)
    assert sum(len(group["params"]) for group in groups) == len(names)


def test_dropout_stands_before_the_head_only() -> None:
    model = encoders.load_model(str(bert()), labels=list("abc"), dropout=0.3)
    rates = {name: m.p for name, m in model.named_modules() if isinstance(m, torch.nn.Dropout)}
    assert rates.pop("dropout") == 0.3
    assert set(rates.values()) <= {0.0}


def test_the_rate_rises_then_falls() -> None:
    rates = [loop.schedule(k / 100, 0.1) for k in range(101)]
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert (max(rates), rates[-1]) == pytest.approx((1.0, 0.01))


def test_the_log_drops_what_will_be_written_again(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,loss\n1,0.5\n2,0.4\n3,0.3\n4,")
    loop.trim_log(path, 2)
    assert path.read_text() == "step,loss\n1,0.5\n2,0.4\n"


def test_the_log_keeps_whole_rows_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"step,loss\r\n1,0.5\r\n2\r\n\0\0\r\n3,0.4")
    loop.trim_log(path, 9)
    assert path.read_bytes() == b"step,loss\r\n1,0.5\r\n"


@pytest.mark.parametrize("torn", [b"", b"step,ep", b"\0\0\xff"])
def test_a_log_that_was_torn_at_its_beginning_is_begun_anew(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(torn)
    loop.trim_log(path, 2)
    assert not path.exists()
