"""The floor: it learns, and it is judged as strictly as the encoder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import typer
from training_fixtures import easy, rows, write_records
from typer.testing import CliRunner

from training import baseline, evaluate, examples
from training.config import Source

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str) -> None:
    app = typer.Typer()
    app.command()(baseline.main)
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output


def test_it_tells_easy_clauses_apart() -> None:
    train = examples.load([Source(str(easy()), splits=("train",))])
    held = examples.load([Source(str(easy()), splits=("validation",))])
    columns = np.flatnonzero(train.majority.any(axis=0))
    scores = baseline.fit_predict(train.texts, train.majority[:, columns], held.texts)
    labelled = held.majority[:, columns].any(axis=1)
    right = scores.argmax(axis=1) == held.majority[:, columns].argmax(axis=1)
    assert right[labelled].mean() > 0.6


def test_a_policy_is_scored_without_its_own_texts(monkeypatch: object) -> None:
    data = examples.load([Source(str(easy()))])
    groups = np.asarray(data.documents)
    seen: list[set[str]] = []

    def spy(texts: list[str], truth: np.ndarray, others: list[str]) -> np.ndarray:
        of = dict(zip(data.texts, data.documents, strict=True))
        seen.append({of[t] for t in texts} & {of[t] for t in others})
        return np.ones((len(others), truth.shape[1]), dtype=np.float32)

    monkeypatch.setattr(baseline, "fit_predict", spy)  # type: ignore[attr-defined]
    scores = baseline.out_of_group(data, groups, parts=3)
    assert seen == [set()] * 3
    assert scores.min() == 1


def test_the_command_leaves_a_baseline_for_evaluate(tmp_path: Path) -> None:
    records = write_records(tmp_path / "records.jsonl", list(rows()))
    run(str(records), "--output", str(tmp_path / "out"))
    scored, decided = evaluate.read_scored(tmp_path / "out")
    held = [row["id"] for row in rows() if row["split"] == "validation"]
    assert scored.ids == held
    assert decided.shape == (len(held), 12)
    figures = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert figures["at_half"]["overall"]["micro_f1"] > 0.3
