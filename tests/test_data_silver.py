"""The silver labels: probabilities become votes, junk and overlaps go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from data.overlap import Overlap, fingerprint
from data.records import write_jsonl
from data.silver import load

if TYPE_CHECKING:
    from pathlib import Path

ROW: dict[str, Any] = {
    "id": "silver-1",
    "document": "maps/1",
    "heading": "Storage",
    "text": "We keep your orders for a year.",
    "labels": ["Data Retention"],
    "p": {"Data Retention": 0.9, "Data Security": 0.2},
    "junk": False,
    "stratum": "random",
}
JUNK = {**ROW, "id": "silver-2", "text": "Home Shop Maps", "labels": [], "p": {}, "junk": True}


def release(tmp_path: Path, *rows: object) -> Path:
    write_jsonl(tmp_path / "silver.jsonl", rows)
    return tmp_path


def test_probabilities_become_votes_for_all_twelve(tmp_path: Path) -> None:
    (record,) = load(release(tmp_path, ROW)).records
    assert record.labels == ("Data Retention",)
    assert list(record.votes or ()) == list(OPP115.names)
    assert {label: p for label, p in (record.votes or {}).items() if p} == ROW["p"]
    assert record.known is None
    assert (record.document, record.family, record.heading) == ("maps/1", "maps/1", "Storage")
    assert record.extra == {"stratum": "random"}


def test_labels_stand_in_the_order_of_the_scheme(tmp_path: Path) -> None:
    row = {**ROW, "labels": ["Data Security", "User Choice/Control"]}
    (record,) = load(release(tmp_path, row)).records
    assert record.labels == ("User Choice/Control", "Data Security")


def test_junk_goes(tmp_path: Path) -> None:
    loaded = load(release(tmp_path, ROW, JUNK))
    assert [record.id for record in loaded.records] == ["silver-1"]
    assert loaded.dropped == {"junk": 1}


def test_an_overlapping_text_and_an_empty_one_go(tmp_path: Path) -> None:
    overlap = Overlap(frozenset([fingerprint("we keep your orders for a year")]))
    empty = {**ROW, "id": "silver-3", "text": " \n"}
    loaded = load(release(tmp_path, ROW, empty), overlap=overlap)
    assert loaded.records == []
    assert loaded.dropped == {"overlaps a withheld segment": 1, "empty text": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": ["Cookies"]}, "record 'silver-1': unknown label 'Cookies'"),
        ({"p": {"Cookies": 0.5}}, "record 'silver-1': unknown label 'Cookies'"),
        ({"p": {"Data Security": 7}}, "vote for 'Data Security' is 7.0"),
        ({"p": None}, r"silver\.jsonl: a row lacks a field"),
        ({"text": None}, r"silver\.jsonl: a row lacks a field"),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        load(release(tmp_path, {**ROW, **change}))
