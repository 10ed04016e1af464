"""The record: what it accepts, what it refuses and in which words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clausemark.errors import OutputError, RecordError
from clausemark.labels import OPP115
from data.records import (
    Record,
    check_span,
    read_jsonl,
    read_records,
    write_json,
    write_jsonl,
    write_records,
)

if TYPE_CHECKING:
    from pathlib import Path

GOOD = Record(
    id="r1",
    corpus="invented",
    document="maps.md",
    family="maps.md",
    text="We count visits – daily.",
    labels=("Data Retention",),
    votes={"Data Retention": 0.6667},
    known=("Data Retention", "Data Security"),
    split="train",
    heading="Counting",
    fold=3,
    extra={"stratum": "long"},
)


def test_a_record_survives_being_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "records.jsonl"
    plain = replace(GOOD, id="r2", votes=None, known=None, fold=None, extra=None, split=None)
    assert write_records(path, [GOOD, plain]) == 2
    assert list(read_records(path)) == [GOOD, plain]


@settings(deadline=None)
@given(
    text=st.text(min_size=1).filter(str.strip),
    labels=st.lists(st.sampled_from(OPP115.names), unique=True),
)
def test_any_text_survives_json(text: str, labels: list[str]) -> None:
    record = Record("r", "c", "d", "f", text, tuple(labels))
    assert Record.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_a_record_has_the_fields_that_others_rely_on() -> None:
    fields = "id corpus document family text labels votes known split heading".split()  # noqa: SIM905
    assert list(Record("r", "c", "d", "f", "t", ()).to_json()) == fields
    assert list(GOOD.to_json()) == [*fields, "fold", "extra"]


def test_an_unknown_label_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RecordError, match="record 'r1': unknown label 'Cookies'") as caught:
        replace(GOOD, labels=("Cookies",))
    assert all(name in caught.value.hint for name in OPP115.names)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"text": "  "}, "text must be a text that is not empty"),
        ({"votes": {"Cookies": 1.0}}, "unknown label 'Cookies'"),
        ({"votes": {"Data Security": 1.5}}, r"vote for 'Data Security' is 1.5, not in \[0, 1\]"),
        ({"votes": {"Data Security": float("nan")}}, "vote for 'Data Security' is nan"),
        ({"known": ("Data Security",)}, "label 'Data Retention' is given, but not among the known"),
        ({"labels": ("Data Security", "Data Security")}, "a label is given twice"),
        ({"split": "dev"}, "unknown split 'dev'. Known splits: train, validation, test"),
    ],
)
def test_a_broken_field_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=message) as caught:
        replace(GOOD, **change)
    assert "record 'r1'" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": None}, "labels must be a list"),
        ({"labels": "Data Security"}, "labels must be a list"),
        ({"votes": ["Data Security"]}, "votes must map"),
        ({"colour": "red"}, "unknown field 'colour'"),
    ],
)
def test_a_row_of_the_wrong_shape_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=message):
        Record.from_json({**GOOD.to_json(), **change})


def test_a_missing_field_is_named() -> None:
    row = GOOD.to_json()
    del row["family"]
    with pytest.raises(RecordError, match="record 'r1': field 'family' is missing"):
        Record.from_json(row)


def test_a_line_that_is_no_json_is_named_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"a": 1}\n\n{"a": \n', encoding="utf-8")
    with pytest.raises(RecordError, match=r"broken\.jsonl, line 3: no JSON"):
        list(read_jsonl(path))


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes('"café"\n'.encode("latin-1"))
    with pytest.raises(RecordError, match=r"latin\.jsonl: not UTF-8"):
        list(read_jsonl(path))


def test_a_missing_file_is_named_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"none\.jsonl: no such file\. Run python -m data\.build"):
        list(read_jsonl(tmp_path / "none.jsonl"))


def test_a_bad_row_is_named_with_file_and_number(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_jsonl(path, [GOOD.to_json(), {**GOOD.to_json(), "labels": ["Cookies"]}])
    with pytest.raises(RecordError, match=r"records\.jsonl, row 2: record 'r1': unknown label"):
        list(read_records(path))


def test_two_records_of_one_id_are_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write_records(path, [GOOD])
    before = path.read_bytes()
    with pytest.raises(RecordError, match="record 'r1' occurs twice"):
        write_records(path, [GOOD, GOOD])
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["records.jsonl"]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inside").touch()
    with pytest.raises(OutputError, match="taken: cannot be written"):
        write_jsonl(tmp_path / "taken", [1])
    with pytest.raises(OutputError, match="taken: cannot be written"):
        write_json(tmp_path / "taken", {})


def test_a_span_outside_its_text_is_told_with_both_numbers() -> None:
    check_span("policy 105, segment 7", 0, 298, 298)
    words = "policy 105, segment 7: span ends at 310, text has 298 characters"
    with pytest.raises(RecordError, match=words):
        check_span("policy 105, segment 7", 12, 310, 298)
    with pytest.raises(RecordError, match="span starts at 12 and ends at 12"):
        check_span("policy 105, segment 7", 12, 12, 298)
