"""Pairs of labels and parts of the data, counted by hand and by scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_fixtures import NAMES, by_hand, random, records
from sklearn.metrics import f1_score, multilabel_confusion_matrix

from training import metrics
from training.analysis.pairs import confusion, cooccurrence
from training.analysis.slices import agreement, slices

A, B, C = NAMES[:3]


def test_cooccurrence_is_counted_by_hand() -> None:
    truth, _ = by_hand([[A, B], [A], [A, B, C], []], [[]] * 4)
    assert np.asarray(cooccurrence(truth)["counts"])[:3, :3].tolist() == [
        [3, 2, 1],
        [2, 2, 1],
        [1, 1, 1],
    ]


def test_confusion_is_counted_by_hand() -> None:
    truth, decided = by_hand([[A], [A, C], [A], [B], [C]], [[B], [B, C], [], [B, C], [C]])
    found = confusion(truth, decided)
    assert np.asarray(found["counts"])[:3, :3].tolist() == [[0, 2, 0], [0, 0, 0], [0, 0, 0]]
    assert found["missed_alone"][:3] == [1, 0, 0]
    assert found["given_alone"][:3] == [0, 0, 1]


def test_every_error_of_one_sided_texts_is_scikit_learns() -> None:
    scored, decided = random(1)
    only_missed = decided & (scored.truth > 0.5)
    tables = multilabel_confusion_matrix(scored.truth, only_missed)
    found = confusion(scored.truth, only_missed)
    assert found["missed_alone"] == tables[:, 1, 0].tolist()
    assert np.asarray(found["counts"]).sum() == sum(found["given_alone"]) == 0


@pytest.mark.parametrize(
    ("thirds", "name"),
    [
        ([3, 0, 0], "all three agree on every label"),
        ([2, 0, 3], "split on one label"),
        ([2, 1, 3], "split on two labels"),
        ([1, 1, 2, 1], "split on three or more labels"),
    ],
)
def test_agreement_is_the_number_of_labels_in_dispute(thirds: list[int], name: str) -> None:
    votes = {label: round(n / 3, 4) for label, n in zip(NAMES, thirds, strict=False)}
    assert agreement(votes) == name


@pytest.mark.parametrize("votes", [None, {A: 0.5}, {A: 1.0, B: 0.2}])
def test_what_three_annotators_did_not_give_is_no_agreement(votes: dict[str, float]) -> None:
    assert agreement(votes) is None


def test_texts_are_told_apart_by_their_words() -> None:
    scored, decided = random(2, texts=6)
    rows = records(scored)
    for row, words in zip(rows, (1, 20, 21, 50, 200, 201), strict=True):
        row["text"] = "word " * words
    found = slices(scored, decided, rows, {})["length"]
    assert {part["name"]: part["texts"] for part in found} == {
        "1-20 words": 2,
        "21-50 words": 2,
        "101-200 words": 1,
        "more than 200 words": 1,
    }


def test_a_part_has_scikit_learns_f1_of_the_labels_in_it() -> None:
    scored, decided = random(3, policies=3)
    scored.truth[::3, 4] = 0
    part = slices(scored, decided, records(scored), {})["policy"][0]
    truth, ours = scored.truth[::3], decided[::3]
    each = f1_score(truth, ours, average=None, zero_division=0)
    assert (part["name"], part["texts"], part["policies"]) == ("d0", 20, 1)
    assert part["macro_f1"] == pytest.approx(each[truth.any(axis=0)].mean())
    assert part["micro_f1"] == pytest.approx(f1_score(truth, ours, average="micro"))
    assert part["positives"] == truth.sum()
    assert part["micro_f1_interval"] is None


def test_an_interval_is_that_of_the_policies_in_the_part() -> None:
    scored, decided = random(4, policies=9)
    sectors = {f"d{k}": "Arts" if k < 5 else "News" for k in range(8)}
    arts, news = slices(scored, decided, records(scored), sectors)["sector"]
    inside = [k for k, d in enumerate(scored.documents) if int(d[1:]) < 5]
    documents = [scored.documents[k] for k in inside]
    table = metrics.per_document(scored.truth[inside], decided[inside], documents)
    samples = metrics.bootstrap(table, metrics.resample(5))
    assert arts["micro_f1_interval"] == metrics.interval(samples[:, 1])
    assert (news["policies"], news["micro_f1_interval"]) == (3, None)


@pytest.mark.filterwarnings("error")
def test_parts_that_nobody_can_name_are_none() -> None:
    scored, decided = random(5)
    found = slices(scored, decided, records(scored, votes=None), {})
    assert found["agreement"] is None
    assert found["sector"] is None


@pytest.mark.filterwarnings("error")
def test_a_part_without_a_label_has_no_f1() -> None:
    truth, decided = by_hand([[], [A]], [[], [A]])
    scored, _ = random(6, texts=2)
    scored.truth[:] = truth
    first, second = slices(scored, decided, records(scored), {})["policy"]
    assert (first["macro_f1"], first["micro_f1"]) == (None, None)
    assert (second["macro_f1"], second["micro_f1"]) == (1, 1)
