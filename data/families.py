"""Families of documents that are near copies of one another, found by the shingles they share.

Apps of one maker, sites of one publisher and policies of one generator repeat whole pages. Two
documents are of one family where at least half of the shingles of the one that has fewer stand in
the other, and so on from document to document.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from data.overlap import shingles, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["families"]

#: A document with fewer shingles is too short to be a copy of anything.
_FEWEST: Final = 20


def families(texts: Mapping[str, Iterable[str]], *, share: float = 0.5) -> dict[str, str]:
    """Return the family of each document, named for the first of its documents.

    `texts` holds the texts of each document; `share` of the smaller one's 8-word shingles make two
    documents near copies.
    """
    sizes: dict[str, int] = {}
    holders: defaultdict[str, list[str]] = defaultdict(list)
    parent = {document: document for document in texts}
    for document, pieces in texts.items():
        found = {shingle for piece in pieces for shingle in shingles(words(piece))}
        sizes[document] = len(found)
        if len(found) < _FEWEST:
            continue
        common = Counter(other for shingle in found for other in holders[shingle])
        for other, count in common.items():
            if count >= share * min(sizes[document], sizes[other]):
                _join(parent, document, other)
        for shingle in found:
            holders[shingle].append(document)
    return {document: _root(parent, document) for document in texts}


def _root(parent: dict[str, str], document: str) -> str:
    while parent[document] != document:
        document = parent[document]
    return document


def _join(parent: dict[str, str], one: str, other: str) -> None:
    """Join two families under the document that came first."""
    order = {document: place for place, document in enumerate(parent)}
    first, second = sorted((_root(parent, one), _root(parent, other)), key=order.__getitem__)
    parent[second] = first
