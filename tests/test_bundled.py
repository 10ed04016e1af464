"""The model inside the package: sound, small, and of use; how good it is, quality_gate.py says."""

from __future__ import annotations

import pytest

from clausemark import Classifier
from clausemark.artifact import bundled_model
from clausemark.labels import OPP115


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


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
