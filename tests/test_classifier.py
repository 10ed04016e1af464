"""Classifier: calibration, thresholds, and documents as labelled clauses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from conftest import files, manifest, reference_logits

import clausemark
from clausemark import Classifier, artifact
from clausemark.classifier import decide
from clausemark.document import parse_document
from clausemark.errors import DocumentError, ModelError
from clausemark.labels import OPP115
from clausemark.segment import model_text, segment

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """# Our policy

We collect your name. We share it with:

- resellers that contact you
- auditors
"""


@pytest.fixture(scope="module")
def classifier(tiny: Path) -> Classifier:
    return Classifier.load(tiny, threads=1)


def calibrated(tmp_path: Path, **settings: float) -> Classifier:
    """The tiny model with `settings` for its second label, Third Party Sharing/Collection."""
    labels = list(manifest().labels)
    labels[1] = replace(labels[1], **settings)
    folder = artifact.write(tmp_path / "model", manifest(labels=tuple(labels)), files())
    return Classifier.load(folder.path)


def test_probabilities_are_the_sigmoid_of_the_logits(classifier: Classifier) -> None:
    texts = ["We share data", "", "change " * 30]
    scores = classifier.predict_proba(texts)
    expected = [1 / (1 + np.exp(-reference_logits(text).astype(float))) for text in texts]
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_slope_and_intercept_calibrate_their_own_label_only(tmp_path: Path) -> None:
    classifier = calibrated(tmp_path, slope=0.5, intercept=-1.25)
    (scores,) = classifier.predict_proba(["we share and delete"])
    logits = reference_logits("we share and delete").astype(float)
    assert scores[1] == pytest.approx(1 / (1 + np.exp(-(0.5 * logits[1] - 1.25))), abs=1e-6)
    assert scores[3] == pytest.approx(1 / (1 + np.exp(-logits[3])), abs=1e-6)


def test_extreme_logits_neither_warn_nor_leave_the_unit_interval(tmp_path: Path) -> None:
    classifier = calibrated(tmp_path, slope=1e6)
    with np.errstate(all="raise"):
        scores = classifier.predict_proba(["share " * 50, "nothing"])
    assert scores[:, 1].tolist() == [1.0, 0.0]


def test_a_label_needs_its_threshold(tmp_path: Path) -> None:
    (score,) = calibrated(tmp_path / "a").predict_proba(["share"])[:, 1].astype(float)
    at, above = round(score, 6), round(score, 6) + 1e-6
    assert calibrated(tmp_path / "b", threshold=at).predict(["share"]) == [[OPP115.names[1]]]
    assert calibrated(tmp_path / "c", threshold=above).predict(["share"]) == [[]]


SOME, MORE = [0.3, 0.2, 0.1], [0.2, 0.6, 0.7]


@pytest.mark.parametrize(
    ("fallback", "rows"),
    [
        (None, [[0, 0, 0], [0, 1, 1], [0, 0, 0]]),
        (0.25, [[1, 0, 0], [0, 1, 1], [0, 0, 0]]),
        (0.3, [[1, 0, 0], [0, 1, 1], [0, 0, 0]]),
        (0.300001, [[0, 0, 0], [0, 1, 1], [0, 0, 0]]),
        (0.0, [[1, 0, 0], [0, 1, 1], [0, 0, 1]]),
    ],
)
def test_where_no_label_reaches_its_limit_the_likeliest_is_given_from_the_fallback_on(
    fallback: float | None, rows: list[list[int]]
) -> None:
    scores = np.array([SOME, MORE, [0.01, 0.02, 0.03]], dtype=np.float32)
    given = decide(scores, np.array([0.5, 0.6, 0.5]), fallback)
    assert given.astype(int).tolist() == rows


def test_no_text_has_no_label() -> None:
    assert decide(np.zeros((0, 3)), np.full(3, 0.5), 0.25).shape == (0, 3)


def test_the_fallback_is_the_manifests_and_of_all_ways_to_a_label(
    tmp_path: Path, classifier: Classifier
) -> None:
    made = manifest(fallback=0.001)
    guessing = Classifier.load(artifact.write(tmp_path / "model", made, files()).path)
    texts = ["nothing at all", "dispute, share and collect"]
    (bare,), many = guessing.predict(texts)
    assert bare == guessing.labels[guessing.predict_proba(texts)[0].argmax()]
    assert [[], many] == classifier.predict(texts)
    assert [list(one.labels) for one in guessing.label_texts(texts)] == [[bare], many]
    clauses = guessing.label_document(parse_document(POLICY.encode(), name="p.md"))
    assert all(clause.labels for clause in clauses)


def test_labels_come_in_the_order_of_the_scheme(classifier: Classifier) -> None:
    assert classifier.predict(["dispute, share and collect", "nothing at all"]) == [
        ["First Party Collection/Use", "Third Party Sharing/Collection", "Practice not covered"],
        [],
    ]


def test_any_iterable_of_strings_is_taken(classifier: Classifier) -> None:
    expected = classifier.predict_proba(["share", "choice"])
    np.testing.assert_array_equal(classifier.predict_proba(iter(("share", "choice"))), expected)
    assert classifier.predict([]) == []
    assert classifier.predict_proba([]).shape == (0, 12)


def test_one_string_in_place_of_a_list_is_refused(classifier: Classifier) -> None:
    with pytest.raises(TypeError, match="texts is one str, a list of strings is needed"):
        classifier.predict("We share data")


@pytest.mark.parametrize("wrong", [None, 3, float("nan"), b"bytes", ["nested"]])
def test_what_is_no_string_is_named_by_its_place(classifier: Classifier, wrong: object) -> None:
    with pytest.raises(TypeError, match=rf"texts\[1\] is of type {type(wrong).__name__}"):
        classifier.predict_proba(["fine", wrong])  # type: ignore[list-item]


def test_a_document_becomes_its_clauses_with_labels(classifier: Classifier, tmp_path: Path) -> None:
    path = tmp_path / "policy.md"
    path.write_text(POLICY)
    labelled = classifier.label_document(path)
    clauses = segment(parse_document(POLICY.encode(), name=str(path)))
    assert [(one.start, one.end, one.heading) for one in labelled] == [
        (clause.start, clause.end, clause.heading) for clause in clauses
    ]
    assert all(one.text == POLICY[one.start : one.end] for one in labelled)
    assert {one.document for one in labelled} == {str(path)}
    texts = [model_text(clause) for clause in clauses]
    assert [list(one.labels) for one in labelled] == classifier.predict(texts)
    assert "Third Party Sharing/Collection" in labelled[-1].labels, "by its lead-in alone"


def test_a_model_trained_with_headings_reads_them(classifier: Classifier, tmp_path: Path) -> None:
    folder = artifact.write(tmp_path / "headed", manifest(headings=True), files())
    document = parse_document(b"# We share\n\nAll of it.\n\nNone of it.", name="p.md")
    named = [
        [("Third Party Sharing/Collection" in one.labels) for one in model.label_document(document)]
        for model in (classifier, Classifier.load(folder.path))
    ]
    assert named == [[True, False], [True, True]]


def test_path_string_and_document_are_all_documents(classifier: Classifier, tmp_path: Path) -> None:
    path = tmp_path / "policy.md"
    path.write_text(POLICY)
    document = parse_document(POLICY.encode(), name=str(path))
    assert classifier.label_document(str(path)) == classifier.label_document(path)
    assert classifier.label_document(document) == classifier.label_document(path)


def test_a_missing_document_is_an_error(classifier: Classifier, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="nowhere"):
        classifier.label_document(tmp_path / "nowhere.txt")


def test_json_has_the_keys_of_the_interface_in_order(classifier: Classifier) -> None:
    labelled = classifier.label_document(parse_document(POLICY.encode(), name="p.md"))
    values = json.loads(json.dumps(labelled[0].to_json()))
    assert list(values) == [
        "document", "index", "start", "end", "heading", "text", "labels", "scores",
    ]  # fmt: skip
    assert list(values["scores"]) == list(OPP115.names)
    assert values["labels"] == ["First Party Collection/Use", "Third Party Sharing/Collection"]


def test_written_scores_and_labels_agree_at_every_threshold(classifier: Classifier) -> None:
    for one in classifier.label_document(parse_document(POLICY.encode(), name="p.md")):
        again = [n for n, score in one.scores.items() if score >= classifier.thresholds[n]]
        assert again == list(one.labels)


def test_labels_thresholds_and_manifest_are_those_of_the_folder(classifier: Classifier) -> None:
    assert classifier.labels == OPP115.names
    assert classifier.thresholds == dict.fromkeys(OPP115.names, 0.5)
    assert classifier.manifest.name == "tiny"


def test_a_package_without_a_model_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(ModelError, match="this installation of clausemark carries no model"):
        Classifier.load()


def test_the_bundled_model_is_the_folder_inside_the_package(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model").symlink_to(tiny)
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    assert Classifier.load().manifest.name == "tiny"


def test_public_names_are_imported_on_demand() -> None:
    assert clausemark.Classifier is Classifier
    assert set(clausemark.__all__) >= {"Classifier", "LabelledClause", "ClausemarkError"}
    with pytest.raises(AttributeError, match="nonsense"):
        clausemark.nonsense  # noqa: B018


def test_a_text_scores_the_same_alone_and_in_company() -> None:
    """Activations quantised per batch would let a clause's neighbours change its labels."""
    try:
        classifier = Classifier.load()
    except ModelError:
        pytest.skip("this checkout bundles no model")
    texts = ["We keep your data for two years.", "Contact us.", "We sell data! " * 40, "1"]
    together = classifier.predict_proba(texts)
    alone = np.concatenate([classifier.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-4)
