"""The figures of data/README.md, counted anew where the corpora are at hand."""

from __future__ import annotations

import csv
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clausemark.labels import OPP115
from data import app350, appcorp, c3pa, mapp, opp115, policyie, rahat, silver, tosdr
from data.english import is_english
from data.overlap import LIST_NAME, Overlap
from data.splits import folds, read_folds

if TYPE_CHECKING:
    from collections.abc import Callable

    from data.records import Loaded

RAW = Path(os.environ.get("CLAUSEMARK_CORPORA", "../shared/corpora"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (RAW / "opp115").is_dir(), reason=f"no corpora in {RAW}"),
]


@pytest.fixture(scope="module")
def opp() -> opp115.Opp115:
    return opp115.load(RAW / "opp115", strict=True)


def test_opp115_has_the_segments_that_are_published(opp: opp115.Opp115) -> None:
    withheld = opp.dropped["segment withheld (blank)"]
    assert len(opp.records) + withheld == 3792
    assert withheld == 737
    assert len({record.document for record in opp.records}) == 115


def test_opp115_has_the_attributes_that_are_published(opp: opp115.Opp115) -> None:
    assert len({a["attribute"] for row in opp.practices for a in row["attributes"]}) == 22
    assert len({row["category"] for row in opp.practices}) == 10


def test_opp115_places_are_privacyglues_with_twenty_once(opp: opp115.Opp115) -> None:
    assert Counter(record.split for record in opp.records) == {
        "train": 2185,
        "validation": 559,
        None: 311,
    }
    train = {record.text for record in opp.records if record.split == "train"}
    assert not any(r.text in train for r in opp.records if r.split == "validation")


def test_annotators_agree_about_as_published(opp: opp115.Opp115) -> None:
    # Fleiss' kappa of the whole corpus; a fifth of it is withheld here.
    published = dict(
        zip(
            OPP115.names,
            (0.764, 0.765, 0.608, 0.742, 0.550, 0.665, 0.733, 0.907, 0.875, 0.465, 0.671, 0.138),
            strict=True,
        )
    )
    for label, kappa in published.items():
        given = [round(3 * (record.votes or {})[label]) for record in opp.records]
        agreed = sum(n * (n - 1) + (3 - n) * (2 - n) for n in given) / (6 * len(given))
        share = sum(given) / (3 * len(given))
        chance = share**2 + (1 - share) ** 2
        assert (agreed - chance) / (1 - chance) == pytest.approx(kappa, abs=0.04), label


def selected_words() -> dict[tuple[str, str], str]:
    """Read (annotation, attribute) -> the words selected, straight from the release."""
    found = {}
    for file in (RAW / "opp115" / "annotations").glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as rows:
            for row in csv.reader(rows):
                for name, value in json.loads(row[6]).items():
                    found[row[0], name] = value.get("selectedText", "")
    return found


def bare(text: str) -> str:
    return "".join(re.sub(r"<[^<>]*>", " ", text).split())


def test_spans_hold_the_words_that_annotators_selected(opp: opp115.Opp115) -> None:
    texts = {record.id: record.text for record in opp.records}
    selected = selected_words()
    same = [
        bare(texts[row["record"]][a["start"] : a["end"]])
        == bare(selected[row["annotation"], a["attribute"]])
        for row in opp.practices
        for a in row["attributes"]
        if a["start"] is not None
    ]
    assert len(same) > 60_000
    assert all(same)


def test_the_committed_folds_are_what_the_program_deals(opp: opp115.Opp115) -> None:
    families = sorted({record.family for record in opp.records})
    assert folds(opp.records) == read_folds(opp115.FOLDS, families)


def test_auxiliary_corpora_have_the_counts_of_the_datasheet() -> None:
    overlap = Overlap.load(RAW / LIST_NAME)
    assert len(silver.load(RAW / "silver", overlap=overlap).records) == 17974
    assert len(appcorp.load(RAW / "appcorp", overlap=overlap).records) == 7122
    assert len(policyie.load(RAW / "policyie", overlap=overlap).records) == 1810


@pytest.mark.parametrize(
    ("load", "place", "records", "overlapping"),
    [
        (c3pa.load, "c3pa", 11037, 17),
        (mapp.load, "mapp", 3595, 9),
        (app350.load, "app350", 2741, 41),
        (rahat.load, "rahat", 6746, 83),
        (tosdr.load, tosdr.FILE, 2818, 14),
    ],
)
def test_partial_corpora_have_the_counts_of_the_datasheet(
    load: Callable[..., Loaded], place: str, records: int, overlapping: int
) -> None:
    loaded = load(RAW / place, overlap=Overlap.load(RAW / LIST_NAME))
    assert len(loaded.records) == records
    assert loaded.dropped["overlaps a withheld segment"] == overlapping


def test_the_test_of_language_keeps_every_text_of_opp115(opp: opp115.Opp115) -> None:
    assert [record.id for record in opp.records if not is_english(record.text)] == []
