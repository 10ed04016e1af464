"""Corrected labels: the mean of a text's own probabilities and its teachers'."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from training_fixtures import learnt, write_records
from typer.testing import CliRunner

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from training import relabel

if TYPE_CHECKING:
    from pathlib import Path


def machine_record(number: int) -> dict[str, object]:
    votes = dict.fromkeys(OPP115.names, 0.0) | {"Data Security": 0.6}
    text = f"We encrypt data {number}."
    common = {"id": f"m/{number}", "document": "m", "text": text, "known": None, "heading": None}
    return common | {"labels": ["Data Security"], "votes": votes}


def test_votes_are_the_weighted_mean_and_labels_follow() -> None:
    scores = [0.0] * len(OPP115.names)
    scores[OPP115.index("Policy Change")] = 0.9
    row = relabel.corrected(machine_record(0), scores, 0.75)
    assert row["votes"]["Data Security"] == pytest.approx(0.15)
    assert row["votes"]["Policy Change"] == pytest.approx(0.675)
    assert row["labels"] == ["Policy Change"]
    assert row["id"] == "m/0"
    assert relabel.corrected(machine_record(0), scores, 0.0)["labels"] == ["Data Security"]


@pytest.mark.parametrize("change", [{"votes": None}, {"known": ["Data Security"]}])
def test_a_record_that_leaves_labels_open_is_named(change: dict[str, object]) -> None:
    with pytest.raises(RecordError, match="m/0"):
        relabel.corrected(machine_record(0) | change, [0.0] * len(OPP115.names), 0.5)


@pytest.mark.slow
def test_the_program_corrects_every_record_and_refuses_other_teachers(tmp_path: Path) -> None:
    texts = write_records(tmp_path / "m.jsonl", [machine_record(k) for k in range(6)])
    app = relabel.typer.Typer()
    app.command()(relabel.main)
    run = str(learnt().folder)
    common = [str(texts), "--output", str(tmp_path / "out"), "--teacher", run]
    done = CliRunner().invoke(app, common)
    assert done.exit_code == 0, done.output
    before = [machine_record(k) for k in range(6)]
    rows = [json.loads(line) for line in (tmp_path / "out" / "m.jsonl").open()]
    assert [row["text"] for row in rows] == [row["text"] for row in before]
    assert all(row["votes"] != old["votes"] for row, old in zip(rows, before, strict=True))
    write_records(texts, [machine_record(k) for k in range(7)])
    refused = CliRunner().invoke(app, common)
    assert refused.exit_code == 1
    assert "another texts" in refused.output
