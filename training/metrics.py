"""Multi-label figures: F1, average precision, Brier score, calibration error, bootstrap intervals.

Scores are probabilities and truth is 0/1, both of *shape* (texts, labels).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sklearn.metrics import average_precision_score

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: With fewer policies a bootstrap over them says nothing.
FEWEST: Final = 5


def counts(truth: NDArray[np.float32], decided: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return true positives, false positives, false negatives. *Shape:* (3, labels)."""
    positive = truth > 0.5
    cells = (positive & decided, ~positive & decided, positive & ~decided)
    return np.asarray([cell.sum(axis=0) for cell in cells], dtype=np.float64)


def f1(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return F1 of each label from `counts`; 0 where nothing is positive or decided, as sklearn."""
    true, false, missed = table
    below = 2 * true + false + missed
    return _ratio(2 * true, below, empty=0)


def macro_micro(table: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean of the labels' F1 and the F1 of the pooled counts."""
    return float(f1(table).mean()), float(f1(table.sum(axis=1, keepdims=True))[0])


def f1_at_half(truth: NDArray[np.float32], logits: NDArray[np.float32]) -> dict[str, float]:
    """Return macro- and micro-F1 at probability 0.5 (logit 0), PrivacyGLUE's protocol."""
    macro, micro = macro_micro(counts(truth, logits >= 0))
    return {"macro_f1": macro, "micro_f1": micro}


def per_document(
    truth: NDArray[np.float32], decided: NDArray[np.bool_], documents: list[str]
) -> NDArray[np.float64]:
    """Return `counts` of each document, sorted by name. *Shape:* (documents, 3, labels)."""
    names = np.asarray(documents)
    return np.stack(
        [counts(truth[names == name], decided[names == name]) for name in np.unique(names)]
    )


def resample(documents: int, *, times: int = 2000, seed: int = 0) -> NDArray[np.float64]:
    """Return how often each bootstrap sample draws each document. *Shape:* (times, documents).

    Whole policies are drawn with replacement, since clauses of one policy resemble each other.
    """
    rng = np.random.default_rng(seed)
    return rng.multinomial(documents, np.full(documents, 1 / documents), times).astype(np.float64)


def bootstrap(table: NDArray[np.float64], draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return macro-F1, micro-F1 and the labels' F1 of each sample. *Shape:* (times, 2 + labels).

    A label without a positive in a sample is nan and left out of that sample's macro-F1; one
    without any in `table` counts 0 in every macro-F1, as in `macro_micro`, so that the interval is
    of that figure.
    """
    drawn = np.einsum("td,dkl->tkl", draws, table)
    true, false, missed = drawn[:, 0], drawn[:, 1], drawn[:, 2]
    below = 2 * true + false + missed
    each = _ratio(2 * true, below, empty=0)
    each[(true + missed) == 0] = np.nan
    pooled = drawn.sum(axis=2)
    micro = 2 * pooled[:, 0] / np.maximum(1, 2 * pooled[:, 0] + pooled[:, 1] + pooled[:, 2])
    absent = (table[:, 0] + table[:, 2]).sum(axis=0) == 0
    macro = mean(np.where(absent & np.isnan(each), 0, each), axis=1)
    return np.column_stack([macro, micro, each])


def policy_samples(
    truth: NDArray[np.float32], decided: NDArray[np.bool_], documents: list[str]
) -> NDArray[np.float64]:
    """Return the `bootstrap` over documents; all nan for fewer than FEWEST.

    *Shape:* (times, 2 + labels).
    """
    table = per_document(truth, decided, documents)
    drawn = bootstrap(table, resample(len(table)))
    return drawn if len(table) >= FEWEST else np.full_like(drawn, np.nan)


def mean(values: NDArray[np.float64], *, axis: int) -> NDArray[np.float64]:
    """Return the mean of what is not nan along `axis`; nan, without a warning, where all is."""
    there = ~np.isnan(values)
    number = there.sum(axis=axis)
    total = np.where(there, values, 0).sum(axis=axis)
    return _ratio(total, number, empty=np.nan)


def _ratio(above: NDArray[np.float64], below: NDArray[Any], *, empty: float) -> NDArray[np.float64]:
    """Return above / below; `empty` where below is 0."""
    out = np.full_like(above, empty)
    np.divide(above, below, out=out, where=below > 0)
    return out


def interval(samples: NDArray[np.float64]) -> list[float]:
    """Return the central 95 % of `samples`, as [low, high]; nan where all samples are."""
    if np.isnan(samples).all():
        return [float("nan"), float("nan")]
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    return [float(low), float(high)]


def average_precision(truth: NDArray[np.float32], scores: NDArray[np.float32]) -> list[float]:
    """Return each label's average precision (scikit-learn's steps); nan without positives."""
    return [
        float(average_precision_score(truth[:, k], scores[:, k])) if truth[:, k].any() else np.nan
        for k in range(truth.shape[1])
    ]


def brier(truth: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return each label's mean squared difference of score and truth (Brier, 1950)."""
    return np.asarray(np.mean((scores - truth) ** 2, axis=0), dtype=np.float64)


def calibration_error(
    truth: NDArray[np.float32], scores: NDArray[np.float32], *, bins: int = 10
) -> NDArray[np.float64]:
    """Return each label's expected calibration error over equal-width bins (Guo et al., 2017)."""
    which = np.minimum((scores * bins).astype(int), bins - 1)
    total = np.zeros(truth.shape[1])
    for k in range(bins):
        inside = which == k
        gap = np.abs((np.where(inside, scores - truth, 0)).sum(axis=0))
        total += gap / len(truth)
    return total
