"""Multi-label figures: F1, average precision, Brier score, calibration error, bootstrap intervals.

Scores are probabilities and truth is 0/1, both of *shape* (texts, labels).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def counts(truth: NDArray[np.float32], decided: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return true positives, false positives, false negatives. *Shape:* (3, labels)."""
    positive = truth > 0.5
    return np.stack(
        [
            (positive & decided).sum(axis=0),
            (~positive & decided).sum(axis=0),
            (positive & ~decided).sum(axis=0),
        ]
    ).astype(np.float64)


def f1(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return F1 of each label from `counts`; 0 where nothing is positive or decided, as sklearn."""
    true, false, missed = table
    below = 2 * true + false + missed
    return np.divide(2 * true, below, out=np.zeros_like(true), where=below > 0)


def macro_micro(table: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean of the labels' F1 and the F1 of the pooled counts."""
    return float(f1(table).mean()), float(f1(table.sum(axis=1, keepdims=True))[0])


def f1_at_half(truth: NDArray[np.float32], logits: NDArray[np.float32]) -> dict[str, float]:
    """Return macro- and micro-F1 at probability 0.5 (logit 0), PrivacyGLUE's protocol."""
    macro, micro = macro_micro(counts(truth, logits >= 0))
    return {"macro_f1": macro, "micro_f1": micro}
