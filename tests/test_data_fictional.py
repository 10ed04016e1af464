"""The loader of this project's own policies, and what the committed ones promise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from clausemark.document import read_document
from clausemark.errors import RecordError
from clausemark.labels import OPP115
from clausemark.segment import model_text, segment
from data.fictional_policies import FOLDER, load
from data.records import write_jsonl

if TYPE_CHECKING:
    from pathlib import Path

ROW = {"id": "maps-1", "policy": "maps.md", "text": "We count.", "labels": ["Data Security"]}


def folder(tmp_path: Path, *rows: object, splits: object = None) -> Path:
    (tmp_path / "maps.md").write_text("We count.", encoding="utf-8")
    lists = splits if splits is not None else {"validation": ["maps.md"]}
    (tmp_path / "splits.json").write_text(json.dumps(lists), encoding="utf-8")
    write_jsonl(tmp_path / "labels.jsonl", rows)
    return tmp_path


def test_a_row_becomes_a_record_in_its_policys_split(tmp_path: Path) -> None:
    (record,) = load(folder(tmp_path, ROW)).records
    assert (record.id, record.split) == ("fictional/maps-1", "validation")
    assert record.document == record.family == "maps.md"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"policy": "hills.md"}, "record 'maps-1': policy 'hills.md' has no split"),
        ({"policy": "gone.md"}, "record 'maps-1': no policy 'gone.md'"),
        ({"labels": ["Cookies"]}, "unknown label 'Cookies'"),
        ({"labels": ["Data Security"] * 2}, "a label is given twice"),
        ({"labels": None}, "record 'maps-1': a field is missing"),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    splits = {"train": ["maps.md", "gone.md"]}
    with pytest.raises(RecordError, match=message):
        load(folder(tmp_path, {**ROW, **change}, splits=splits))


def test_a_list_item_is_read_with_its_lead_in(tmp_path: Path) -> None:
    row = {**ROW, "text": "- our resellers"}
    made = folder(tmp_path, row)
    (made / "maps.md").write_text("We share data with:\n\n- our resellers\n- the police\n")
    (record,) = load(made).records
    assert record.text == "We share data with:\n- our resellers"


def test_a_text_that_is_no_clause_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"'maps-1': its text is no clause of maps\.md"):
        load(folder(tmp_path, {**ROW, "text": "We"}))


def test_the_committed_records_hold_what_the_encoder_reads() -> None:
    records = load().records
    policies = dict.fromkeys(record.document for record in records)
    clauses = [c for policy in policies for c in segment(read_document(FOLDER / policy))]
    assert [record.text for record in records] == [model_text(clause) for clause in clauses]


def test_a_policy_in_two_splits_is_refused(tmp_path: Path) -> None:
    splits = {"train": ["maps.md"], "test": ["maps.md"]}
    with pytest.raises(RecordError, match=r"splits\.json: a policy is in two splits"):
        load(folder(tmp_path, ROW, splits=splits))
    with pytest.raises(RecordError, match=r"splits\.json: no lists of policies"):
        load(folder(tmp_path, ROW, splits=["maps.md"]))


def test_a_policy_without_labels_is_a_problem(tmp_path: Path) -> None:
    loaded = load(folder(tmp_path, ROW, splits={"train": ["maps.md", "hills.md"]}))
    assert loaded.problems == ["hills.md: policy without labels."]


def test_the_committed_policies_show_every_label() -> None:
    loaded = load()
    assert {label for record in loaded.records for label in record.labels} == set(OPP115.names)
    assert loaded.problems == []
    assert len(loaded.records) >= 240
    assert len({record.document for record in loaded.records}) >= 6


def test_the_committed_splits_hold_every_policy() -> None:
    lists = json.loads((FOLDER / "splits.json").read_text(encoding="utf-8"))
    listed = {policy for policies in lists.values() for policy in policies}
    files = {file.name for file in FOLDER.iterdir() if file.suffix in {".md", ".html", ".txt"}}
    assert listed == files - {"README.md"}
