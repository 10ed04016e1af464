"""Calibration and thresholds: known truths recovered, and never from a fold's own rows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import typer
from training_fixtures import learnt
from typer.testing import CliRunner

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from training import metrics, thresholds
from training.outoffold import OutOfFold

if TYPE_CHECKING:
    from pathlib import Path


def simulated(texts: int = 600, labels: int = 12, shift: float = 1.5) -> OutOfFold:
    """Logits whose probabilities are sigmoid(logit - shift): F1 wants lower thresholds than .5."""
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 2, (texts, labels)).astype(np.float32)
    truth = (rng.random(logits.shape) < 1 / (1 + np.exp(shift - logits))).astype(np.float32)
    documents = [f"d{k % 20}" for k in range(texts)]
    fold = np.arange(texts) % 4
    return OutOfFold(
        [str(k) for k in range(texts)], documents, ["train"] * texts, fold, logits, truth
    )


def test_platt_finds_the_line_that_the_truth_was_drawn_from() -> None:
    rng = np.random.default_rng(0)
    logit = rng.normal(0, 2, 60_000).astype(np.float32)
    truth = (rng.random(60_000) < 1 / (1 + np.exp(-(0.7 * logit - 1.2)))).astype(np.float32)
    assert thresholds.platt(logit, truth) == pytest.approx((0.7, -1.2), abs=0.05)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_label_that_is_always_alike_is_left_as_it_is(value: float) -> None:
    truth = np.full(20, value, dtype=np.float32)
    assert thresholds.platt(np.arange(20, dtype=np.float32), truth) == (1.0, 0.0)


def test_a_score_that_falls_with_the_truth_is_not_turned_round() -> None:
    logit = np.linspace(-3, 3, 50, dtype=np.float32)
    assert thresholds.platt(logit, (logit < 0).astype(np.float32)) == (1.0, 0.0)


def test_apply_is_the_sigmoid_of_each_labels_line() -> None:
    logits = np.array([[0.0, 2.0]], dtype=np.float32)
    wanted = [[1 / (1 + np.exp(-1.0)), 1 / (1 + np.exp(-1.5))]]
    assert thresholds.apply(logits, [(3.0, 1.0), (0.5, 0.5)]) == pytest.approx(np.array(wanted))


def test_thresholds_raise_f1_where_scores_are_skewed() -> None:
    data = simulated(labels=3)
    scores = 1 / (1 + np.exp(3 - data.logits))
    cuts = np.asarray(thresholds.best_thresholds(scores, data.truth, data.documents))
    half = metrics.macro_micro(metrics.counts(data.truth, scores >= 0.5))[0]
    assert metrics.macro_micro(metrics.counts(data.truth, scores >= cuts))[0] > half + 0.02
    assert set(cuts.tolist()) <= set(thresholds.GRID.tolist())


def test_a_threshold_on_a_plateau_stands_in_its_middle_not_at_its_end() -> None:
    truth = np.repeat([[1.0], [0.0]], 20, axis=0).astype(np.float32)
    scores = np.where(truth > 0.5, 0.9, 0.1).astype(np.float32)
    documents = [f"d{k % 5}" for k in range(40)]
    assert thresholds.best_thresholds(scores, truth, documents) == [0.5]
    low = np.where(truth > 0.5, 0.4, 0.1).astype(np.float32)
    assert thresholds.best_thresholds(low, truth, documents) == [0.4]


def test_calibrated_scores_mean_what_they_say() -> None:
    data = simulated(texts=2000, labels=3)
    made = thresholds.calibrate(data.logits, data.truth, data.documents)
    scores = thresholds.apply(data.logits, [(c.slope, c.intercept) for c in made])
    plain = thresholds.apply(data.logits, [(1.0, 0.0)] * 3)
    before, after = (metrics.calibration_error(data.truth, s).mean() for s in (plain, scores))
    assert after < 0.04
    assert before > 0.15


def test_a_fold_is_never_judged_by_its_own_rows() -> None:
    data = simulated(texts=160, labels=3)
    here = data.fold == 2
    turned = replace(data, truth=np.where(here[:, None], 1 - data.truth, data.truth))
    scores, decided = thresholds.nested(data)
    other_scores, other_decided = thresholds.nested(turned)
    assert (scores[here] == other_scores[here]).all()
    assert (decided[here] == other_decided[here]).all()
    assert (scores[~here] != other_scores[~here]).any()


def test_a_text_without_a_sure_label_is_judged_by_the_likeliest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = simulated(texts=400, shift=0.0, labels=2)
    scores, decided = thresholds.nested(data)
    monkeypatch.setattr(thresholds, "FALLBACK", None)
    _, without = thresholds.nested(data)
    added = decided & ~without
    assert added.sum() > 5
    assert (scores[added] == scores.max(axis=1)[added.any(axis=1)]).all()
    assert not without[added.any(axis=1)].any()
    assert scores[added].min() >= 0.25 > scores[~decided.any(axis=1)].max()


def test_out_of_fold_logits_survive_their_folder(tmp_path: Path) -> None:
    data = simulated(texts=12, labels=2)
    data.write(tmp_path)
    read = OutOfFold.read(tmp_path)
    assert (read.ids, read.documents, read.splits) == (data.ids, data.documents, data.splits)
    for name in ("fold", "logits", "truth"):
        assert (getattr(read, name) == getattr(data, name)).all()
    with pytest.raises(RecordError, match=r"no out-of-fold text is of split 'test'"):
        read.only("test")
    (tmp_path / "truth.npy").unlink()
    with pytest.raises(RecordError, match=r"truth\.npy: missing.*training\.crossval"):
        OutOfFold.read(tmp_path)


def test_the_command_writes_a_line_a_label(tmp_path: Path) -> None:
    simulated(texts=120).write(tmp_path)
    result = CliRunner().invoke(_app(), [str(tmp_path), "--split", "train"])
    assert result.exit_code == 0, result.output
    made = json.loads((tmp_path / "calibration.json").read_text())
    assert list(made["labels"]) == list(OPP115.names)
    assert made["origin"] == {"run": tmp_path.name, "split": "train", "texts": 120}
    assert made["fallback"] == thresholds.FALLBACK


def test_a_plain_run_is_read_from_its_validation_logits() -> None:
    run = learnt().folder
    data = OutOfFold.of_run(run)
    logits = np.load(run / "validation_logits.npy")
    assert (data.logits == logits).all()
    assert data.truth.shape == logits.shape
    assert data.ids == json.loads((run / "validation_ids.json").read_text())


def test_other_records_than_the_runs_are_refused(tmp_path: Path) -> None:
    run = learnt().folder
    for name in ("config.json", "validation_logits.npy"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    (tmp_path / "validation_ids.json").write_text('["other"]')
    with pytest.raises(RecordError, match=r"others than the 1 that .* was validated on"):
        OutOfFold.of_run(tmp_path)


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(_app(), [str(tmp_path)])
    assert result.exit_code == 1
    assert "rows.json: missing. Run python -m training.crossval first." in result.output


def _app() -> object:
    app = typer.Typer()
    app.command()(thresholds.main)
    return app
