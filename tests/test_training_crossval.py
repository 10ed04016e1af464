"""Cross-validation: every text once, by a model that did not see its fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from training_fixtures import bert, make_config, rows, write_records

from clausemark.errors import ClausemarkError
from training import crossval, examples
from training.config import Source
from training.outoffold import OutOfFold

if TYPE_CHECKING:
    from pathlib import Path

    from training.config import FitConfig


def config_of(tmp_path: Path, **changes: object) -> FitConfig:
    records = write_records(tmp_path / "records.jsonl", list(rows()[:60] + rows()[-250:-190]))
    return make_config(bert(), records, tmp_path / "runs", epochs=1, **changes)


def test_a_folds_texts_are_neither_trained_on_nor_chosen_by(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    for fold in (0, 1):
        made = crossval.fold_config(config, "cv", fold)
        assert made.validation is not None
        train = examples.load(made.train, fold=fold)
        held = examples.load([made.validation], fold=fold)
        assert not set(train.ids) & set(held.ids)
        assert {split for data in (train, held) for split in data.splits} <= {"train", "validation"}
        assert (made.name, made.select) == (f"cv-{fold}", "last")


def test_sources_of_another_file_are_trained_on_whole(tmp_path: Path) -> None:
    other = Source("other.jsonl", splits=("train",), weight=0.3)
    config = config_of(tmp_path)
    config = crossval.replace(config, train=(*config.train, other))
    assert crossval.fold_config(config, "cv", 0).train[1:] == (other,)


def test_every_text_is_scored_once_by_its_own_folds_model(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    out = crossval.run_folds(config, "cv", 2)
    fold_of = {row["id"]: row["fold"] for row in rows()}
    wanted = [row["id"] for row in rows()[:60] + rows()[-250:-190] if row["split"] != "test"]
    assert sorted(out.ids) == sorted(wanted)
    assert [fold_of[name] for name in out.ids] == out.fold.tolist()
    for fold in (0, 1):
        kept = np.load(tmp_path / "runs" / f"cv-{fold}" / "validation_logits.npy")
        assert (out.logits[out.fold == fold] == kept).all()


def test_the_summary_is_at_half_and_at_nested_thresholds() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random((80, 12)) < 0.4).astype(np.float32)
    logits = (4 * truth - 2).astype(np.float32)
    names = [str(k) for k in range(80)]
    out = OutOfFold(names, [f"d{k % 8}" for k in range(80)], ["train"] * 80, np.arange(80) % 2,
                    logits, truth)  # fmt: skip
    found = crossval.summary(out)
    assert (found["texts"], found["policies"]) == (80, 8)
    assert found["at_half"]["overall"]["macro_f1"] == 1
    assert found["nested_thresholds"]["overall"]["micro_f1"] == 1


def test_a_config_without_validation_has_nothing_to_hold_out(tmp_path: Path) -> None:
    config = config_of(tmp_path, validation=None, select="last")
    with pytest.raises(ClausemarkError, match=r"no \[validation\], so nothing to hold out"):
        crossval.fold_config(config, "cv", 0)
