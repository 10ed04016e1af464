"""GDPR-Transparency-200: passages, their context, and what is left open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from clausemark.errors import RecordError
from data.gt200 import load
from data.overlap import Overlap, fingerprint
from tests.data_fixtures import FIRST, THIRD

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = [
    {"type": "h1", "text": "Privacy"},
    {"type": "h2", "text": "Maps"},
    {"type": "list_intro", "text": "We count:"},
]


def passage(text: str, *requirements: str, context: object = ()) -> dict[str, Any]:
    annotations = [{"requirement": name, "value": "x", "performed": True} for name in requirements]
    return {"type": "text", "context": context, "passage": text, "annotations": annotations}


def release(tmp_path: Path, *passages: object) -> Path:
    (tmp_path / "org.maps.json").write_text(json.dumps(passages), encoding="utf-8")
    return tmp_path


def test_passages_become_records_with_their_heading_and_lead_in(tmp_path: Path) -> None:
    row = passage("the maps\n you open", "Processing Purpose", "Data Recipients", context=CONTEXT)
    (record,) = load(release(tmp_path, row)).records
    assert record.text == "the maps you open"
    assert record.labels == (FIRST, THIRD)
    assert record.heading == "Maps"
    assert (record.extra or {})["lead_in"] == "We count:"
    assert record.id == "gt200/org.maps/0"


@pytest.mark.parametrize(
    ("requirement", "opened"),
    [
        ("Legal Basis for Processing", FIRST),
        ("Controller Name", "Privacy contact information"),
        ("Right to Portability", "User Access, Edit and Deletion"),
        ("Data Categories", "International and Specific Audiences"),
        ("Data Categories", "User Choice/Control"),
        ("Data Categories", "Data Security"),
        ("Data Categories", "Do Not Track"),
    ],
)
def test_what_a_requirement_leaves_open_is_not_denied(
    tmp_path: Path, requirement: str, opened: str
) -> None:
    (record,) = load(release(tmp_path, passage("We do so.", requirement))).records
    assert opened not in (record.known or ())
    assert "Data Retention" in (record.known or ())


def test_a_label_given_is_known_though_others_leave_it_open(tmp_path: Path) -> None:
    row = passage("We move maps.", "Third-country Transfers", "Right to Object")
    (record,) = load(release(tmp_path, row)).records
    assert set(record.labels) == {"International and Specific Audiences", "User Choice/Control"}
    assert set(record.labels) <= set(record.known or ())


def test_what_says_nothing_is_dropped_and_counted(tmp_path: Path) -> None:
    kept = passage("We count.", "Data Categories")
    copy = passage("We keep your maps here.", "Data Retention Period")
    overlap = Overlap(frozenset([fingerprint("we keep your maps here")]))
    loaded = load(release(tmp_path, kept, kept, passage("Hello."), copy), overlap=overlap)
    assert len(loaded.records) == 1
    assert loaded.dropped == {
        "repeated text": 1,
        "no requirement": 1,
        "overlaps a withheld segment": 1,
    }


def test_a_file_that_is_no_json_is_noted_and_the_others_kept(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("[{", encoding="utf-8")
    loaded = load(release(tmp_path, passage("We count.", "Data Categories")))
    assert len(loaded.records) == 1
    assert loaded.dropped == {"file that is no JSON": 1}
    assert "broken.json: no JSON" in loaded.problems[0]


def test_faulty_passages_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no files \*\.json"):
        load(tmp_path)
    with pytest.raises(RecordError, match=r"passage 0: unknown requirement 'Maps'"):
        load(release(tmp_path, passage("We sell.", "Maps")))
    with pytest.raises(RecordError, match="passage 1: a field is missing"):
        load(release(tmp_path, passage("We."), {"passage": "We."}))
    for context in ([{"text": "Maps"}], ["Maps"], None):
        with pytest.raises(RecordError, match="passage 0: a field of its context is missing"):
            load(release(tmp_path, passage("We.", "Data Categories", context=context)))
    (tmp_path / "org.maps.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RecordError, match="no list of passages"):
        load(tmp_path)
