"""What judges a model never trains it, and what was judged is what stands there now."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from training_fixtures import (
    bert,
    config_values,
    easy,
    make_config,
    rows,
    run,
    write_records,
    write_toml,
)

from clausemark.errors import RecordError
from training import baseline, card, crossval, distil, evaluate, examples, fit, relabel
from training.config import ConfigError, Source
from training.outoffold import OutOfFold

if TYPE_CHECKING:
    from pathlib import Path

    from training.config import FitConfig


def config_of(tmp_path: Path, *train: dict[str, Any], **changes: Any) -> FitConfig:
    """A config whose sources are of one file, or of the `path` that they name."""
    some = [*rows()[:30], *rows()[75:105], *rows()[325:355]]
    records = write_records(tmp_path / "gold.jsonl", some)
    sources = [{"path": str(records), **source} for source in train]
    return make_config(bert(), records, tmp_path / "runs", train=sources, epochs=1, **changes)


def parts(config: FitConfig, fold: int) -> tuple[list[str], list[str], list[float]]:
    """The ids that a fold's model learns and is judged by, and the weights of the first."""
    made = crossval.fold_config(config, "cv", fold)
    assert made.validation is not None
    train = examples.load(made.train, fold=fold)
    return train.ids, examples.load([made.validation], fold=fold).ids, train.weights.tolist()


def test_a_fold_is_left_out_however_the_gold_is_spelled(tmp_path: Path) -> None:
    roundabout = os.path.relpath(tmp_path / "gold.jsonl")
    config = config_of(tmp_path, {"path": roundabout, "splits": ["train"]})
    learnt, held, _ = parts(config, 0)
    assert held
    assert not set(learnt) & set(held)


def test_each_source_keeps_its_own_splits_in_a_fold(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"splits": ["train"]}, {"splits": ["test"], "weight": 0.25})
    learnt, held, weights = parts(config, 1)
    assert len(set(learnt)) == len(learnt)
    split_of = {row["id"]: row["split"] for row in rows()}
    assert [1 if split_of[name] == "train" else 0.25 for name in learnt] == weights
    assert {split_of[name] for name in held} == {"train", "test"}
    whole = config_of(tmp_path, {"splits": ["train"]}, {"splits": []})
    assert {split_of[name] for name in parts(whole, 1)[1]} == {"train", "validation", "test"}


def test_a_gold_that_does_not_train_cannot_be_left_out(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"path": "other.jsonl"})
    with pytest.raises(ConfigError, match=r"no \[\[train\]\] source is .*gold\.jsonl"):
        crossval.fold_config(config, "cv", 0)


def test_records_that_train_and_validate_are_refused(tmp_path: Path) -> None:
    config = config_of(tmp_path, {})
    with pytest.raises(ConfigError, match=r"records of .*gold\.jsonl train and validate"):
        fit.fit(config)
    copy = write_records(tmp_path / "copy.jsonl", list(rows()[:9]))
    apart = config_of(tmp_path, {"splits": ["train"]}, {"path": str(copy)}, name="copy")
    with pytest.raises(ConfigError, match=r"train and validate"):
        crossval.run_folds(apart, "cv", 2)


def test_a_fold_that_no_source_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="fold is 1, and no source leaves it out"):
        config_of(tmp_path, {"splits": ["train"]}, fold=1)


def test_every_source_gives_records(tmp_path: Path) -> None:
    gold = str(write_records(tmp_path / "gold.jsonl", list(rows()[:60])))
    with pytest.raises(RecordError, match=r"no record is left of .*gold\.jsonl"):
        examples.load([Source(gold), Source(gold, splits=("trian",))])


def test_votes_are_shares(tmp_path: Path) -> None:
    row = {**rows()[0], "votes": {"Data Security": 3}}
    path = write_records(tmp_path / "gold.jsonl", [row])
    with pytest.raises(RecordError, match=r"3 of the votes are for 'Data Security'"):
        examples.load([Source(str(path))])


def test_places_that_are_held_get_no_pseudo_labels(tmp_path: Path) -> None:
    path = write_records(tmp_path / "gold.jsonl", list(rows()))
    copy = [{**row, "id": f"copy-{row['id']}", "split": None} for row in rows()]
    again = write_records(tmp_path / "copy.jsonl", copy)
    found = distil.candidates([again, path], [], number=1_000, seed=0)
    split_of = {row["id"]: row["split"] for row in rows()}
    assert {split_of[one.id.removeprefix("copy-")] for one in found} == {"train"}


def test_a_run_is_judged_by_the_records_that_it_was_validated_on(tmp_path: Path) -> None:
    config = make_config(bert(), easy(), tmp_path / "runs", epochs=1)
    records = tmp_path / "easy.jsonl"
    records.write_bytes(easy().read_bytes())
    config = make_config(bert(), records, tmp_path / "runs", epochs=1)
    fit.fit(config)
    assert len(OutOfFold.of_run(config.folder).ids) > 0
    changed = [{**json.loads(line), "labels": ["Do Not Track"]} for line in records.open()]
    write_records(records, changed)
    with pytest.raises(RecordError, match=r"easy\.jsonl: has changed since .* was validated on it"):
        OutOfFold.of_run(config.folder)


def test_figures_of_one_thing_do_not_replace_those_of_another(tiny: Path, tmp_path: Path) -> None:
    config = make_config(bert(), easy(), tmp_path / "runs", epochs=1)
    fit.fit(config)
    figures = (config.folder / "metrics.json").read_bytes()
    values = config_values(bert(), easy(), tmp_path / "runs")
    toml = write_toml(tmp_path / "a.toml", values)
    for result in (
        run(crossval.main, toml, "--name", "tiny", "--folds", 2),
        run(evaluate.main, tiny, easy(), "--output", config.folder),
        run(baseline.main, easy(), "--folds", 2, "--output", config.folder),
    ):
        assert result.exit_code == 1
        assert "a run's folder, whose figures would be lost" in result.stderr
    assert (config.folder / "metrics.json").read_bytes() == figures
    (config.folder / "config.json").unlink()
    with pytest.raises(ConfigError, match="holds figures of something else than a run"):
        fit.fit(config)


def test_texts_are_not_replaced_by_their_own_correction(tmp_path: Path) -> None:
    texts = write_records(tmp_path / "texts.jsonl", list(rows()[:3]))
    before = texts.read_bytes()
    weights = tmp_path / "stacking.json"
    result = run(
        relabel.main, texts, "--stacking", weights, "--teacher", tmp_path, "--output", tmp_path
    )
    assert result.exit_code == 1
    assert f"{texts}: would be replaced" in result.stderr
    assert texts.read_bytes() == before


def test_what_is_not_there_is_one_line(tmp_path: Path) -> None:
    result = run(fit.main, tmp_path)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "cannot be read (Is a directory)" in result.stderr
    result = run(
        distil.main, tmp_path, "--texts", tmp_path / "no.jsonl", "--output", tmp_path / "out"
    )
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)


def test_two_metrics_of_one_name_are_refused(tmp_path: Path) -> None:
    facts = tmp_path / "card.toml"
    facts.write_text('name = "x"\nsources = []\n')
    paths = [tmp_path / part / "run" / "metrics.json" for part in ("a", "b")]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_text("{}")
    with pytest.raises(RecordError, match="two --metrics stand in folders of one name"):
        card.read_facts(facts, paths)
