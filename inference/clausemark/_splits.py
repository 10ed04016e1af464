"""Paragraphs that were split or merged without a word changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clausemark._words import CLOSING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["split_runs"]

#: Parts are looked for by so many of their first words.
_START: Final = 3
#: Whole clauses that many parts may open: more are boilerplate, and not tried.
_MOST: Final = 32

_Key = tuple[str, ...]


def split_runs(
    wholes: Sequence[_Key],
    parts: Sequence[_Key],
    free_wholes: Collection[int],
    free_parts: Collection[int],
) -> dict[int, range]:
    """Return which of the `wholes` is which run of neighbouring `parts`, two at least.

    Only the indices in `free_wholes` and `free_parts` are looked at. Stops and commas, which
    come and go at the ends of parts, are not compared.
    """
    bare = {j: _bare(parts[j]) for j in free_parts}
    openings: dict[_Key, list[int]] = {}
    for j in sorted(bare):
        if bare[j]:
            openings.setdefault(bare[j][:_START], []).append(j)
    found: dict[int, range] = {}
    taken: set[int] = set()
    for i in sorted(free_wholes):
        whole = _bare(wholes[i])
        likely = [j for n in range(1, _START + 1) for j in openings.get(whole[:n], [])[:_MOST]]
        for j in dict.fromkeys(likely):
            run = _run(whole, bare, j)
            if len(run) > 1 and taken.isdisjoint(run):
                found[i] = run
                taken.update(run)
                break
    return found


def _bare(key: _Key) -> _Key:
    return tuple(word for word in key if word not in CLOSING)


def _run(whole: _Key, parts: dict[int, _Key], start: int) -> range:
    """Return the run of parts from `start` that together are `whole`; an empty one if none is."""
    at, stop = 0, start
    while at < len(whole) and stop in parts:
        size = len(parts[stop])
        if whole[at : at + size] != parts[stop]:
            break
        at += size
        stop += 1
    return range(start, stop if at == len(whole) else start)
