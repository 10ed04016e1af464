"""Human agreement: Fleiss' kappa on textbook examples, F1 by a loop over annotators."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import typer
from sklearn.metrics import cohen_kappa_score, f1_score
from training_fixtures import write_records
from typer.testing import CliRunner

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from training import agreement
from training.analysis.human import FOLDER, human

if TYPE_CHECKING:
    from pathlib import Path

#: The worked example of textbooks: ten subjects, fourteen raters, five categories.
TEXTBOOK = """
0 0 0 0 14
0 2 6 4 2
0 0 3 5 6
0 3 9 2 0
2 2 8 1 1
7 7 0 0 0
3 2 6 3 0
2 5 3 2 2
6 5 2 1 0
0 2 2 3 7
"""


def annotators(seed: int, texts: int = 80) -> np.ndarray:
    """Return what three annotators gave. *Shape:* (annotators, texts, labels)."""
    rng = np.random.default_rng(seed)
    truth = rng.random((texts, 12)) < 0.3
    return np.where(rng.random((3, texts, 12)) < 0.2, ~truth, truth).astype(int)


def rows(given: np.ndarray) -> list[dict]:
    """Return records with the votes, as data.build rounds them."""
    return [
        {
            "id": f"r{k}",
            "corpus": "mine",
            "document": "d",
            "text": "x",
            "labels": [],
            "votes": {n: round(int(c) / 3, 4) for n, c in zip(OPP115.names, line, strict=True)},
        }
        for k, line in enumerate(given)
    ]


def test_kappa_of_the_textbooks_example_is_210() -> None:
    table = np.array([line.split() for line in TEXTBOOK.strip().splitlines()], dtype=int)
    assert (table.sum(axis=1) == 14).all()
    assert agreement.fleiss(table) == pytest.approx(0.210, abs=5e-4)


def test_kappa_is_1_where_all_agree_and_below_0_where_none_do() -> None:
    assert agreement.fleiss(np.array([[3, 0], [0, 3]])) == 1
    assert agreement.fleiss(np.array([[1, 1], [1, 1]])) == -1
    assert np.isnan(agreement.fleiss(np.array([[3, 0], [3, 0]])))


def test_kappa_of_two_raters_is_near_cohens_where_both_give_alike() -> None:
    first, second = annotators(1, texts=4000)[:2, :, 0]
    both = first + second
    found = agreement.fleiss(np.column_stack([both, 2 - both]))
    assert found == pytest.approx(cohen_kappa_score(first, second), abs=0.01)


def test_unequally_many_ratings_are_refused() -> None:
    with pytest.raises(RecordError, match="subjects have 2 to 3 ratings"):
        agreement.fleiss(np.array([[3, 0], [1, 1]]))


def test_the_experts_f1_is_scikit_learns_over_all_annotators() -> None:
    each = annotators(2)
    majority = (each.sum(axis=0) >= 2).astype(int)
    truth, given = np.concatenate([majority] * 3), np.concatenate(each)
    found, micro = agreement.expert_f1(each.sum(axis=0))
    assert found == pytest.approx(f1_score(truth, given, average=None))
    assert micro == pytest.approx(f1_score(truth, given, average="micro"))


def test_the_pairs_f1_is_scikit_learns_over_all_ordered_pairs() -> None:
    each = annotators(3)
    pairs = [(a, b) for a in range(3) for b in range(3) if a != b]
    truth = np.concatenate([each[a] for a, _ in pairs])
    given = np.concatenate([each[b] for _, b in pairs])
    found, micro = agreement.pair_f1(each.sum(axis=0))
    assert found == pytest.approx(f1_score(truth, given, average=None))
    assert micro == pytest.approx(f1_score(truth, given, average="micro"))


@pytest.mark.parametrize("votes", [None, {}, {"Data Security": 1.0}])
def test_a_record_without_three_votes_is_named(votes: dict | None) -> None:
    made = rows(np.zeros((2, 12)))
    made[1]["votes"] = votes
    with pytest.raises(RecordError, match="record 'r1': its votes are none of three annotators"):
        agreement.votes(made)


def test_the_command_writes_figures_that_the_report_reads(tmp_path: Path) -> None:
    given = annotators(4).sum(axis=0)
    given[:7] = [1, *[0] * 11]  # seen by one annotator only: no majority
    data = write_records(tmp_path / "mine.jsonl", rows(given))
    app = typer.Typer()
    app.command()(agreement.main)
    result = CliRunner().invoke(app, [str(data), "--output", str(tmp_path)])
    assert result.exit_code == 0, result.output
    found = human([{"corpus": "mine"}], tmp_path)
    assert found is not None
    assert set(found) == {"source", "overall", "labels"}
    wanted = agreement.fleiss(np.column_stack([given[:, 3], 3 - given[:, 3]]))
    assert found["labels"][OPP115.names[3]]["kappa"] == pytest.approx(wanted)
    labelled = given[(given >= 2).any(axis=1)]
    assert f"over the {len(labelled)} texts" in found["source"]
    assert found["overall"]["expert_micro_f1"] == agreement.expert_f1(labelled)[1]


def test_figures_are_given_for_one_known_corpus_only(tmp_path: Path) -> None:
    assert human([{"corpus": "fictional"}]) is None
    assert human([{"corpus": "opp115"}, {"corpus": "fictional"}]) is None
    assert human([{"id": "without"}]) is None
    (tmp_path / "mine.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RecordError, match=r"mine\.json: no agreement figures"):
        human([{"corpus": "mine"}], tmp_path)


def test_the_committed_figures_are_near_the_published_ones() -> None:
    found = json.loads((FOLDER / "opp115.json").read_text(encoding="utf-8"))
    # Of the whole corpus: a fifth of it is withheld where these were counted.
    assert found["overall"]["expert_macro_f1"] == pytest.approx(0.849, abs=0.005)
    assert found["overall"]["expert_micro_f1"] == pytest.approx(0.878, abs=0.005)
    assert found["labels"]["Data Retention"]["kappa"] == pytest.approx(0.550, abs=0.01)
