"""Corrected labels: what the labeller and its teachers say together, in the record's place."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest
from training_fixtures import learnt, write_records
from typer.testing import CliRunner

from clausemark.labels import OPP115
from training import relabel, stacking

if TYPE_CHECKING:
    from pathlib import Path


def machine_record(number: int) -> dict[str, Any]:
    votes = dict.fromkeys(OPP115.names, 0.0) | {"Data Security": 0.6}
    text = f"We encrypt data {number}."
    common = {"id": f"m/{number}", "document": "m", "text": text, "known": None, "heading": None}
    return common | {"labels": ["Data Security"], "votes": votes}


def stacking_file(path: Path, weights: stacking.Weights) -> Path:
    path.write_text(json.dumps({"labels": dict.fromkeys(OPP115.names, asdict(weights))}))
    return path


def test_labels_follow_the_corrected_votes() -> None:
    scores = [0.1] * len(OPP115.names)
    scores[OPP115.index("Policy Change")] = 0.9
    row = relabel.corrected(machine_record(0), scores)
    assert row["votes"]["Data Security"] == 0.1
    assert (row["labels"], row["id"]) == (["Policy Change"], "m/0")


@pytest.mark.slow
def test_the_program_corrects_every_record_and_refuses_other_texts(tmp_path: Path) -> None:
    before = [machine_record(k) for k in range(6)]
    texts = write_records(tmp_path / "m.jsonl", before)
    app = relabel.typer.Typer()
    app.command()(relabel.main)

    def run(weights: stacking.Weights) -> Any:
        file = stacking_file(tmp_path / "stacking.json", weights)
        teacher = ["--teacher", str(learnt().folder), "--stacking", str(file)]
        return CliRunner().invoke(app, [str(texts), *teacher, "--output", str(tmp_path / "out")])

    def votes() -> list[float]:
        lines = (tmp_path / "out" / "m.jsonl").read_text().splitlines()
        return [json.loads(line)["votes"]["Data Security"] for line in lines]

    done = run(stacking.Weights(machine=1.0, model=0.0, intercept=0.0))
    assert done.exit_code == 0, done.output
    assert votes() == [0.6] * 6, "who trusts the machine alone changes nothing"
    assert run(stacking.Weights(machine=0.0, model=1.0, intercept=0.0)).exit_code == 0
    assert all(share != 0.6 for share in votes())
    write_records(texts, [*before, machine_record(6)])
    refused = run(stacking.Weights(machine=1.0, model=0.0, intercept=0.0))
    assert refused.exit_code == 1
    assert "another texts" in refused.output
