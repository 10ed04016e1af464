"""Whether another engine may stand in for ONNX Runtime in f32: what it gives away, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import f1_score, recall_score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

#: What may be lost, as shares: half a point of macro-F1, three points of a label's recall.
MACRO_F1 = 0.005
RECALL = 0.03


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two engines on the same texts: the exact one's figure first, then the candidate's."""

    macro_f1: tuple[float, float]
    recalls: tuple[NDArray[Any], NDArray[Any]]
    largest: float
    flips: int

    def losses(self, labels: Sequence[str]) -> list[str]:
        """Return a line for everything that the candidate loses more of than it may."""
        before, now = self.macro_f1
        lost = [f"macro-F1 {before:.4f} -> {now:.4f}"] if before - now > MACRO_F1 + 1e-9 else []
        return lost + [
            f"recall of {name} {old:.3f} -> {new:.3f}"
            for name, old, new in zip(labels, *self.recalls, strict=True)
            if old - new > RECALL + 1e-9
        ]

    def __str__(self) -> str:
        before, now = self.macro_f1
        fall = (self.recalls[0] - self.recalls[1]).max()
        return (
            f"  macro-F1 {before:.4f} -> {now:.4f}, largest fall of a recall {fall:.4f}\n"
            f"  largest difference of a score {self.largest:.4f}, {self.flips} labels flipped"
        )


def compare(
    truth: NDArray[Any],
    exact: NDArray[Any],
    candidate: NDArray[Any],
    decide: Callable[[NDArray[Any]], NDArray[np.bool_]],
) -> Comparison:
    """Compare scores; `decide` says which labels they give, as Classifier.decide does.

    *Shape:* `truth` (0 or 1), `exact` and `candidate` (texts, labels).
    """
    given = [decide(scores) for scores in (exact, candidate)]
    f1 = [float(f1_score(truth, one, average="macro", zero_division=0)) for one in given]
    recalls = [recall_score(truth, one, average=None, zero_division=0) for one in given]
    return Comparison(
        macro_f1=(f1[0], f1[1]),
        recalls=(recalls[0], recalls[1]),
        largest=float(np.abs(exact - candidate).max()),
        flips=int((given[0] != given[1]).sum()),
    )
