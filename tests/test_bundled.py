"""The model inside the package: sound, small, and as good as it was when it was bundled."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from clausemark import Classifier
from clausemark.artifact import bundled_model
from clausemark.document import read_document
from clausemark.labels import OPP115
from clausemark.segment import model_text, segment

ROOT = Path(__file__).parents[1]
FICTIONAL = ROOT / "data" / "fictional"
CORPORA = Path(os.environ.get("CLAUSEMARK_CORPORA", ROOT.parent / "shared" / "corpora"))

#: Floors a little below what the bundled model reached when it was made.
FICTIONAL_FLOORS = {"macro": 0.65, "micro": 0.67}
VALIDATION_FLOORS = {"macro": 0.80, "micro": 0.84}


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


def multi_hot(rows: list[list[str]]) -> np.ndarray[Any, Any]:
    return np.array([[name in row for name in OPP115.names] for row in rows], dtype=int)


def floors(truth: list[list[str]], found: list[list[str]]) -> dict[str, float]:
    return {
        kind: float(f1_score(multi_hot(truth), multi_hot(found), average=kind, zero_division=0))
        for kind in ("macro", "micro")
    }


def test_its_folder_is_at_most_30_mb_and_sound() -> None:
    folder = bundled_model()
    manifest = folder.read()
    assert sum(p.stat().st_size for p in folder.path.iterdir()) <= 30_000_000
    assert tuple(label.name for label in manifest.labels) == OPP115.names
    assert any("OPP-115" in source.name for source in manifest.sources)
    assert all(source.licence for source in manifest.sources)


def test_it_labels_plain_sentences(classifier: Classifier) -> None:
    cases = {
        "We keep your call records for 18 months and then delete them.": "Data Retention",
        "We do not respond to Do Not Track signals from your browser.": "Do Not Track",
        "We encrypt your information in transit with TLS.": "Data Security",
        "We may change this policy and will post the new version here.": "Policy Change",
        "We never sell your personal information to advertisers.": "Third Party Sharing/Collection",
    }
    for (text, wanted), labels in zip(cases.items(), classifier.predict(list(cases)), strict=True):
        assert wanted in labels, text


def test_it_holds_its_floors_on_the_policies_of_this_project(classifier: Classifier) -> None:
    rows = [json.loads(line) for line in (FICTIONAL / "labels.jsonl").open(encoding="utf-8")]
    texts, truth = [], []
    for name in dict.fromkeys(row["policy"] for row in rows):
        texts += [model_text(c) for c in segment(read_document(FICTIONAL / name))]
        truth += [row["labels"] for row in rows if row["policy"] == name]
    reached = floors(truth, classifier.predict(texts))
    assert all(reached[kind] >= floor for kind, floor in FICTIONAL_FLOORS.items()), reached


def test_it_holds_its_floors_on_opp115s_validation_places(classifier: Classifier) -> None:
    raw = CORPORA / "opp115"
    if not raw.is_dir():
        pytest.skip(f"OPP-115 is not at {raw}; set CLAUSEMARK_CORPORA")
    from data.opp115 import load

    records = [r for r in load(raw).records if r.split == "validation"]
    assert len(records) == 559
    reached = floors(
        [list(r.labels) for r in records], classifier.predict([r.text for r in records])
    )
    assert all(reached[kind] >= floor for kind, floor in VALIDATION_FLOORS.items()), reached
