"""Rahat et al.: fragments and the requirements that they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data.overlap import Overlap, fingerprint
from data.rahat import load
from tests.data_fixtures import FIRST, THIRD
from tests.data_fixtures_partial import rahat_release

if TYPE_CHECKING:
    from pathlib import Path


def test_fragments_become_records_that_deny_nothing(tmp_path: Path) -> None:
    text = "We tell others who weâ\u0080\u0099re selling maps."
    row = ("maps.example", text, "['Data Recipients', 'Profiling']")
    (record,) = load(rahat_release(tmp_path, row)).records
    assert record.text == "We tell others who we’re selling maps."
    assert record.labels == record.known == (THIRD,)
    assert (record.id, record.document) == ("rahat/1", "rahat/maps.example")
    assert record.extra == {"requirements": ["Data Recipients", "Profiling"]}


def test_equal_fragments_join_their_requirements(tmp_path: Path) -> None:
    text = "We count and sell your maps."
    rows = [
        ("maps.example", text, "['Data Recipients']"),
        ("hills.example", f" {text}\n", "['Processing Purpose']"),
    ]
    loaded = load(rahat_release(tmp_path, *rows))
    assert [(record.document, record.labels) for record in loaded.records] == [
        ("rahat/maps.example", (FIRST, THIRD))
    ]
    assert loaded.dropped == {"repeated text": 1}


def test_the_numbers_of_pieces_go(tmp_path: Path) -> None:
    text = "<10,11<If you wish to see your maps>>\n\n<1<write to us>>"
    (record,) = load(rahat_release(tmp_path, ("maps.example", text, "['Right to Access']"))).records
    assert record.text == "If you wish to see your maps write to us"


@pytest.mark.parametrize("name", ["Safeguards Copy", "Lodge Complaint", "Provision Requirement"])
def test_requirements_that_are_no_label_give_none(tmp_path: Path, name: str) -> None:
    loaded = load(
        rahat_release(tmp_path, ("maps.example", "You may ask for a map.", f"['{name}']"))
    )
    assert loaded.records == []
    assert loaded.dropped == {"requirement that is no label": 1}


def test_short_and_overlapping_fragments_go(tmp_path: Path) -> None:
    rows = [
        ("maps.example", "Our trusted map partners", "['Data Recipients']"),
        ("maps.example", "We keep your maps here.", "['Storage Period']"),
    ]
    overlap = Overlap(frozenset([fingerprint("we keep your maps here")]))
    loaded = load(rahat_release(tmp_path, *rows), overlap=overlap)
    assert loaded.records == []
    assert loaded.dropped == {"under five words": 1, "overlaps a withheld segment": 1}


def test_sites_that_repeat_one_another_are_a_family(tmp_path: Path) -> None:
    text = " ".join(f"word{number}" for number in range(40))
    rows = [(site, f"{text} {site}", "['Storage Period']") for site in ("a.example", "b.example")]
    records = load(rahat_release(tmp_path, *rows)).records
    assert [record.family for record in records] == ["rahat/a.example"] * 2


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("maps.example", "We sell.", "['Maps']"), "unknown requirement 'Maps'"),
        (("maps.example", "We sell.", "Maps"), "no list of requirements: 'Maps'"),
        (("maps.example", "We sell."), "3 columns, 4 are needed"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, row: tuple[str, ...], message: str) -> None:
    fine = ("maps.example", "We sell maps to walkers.", "['Data Recipients']")
    with pytest.raises(RecordError, match=rf"gdpr_dataset_1\.2\.csv, line 2: {message}"):
        load(rahat_release(tmp_path, fine, row))  # type: ignore[arg-type]


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no file gdpr_dataset_\*\.csv"):
        load(tmp_path)
    file = tmp_path / "gdpr_dataset_1.2.csv"
    file.write_bytes(b"1,maps.example,We \xff sell,['Profiling']\n")
    with pytest.raises(RecordError, match=r"1\.2\.csv, line 1: no CSV .*utf-8"):
        load(tmp_path)
    file.write_text('1,maps.example,"We sell', encoding="utf-8")
    with pytest.raises(RecordError, match=r"1\.2\.csv, line \d: no CSV"):
        load(tmp_path)
