"""Suspected label errors, by confident learning: for reports that stay on this machine.

Needs the extra `audit` (cleanlab; Northcutt et al., 2021). A label is suspect where a model that
was not trained on its text is sure of the opposite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clausemark.labels import OPP115
from training import thresholds
from training.analysis.records import quoted, read
from training.outoffold import OutOfFold
from training.scored import Scored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CURE: Final = 'pip install "clausemark[audit]"'
HELD_OUT: Final = "the evaluated model's scores"
OUT_OF_FOLD: Final = "out-of-fold scores"


def suspects(
    scored: Scored,
    decided: NDArray[np.bool_],
    rows: Sequence[Mapping[str, Any]],
    *,
    origin: str = HELD_OUT,
    number: int = 30,
) -> list[dict[str, Any]]:
    """Return labels that are probably wrong, the likeliest first; one item a text and label.

    An item is that of `mistakes` with `label`, whether it is `given`, its `score`, its `quality`
    (the score of what the label says; low is suspect) in place of the loss, and `origin`: whose
    scores they are. Scores of a model that was trained on the texts would find nothing. Without
    cleanlab the only item has `missing` and `cure`.
    """
    try:
        from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
    except ImportError:
        return [{"missing": "cleanlab", "cure": CURE}]
    positive = scored.truth > 0.5
    both = np.flatnonzero(positive.any(axis=0) & ~positive.all(axis=0))
    found, _, _ = find_multilabel_issues_per_class(
        [np.flatnonzero(row).tolist() for row in positive[:, both]],
        scored.scores[:, both].astype(np.float64),
        return_indices_ranked_by="self_confidence",
        n_jobs=1,
    )
    quality = np.where(positive, scored.scores, 1 - scored.scores)
    places = [(int(i), int(k)) for k, at in zip(both, found, strict=True) for i in at]
    places.sort(key=lambda place: float(quality[place]))
    return [
        quoted(scored, decided, rows, i)
        | {
            "label": OPP115.names[k],
            "given": bool(positive[i, k]),
            "score": float(scored.scores[i, k]),
            "quality": float(quality[i, k]),
            "origin": origin,
        }
        for i, k in places[:number]
    ]


def out_of_fold(folder: Path, source: Path, *, number: int = 30) -> list[dict[str, Any]]:
    """Return the `suspects` of a cross-validation (training.crossval) over the records `source`.

    Every score is of a model that saw no policy of the text's family, calibrated on other folds.
    """
    fold = OutOfFold.read(folder)
    scores, decided = thresholds.nested(fold)
    scored = Scored(fold.ids, fold.documents, fold.truth, scores)
    rows = read(source, fold.ids)
    return suspects(scored, decided, rows, origin=OUT_OF_FOLD, number=number)
