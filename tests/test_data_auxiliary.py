"""APPCorp and PolicyIE: their formats, their tokens, and what they may not deny."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data import appcorp, policyie
from data.detokenise import detokenise
from data.overlap import Overlap, fingerprint
from data.records import write_jsonl
from tests.data_fixtures import FIRST, THIRD

if TYPE_CHECKING:
    from pathlib import Path

    from data.records import Record

BLOCKS = """Data_Retention
We keep your orders ( and notes ) for a year .
Then we burn them .

User_Right_and_Control
You can ask us , at -email- , for your orders .

Cookies_and_Similar_Technologies
Our partners set cookies on these pages too .
"""


def app_corpus(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"privacypolicy.{name}").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("We do n't sell maps .", "We don't sell maps."),
        ("the shop 's hills , and yours", "the shop's hills, and yours"),
        ("maps -LRB- of hills -RRB- ; notes", "maps (of hills); notes"),
        ("`` Personal Data '' means this", "“Personal Data” means this"),
        ('the words " our shop " mean us', 'the words "our shop" mean us'),
        ("his / her map costs $ 5 ( or 7 % )", "his/her map costs $5 (or 7%)"),
        ("We can not say", "We cannot say"),
        ("our customers ' maps", "our customers' maps"),
        ("Nothing to join here", "Nothing to join here"),
    ],
)
def test_treebank_tokens_are_joined_as_people_write(tokens: str, text: str) -> None:
    assert detokenise(tokens) == text


def by_label(records: list[Record]) -> dict[str, Record]:
    return {(record.extra or {})["label"]: record for record in records}


def test_appcorp_blocks_become_records(tmp_path: Path) -> None:
    found = by_label(appcorp.load(app_corpus(tmp_path, test_0=BLOCKS)).records)
    kept = found["Data_Retention"]
    assert kept.text == "We keep your orders (and notes) for a year.\nThen we burn them."
    assert kept.labels == ("Data Retention",)
    assert (kept.id, kept.family) == (
        "appcorp/privacypolicy.test_0/0",
        "appcorp/privacypolicy.test_0",
    )
    assert "privacy@example.com" in found["User_Right_and_Control"].text


def test_appcorp_denies_nothing_that_it_cannot_tell(tmp_path: Path) -> None:
    found = by_label(appcorp.load(app_corpus(tmp_path, test_0=BLOCKS)).records)
    silent = {
        "User Choice/Control",
        "User Access, Edit and Deletion",
        "Do Not Track",
        "Practice not covered",
    }
    assert all(silent.isdisjoint(record.known or ()) for record in found.values())
    assert found["User_Right_and_Control"].labels == ()
    cookies = found["Cookies_and_Similar_Technologies"]
    assert cookies.labels == (FIRST,)
    assert THIRD not in (cookies.known or ())


def test_appcorp_repeats_count_once_and_conflicts_not_at_all(tmp_path: Path) -> None:
    first = "Data_Retention\nWe keep maps .\n\nData_Security\nWe lock the shop .\n"
    second = "Data_Security\nWe keep maps .\n\nData_Security\nWe lock the shop .\n"
    loaded = appcorp.load(app_corpus(tmp_path, test_0=first, test_1=second))
    assert [record.text for record in loaded.records] == ["We lock the shop."]
    assert loaded.dropped == {"conflicting labels": 2, "repeated text": 1}


def test_appcorp_names_the_block_that_is_none(tmp_path: Path) -> None:
    raw = app_corpus(tmp_path, test_0="Data_Security\nWe lock up .\n\nMaps\nWe sell .\n")
    with pytest.raises(RecordError, match=r"test_0, block 1: 'Maps' is no label") as caught:
        appcorp.load(raw)
    assert "Data_Retention" in caught.value.hint


def sentences(tmp_path: Path, *rows: tuple[str, str]) -> Path:
    listed = [{"sentence": sentence, "label": label} for sentence, label in rows]
    write_jsonl(tmp_path / "intent_classification_train.json", listed)
    return tmp_path


def test_policyie_joins_the_intents_of_a_sentence(tmp_path: Path) -> None:
    text = "We collect and lock your maps ."
    rows = [(text, "data-security-protection"), (text, "data-collection-usage")]
    (record,) = policyie.load(sentences(tmp_path, *rows)).records
    assert record.text == "We collect and lock your maps."
    assert record.labels == (FIRST, "Data Security")
    assert set(record.known or ()) == {FIRST, THIRD, "Data Security"}


def test_policyie_storage_is_no_label_and_other_says_nothing(tmp_path: Path) -> None:
    rows = [
        ("We keep maps .", "data-storage-retention-deletion"),
        ("Hello .", "Other"),
        ("We both .", "Other"),
        ("We both .", "data-collection-usage"),
    ]
    loaded = policyie.load(sentences(tmp_path, *rows))
    assert [(record.text, record.labels) for record in loaded.records] == [("We keep maps.", ())]
    assert "Data Retention" not in (loaded.records[0].known or ())
    assert loaded.dropped == {"intent Other says nothing": 2}


def test_policyie_names_an_unknown_intent(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"train\.json, row 1: unknown intent 'maps'"):
        policyie.load(sentences(tmp_path, ("We sell .", "maps")))


@pytest.mark.parametrize("load", [appcorp.load, policyie.load])
def test_an_empty_folder_is_said(tmp_path: Path, load: object) -> None:
    with pytest.raises(RecordError, match="no files"):
        load(tmp_path)  # type: ignore[operator]


def test_overlapping_texts_go(tmp_path: Path) -> None:
    overlap = Overlap(frozenset([fingerprint("we keep your maps here")]))
    raw = sentences(tmp_path, ("We keep your maps here .", "data-collection-usage"))
    app_corpus(raw, test_0="Data_Retention\nWe keep your maps here .\n")
    for load in (appcorp.load, policyie.load):
        loaded = load(raw, overlap=overlap)
        assert loaded.records == []
        assert loaded.dropped == {"overlaps a withheld segment": 1}
