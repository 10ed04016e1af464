"""Curves and reliability: scikit-learn's points, no point lost that matters, bins as counted."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_fixtures import CUTS, NAMES, random
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import precision_recall_curve, precision_score, recall_score

from training import metrics
from training.analysis.curves import POINTS, curves, reliability

FIRST = NAMES[0]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), texts=st.sampled_from([5, 60, 900]), cut=st.floats(0.05, 0.95))
def test_a_curve_is_scikit_learns_thinned_with_the_chosen_point(
    seed: int, texts: int, cut: float
) -> None:
    scored, _ = random(seed, texts)
    decided = scored.scores >= np.float32(cut)
    found = curves(scored.truth, scored.scores, decided, [cut] * 12, NAMES)[FIRST]
    if not scored.truth[:, 0].any():
        return
    precision, recall, _ = precision_recall_curve(scored.truth[:, 0], scored.scores[:, 0])
    points = list(zip(found["recall"], found["precision"], strict=True))
    assert len(points) <= POINTS
    assert set(points) <= set(zip(recall.tolist(), precision.tolist(), strict=True))
    assert points[0] == (recall[0], precision[0])
    assert points[-1] == (0, 1)
    chosen = found["chosen"]
    assert (chosen["recall"], chosen["precision"] or 1.0) in points


def test_a_threshold_gives_its_point() -> None:
    scored, decided = random(1, texts=900)
    found = curves(scored.truth, scored.scores, decided, [0.5] * 12, NAMES)[FIRST]
    assert found["threshold"][-1] is None
    for k in range(0, len(found["threshold"]) - 1, 17):
        given_at = scored.scores[:, 0] >= np.float32(found["threshold"][k])
        assert found["recall"][k] == pytest.approx(recall_score(scored.truth[:, 0], given_at))
        precision = precision_score(scored.truth[:, 0], given_at)
        assert found["precision"][k] == pytest.approx(precision)


def test_no_point_that_is_dropped_is_far_from_one_that_is_kept() -> None:
    scored, decided = random(2, texts=2000)
    found = curves(scored.truth, scored.scores, decided, [0.5] * 12, NAMES)[FIRST]
    precision, recall, _ = precision_recall_curve(scored.truth[:, 0], scored.scores[:, 0])
    across = np.abs(recall[:, None] - found["recall"])
    along = np.abs(precision[:, None] - found["precision"])
    assert len(recall) > 5 * len(found["recall"])
    assert (across + along).min(axis=1).max() < 0.03


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_counted_is_none() -> None:
    scored, decided = random(3)
    scored.truth[:, 0] = 0
    decided[:, 1] = False
    found = curves(scored.truth, scored.scores, decided, list(CUTS.values()), NAMES)
    assert found[FIRST]["recall"] == found[FIRST]["threshold"] == []
    assert found[FIRST]["chosen"]["recall"] is None
    assert found[NAMES[1]]["chosen"] == {"threshold": 0.5, "precision": None, "recall": 0}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999))
def test_bins_are_scikit_learns(seed: int) -> None:
    scored, _ = random(seed)
    found = reliability(scored.truth, scored.scores, NAMES)["all"]
    wanted = calibration_curve(scored.truth.ravel(), scored.scores.ravel(), n_bins=10)
    assert [b["positives_share"] for b in found] == pytest.approx(wanted[0].tolist())
    assert [b["mean_score"] for b in found] == pytest.approx(wanted[1].tolist(), abs=1e-6)
    assert sum(b["count"] for b in found) == scored.truth.size


def test_bins_give_the_calibration_error_of_each_label() -> None:
    scored, _ = random(4)
    scored.scores[0, 0] = 1.0  # belongs to the last bin
    found = reliability(scored.truth, scored.scores, NAMES)
    for k, error in enumerate(metrics.calibration_error(scored.truth, scored.scores)):
        gaps = [abs(b["mean_score"] - b["positives_share"]) * b["count"] for b in found[NAMES[k]]]
        assert sum(gaps) / len(scored.truth) == pytest.approx(error, abs=1e-6)
        assert all(b["low"] <= b["mean_score"] <= b["high"] for b in found[NAMES[k]])
