"""MAPP: segments beside their rows, and what silence means there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data.mapp import load
from data.overlap import Overlap, fingerprint
from tests.data_fixtures import FIRST, THIRD
from tests.data_fixtures_partial import MAPP_HEADER, mapp_release, write_csv

if TYPE_CHECKING:
    from pathlib import Path

NONE = ("[]", "[]", "[]")


def test_segments_become_records_and_silence_denies(tmp_path: Path) -> None:
    both = ("We count and sell your maps.", "['First Party', 'Third Party']", "['Purpose']", "[]")
    silent = ("<p>You\u00a0can</p> write to us.", *NONE)
    first, second = load(mapp_release(tmp_path, both, silent)).records
    assert (first.id, first.family) == ("mapp/7_maps/1", "mapp/7_maps")
    assert first.labels == (FIRST, THIRD)
    assert second.text == "You can write to us."
    assert (second.labels, second.known) == ((), (FIRST, THIRD))


@pytest.mark.parametrize(
    ("attributes", "values"),
    [
        ("['Third-Party Entity']", "[]"),
        ("['Purpose']", "['Collection Process_Shared by first party with a third party']"),
    ],
)
def test_a_mark_of_third_parties_leaves_them_open(
    tmp_path: Path, attributes: str, values: str
) -> None:
    row = ("We count maps with others.", "['First Party']", attributes, values)
    (record,) = load(mapp_release(tmp_path, row)).records
    assert (record.labels, record.known) == ((FIRST,), (FIRST,))


def test_attributes_without_a_category_say_nothing(tmp_path: Path) -> None:
    row = ("We may count your maps.", "[]", "['Information Type']", "[]")
    choice = ("You may opt out of maps.", "[]", "['Choice Type (opt)']", "[]")
    loaded = load(mapp_release(tmp_path, row, choice))
    assert [record.text for record in loaded.records] == [choice[0]]
    assert loaded.dropped == {"annotators disagree on the category": 1}


def test_what_says_nothing_is_dropped_and_counted(tmp_path: Path) -> None:
    texts = ["We sell maps here.", "We sell maps here.", "Maps", "Wir verkaufen nur Karten."]
    rows = [(text, *NONE) for text in (*texts, "We keep your maps here.")]
    overlap = Overlap(frozenset([fingerprint("we keep your maps here")]))
    loaded = load(mapp_release(tmp_path, *rows), overlap=overlap)
    assert [record.text for record in loaded.records] == texts[:1]
    assert loaded.dropped == {
        "repeated text": 1,
        "under four words": 1,
        "not English": 1,
        "overlaps a withheld segment": 1,
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("We sell.", "['Maps']", "[]", "[]"), r"line 2: unknown category 'Maps'"),
        (("We sell.", "First", "[]", "[]"), r"line 2: no list: 'First'"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, row: tuple[str, ...], message: str) -> None:
    with pytest.raises(RecordError, match=rf"7_maps\.csv, {message}"):
        load(mapp_release(tmp_path, row))  # type: ignore[arg-type]


def test_rows_and_segments_must_go_together(tmp_path: Path) -> None:
    mapp_release(tmp_path, ("We sell maps.", *NONE))
    path = tmp_path / "English_consolidation" / "7_maps.csv"
    row = ["7", "2", *NONE, "TRAIN", "", "True"]
    write_csv(path, [MAPP_HEADER, row])
    with pytest.raises(RecordError, match="line 2: segment '2', but 1 comes next"):
        load(tmp_path)
    write_csv(path, [MAPP_HEADER])
    with pytest.raises(RecordError, match="0 rows, but the policy has 1 segments"):
        load(tmp_path)
    write_csv(path, [row])
    with pytest.raises(RecordError, match=r"7_maps\.csv: begins with \['7', '2'"):
        load(tmp_path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no files English_consolidation/\*\.csv"):
        load(tmp_path)
    mapp_release(tmp_path, ("We sell maps.", *NONE))
    (tmp_path / "English_sanitized_policies" / "7_maps.txt").unlink()
    with pytest.raises(RecordError, match=r"7_maps\.txt: the policy's text is missing"):
        load(tmp_path)
    (tmp_path / "English_consolidation" / "maps.csv").touch()
    with pytest.raises(RecordError, match=r"/maps\.csv: its name does not begin with"):
        load(tmp_path)
