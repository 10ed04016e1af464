"""Suspected label errors, by confident learning: for reports that stay on this machine.

Needs the extra `audit` (cleanlab; Northcutt et al., 2021). A label is suspect where a model that
was not trained on its text is sure of the opposite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clausemark.labels import OPP115
from training import thresholds
from training.analysis.records import read
from training.outoffold import OutOfFold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

CURE: Final = 'pip install "clausemark[audit]"'
HELD_OUT: Final = "this evaluation's scores"
OUT_OF_FOLD: Final = "out-of-fold scores"


def suspects(
    truth: NDArray[np.float32],
    scores: NDArray[np.float32],
    rows: Sequence[Mapping[str, Any]],
    *,
    origin: str = HELD_OUT,
    number: int = 30,
) -> list[dict[str, Any]]:
    """Return labels that are probably wrong, the likeliest first; one item a text and label.

    `quality` is the score of what the label says (low: suspect), `origin` whose scores they are;
    those of a model that saw the texts' labels would find nothing. Without cleanlab the only item
    has `missing` and `cure`. *Shape:* `truth` and `scores` (texts, labels).
    """
    try:
        from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
    except ImportError:
        return [{"missing": "cleanlab", "cure": CURE}]
    given = [np.flatnonzero(row > 0.5).tolist() for row in truth]
    found, _, _ = find_multilabel_issues_per_class(
        given, scores.astype(np.float64), return_indices_ranked_by="self_confidence", n_jobs=1
    )
    quality = np.where(truth > 0.5, scores, 1 - scores)
    places = [(int(i), k) for k, indices in enumerate(found) for i in indices]
    places.sort(key=lambda place: float(quality[place]))
    return [
        {
            "id": rows[i]["id"],
            "document": rows[i]["document"],
            "text": rows[i]["text"],
            "label": OPP115.names[k],
            "given": bool(truth[i, k] > 0.5),
            "score": float(scores[i, k]),
            "quality": float(quality[i, k]),
            "votes": rows[i].get("votes"),
            "origin": origin,
        }
        for i, k in places[:number]
    ]


def out_of_fold(folder: Path, source: Path, *, number: int = 30) -> list[dict[str, Any]]:
    """Return the `suspects` of a cross-validation (training.crossval) over the records `source`.

    Every score is of a model that saw no policy of the text's family, calibrated on other folds.
    """
    fold = OutOfFold.read(folder)
    scores, _ = thresholds.nested(fold)
    rows = read(source, fold.ids)
    return suspects(fold.truth, scores, rows, origin=OUT_OF_FOLD, number=number)
