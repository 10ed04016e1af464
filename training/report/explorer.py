"""What a threshold would give: true positives and given labels at every hundredth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clausemark.labels import OPP115

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The thresholds that can be tried, in hundredths: single precision, as scores are.
HUNDREDTHS: Final = range(1, 100)
#: Those that stand in the page for readers without scripts.
TENTHS: Final = range(10, 100, 10)


def counts(truth: NDArray[np.float32], scores: NDArray[np.float32]) -> list[dict[str, Any]]:
    """Return of each label its positives and, a hundredth at a time, given and rightly given.

    *Shape:* `truth` and `scores` (texts, labels).
    """
    positive = truth > 0.5
    cuts = np.asarray(HUNDREDTHS, dtype=np.float32) / np.float32(100)
    given = np.stack([(scores >= cut).sum(axis=0) for cut in cuts])
    right = np.stack([(positive & (scores >= cut)).sum(axis=0) for cut in cuts])
    return [
        {
            "label": name,
            "support": int(positive[:, k].sum()),
            "given": given[:, k].tolist(),
            "right": right[:, k].tolist(),
        }
        for k, name in enumerate(OPP115.names)
    ]


def figures(counted: dict[str, Any], hundredth: int) -> dict[str, Any]:
    """Return one label's figures at `hundredth` / 100; 0 for 0 / 0, as scikit-learn has it."""
    at = hundredth - HUNDREDTHS[0]
    given, right, support = counted["given"][at], counted["right"][at], counted["support"]
    return {
        "threshold": hundredth / 100,
        "given": given,
        "precision": right / max(1, given),
        "recall": right / max(1, support),
        "f1": 2 * right / max(1, given + support),
    }
