"""Stacking: the labeller that is right gets the weight, and no fold judges itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from training_fixtures import write_records
from typer.testing import CliRunner

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from training import stacking
from training.outoffold import OutOfFold

if TYPE_CHECKING:
    from pathlib import Path

LABELS = len(OPP115.names)


def labelled(texts: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth, a machine that is right on even labels, a model that is right on odd ones."""
    rng = np.random.default_rng(0)
    truth = (rng.random((texts, LABELS)) < 0.3).astype(np.float32)
    right, noise = np.where(truth > 0, 0.9, 0.05), rng.random(truth.shape)
    even = np.arange(LABELS) % 2 == 0
    machine, model = np.where(even, right, noise), np.where(even, noise, right)
    return truth, machine.astype(np.float32), model.astype(np.float32)


def test_the_weight_goes_to_whom_the_truth_bears_out() -> None:
    truth, machine, model = labelled()
    made = stacking.fit(machine, model, truth)
    assert all(w.machine > 5 * abs(w.model) for w in made[0::2])
    assert all(w.model > 5 * abs(w.machine) for w in made[1::2])
    both = stacking.apply(machine, model, made)
    assert np.array_equal(both >= 0.5, truth > 0.5)


def test_a_label_without_an_example_is_the_geometric_mean() -> None:
    truth, machine, model = labelled(50)
    truth[:, 7] = 0
    made = stacking.fit(machine, model, truth)
    assert made[7] == stacking.Weights(0.5, 0.5, 0.0)


def test_a_fold_is_judged_by_the_weights_of_the_others() -> None:
    truth, machine, model = labelled()
    fold = np.arange(len(truth)) % 2
    truth[fold == 1] = 1 - truth[fold == 1]  # the other fold teaches the reverse
    scores = stacking.nested(machine, model, truth, fold)
    assert not ((scores >= 0.5) == (truth > 0.5)).any()


def test_a_record_that_leaves_labels_open_is_named() -> None:
    for change in ({"votes": None}, {"votes": {}, "known": ["Data Security"]}):
        with pytest.raises(RecordError, match="m/0"):
            stacking.votes({"id": "m/0"} | change)


def test_the_program_writes_what_relabel_reads(tmp_path: Path) -> None:
    truth, machine, model = labelled()
    ids = [f"t/{k}" for k in range(len(truth))]
    logits = np.log(model / (1 - model)).astype(np.float32)
    splits: list[str | None] = ["train"] * len(ids)
    OutOfFold(ids, ids, splits, np.arange(len(ids)) % 5, logits, truth).write(tmp_path / "cv")
    rows = [
        {"id": name, "text": "x", "votes": dict(zip(OPP115.names, map(float, p), strict=True))}
        for name, p in zip(ids[:300], machine, strict=False)
    ]
    texts = write_records(tmp_path / "machine.jsonl", rows)
    app = stacking.typer.Typer()
    app.command()(stacking.main)
    common = ["--machine", str(texts), "--output", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [str(tmp_path / "cv"), *common])
    assert done.exit_code == 0, done.output
    found = json.loads((tmp_path / "out" / "stacking.json").read_text())
    assert found["origin"]["texts"] == 300
    assert found["figures"]["both"]["micro_f1"] > 0.95 > found["figures"]["model"]["micro_f1"]
    made = stacking.read(tmp_path / "out" / "stacking.json")
    assert np.array_equal(stacking.apply(machine, model, made) >= 0.5, truth > 0.5)


def test_a_missing_file_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"stacking\.json: missing"):
        stacking.read(tmp_path / "stacking.json")
