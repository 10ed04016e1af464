"""The bundled model holds its floors, and floors do not fall unnoticed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import engine_gate
import numpy as np
import pytest
import quality_gate as gate

from clausemark import Classifier
from clausemark.classifier import decide
from clausemark.runtime import ENGINES

if TYPE_CHECKING:
    from pathlib import Path

PIN = {"model": "m 1", "texts": 3, "sha256": "a", "floors": {"macro_f1": 0.8, "micro_f1": 0.85}}


@pytest.mark.parametrize(
    ("engine", "precision"), [*((engine, None) for engine in ENGINES), ("onnxruntime", "f32")]
)
@pytest.mark.parametrize("name", gate.SETS)
def test_the_bundled_model_holds_its_floors(name: str, engine: str, precision: str | None) -> None:
    pytest.importorskip(engine)
    classifier = Classifier.load(engine=engine, precision=precision)
    data = gate.SETS[name](headings=classifier.manifest.headings)
    if data is None:
        pytest.skip(f"no corpus at {gate.CORPORA}; set CLAUSEMARK_CORPORA")
    floors = gate.read_floors()[name]
    assert floors["sha256"] == gate.checksum(*data), "other texts: pin the floors anew"
    assert gate.below(gate.measure(classifier, *data), floors["floors"]) == []


def test_figures_are_those_of_a_hand_counted_example(tiny: Path) -> None:
    texts = ["collect", "share", "nothing", "retain"] * 34
    truth = [["First Party Collection/Use"], [], ["Data Security"], ["Data Retention"]] * 34
    figures = gate.measure(Classifier.load(tiny), texts, truth)
    assert figures["micro_f1"] == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert figures["macro_f1"] == pytest.approx(2 / 12)
    assert figures["recall, Data Retention"] == 1
    assert figures["recall, Data Security"] == 0
    assert "recall, Policy Change" not in figures, "too few positives to gate"


def test_a_worse_model_is_named_with_figure_and_floor() -> None:
    assert gate.below({"macro_f1": 0.797, "micro_f1": 0.9}, PIN["floors"]) == []
    assert gate.below({"macro_f1": 0.79, "micro_f1": 0.9}, PIN["floors"]) == [
        "macro_f1: 0.7900 is below its floor of 0.8000"
    ]
    assert gate.below({"macro_f1": 0.9}, PIN["floors"]), "a figure that is gone is not reached"


def test_pinning_raises_floors_and_never_lowers_one_by_itself() -> None:
    better = PIN | {"floors": {"macro_f1": 0.9, "micro_f1": 0.849}}
    assert gate.pinned(PIN, better, lower=False)["floors"] == {"macro_f1": 0.9, "micro_f1": 0.85}
    worse = PIN | {"floors": {"macro_f1": 0.7, "micro_f1": 0.9}}
    with pytest.raises(gate.PinError, match=r"macro_f1: 0\.7000 .* 0\.8000"):
        gate.pinned(PIN, worse, lower=False)
    assert gate.pinned(PIN, worse, lower=True) == worse


def test_other_texts_are_another_gate() -> None:
    with pytest.raises(gate.PinError, match="--lower"):
        gate.pinned(PIN, PIN | {"sha256": "b"}, lower=False)


def test_floors_are_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "floors.json"
    assert gate.read_floors(path) == {}
    gate.write_floors({"fictional": PIN}, path)
    assert gate.read_floors(path) == {"fictional": PIN}
    assert [p.name for p in tmp_path.iterdir()] == ["floors.json"]


#: Forty texts of which each label is true of the first, decided without a fault at one half.
TRUTH = np.repeat(np.array([[1, 1]] * 20 + [[0, 0]] * 20), 5, axis=0)
EXACT = np.where(TRUTH == 1, 0.9, 0.1)


def half(scores: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return decide(scores, np.array([0.5, 0.5]), None)


def losing(texts: int) -> engine_gate.Comparison:
    """Compare with a candidate that misses the second label of so many texts, just."""
    scores = EXACT.copy()
    scores[:texts, 1] = 0.4999994
    return engine_gate.compare(TRUTH, EXACT, scores, half)


def test_an_engine_that_gives_the_same_loses_nothing() -> None:
    found = engine_gate.compare(TRUTH, EXACT, EXACT - 0.3, half)
    assert found.losses(("a", "b")) == []
    assert (found.flips, found.macro_f1) == (0, (1.0, 1.0))
    assert found.largest == pytest.approx(0.3)


def test_an_engine_may_lose_half_a_point_of_macro_f1_and_three_of_recall() -> None:
    found = losing(1)
    assert found.flips == 1
    assert found.macro_f1[1] == pytest.approx((1 + 2 * 99 / (2 * 99 + 1)) / 2)
    assert found.losses(("a", "b")) == []
    assert losing(2).losses(("a", "b")) == ["macro-F1 1.0000 -> 0.9949"]
    assert losing(3).losses(("a", "b")) == ["macro-F1 1.0000 -> 0.9924"]
    assert losing(4).losses(("a", "b"))[1:] == ["recall of b 1.000 -> 0.960"]


def test_an_engine_that_gains_is_no_loss() -> None:
    worse = EXACT.copy()
    worse[:50] = 0.1
    found = engine_gate.compare(TRUTH, worse, EXACT, half)
    assert found.losses(("a", "b")) == []
    assert found.flips == 100
