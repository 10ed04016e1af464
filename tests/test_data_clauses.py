"""Annotated clauses: labels without texts find their texts again, or say that they did not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from clausemark.segment import model_text
from data.clauses import ANNOTATIONS, clauses, load, read_annotations, text_hash
from data.overlap import Overlap, fingerprint, shingles, words

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """1. Keeping and sharing

We keep your orders of hill maps for a year.

We give your address to:

- the courier who brings the maps to your door"""
HEADER = "policy,start,end,text,stratum,labels\n"


def archive(tmp_path: Path) -> Path:
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path / "policies.jsonl.zst"
    row = json.dumps({"id": "maps/1", "text": POLICY}) + "\n"
    path.write_bytes(zstandard.ZstdCompressor().compress(row.encode()))
    return path


def annotated(tmp_path: Path, *labels: str, policy: str = "maps/1") -> Path:
    """Write annotations of the first clauses of POLICY, one for each of `labels`."""
    path = tmp_path / "clauses.csv"
    cut = clauses(POLICY)
    rows = [
        f"{policy},{c.start},{c.end},{text_hash(model_text(c))},natural,{given}\n"
        for c, given in zip(cut, labels, strict=False)
    ]
    path.write_text(HEADER + "".join(rows), encoding="utf-8")
    return path


def test_labels_find_their_text_and_its_lead_in(tmp_path: Path) -> None:
    made = annotated(tmp_path, "retention=0.9 security=0.2", "", "third_party=0.6")
    loaded = load(archive(tmp_path), annotations=made)
    first, second, third = loaded.records
    assert first.text.endswith("We keep your orders of hill maps for a year.")
    assert first.labels == ("Data Retention",)
    assert {k: v for k, v in (first.votes or {}).items() if v} == {
        "Data Retention": 0.9,
        "Data Security": 0.2,
    }
    assert list(first.votes or ()) == list(OPP115.names)
    assert (second.labels, third.labels) == ((), ("Third Party Sharing/Collection",))
    assert third.text.startswith("We give your address to:\n")
    assert {r.heading for r in loaded.records} == {"1. Keeping and sharing"}


def test_junk_and_overlaps_are_dropped_and_counted(tmp_path: Path) -> None:
    made = annotated(tmp_path, "junk", "introductory=0.7", "third_party=0.6")
    text = model_text(clauses(POLICY)[2])
    overlap = Overlap(frozenset(map(fingerprint, shingles(words(text)))))
    loaded = load(archive(tmp_path), annotations=made, overlap=overlap)
    assert [record.labels for record in loaded.records] == [("Introductory/Generic",)]
    assert loaded.dropped["junk"] == loaded.dropped["overlaps a withheld segment"] == 1


def test_a_text_that_changed_keeps_no_label(tmp_path: Path) -> None:
    made = annotated(tmp_path, "retention=0.9", "introductory=0.7")
    lines = made.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(lines[1].split(",")[3], "0" * 16)
    made.write_text("\n".join(lines) + "\n", encoding="utf-8")
    loaded = load(archive(tmp_path), annotations=made)
    assert len(loaded.records) == 1
    assert loaded.dropped["no longer cut as it was annotated"] == 1


def test_a_policy_that_is_not_there_is_counted(tmp_path: Path) -> None:
    made = annotated(tmp_path, "retention=0.9", "junk", policy="maps/2")
    loaded = load(archive(tmp_path), annotations=made)
    assert not loaded.records
    assert loaded.dropped["policy not in the collection"] == 2


@pytest.mark.parametrize("labels", ["retentoin=0.9", "retention=much", "retention"])
def test_a_wrong_label_is_named_with_its_line(tmp_path: Path, labels: str) -> None:
    with pytest.raises(RecordError, match=r"clauses\.csv, line 2: no annotation"):
        read_annotations(annotated(tmp_path, labels))


@pytest.mark.parametrize("line", ["", '"' + "x" * 140_000])
def test_lines_that_are_no_annotations_are_named(tmp_path: Path, line: str) -> None:
    path = annotated(tmp_path)
    path.write_text(f"{path.read_text('utf-8')}{line}\n", encoding="utf-8")
    with pytest.raises(RecordError, match=r"clauses\.csv, line 2: no (annotation|CSV)"):
        read_annotations(path)


def test_the_annotations_that_ship_are_well_formed_and_hold_no_text() -> None:
    found = read_annotations(ANNOTATIONS)
    rows = [row for policy in found.values() for row in policy]
    places = {(policy, row.start) for policy, part in found.items() for row in part}
    assert len(places) == len(rows) > 5000
    assert all(len(row.text) == 16 and int(row.text, 16) >= 0 for row in rows)
    assert all(0 < p <= 1 for row in rows for p in (row.votes or {}).values())
