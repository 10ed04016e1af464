"""The model inside the package: sound, small, and of use; how good it is, quality_gate.py says."""

from __future__ import annotations

import pytest

from clausemark import Classifier
from clausemark._openvino import precisions
from clausemark.artifact import bundled_model
from clausemark.errors import ModelError
from clausemark.labels import OPP115
from clausemark.runtime import ENGINES, Runtime


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


def test_a_full_window_fits_it_which_no_start_of_the_package_checks_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = bundled_model().path
    for engine in ENGINES if precisions() else ENGINES[:1]:
        Classifier.load(path, engine=engine)

    def refuse(*_: object) -> None:
        raise ModelError("probed")

    monkeypatch.setattr(Runtime, "_probe", refuse)
    Classifier.load()
    with pytest.raises(ModelError, match="probed"):
        Classifier.load(path)


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
