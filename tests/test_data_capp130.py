"""CAPP-130: sentences with topics, and what their silence means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data.capp130 import load
from data.overlap import Overlap, fingerprint
from data.records import write_jsonl
from tests.data_fixtures import FIRST, THIRD

if TYPE_CHECKING:
    from pathlib import Path


def release(tmp_path: Path, *rows: tuple[str, list[str]]) -> Path:
    write_jsonl(tmp_path / "rw_7.jsonl", [{"text": text, "label": label} for text, label in rows])
    return tmp_path


def test_topics_become_labels_and_marks_do_not(tmp_path: Path) -> None:
    topics = ["Important", "Usage", "Third Party Sharing/ Disclosure", "Risk"]
    (record,) = load(release(tmp_path, ("We  use and share maps.", topics))).records
    assert record.text == "We use and share maps."
    assert record.labels == (FIRST, THIRD)
    assert (record.id, record.family) == ("capp130/rw_7/1", "capp130/rw_7")


def test_a_topic_for_two_labels_gives_and_denies_neither(tmp_path: Path) -> None:
    (record,) = load(release(tmp_path, ("You can delete your maps.", ["Edit/Control"]))).records
    assert record.labels == ()
    silent = {"User Choice/Control", "User Access, Edit and Deletion", "Do Not Track"}
    assert silent.isdisjoint(record.known or ())
    assert {FIRST, "Data Retention"} <= set(record.known or ())


def test_retention_may_be_the_place_of_storage(tmp_path: Path) -> None:
    (record,) = load(release(tmp_path, ("We store maps on a hill.", ["Data Retention"]))).records
    assert record.labels == ()
    assert "Data Retention" not in (record.known or ())


def test_what_says_nothing_is_dropped_and_counted(tmp_path: Path) -> None:
    kept = ("We lock the shop at night.", ["Data Security"])
    rows = [
        kept,
        kept,
        ("We are a small shop of maps.", []),
        ("This matters to every walker.", ["Important"]),
        ("We lock the 店 at night.", ["Data Security"]),
        ("9. Data security", ["Data Security"]),
        ("We keep your maps here.", ["Usage"]),
    ]
    overlap = Overlap(frozenset([fingerprint("we keep your maps here")]))
    loaded = load(release(tmp_path, *rows), overlap=overlap)
    assert [record.text for record in loaded.records] == [kept[0]]
    assert loaded.dropped == {
        "repeated text": 1,
        "no topic": 2,
        "left in Chinese": 1,
        "under four words": 1,
        "overlaps a withheld segment": 1,
    }


def test_faulty_rows_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no files rw_"):
        load(tmp_path)
    with pytest.raises(RecordError, match=r"rw_7\.jsonl, row 1: unknown topic 'Maps'"):
        load(release(tmp_path, ("We sell maps here.", ["Maps"])))
    faulty = ({"text": "a", "label": "Usage"}, {"text": "a", "label": [["Usage"]]})
    for row, message in (({"text": 1}, "no text"), *((row, "a list of topics") for row in faulty)):
        write_jsonl(tmp_path / "rw_7.jsonl", [row])
        with pytest.raises(RecordError, match=message):
            load(tmp_path)
