"""Families, places and folds."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from data.opp115 import FOLDS
from data.records import Record
from data.splits import FAMILIES, family_of, folds, read_folds, read_places

if TYPE_CHECKING:
    from pathlib import Path


def record(number: int, family: str, *labels: str) -> Record:
    return Record(f"r{number}", "invented", family, family, "text", labels)


def test_near_template_policies_are_one_family() -> None:
    assert family_of("105_amazon.com") == family_of("21_imdb.com")
    assert family_of("1360_thehill.com") == "thehill.com"
    assert family_of("175_mlb.mlb.com") == "mlb.mlb.com"
    assert len({site for sites in FAMILIES for site in sites}) == sum(map(len, FAMILIES))


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from(OPP115.names)), min_size=1))
@settings(max_examples=50, deadline=None)
def test_every_family_is_in_one_fold_and_the_order_is_no_matter(
    pairs: list[tuple[int, str]],
) -> None:
    records = [record(n, f"f{family}", label) for n, (family, label) in enumerate(pairs)]
    records += [record(1000 + k, f"g{k}") for k in range(3)]
    dealt = folds(records, k=3, seed=7)
    assert set(dealt) == {row.family for row in records}
    assert set(dealt.values()) <= {0, 1, 2}
    random.Random(1).shuffle(records)
    assert folds(records, k=3, seed=7) == dealt


def test_rare_labels_are_spread_over_the_folds() -> None:
    records = [record(n, f"f{n % 40}", "Data Security") for n in range(400)]
    records += [record(500 + n, f"f{n}", "Do Not Track") for n in range(10)]
    dealt = folds(records, k=5)
    rare = Counter(dealt[row.family] for row in records if "Do Not Track" in row.labels)
    assert dict(rare) == dict.fromkeys(range(5), 2)
    sizes = Counter(dealt[row.family] for row in records)
    assert max(sizes.values()) - min(sizes.values()) <= 20


def test_two_families_are_too_few_for_three_folds() -> None:
    with pytest.raises(RecordError, match="2 families cannot be dealt into 3 folds"):
        folds([record(1, "a"), record(2, "b")], k=3)


def test_a_place_in_both_lists_is_validation(tmp_path: Path) -> None:
    path = tmp_path / "places.json"
    lists = {"train": [["a", 1], ["a", 2]], "validation": [["a", 2]], "note": "invented"}
    path.write_text(json.dumps(lists), encoding="utf-8")
    assert read_places(path) == {("a", 1): "train", ("a", 2): "validation"}


@pytest.mark.parametrize("text", ["", "[]", '{"train": []}', '{"train": [1], "validation": []}'])
def test_lists_that_are_none_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "places.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=r"places\.json: no lists of places"):
        read_places(path)


def test_a_family_without_a_fold_is_named(tmp_path: Path) -> None:
    path = tmp_path / "folds.json"
    path.write_text('{"folds": {"a": 1}}', encoding="utf-8")
    assert read_folds(path, ["a"]) == {"a": 1}
    with pytest.raises(RecordError, match=r"folds\.json: family 'b' has no fold"):
        read_folds(path, ["a", "b"])
    path.write_text("{", encoding="utf-8")
    with pytest.raises(RecordError, match="no assignment of families to folds"):
        read_folds(path, ["a"])


def test_the_committed_folds_are_five_and_hold_every_family() -> None:
    dealt = json.loads(FOLDS.read_text(encoding="utf-8"))["folds"]
    assert set(dealt.values()) == set(range(5))
    assert {"+".join(sites) for sites in FAMILIES} <= set(dealt)
