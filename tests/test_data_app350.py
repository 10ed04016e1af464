"""APP-350: practices become labels, made-up negations go, silence says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data.app350 import labels_of, load
from data.overlap import Overlap, fingerprint
from tests.data_fixtures import FIRST, THIRD
from tests.data_fixtures_partial import app_release, app_segment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("practices", "labels"),
    [
        (["Location_1stParty"], (FIRST,)),
        (["Location_3rdParty", "Location_1stParty"], (FIRST, THIRD)),
        (["not Location_GPS_3rdParty"], (THIRD,)),
        (["SSO", "Facebook_SSO"], ()),
        (["Contact_Password_1stParty", "Demographic_Age_3rdParty"], ()),
        (["Contact_Password_1stParty", "Contact_1stParty"], (FIRST,)),
    ],
)
def test_practices_become_labels(practices: list[str], labels: tuple[str, ...]) -> None:
    assert labels_of(practices) == labels


def test_a_label_given_says_nothing_of_the_others(tmp_path: Path) -> None:
    (record,) = load(
        app_release(tmp_path, app_segment("We count where you walk.", "Location_1stParty"))
    ).records
    assert (record.id, record.family) == ("app350/policy_7/0", "app350/policy_7")
    assert record.labels == record.known == (FIRST,)
    assert record.extra == {"practices": ["Location_1stParty"]}


def test_negations_at_the_end_of_marked_policies_go(tmp_path: Path) -> None:
    real = app_segment("We never ask where you walk.", "not Location_1stParty", sentences=1)
    other = app_segment("We count where you walk.", "Location_1stParty")
    made = app_segment("We do not count where you walk.", "not Location_1stParty", sentences=1)
    loaded = load(app_release(tmp_path, real, other, made, made, synthetic=True))
    assert [record.text for record in loaded.records] == [
        real["segment_text"],
        other["segment_text"],
    ]
    assert loaded.dropped == {"negation made up by the authors": 2}


def test_negations_of_other_policies_stay(tmp_path: Path) -> None:
    real = app_segment("We never ask where you walk.", "not Location_1stParty", sentences=1)
    (record,) = load(app_release(tmp_path, real)).records
    assert record.extra == {"practices": ["not Location_1stParty"]}


def test_a_negation_within_a_paragraph_at_the_end_stays(tmp_path: Path) -> None:
    real = app_segment("We count nothing. We never ask.", "not Location_1stParty", sentences=2)
    assert len(load(app_release(tmp_path, real, synthetic=True)).records) == 1


def test_what_says_nothing_is_dropped_and_counted(tmp_path: Path) -> None:
    text = "We count your walks, and others do."
    segments = [
        app_segment(text, "Location_1stParty"),
        app_segment(text, "Location_3rdParty"),
        app_segment("We sell maps here."),
        app_segment("Choose a good password.", "Contact_Password_1stParty"),
        app_segment("Your place", "Location_1stParty"),
        app_segment("We keep your maps here.", "Location_1stParty"),
    ]
    overlap = Overlap(frozenset([fingerprint("we keep your maps here")]))
    loaded = load(app_release(tmp_path, *segments), overlap=overlap)
    assert [(record.text, record.labels) for record in loaded.records] == [(text, (FIRST, THIRD))]
    assert loaded.dropped == {
        "repeated text": 1,
        "no practice": 1,
        "practice that is no label": 1,
        "under four words": 1,
        "overlaps a withheld segment": 1,
    }


def test_broken_policies_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no files annotations/policy_\*\.yml"):
        load(tmp_path)
    with pytest.raises(RecordError, match=r"policy_7\.yml, segment 1: .*'Maps_2ndParty'"):
        load(app_release(tmp_path, app_segment("We."), app_segment("We sell.", "Maps_2ndParty")))
    segment = app_segment("We sell.", "Location_1stParty")
    segment["annotations"][0]["modality"] = "MAYBE"
    with pytest.raises(RecordError, match="segment 0: unknown modality 'MAYBE'"):
        load(app_release(tmp_path, segment))
    with pytest.raises(RecordError, match=r"policy_7\.yml: a field is missing"):
        load(app_release(tmp_path, {"segment_text": "We sell."}))


def test_a_policy_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    path = app_release(tmp_path) / "annotations" / "policy_7.yml"
    path.write_text("policy_id: 7\nsegments: [}\n", encoding="utf-8")
    with pytest.raises(RecordError, match=r"policy_7\.yml, line 2: no YAML"):
        load(tmp_path)
