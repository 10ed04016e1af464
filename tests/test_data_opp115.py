"""OPP-115's release format, on a release of one invented policy."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data.opp115 import load
from tests.data_fixtures import FIRST, THIRD, attribute, opp_release, row, write_policy

if TYPE_CHECKING:
    from pathlib import Path

    from data.records import Record

NOT_COVERED = "Practice not covered"


def records(raw: Path) -> dict[str, Record]:
    return {record.id.rpartition("/")[2]: record for record in load(raw, folds_file=None).records}


def test_segments_become_records_and_withheld_ones_are_counted(tmp_path: Path) -> None:
    loaded = load(opp_release(tmp_path), folds_file=None)
    assert [record.text for record in loaded.records] == [
        "We count visits. Daily.",
        "We sell maps.",
    ]
    assert [record.id for record in loaded.records] == [
        "opp115/7_maps.example/0",
        "opp115/7_maps.example/2",
    ]
    assert loaded.dropped == {"segment withheld (blank)": 1}
    assert loaded.problems == []


def test_annotators_are_counted_not_annotations(tmp_path: Path) -> None:
    # Annotator 1 gave two practices of one category: that is one vote.
    votes = records(opp_release(tmp_path))["0"].votes
    assert votes is not None
    assert votes[FIRST] == pytest.approx(2 / 3, abs=1e-4)
    assert votes[THIRD] == pytest.approx(1 / 3, abs=1e-4)
    assert sum(votes.values()) == pytest.approx(1, abs=1e-3)


def given(record: Record) -> set[str]:
    return {label for label, share in (record.votes or {}).items() if share > 0}


def test_two_of_three_are_the_majority_and_one_is_not(tmp_path: Path) -> None:
    record = records(opp_release(tmp_path))["0"]
    assert record.labels == (FIRST,)
    assert given(record) == {FIRST, THIRD}


def test_other_is_split_by_its_type_and_other_other_is_no_label(tmp_path: Path) -> None:
    record = records(opp_release(tmp_path))["2"]
    assert record.labels == (NOT_COVERED,)
    assert given(record) == {NOT_COVERED}


def test_places_families_and_documents_are_set(tmp_path: Path) -> None:
    found = records(opp_release(tmp_path))
    assert (found["0"].split, found["2"].split) == ("train", "validation")
    assert found["0"].document == "7_maps.example"
    assert found["0"].family == "maps.example"


def test_spans_are_offsets_into_the_text(tmp_path: Path) -> None:
    loaded = load(opp_release(tmp_path), folds_file=None)
    first = loaded.practices[0]
    assert (first["record"], first["annotator"], first["label"]) == (
        "opp115/7_maps.example/0",
        "1",
        FIRST,
    )
    (found,) = first["attributes"]
    assert loaded.records[0].text[found["start"] : found["end"]] == "count"
    assert (found["attribute"], found["value"]) == ("Purpose", "Analytics")


def test_a_span_that_was_not_selected_has_no_place(tmp_path: Path) -> None:
    attributes = {"A": attribute("x", -1, -1), "B": attribute("y", 0, 0), "C": {"value": "z"}}
    rows = [row("1", 0, FIRST, attributes)]
    loaded = load(opp_release(tmp_path, rows), folds_file=None)
    assert {found["start"] for found in loaded.practices[0]["attributes"]} == {None}
    assert loaded.problems == []


def test_a_row_that_is_no_json_is_counted_and_the_rest_kept(tmp_path: Path) -> None:
    rows = [row("1", 0, FIRST, "{not json"), row("1", 2, FIRST, {}), row("2", 2, FIRST, {})]
    raw = opp_release(tmp_path, rows)
    loaded = load(raw, folds_file=None)
    assert loaded.dropped["annotation row unreadable"] == 1
    assert "7_maps.example.csv, row 1: annotation a-1-0-" in loaded.problems[0]
    assert loaded.records[1].labels == (FIRST,)
    with pytest.raises(RecordError, match=r"row 1: annotation .* holds no JSON"):
        load(raw, folds_file=None, strict=True)


def test_annotations_behind_a_quote_that_is_not_closed_are_no_csv(tmp_path: Path) -> None:
    raw = opp_release(tmp_path)
    (file,) = (raw / "annotations").glob("*.csv")
    file.write_text('"' + "x" * 140_000, encoding="utf-8")
    before = csv.field_size_limit(131_072)  # the module's own; a batch in this process raises it
    try:
        with pytest.raises(RecordError, match=r"7_maps\.example\.csv, line 1: no CSV"):
            load(raw, folds_file=None)
    finally:
        csv.field_size_limit(before)


def test_a_span_outside_its_text_is_counted_and_the_practice_kept(tmp_path: Path) -> None:
    raw = opp_release(tmp_path, [row("1", 2, FIRST, {"Purpose": attribute("Sale", 3, 310)})])
    loaded = load(raw, folds_file=None)
    assert loaded.dropped["span outside its text"] == 1
    words = "policy 7, segment 2: span ends at 310, text has 18 characters"
    assert words in loaded.problems[0]
    assert loaded.practices[0]["attributes"][0]["value"] == "Sale"
    with pytest.raises(RecordError, match=words):
        load(raw, folds_file=None, strict=True)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row("1", 0, "Cookies", {}), "policy 7, segment 0: annotation .* category 'Cookies'"),
        (row("1", 0, "Other", {}), "category 'None'"),
        (row("1", 1, FIRST, {}), "policy 7, segment 1: annotation .* is of no text"),
        (row("1", 99, FIRST, {}), "policy 7, segment 99: annotation .* is of no text"),
        (row("1", "x", FIRST, {}), "names the segment 'x'"),
        (row("1", 0, FIRST, ["a"]), "holds no attributes"),
        (row("1", 0, FIRST, {"Purpose": attribute("x", 5, 2)}), "span starts at 5 and ends at 2"),
        (row("1", 0, FIRST, {})[:6], "6 columns, expected 9"),
    ],
)
def test_a_faulty_row_is_a_problem_or_with_strict_an_error(
    tmp_path: Path, bad: list[str], message: str
) -> None:
    raw = opp_release(tmp_path, [bad, row("1", 2, FIRST, {})])
    loaded = load(raw, folds_file=None)
    assert len(loaded.problems) == 1
    assert sum(loaded.dropped.values()) == 2  # the fault, and the withheld segment
    assert given(loaded.records[1]) == {FIRST}
    with pytest.raises(RecordError, match=message):
        load(raw, folds_file=None, strict=True)


def test_folds_are_dealt_where_there_are_families_enough(tmp_path: Path) -> None:
    for number in range(6):
        write_policy(tmp_path, f"{number}_site{number}.example", ["We count."], [])
    dealt = {record.fold for record in load(tmp_path, folds_file=None).records}
    assert dealt == set(range(5))


def test_a_folder_without_policies_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no policies\. The release has them in sanitized_pol"):
        load(tmp_path)
