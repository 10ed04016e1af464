"""Stand-ins for the corpora: what every config of the recipe reads is there, and in its form."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from data.fictional_policies import FOLDER
from data.fictional_policies import load as fictional
from data.records import write_records
from training import examples, standins
from training.config import load_config
from training.crossval import fold_config
from training.tasks import read_headings

CONFIGS = Path(__file__).parents[1] / "training" / "configs"


@pytest.fixture
def processed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-ins in a folder from which the configs' paths hold."""
    folder = tmp_path / "data" / "processed"
    write_records(folder / "fictional.jsonl", fictional(FOLDER).records)
    monkeypatch.chdir(tmp_path)
    assert write(folder) == 0
    return folder


def write(folder: Path) -> int:
    arguments = [str(folder / "fictional.jsonl"), "--output", str(folder)]
    app = standins.typer.Typer()
    app.command()(standins.main)
    return CliRunner().invoke(app, arguments).exit_code


@pytest.mark.usefixtures("processed")
@pytest.mark.parametrize("name", ["silver", "clauses", "opp115", "plain"])
def test_every_config_of_the_recipe_finds_its_records(name: str) -> None:
    config = load_config(CONFIGS / f"{name}.toml")
    assert config.validation is not None
    train, held = examples.load(config.train), examples.load([config.validation])
    assert len(train) > 200
    assert not set(train.documents) & set(held.documents)


@pytest.mark.usefixtures("processed")
def test_five_folds_of_whole_policies_hold_the_train_records_once() -> None:
    config = load_config(CONFIGS / "opp115.toml")
    folds = [fold_config(config, "cv", k) for k in range(standins.FOLDS)]
    held = [
        examples.load([made.validation], fold=k) for k, made in enumerate(folds) if made.validation
    ]
    assert sum(map(len, held)) == len(examples.load(config.train))
    assert sum(len(set(part.documents)) for part in held) == 7


def test_headings_are_classes_with_paragraphs(processed: Path) -> None:
    task, texts = read_headings(processed / "headings.jsonl", smoothing=0.0)
    assert len(task.labels) > 20
    assert len(texts) > len(task.labels)


def test_a_corpus_that_is_there_is_not_overwritten(processed: Path) -> None:
    before = (processed / "opp115.jsonl").read_bytes()
    assert write(processed) == 1
    assert (processed / "opp115.jsonl").read_bytes() == before
