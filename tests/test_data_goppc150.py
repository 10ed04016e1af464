"""GoPPC-150: trees of coded nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data.goppc150 import PREFIXES, labels_of, load
from data.overlap import Overlap, fingerprint
from tests.data_fixtures import FIRST, THIRD

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """<?xml version='1.0' encoding='utf-8'?>
<policy>
  <paragraph category="">Unlabelled greeting.</paragraph>
  <segment>
    <title category="19;8,11">What we count</title>
    <paragraph category="17;8,9.1">We count: <list><item>visits</item> <item>maps</item></list></paragraph>
    <segment>
      <title category="17;17">Partners</title>
      <paragraph category="17.1;17.1,99">Nobody &amp; none.</paragraph>
    </segment>
  </segment>
</policy>
"""  # noqa: E501


def release(tmp_path: Path, *policies: str) -> Path:
    folder = tmp_path / "GoPPC-150"
    folder.mkdir()
    for number, policy in enumerate(policies):
        (folder / f"{number}.xml").write_text(policy, encoding="utf-8")
    return tmp_path


def test_nodes_become_records_with_the_agreed_codes(tmp_path: Path) -> None:
    loaded = load(release(tmp_path, POLICY))
    title, counted, partners = loaded.records
    assert counted.text == "We count: visits maps"
    assert counted.labels == title.labels == (FIRST,)
    assert (counted.heading, title.heading) == ("What we count", None)
    assert partners.labels == (THIRD,)
    assert partners.heading == "What we count"
    assert {record.family for record in loaded.records} == {"goppc150/0"}


def test_what_says_nothing_is_dropped_and_counted(tmp_path: Path) -> None:
    loaded = load(release(tmp_path, POLICY))
    assert loaded.dropped == {"no codes": 1, "unknown code": 1}


@pytest.mark.parametrize(
    ("codes", "label"),
    [
        (["9.3.1"], FIRST),
        (["17.2"], THIRD),
        (["4.6"], "User Choice/Control"),
        (["4.5"], "User Access, Edit and Deletion"),
        (["16.3"], "Data Retention"),
        (["14.2.3"], "International and Specific Audiences"),
        (["3.2.2"], "Privacy contact information"),
    ],
)
def test_a_code_below_a_listed_one_means_the_same(codes: list[str], label: str) -> None:
    assert labels_of(codes)[0] == (label,)


def test_a_code_for_several_labels_denies_none_of_them() -> None:
    labels, known = labels_of(["4"])
    assert labels == ()
    assert {"User Choice/Control", "User Access, Edit and Deletion"}.isdisjoint(known)
    assert THIRD in known
    assert THIRD not in labels_of(["18.1"])[1]
    assert THIRD in labels_of(["18.1", "17"])[1]
    assert "International and Specific Audiences" not in labels_of(["16.2"])[1]
    assert FIRST not in labels_of(["10.3"])[1]
    assert FIRST in labels_of(["19"])[1]


def test_labels_that_no_code_means_are_never_known() -> None:
    silent = {"Do Not Track", "Policy Change", "Introductory/Generic", "Practice not covered"}
    assert silent.isdisjoint(label for code in PREFIXES for label in labels_of([code])[1])


def test_a_malformed_file_is_recovered_and_noted(tmp_path: Path) -> None:
    broken = POLICY.replace("&amp;", "&").replace("17.1,99", "17.1")
    loaded = load(release(tmp_path, broken))
    assert len(loaded.records) == 4
    assert "0.xml: malformed, recovered" in loaded.problems[0]


def test_files_that_are_none_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no files GoPPC-150"):
        load(tmp_path)
    with pytest.raises(RecordError, match=r"0\.xml: no XML"):
        load(release(tmp_path, "maps"))


def test_overlapping_nodes_go(tmp_path: Path) -> None:
    text = '<policy><paragraph category=";8">We count maps and hills.</paragraph></policy>'
    overlap = Overlap(frozenset([fingerprint("we count maps and hills")]))
    assert load(release(tmp_path, text), overlap=overlap).records == []
