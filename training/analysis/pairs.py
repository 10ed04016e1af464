"""Labels in pairs: which occur together, and which is given where another is missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def cooccurrence(truth: NDArray[np.float32]) -> dict[str, Any]:
    """Return in how many texts two labels are true together; on the diagonal, the support.

    *Shape:* `counts` (labels, labels), symmetric.
    """
    positive = (truth > 0.5).astype(int)
    return {"counts": (positive.T @ positive).tolist()}


def confusion(truth: NDArray[np.float32], decided: NDArray[np.bool_]) -> dict[str, Any]:
    """Return in how many texts label i is missed and label j wrongly given.

    A text that misses two labels and wrongly gets one counts in two cells. `missed_alone` counts
    the texts that miss i and wrongly get nothing, `given_alone` those that wrongly get j and miss
    nothing. *Shape:* `counts` (missed, given), the others (labels,).
    """
    positive = truth > 0.5
    missed, given = positive & ~decided, ~positive & decided
    nothing_given, nothing_missed = ~given.any(axis=1), ~missed.any(axis=1)
    return {
        "counts": (missed.astype(int).T @ given.astype(int)).tolist(),
        "missed_alone": missed[nothing_given].sum(axis=0).tolist(),
        "given_alone": given[nothing_missed].sum(axis=0).tolist(),
    }
