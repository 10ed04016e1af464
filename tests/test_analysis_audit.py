"""The audit: repetitions by brute force, families, classes whose figures are too wide."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_fixtures import NAMES, random, records

from training import metrics
from training.analysis.audit import audit, families_across_splits, few_positives
from training.analysis.duplicates import duplicates, similar

#: Sixty words, so that one changed word leaves a Jaccard index of 51 / 61 = .84.
LONG = " ".join(f"word{k}" for k in range(60))
NEARLY = LONG.replace("word30", "other")


def jaccard(a: list[str], b: list[str], size: int = 5) -> float:
    first, second = (
        {tuple(t[k : k + size]) for k in range(max(1, len(t) - size + 1))} for t in (a, b)
    )
    return len(first & second) / len(first | second)


def counted(texts: list[str], splits: list[str]) -> dict[tuple[str, ...], tuple[int, int]]:
    found = duplicates(texts, splits)
    return {tuple(row["splits"]): (row["exact"], row["near"]) for row in found}


def test_similar_texts_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    base = [f"w{k}" for k in rng.integers(0, 9, 300)]
    words = []
    for start in range(0, 200, 7):
        words += [base[start : start + 40], [*base[start : start + 40]]]
        words[-1][33 + start // 7 % 7] = "x"
    words += [["a"], ["a"], ["a", "b"], []]
    pairs = [(i, j) for i in range(len(words)) for j in range(len(words)) if i != j]
    wanted = {(i, j): jaccard(words[i], words[j]) for i, j in pairs if words[i] and words[j]}
    wanted = {pair: index for pair, index in wanted.items() if index >= 0.8}
    first, second, index = similar(words)
    assert len(wanted) > 20
    assert set(zip(first.tolist(), second.tolist(), strict=True)) == set(wanted)
    for i, j, value in zip(first, second, index, strict=True):
        assert value == pytest.approx(wanted[i, j])


def test_a_repetition_is_counted_in_the_later_split_whatever_its_quotes() -> None:
    texts = ["We don't sell it.", "We dont sell it.", "“We don’t sell IT”", "Else."]
    found = counted(texts, ["train", "validation", "validation", "validation"])
    assert found["train", "validation"] == (2, 0)
    assert found["validation", "validation"] == (1, 0)
    assert found["train", "train"] == (0, 0)


def test_nearly_equal_texts_are_no_exact_ones() -> None:
    found = counted([LONG, NEARLY, LONG, LONG + " more"], ["train", "test", "test", "test"])
    assert found["train", "test"] == (1, 2)
    assert found["test", "test"] == (0, 2)


def test_short_texts_are_repeated_exactly_or_not_at_all() -> None:
    found = counted(["No cookies.", "No cookies!", "Our cookies."], ["train"] * 3)
    assert found["train", "train"] == (1, 0)


def test_a_family_in_two_splits_is_counted_once() -> None:
    families = [("a", "train"), ("a", "test"), ("a", "test"), ("b", "train"), ("c", None)]
    rows = [{"document": "d", "family": f, "split": s} for f, s in [*families, ("b", None)]]
    assert families_across_splits(rows) == 1


def test_wide_intervals_are_named_widest_first() -> None:
    scored, decided = random(1, texts=4000)
    few = few_positives(scored, decided, NAMES)
    assert few == []
    scored.truth[5:, 3] = 0
    scored.truth[:5, 3] = 1
    scored.truth[:, 7] = 0
    few = few_positives(scored, scored.truth > 2, NAMES)  # nothing is given: F1 is 0 for certain
    assert [row["label"] for row in few] == [NAMES[7]]
    decided[:, 3] = scored.truth[:, 3] > 0.5
    decided[5:90:9, 3] = True
    wide, narrow = few_positives(scored, decided, NAMES)
    table = metrics.per_document(scored.truth, decided, scored.documents)
    low, high = metrics.interval(metrics.bootstrap(table, metrics.resample(9))[:, 5])
    assert (wide["label"], wide["positives"]) == (NAMES[7], 0)
    assert (narrow["label"], narrow["positives"]) == (NAMES[3], 5)
    assert narrow["interval_width"] == pytest.approx(high - low)


def test_splits_stand_in_the_readers_order_with_their_sizes() -> None:
    scored, decided = random(2, texts=8, policies=4)
    rows = records(scored)
    splits = [None, "test", "train", "train", "mine", "validation", "train", None]
    for row, split in zip(rows, splits, strict=True):
        row["split"] = split
    found = audit(scored, decided, rows, NAMES)["splits"]
    assert list(found) == ["train", "validation", "test", "none", "mine"]
    assert found["train"] == {"texts": 3, "policies": 2, "families": 2}
    assert found["none"] == {"texts": 2, "policies": 2, "families": 2}
