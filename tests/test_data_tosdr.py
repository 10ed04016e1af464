"""ToS;DR: quotes from policies and the cases that volunteers filed them under."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from data.overlap import Overlap, fingerprint
from data.tosdr import load
from data.tosdr_cases import CASES
from tests.data_fixtures_partial import DNT, point, tosdr_release

if TYPE_CHECKING:
    from pathlib import Path

ACCESS = "You can request access and deletion of personal data"


def test_quotes_become_records_that_deny_nothing(tmp_path: Path) -> None:
    quote = "<li>We ignore your browser&rsquo;s\n<b>signals</b>.</li>"
    (record,) = load(tosdr_release(tmp_path, point(quote))).records
    assert record.text == "We ignore your browser’s signals ."
    assert record.labels == record.known == ("Do Not Track",)
    assert (record.id, record.document) == ("tosdr/1", "tosdr/maps")
    assert record.extra == {"cases": [DNT]}


def test_equal_quotes_join_their_cases(tmp_path: Path) -> None:
    quote = "Ask us for your maps, or to lose them."
    rows = [point(quote), point(quote, f"  {ACCESS} ", services=["hills"])]
    loaded = load(tosdr_release(tmp_path, *rows))
    assert [(record.id, record.labels) for record in loaded.records] == [
        ("tosdr/1", ("User Access, Edit and Deletion", "Do Not Track"))
    ]
    assert loaded.dropped == {"repeated text": 1}


def test_what_says_nothing_is_dropped_and_counted(tmp_path: Path) -> None:
    kept = "We do not answer signals of browsers."
    rows = [
        point(kept),
        point(None),
        point(kept, "You waive your right to a class action."),
        point(kept, None),
        point(kept, quoteDoc="Terms of Service"),
        point("We ignore it"),
        point("We ignore all of it. " * 80),
        point("Wir achten nicht auf die Signale und tun das gern."),
        point("We keep your maps here."),
    ]
    overlap = Overlap(frozenset([fingerprint("we keep your maps here")]))
    loaded = load(tosdr_release(tmp_path, *rows), overlap=overlap)
    assert [record.text for record in loaded.records] == [kept]
    assert loaded.dropped == {
        "no quote": 1,
        "case that is no label": 2,
        "quote from no privacy policy": 1,
        "under 5 or over 300 words": 2,
        "not English": 1,
        "overlaps a withheld segment": 1,
    }


@pytest.mark.parametrize("document", ["Cookie Policy", "PRIVACY NOTICE", "Data Use Policy"])
def test_policies_of_other_names_count(tmp_path: Path, document: str) -> None:
    row = point("We do not answer signals of browsers.", quoteDoc=document)
    assert len(load(tosdr_release(tmp_path, row)).records) == 1


def test_every_case_is_of_a_known_label_and_spelled_without_double_spaces() -> None:
    assert set(CASES.values()) <= set(OPP115.names)
    assert all(case == " ".join(case.split()) for case in CASES)


def test_broken_archives_are_named(tmp_path: Path) -> None:
    fine = point("We do not answer signals of browsers.")
    with pytest.raises(RecordError, match=r"tar\.gz, points/2\.json: no JSON"):
        load(tosdr_release(tmp_path, fine, "{"))
    with pytest.raises(RecordError, match=r"points/1\.json: no point: the field 'tosdr'"):
        load(tosdr_release(tmp_path, {"quoteText": "We sell."}))
    with pytest.raises(RecordError, match=r"no files points/\*\.json"):
        load(tosdr_release(tmp_path))


def test_an_archive_cut_short_or_missing_is_named(tmp_path: Path) -> None:
    path = tosdr_release(tmp_path, *[point(f"We ignore {n} signals here.") for n in range(99)])
    packed = path.read_bytes()
    for damaged in (packed[:-200], packed[:400] + b"maps" + packed[404:]):
        path.write_bytes(damaged)
        with pytest.raises(RecordError, match=r"tosdr_2021\.tar\.gz: cannot be read"):
            load(path)
    path.write_bytes(b"maps")
    with pytest.raises(RecordError, match="cannot be read"):
        load(path)
    path.unlink()
    with pytest.raises(RecordError, match="cannot be read"):
        load(path)
