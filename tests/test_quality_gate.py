"""The bundled model holds its floors, and floors do not fall unnoticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import quality_gate as gate

from clausemark import Classifier

if TYPE_CHECKING:
    from pathlib import Path

PIN = {"model": "m 1", "texts": 3, "sha256": "a", "floors": {"macro_f1": 0.8, "micro_f1": 0.85}}


@pytest.mark.parametrize("name", gate.SETS)
def test_the_bundled_model_holds_its_floors(name: str) -> None:
    data = gate.SETS[name]()
    if data is None:
        pytest.skip(f"no corpus at {gate.CORPORA}; set CLAUSEMARK_CORPORA")
    floors = gate.read_floors()[name]
    assert floors["sha256"] == gate.checksum(*data), "other texts: pin the floors anew"
    assert gate.below(gate.measure(Classifier.load(), *data), floors["floors"]) == []


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
