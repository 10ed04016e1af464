"""The data audit: sizes of the splits, repetitions, families across splits, classes too small."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training import metrics
from training.analysis.duplicates import duplicates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.scored import Scored

#: Splits in the order that readers expect; what is in none comes last.
ORDER: Final = ("train", "validation", "test", "none")
#: An F1 interval wider than this ranks no two good models.
WIDE: Final = 0.2


def audit(
    scored: Scored,
    decided: NDArray[np.bool_],
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
) -> dict[str, Any]:
    """Return the audit of a whole file: `rows` are all its records, `scored` those evaluated."""
    ordered = sorted(rows, key=_place)
    texts = [row["text"] for row in ordered]
    return {
        "splits": _sizes(ordered),
        "duplicates": duplicates(texts, [_split(row) for row in ordered]),
        "families_across_splits": families_across_splits(rows),
        "few_positives": few_positives(scored, decided, names),
    }


def families_across_splits(rows: Sequence[Mapping[str, Any]]) -> int:
    """Count the families that stand in more than one of train, validation and test."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.get("split") is not None:
            found[_family(row)].add(row["split"])
    return sum(len(splits) > 1 for splits in found.values())


def few_positives(
    scored: Scored, decided: NDArray[np.bool_], names: Sequence[str]
) -> list[dict[str, Any]]:
    """Return the labels whose F1 interval is wider than WIDE or cannot be counted, widest first."""
    samples = metrics.policy_samples(scored.truth, decided, scored.documents)
    positives = (scored.truth > 0.5).sum(axis=0)
    ends = [metrics.interval(samples[:, 2 + k]) for k in range(len(names))]
    made = [
        {"label": name, "positives": int(positives[k]), "interval_width": ends[k][1] - ends[k][0]}
        for k, name in enumerate(names)
        if not ends[k][1] - ends[k][0] <= WIDE
    ]
    return sorted(made, key=lambda row: -np.nan_to_num(row["interval_width"], nan=np.inf))


def _sizes(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    return {
        name: {
            "texts": len(part),
            "policies": len({row["document"] for row in part}),
            "families": len({_family(row) for row in part}),
        }
        for name in dict.fromkeys(_split(row) for row in rows)
        if (part := [row for row in rows if _split(row) == name])
    }


def _place(row: Mapping[str, Any]) -> int:
    """Return where a record's split stands in ORDER; one of another name comes last."""
    name = _split(row)
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _split(row: Mapping[str, Any]) -> str:
    return row.get("split") or "none"


def _family(row: Mapping[str, Any]) -> str:
    return str(row.get("family") or row["document"])
