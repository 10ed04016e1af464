"""Precision-recall curves with the chosen point, and reliability diagrams.

Scores are probabilities and truth is 0/1, both of *shape* (texts, labels).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sklearn.metrics import precision_recall_curve

from training import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Points kept of a curve: more cannot be told apart in a drawing.
POINTS: Final = 200


def curves(
    truth: NDArray[np.float32],
    scores: NDArray[np.float32],
    decided: NDArray[np.bool_],
    thresholds: Sequence[float],
    names: Sequence[str],
) -> dict[str, Any]:
    """Return each label's precision-recall curve (scikit-learn's) and its chosen point.

    `recall`, `precision` and `threshold` go together, recall falling; the last point, precision 1
    at recall 0, has no threshold. A label without positives has no curve.
    """
    return {
        name: {
            **_curve(truth[:, k], scores[:, k], thresholds[k]),
            "chosen": _chosen(truth[:, k], decided[:, k], thresholds[k]),
        }
        for k, name in enumerate(names)
    }


def _curve(
    truth: NDArray[np.float32], scores: NDArray[np.float32], chosen: float
) -> dict[str, list[float | None]]:
    if not truth.any():
        return {"recall": [], "precision": [], "threshold": []}
    precision, recall, cuts = precision_recall_curve(truth, scores)
    keep = _thinned(recall, precision, int(np.searchsorted(cuts, np.float32(chosen))))
    return {
        "recall": recall[keep].tolist(),
        "precision": precision[keep].tolist(),
        "threshold": [float(cuts[k]) if k < len(cuts) else None for k in keep],
    }


def _thinned(recall: NDArray[Any], precision: NDArray[Any], chosen: int) -> NDArray[np.int64]:
    """Return at most POINTS positions, evenly along the curve, with its ends and `chosen`."""
    last = len(recall) - 1
    if last < POINTS:
        return np.arange(last + 1)
    steps = np.abs(np.diff(recall)) + np.abs(np.diff(precision))
    way = np.concatenate([[0.0], np.cumsum(steps)])
    even = np.searchsorted(way, np.linspace(0, way[-1], POINTS - 3))
    return np.unique([0, *even, chosen, last])


def _chosen(
    truth: NDArray[np.float32], decided: NDArray[np.bool_], threshold: float
) -> dict[str, float | None]:
    true, false, missed = metrics.counts(truth[:, None], decided[:, None])[:, 0]
    return {
        "threshold": float(threshold),
        "precision": float(true / (true + false)) if true + false else None,
        "recall": float(true / (true + missed)) if true + missed else None,
    }


def reliability(
    truth: NDArray[np.float32], scores: NDArray[np.float32], names: Sequence[str], *, bins: int = 10
) -> dict[str, list[dict[str, Any]]]:
    """Return the equal-width bins of `metrics.calibration_error`, of all labels and of each.

    Bins without a score are left out.
    """
    made = {"all": _bins(truth.ravel(), scores.ravel(), bins)}
    return made | {name: _bins(truth[:, k], scores[:, k], bins) for k, name in enumerate(names)}


def _bins(
    truth: NDArray[np.float32], scores: NDArray[np.float32], bins: int
) -> list[dict[str, Any]]:
    which = np.minimum((scores * bins).astype(int), bins - 1)
    count = np.bincount(which, minlength=bins)
    score = np.bincount(which, weights=scores, minlength=bins)
    positive = np.bincount(which, weights=truth, minlength=bins)
    return [
        {
            "low": k / bins,
            "high": (k + 1) / bins,
            "mean_score": float(score[k] / count[k]),
            "positives_share": float(positive[k] / count[k]),
            "count": int(count[k]),
        }
        for k in np.flatnonzero(count).tolist()
    ]
