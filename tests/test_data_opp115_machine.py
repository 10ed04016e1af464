"""A machine's labels beside the annotators': joined by id, refused where the text has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from data.clauses import text_hash
from data.opp115_machine import ANNOTATIONS, beside, read_annotations
from data.records import Loaded, Record

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "We keep your orders of hill maps for a year."


#: A quote that is not closed, with more behind it than a field may hold.
LONG = '"' + "x" * 140_000


def corpus(split: str = "train") -> Loaded:
    votes = {"Data Retention": 1.0}
    common = {"corpus": "opp115", "document": "1_maps", "family": "maps", "split": split}
    labels = ("Data Retention",)
    record = Record(id="opp115/1_maps/0", text=TEXT, labels=labels, votes=votes, **common)
    return Loaded(records=[record])


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "opp115.csv"
    path.write_text("\n".join(["id,text,labels", *lines]) + "\n", encoding="utf-8")
    return path


def test_the_machine_s_probabilities_take_the_votes_place(tmp_path: Path) -> None:
    line = f"opp115/1_maps/0,{text_hash(TEXT)},retention=0.4 first_party=0.7"
    (record,) = beside(corpus(), read_annotations(written(tmp_path, line))).records
    assert (record.id, record.corpus, record.family) == (
        "opp115/1_maps/0",
        "opp115_machine",
        "maps",
    )
    assert record.labels == ("First Party Collection/Use",)
    assert list(record.votes or ()) == list(OPP115.names)
    assert (record.votes or {})["Data Retention"] == 0.4


@pytest.mark.parametrize("line", ["opp115/1_maps/0,0000000000000000,", "opp115/9_else/0,00,"])
def test_another_text_is_dropped_and_counted(tmp_path: Path, line: str) -> None:
    loaded = beside(corpus(), read_annotations(written(tmp_path, line)))
    assert not loaded.records
    assert loaded.dropped["no longer the text that was labelled"] == 1


def test_a_validation_place_is_refused(tmp_path: Path) -> None:
    given = read_annotations(written(tmp_path, f"opp115/1_maps/0,{text_hash(TEXT)},"))
    with pytest.raises(RecordError, match="1_maps/0: of split validation"):
        beside(corpus("validation"), given)


@pytest.mark.parametrize(
    "line", ["a,b", "a,b,privacy=0.5", "a,b,retention=much", "a,b,\na,b,", LONG]
)
def test_a_broken_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(RecordError, match=r"line [23]"):
        read_annotations(written(tmp_path, line))


def test_the_annotations_of_this_project_are_whole() -> None:
    given = read_annotations(ANNOTATIONS)
    assert len(given) == 1934
    assert all(0 < share <= 1 for _, votes in given.values() for share in votes.values())
