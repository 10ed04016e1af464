"""F1 of parts of the data: by length, by the annotators' agreement, by policy, by sector."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from training import metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from training.scored import Scored

#: The longest text of each part, in words; the last part has the rest.
LENGTHS: Final = (20, 50, 100, 200)
#: A share of annotators is a number of thirds, as records round it.
_ANNOTATORS: Final = 3
_ROUNDING: Final = 1e-3
#: Names of the parts by how many labels the annotators are split on.
_AGREEMENT: Final = (
    "all three agree on every label",
    "split on one label",
    "split on two labels",
    "split on three or more labels",
)

Names = list[str | None]


def slices(
    scored: Scored,
    decided: NDArray[np.bool_],
    rows: Sequence[Mapping[str, Any]],
    sectors: Mapping[str, str],
) -> dict[str, Any]:
    """Return the figures of every part; `rows` are the records of `scored`, in its order.

    `agreement` is None where the records carry no votes of three annotators, `sector` where no
    policy has one.
    """
    lengths = [_length(row["text"]) for row in rows]
    votes = [agreement(row.get("votes")) for row in rows]
    sector = [sectors.get(document) for document in scored.documents]
    return {
        "length": _parts(scored, decided, lengths, order=_lengths()),
        "agreement": _parts(scored, decided, votes, order=_AGREEMENT),
        "policy": _parts(scored, decided, scored.documents, order=sorted(set(scored.documents))),
        "sector": _parts(scored, decided, sector, order=sorted({s for s in sector if s})),
    }


def agreement(votes: Mapping[str, float] | None) -> str | None:
    """Return how far the annotators agree on a text: on how many labels two stand against one.

    None where there are no votes, or where a share is none of three annotators' (a probability).
    """
    if votes is None:
        return None
    counts = np.asarray(list(votes.values())) * _ANNOTATORS
    if np.abs(counts - counts.round()).max(initial=0) > _ANNOTATORS * _ROUNDING:
        return None
    split = int(np.isin(counts.round(), (1, 2)).sum())
    return _AGREEMENT[min(split, len(_AGREEMENT) - 1)]


def _lengths() -> list[str]:
    low = (1, *(most + 1 for most in LENGTHS[:-1]))
    parts = [f"{a}-{b} words" for a, b in zip(low, LENGTHS, strict=True)]
    return [*parts, f"more than {LENGTHS[-1]} words"]


def _length(text: str) -> str:
    return _lengths()[int(np.searchsorted(LENGTHS, len(text.split())))]


def _parts(
    scored: Scored, decided: NDArray[np.bool_], names: Sequence[str | None], *, order: Sequence[str]
) -> list[dict[str, Any]] | None:
    """Return the figures of each part that has texts, in `order`; None if no text is in a part."""
    there = Counter(names)
    where = np.asarray([name or "" for name in names])
    made = [_part(name, scored, decided, where == name) for name in order if there[name]]
    return made or None


def _part(
    name: str, scored: Scored, decided: NDArray[np.bool_], here: NDArray[np.bool_]
) -> dict[str, Any]:
    """Return one part's figures; its macro-F1 is of the labels that are true somewhere in it."""
    truth, given = scored.truth[here], decided[here]
    documents = [d for d, keep in zip(scored.documents, here, strict=True) if keep]
    table = metrics.counts(truth, given)
    there = truth.any(axis=0)
    return {
        "name": name,
        "texts": len(truth),
        "policies": len(set(documents)),
        "macro_f1": float(metrics.f1(table)[there].mean()) if there.any() else None,
        "micro_f1": _micro(table),
        "micro_f1_interval": _interval(truth, given, documents),
        "positives": int((truth > 0.5).sum()),
    }


def _micro(table: NDArray[np.float64]) -> float | None:
    """Return micro-F1; None where nothing is true and nothing is given."""
    return metrics.macro_micro(table)[1] if table.any() else None


def _interval(
    truth: NDArray[np.float32], given: NDArray[np.bool_], documents: list[str]
) -> list[float] | None:
    if len(set(documents)) < metrics.FEWEST:
        return None
    return metrics.interval(metrics.policy_samples(truth, given, documents)[:, 1])
