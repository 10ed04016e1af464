"""The worst errors, with their texts: for reports that stay on the machine that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clausemark.labels import OPP115
from training.analysis.records import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.scored import Scored

#: A score of exactly 0 or 1 would cost infinitely much.
_LEAST: Final = 1e-7


def mistakes(
    scored: Scored,
    decided: NDArray[np.bool_],
    rows: Sequence[Mapping[str, Any]],
    *,
    label: str | None = None,
    number: int = 30,
) -> list[dict[str, Any]]:
    """Return the texts that are labelled wrongly, the costliest first.

    The cost is the cross-entropy of the scores, summed over the labels; with `label`, only that
    label's errors and cost count. `rows` are the records of `scored`, in its order.
    """
    columns = list(range(len(OPP115.names))) if label is None else [OPP115.index(label)]
    loss = cross_entropy(scored.truth, scored.scores)[:, columns].sum(axis=1)
    wrong = ((scored.truth > 0.5) != decided)[:, columns].any(axis=1)
    order = [k for k in np.argsort(-loss, kind="stable").tolist() if wrong[k]]
    return [quoted(scored, decided, rows, k) | {"loss": float(loss[k])} for k in order[:number]]


def cross_entropy(truth: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cost of each score in nats. *Shape:* (texts, labels)."""
    of_truth = np.where(truth > 0.5, scores, 1 - scores.astype(np.float64))
    return np.asarray(-np.log(np.maximum(of_truth, _LEAST)), dtype=np.float64)
