"""Texts that repeat one another, within a split and across two.

Exact: equal once normalised and lower-cased. Near: the sets of their 5-word shingles have a Jaccard
index of .8 or more (Broder, 1997; 5-grams and .8 as Lee et al., 2022, take them). A text of fewer
words is one shingle, so that it can only be repeated exactly.
"""

from __future__ import annotations

import re
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from clausemark.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIZE: Final = 5
NEAR: Final = 0.8
_WORD: Final = re.compile(r"[a-z0-9]+")


def duplicates(texts: Sequence[str], splits: Sequence[str]) -> list[dict[str, Any]]:
    """Return, for each pair of splits, how many texts of the second repeat one of the first.

    `exact` counts equal texts; `near` counts those that are only nearly equal to one. Within a
    split the first of equal texts is not counted. Pairs without a repetition are listed as well.
    """
    words = [_WORD.findall(normalise(text).lower()) for text in texts]
    first, second, index = similar(words)
    exact = _exact(words)
    places = {name: k for k, name in enumerate(dict.fromkeys(splits))}
    place = np.asarray([places[name] for name in splits])
    return [
        {
            "splits": [a, b],
            **_count(exact, (first, second, index), (place == places[a], place == places[b])),
        }
        for a, b in combinations_with_replacement(places, 2)
    ]


def _count(
    exact: NDArray[np.int64],
    pairs: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
    inside: tuple[NDArray[np.bool_], NDArray[np.bool_]],
) -> dict[str, int]:
    """Count the repeating texts of the second split; `exact` numbers the equal texts' groups."""
    first, second, _ = pairs
    here, there = inside
    same = bool((here == there).all())
    if same:
        equal = int(here.sum()) - len(np.unique(exact[here]))
    else:
        equal = int(np.isin(exact[there], exact[here]).sum())
    later = first < second if same else np.ones(len(first), dtype=bool)
    close = later & here[first] & there[second] & (exact[first] != exact[second])
    repeated = np.unique(second[close])
    if not same:
        repeated = repeated[~np.isin(exact[repeated], exact[here])]
    return {"exact": equal, "near": len(repeated)}


def similar(
    words: Sequence[Sequence[str]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return pairs of texts whose shingles' Jaccard index is NEAR or more, and the index.

    Both orders of a pair are there, a text with itself is not.
    """
    found = _shingles(words)
    common = coo_matrix(found @ found.T)
    sizes = np.asarray(found.sum(axis=1)).ravel()
    union = sizes[common.row] + sizes[common.col] - common.data
    index = common.data / np.maximum(1, union)
    keep = (index >= NEAR) & (common.row != common.col)
    return common.row[keep].astype(np.int64), common.col[keep].astype(np.int64), index[keep]


def _shingles(words: Sequence[Sequence[str]]) -> csr_matrix:
    """Return which text holds which shingle. *Shape:* (texts, shingles), 0 or 1."""
    columns: dict[tuple[str, ...], int] = {}
    row: list[int] = []
    column: list[int] = []
    for k, tokens in enumerate(words):
        ends = range(min(SIZE, len(tokens)), len(tokens) + 1) if tokens else ()
        held = {tuple(tokens[max(0, end - SIZE) : end]) for end in ends}
        row += [k] * len(held)
        column += [columns.setdefault(shingle, len(columns)) for shingle in held]
    ones = np.ones(len(row))
    return csr_matrix((ones, (row, column)), shape=(len(words), max(1, len(columns))))


def _exact(words: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """Number the groups of equal texts. *Shape:* (texts,)."""
    groups: dict[tuple[str, ...], int] = {}
    return np.asarray([groups.setdefault(tuple(w), len(groups)) for w in words], dtype=np.int64)
