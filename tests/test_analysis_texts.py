"""The worst errors and the suspected labels: the right texts in the right order."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from analysis_fixtures import NAMES, random, records
from sklearn.metrics import log_loss
from training_fixtures import write_records

from clausemark.errors import RecordError
from training.analysis.mistakes import cross_entropy, mistakes
from training.analysis.suspects import OUT_OF_FOLD, out_of_fold, suspects
from training.files import write_text
from training.outoffold import OutOfFold


def test_the_cost_is_scikit_learns_log_loss() -> None:
    scored, _ = random(1)
    loss = cross_entropy(scored.truth, scored.scores)
    for k in range(12):
        wanted = log_loss(scored.truth[:, k], scored.scores[:, k].astype(float), labels=[0, 1])
        assert loss[:, k].mean() == pytest.approx(wanted, abs=1e-6)


def test_a_sure_error_costs_much_but_not_infinitely() -> None:
    loss = cross_entropy(np.ones((1, 1), np.float32), np.zeros((1, 1), np.float32))
    assert 10 < loss[0, 0] < 20


def test_only_wrong_texts_are_listed_the_costliest_first() -> None:
    scored, decided = random(2)
    wrong = ((scored.truth > 0.5) != decided).any(axis=1)
    found = mistakes(scored, decided, records(scored), number=100)
    assert {row["id"] for row in found} == {scored.ids[k] for k in np.flatnonzero(wrong)}
    losses = [row["loss"] for row in found]
    assert losses == sorted(losses, reverse=True)
    first = found[0]
    k = scored.ids.index(first["id"])
    assert first["text"] == f"clause {k}"
    assert [name in first["truth"] for name in NAMES] == (scored.truth[k] > 0.5).tolist()
    assert [name in first["decided"] for name in NAMES] == decided[k].tolist()
    assert list(first["scores"].values()) == scored.scores[k].tolist()


def test_a_labels_mistakes_are_its_own() -> None:
    scored, decided = random(3)
    found = mistakes(scored, decided, records(scored), label=NAMES[4], number=5)
    assert len(found) == 5
    assert all((NAMES[4] in row["truth"]) != (NAMES[4] in row["decided"]) for row in found)
    k = scored.ids.index(found[0]["id"])
    assert found[0]["loss"] == pytest.approx(cross_entropy(scored.truth, scored.scores)[k, 4])
    with pytest.raises(RecordError, match="unknown label 'Cookies'"):
        mistakes(scored, decided, records(scored), label="Cookies")


def planted(seed: int = 0) -> tuple:
    """Sure scores, one label that is wrongly given and one that is wrongly not."""
    scored, _ = random(seed, texts=200)
    scored.scores[:] = 0.03 + 0.94 * scored.truth
    scored.truth[:, 9] = 0  # a label without positives says nothing
    scored.scores[:, 9] = 0.1
    for k, label, given in ((17, 2, 1), (31, 5, 0)):
        scored.truth[k, label] = given
        scored.scores[k, label] = 0.97 - 0.94 * given
    return scored, scored.scores >= 0.5, records(scored)


def test_planted_label_errors_are_found_and_nothing_else() -> None:
    pytest.importorskip("cleanlab")
    scored, decided, rows = planted()
    found = suspects(scored, decided, rows)
    assert {(row["id"], row["label"]) for row in found} == {("r17", NAMES[2]), ("r31", NAMES[5])}
    for row in found:
        assert row["given"] == (row["label"] in row["truth"]) != (row["label"] in row["decided"])
        assert row["quality"] == pytest.approx(0.03)


def test_without_the_extra_the_item_names_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cleanlab.multilabel_classification.filter", None)
    (item,) = suspects(*planted())
    assert item == {"missing": "cleanlab", "cure": 'pip install "clausemark[audit]"'}


def test_out_of_fold_scores_are_those_of_the_cross_validation(tmp_path) -> None:
    pytest.importorskip("cleanlab")
    scored, _, rows = planted(1)
    logits = np.log(scored.scores / (1 - scored.scores))
    folds = np.arange(200) % 2
    splits = ["train"] * 200
    OutOfFold(scored.ids, scored.documents, splits, folds, logits, scored.truth).write(tmp_path)
    source = write_records(tmp_path / "records.jsonl", rows[::-1])
    found = out_of_fold(tmp_path, source)
    assert {(row["id"], row["text"]) for row in found} == {
        ("r17", "clause 17"),
        ("r31", "clause 31"),
    }
    assert {row["origin"] for row in found} == {OUT_OF_FOLD}
    write_text(source, "")
    with pytest.raises(RecordError, match="record 'r0' was scored, but is not there"):
        out_of_fold(tmp_path, source)
