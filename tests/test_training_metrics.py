"""The figures: against scikit-learn, against loops, against the textbook."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, f1_score

from training import metrics

seeds = st.integers(0, 10_000)


def random(seed: int, texts: int = 60, labels: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = (rng.random((texts, labels)) < rng.random(labels)).astype(np.float32)
    noise = rng.random((texts, labels))
    return truth, (0.4 * truth + 0.6 * noise).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(seed=seeds, texts=st.integers(1, 40))
def test_f1_is_scikit_learns(seed: int, texts: int) -> None:
    truth, scores = random(seed, texts)
    decided = scores >= 0.5
    table = metrics.counts(truth, decided)
    macro, micro, each = (
        f1_score(truth, decided, average=kind, zero_division=0) for kind in ("macro", "micro", None)
    )
    assert metrics.macro_micro(table) == pytest.approx((macro, micro))
    assert metrics.f1(table) == pytest.approx(each)


def test_f1_at_half_cuts_logits_at_nought() -> None:
    truth = np.array([[1, 0], [0, 1]], dtype=np.float32)
    logits = np.array([[0.0, -0.1], [0.1, -0.1]], dtype=np.float32)
    figures = metrics.f1_at_half(truth, logits)
    assert figures == {"macro_f1": pytest.approx(1 / 3), "micro_f1": pytest.approx(0.5)}


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_average_precision_and_brier_are_scikit_learns(seed: int) -> None:
    truth, scores = random(seed)
    truth[0] = 1
    columns = range(truth.shape[1])
    precision = [average_precision_score(truth[:, k], scores[:, k]) for k in columns]
    brier = [brier_score_loss(truth[:, k], scores[:, k], pos_label=1) for k in columns]
    assert metrics.average_precision(truth, scores) == pytest.approx(precision)
    assert metrics.brier(truth, scores) == pytest.approx(brier, abs=1e-6)


def test_a_label_without_positives_has_no_average_precision() -> None:
    truth, scores = random(1)
    truth[:, 2] = 0
    assert np.isnan(metrics.average_precision(truth, scores)).tolist() == [0, 0, 1, 0, 0]


@settings(max_examples=20, deadline=None)
@given(seed=seeds)
def test_calibration_error_is_the_mean_gap_of_ten_bins(seed: int) -> None:
    truth, scores = random(seed)
    wanted = np.zeros(truth.shape[1])
    for label in range(truth.shape[1]):
        for k in range(10):
            inside = [n for n, s in enumerate(scores[:, label]) if min(int(s * 10), 9) == k]
            if inside:
                gap = scores[inside, label].mean() - truth[inside, label].mean()
                wanted[label] += abs(gap) * len(inside) / len(truth)
    assert metrics.calibration_error(truth, scores) == pytest.approx(wanted, abs=1e-5)


def test_documents_counts_add_up_to_the_whole() -> None:
    truth, scores = random(3)
    documents = [f"d{k % 7}" for k in range(len(truth))]
    table = metrics.per_document(truth, scores >= 0.5, documents)
    assert table.shape == (7, 3, 5)
    assert table.sum(axis=0).tolist() == metrics.counts(truth, scores >= 0.5).tolist()


def test_the_bootstrap_is_resampling_whole_documents() -> None:
    truth, scores = random(4)
    decided, documents = scores >= 0.5, [f"d{k % 6}" for k in range(len(truth))]
    draws = metrics.resample(6, times=15, seed=2)
    found = metrics.bootstrap(metrics.per_document(truth, decided, documents), draws)
    for sample, times in zip(found, draws, strict=True):
        rows = [k for k, name in enumerate(documents) for _ in range(int(times[int(name[1:])]))]
        there = truth[rows].any(axis=0)
        each = f1_score(truth[rows], decided[rows], average=None, zero_division=0)
        micro = f1_score(truth[rows], decided[rows], average="micro", zero_division=0)
        assert sample[0] == pytest.approx(each[there].mean())
        assert sample[1] == pytest.approx(micro)
        assert sample[2:][there] == pytest.approx(each[there])


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_covers_the_point_estimate(seed: int) -> None:
    truth, scores = random(seed, texts=300)
    documents = [f"d{k % 15}" for k in range(len(truth))]
    draws = metrics.resample(15)
    samples = metrics.bootstrap(metrics.per_document(truth, scores >= 0.5, documents), draws)
    for k, point in enumerate(metrics.macro_micro(metrics.counts(truth, scores >= 0.5))):
        low, high = metrics.interval(samples[:, k])
        assert low < point < high


def test_each_draw_is_of_as_many_documents_as_there_are() -> None:
    draws = metrics.resample(9, times=50)
    assert set(draws.sum(axis=1).tolist()) == {9.0}
    assert draws.std() > 0
    assert (draws == metrics.resample(9, times=50)).all()


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_counted_is_nan_without_a_warning() -> None:
    truth, scores = random(5)
    truth[:, 1] = 0
    table = metrics.per_document(truth, scores >= 0.5, ["d"] * len(truth))
    samples = metrics.bootstrap(table, metrics.resample(1, times=3))
    assert np.isnan(metrics.interval(samples[:, 3])).all()
    assert not np.isnan(samples[:, [0, 1, 2, 4, 5, 6]]).any()
