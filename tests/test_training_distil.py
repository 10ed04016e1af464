"""Pseudo-labels: the teachers' mean, of texts nobody labelled, drawn where the student learns."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from training_fixtures import learnt, write_records
from typer.testing import CliRunner

from clausemark.labels import OPP115
from training import distil
from training.config import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def write_texts(path: Path, texts: list[str]) -> Path:
    rows = [{"id": f"site-{k}#0.{k}", "text": text} for k, text in enumerate(texts)]
    return write_records(path, rows)


def test_no_text_comes_twice_and_none_that_is_labelled(tmp_path: Path) -> None:
    texts = write_texts(tmp_path / "t.jsonl", ["We share.", "we  SHARE.", "We keep.", "We ask."])
    labelled = write_texts(tmp_path / "l.jsonl", ["we ask."])
    found = distil.candidates([texts], [labelled], number=9, seed=0)
    assert [c.text for c in found] == ["We share.", "We keep."]
    assert [c.document for c in found] == ["site-0", "site-2"]
    again = distil.candidates([texts], [], number=2, seed=3)
    assert len(again) == 2
    assert again == distil.candidates([texts], [], number=2, seed=3)


def test_entropy_is_that_of_a_coin() -> None:
    found = distil.entropy(np.array([[0.5, 0.0, 0.9]], dtype=np.float32))[0]
    assert found[0] == pytest.approx(np.log(2))
    assert found[1] == pytest.approx(0, abs=1e-4)
    assert found[2] == pytest.approx(-(0.9 * np.log(0.9) + 0.1 * np.log(0.1)), rel=1e-4)


def test_rare_labels_and_doubt_are_drawn_more_often_than_they_come() -> None:
    scores = np.full((4000, 12), 0.001, dtype=np.float32)
    scores[:3900, 0] = 0.999
    scores[3900:3950, 4] = 0.99
    scores[3950:, 7] = 0.5
    chosen = distil.choose(scores, keep=400, seed=0)
    assert len(chosen) == 400
    assert list(chosen) == sorted(chosen)
    kept = np.array(list(chosen))
    assert np.mean((kept >= 3900) & (kept < 3950)) > 0.03, "a random draw has 0.0125"
    assert np.mean(kept >= 3950) > 0.03, "a random draw has 0.0125"
    assert {"uncertain", "natural", "Data Retention"} <= set(Counter(chosen.values()))


def test_keeping_more_than_there_is_keeps_all() -> None:
    scores = np.random.default_rng(0).random((30, 12)).astype(np.float32)
    assert list(distil.choose(scores, keep=100, seed=0)) == list(range(30))


def test_votes_are_the_mean_of_the_teachers_and_parts_are_not_redone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distil, "PART", 2)
    calls: list[str] = []

    def scorer(run: Path) -> distil.Scorer:
        value = {"a": 0.2, "b": 0.6}[run.name]

        def score(texts: list[str]) -> np.ndarray:
            calls.append(f"{run.name}{len(texts)}")
            return np.full((len(texts), 12), value, dtype=np.float32)

        return score

    runs = [tmp_path / "a", tmp_path / "b"]
    for _ in range(2):
        scores = distil.mean_scores(runs, ["x", "y", "z"], tmp_path, scorer)
        assert scores == pytest.approx(np.full((3, 12), 0.4))
    assert calls == ["a2", "a1", "b2", "b1"]
    text = distil.Candidate("site#1", "site", "x", "who we are")
    (row,) = distil.records([text], scores, {0: "natural"})
    assert row["heading"] == "who we are"
    assert row["votes"]["Data Security"] == pytest.approx(0.4)
    assert row["labels"] == []


def test_a_run_of_another_task_is_no_teacher(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    other = {"task": "headings", "select": "last", "validation": None}
    values = learnt().to_dict() | other | {"train": [{"path": "headings.jsonl"}]}
    (tmp_path / "config.json").write_text(json.dumps(values))
    with pytest.raises(ConfigError, match="its task is 'headings', a teacher needs"):
        distil.teacher_scorer(tmp_path)


def test_scores_of_the_same_files_in_another_order_or_role_are_others(tmp_path: Path) -> None:
    paths = [write_texts(tmp_path / f"{name}.jsonl", [name]) for name in "ab"]
    first, second = ([line] for line in distil.checksums(paths))
    distil.claim(tmp_path, {"texts": first + second, "labelled": []})
    distil.claim(tmp_path, {"texts": first + second, "labelled": []})
    for made in ({"texts": second + first, "labelled": []}, {"texts": first, "labelled": second}):
        with pytest.raises(ConfigError, match="made with another texts"):
            distil.claim(tmp_path, made)


def test_a_folder_that_holds_its_checksums_by_name_is_still_taken(tmp_path: Path) -> None:
    paths = [write_texts(tmp_path / f"{name}.jsonl", [name]) for name in "ba"]
    made = distil.checksums(paths)
    (tmp_path / "distil.json").write_text(json.dumps({"texts": dict(made)}))
    distil.claim(tmp_path, {"texts": made})
    with pytest.raises(ConfigError, match="made with another texts"):
        distil.claim(tmp_path, {"texts": made[::-1]})


@pytest.mark.slow
def test_the_program_labels_by_a_finished_run_and_refuses_another_draw(
    tmp_path: Path,
) -> None:
    texts = write_texts(tmp_path / "t.jsonl", [f"We encrypt data {k}." for k in range(8)])
    app = distil.typer.Typer()
    app.command()(distil.main)
    common = [str(learnt().folder), "--texts", str(texts), "--output", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*common, "--keep", "5"])
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in (tmp_path / "out" / "pseudo.jsonl").open()]
    assert len(rows) == 5
    assert all(set(row["votes"]) == set(OPP115.names) for row in rows)
    under = CliRunner().invoke(app, [*common, "--headings"])
    assert "another headings" in under.output
    other = CliRunner().invoke(app, [*common, "--seed", "1"])
    assert other.exit_code == 1
    assert "another seed" in other.output


@pytest.mark.slow
def test_teachers_read_texts_under_their_headings_when_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def scorer(run: Path) -> distil.Scorer:
        def score(texts: list[str]) -> np.ndarray:
            read.extend(texts)
            return np.full((len(texts), 12), 0.5, dtype=np.float32)

        return score

    monkeypatch.setattr(distil, "teacher_scorer", scorer)
    rows = [
        {"id": "a#0.0", "heading": "security", "text": "We encrypt."},
        {"id": "b", "text": "Hi."},
    ]
    texts = write_records(tmp_path / "t.jsonl", rows)
    app = distil.typer.Typer()
    app.command()(distil.main)
    common = [str(learnt().folder), "--texts", str(texts)]
    for name, more in (("plain", []), ("under", ["--headings"])):
        done = CliRunner().invoke(app, [*common, "--output", str(tmp_path / name), *more])
        assert done.exit_code == 0, done.output
    assert read == ["We encrypt.", "Hi.", "security\nWe encrypt.", "Hi."]
