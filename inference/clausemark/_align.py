"""Which clause of one document is which of another, and which of them are out of order.

Equal texts come first: those that stand once in each document, then their equal neighbours (Heckel,
"A technique for isolating differences between files", 1978), then those under the same heading,
then the rest in order. What is left is matched by the words it shares (rapidfuzz, all pairs in
chunks), the likeliest first; between the same neighbours less likeness is asked for than elsewhere.
Moved are the clauses outside the longest run that is in order in both documents.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from clausemark._outline import match_heads
from clausemark._splits import split_runs
from clausemark._words import content, keys

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from clausemark._outline import Outline

__all__ = ["Alignment", "Thresholds", "align_outlines", "in_order"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How alike two clauses must be, 0 to 1, to be one clause reworded; see tests/compare_edits.

    `near` holds between the same neighbours, `far` elsewhere; those of `few` words or less, of
    which one counts for much, are asked for more.
    """

    near: float = 0.35
    far: float = 0.5
    short_near: float = 0.5
    short_far: float = 0.75
    few: int = 4


#: What a place between the same neighbours, or under the same heading, adds to the likeness.
_NEAR: Final = 0.15
_SAME_HEADING: Final = 0.05
#: More than the words of any policy: of clauses out of order, those under their own heading stay.
_AT_HOME: Final = 1 << 32
#: What the distance between two places, 0 to 1, takes away when there are too many equals.
_APART: Final = 0.01
#: How many scores are held at once, and how many partners of a clause are looked at.
_CHUNK: Final = 1 << 22
_PARTNERS: Final = 32


@dataclass(frozen=True, slots=True)
class Unit:
    """A clause as it is aligned: `key` is equal for equal texts, `words` bear the meaning."""

    key: tuple[str, ...]
    words: tuple[str, ...]
    under: str


@dataclass(frozen=True, slots=True)
class Alignment:
    """Indices into two documents: clauses and headings that correspond, old to new.

    `stayed` are the old indices of clauses that are in order; `moved` those that are not, or that
    stand under another heading now though both headings stand in both documents. `split` are old
    clauses whose words are those of several new ones, `merged` new ones with those of several old.
    """

    pairs: dict[int, int]
    heads: dict[int, int]
    stayed: set[int]
    moved: set[int]
    split: dict[int, range]
    merged: dict[int, range]


def align_outlines(old: Outline, new: Outline, thresholds: Thresholds | None = None) -> Alignment:
    """Return the alignment of two documents; exchanging them exchanges its indices, no more."""
    before, after = _units(old), _units(new)
    limits = thresholds or Thresholds()
    # Ties are broken by order: one of the two directions is computed, the other read off it.
    if _form(new, after) < _form(old, before):
        made = _aligned(new, old, after, before, limits)
        return _mirrored(made)
    return _aligned(old, new, before, after, limits)


def _form(
    one: Outline, units: Sequence[Unit]
) -> tuple[list[tuple[str, ...]], list[tuple[str, int]], list[int]]:
    """Return all that the alignment looks at, to be ordered by."""
    heads = [(head.key, head.carrier) for head in one.heads]
    return [unit.key for unit in units], heads, one.sections


def _mirrored(made: Alignment) -> Alignment:
    return Alignment(
        pairs={j: i for i, j in made.pairs.items()},
        heads={j: i for i, j in made.heads.items()},
        stayed={made.pairs[i] for i in made.stayed},
        moved={made.pairs[i] for i in made.moved},
        split=made.merged,
        merged=made.split,
    )


def _units(one: Outline) -> list[Unit]:
    found = []
    for index, body in enumerate(one.bodies):
        key = keys(body)
        found.append(Unit(key, content(key), one.under(index)))
    return found


def _aligned(
    old: Outline, new: Outline, before: list[Unit], after: list[Unit], limits: Thresholds
) -> Alignment:
    pairs = _equal(before, after)
    rows = set(range(len(before))) - pairs.keys()
    columns = set(range(len(after))) - set(pairs.values())
    texts = [unit.key for unit in before], [unit.key for unit in after]
    split = split_runs(*texts, rows, columns)
    rows, columns = rows - split.keys(), columns - {j for run in split.values() for j in run}
    merged = split_runs(*texts[::-1], columns, rows)
    rows, columns = rows - {i for run in merged.values() for i in run}, columns - merged.keys()
    # The longest part stands for the whole; the others were added, or removed.
    pairs |= {i: max(run, key=lambda j: len(after[j].key)) for i, run in split.items()}
    pairs |= {max(run, key=lambda i: len(before[i].key)): j for j, run in merged.items()}
    weights = [1 + len(unit.key) for unit in before]
    anchors = {i: pairs[i] for i in in_order(pairs, weights)}
    pairs |= _alike(before, after, anchors, (sorted(rows), sorted(columns)), limits)
    heads = match_heads(old, new, pairs)
    kept = set(heads.values())
    crossed = set()
    for i, j in pairs.items():
        left, right = old.sections[i], new.sections[j]
        if heads.get(left, -1) == right:
            weights[i] += _AT_HOME
        elif left in heads and right in kept:
            crossed.add(i)
    # What stands under another heading has moved; the rest is asked for its order without it.
    stayed = in_order({i: j for i, j in pairs.items() if i not in crossed}, weights)
    return Alignment(pairs, heads, stayed, pairs.keys() - stayed, split, merged)


def _equal(old: Sequence[Unit], new: Sequence[Unit]) -> dict[int, int]:
    """Pair the clauses of equal text."""
    once_old = Counter(unit.key for unit in old)
    places = {unit.key: j for j, unit in enumerate(new)}
    once_new = Counter(unit.key for unit in new)
    pairs = {
        i: places[unit.key]
        for i, unit in enumerate(old)
        if once_old[unit.key] == once_new[unit.key] == 1
    }
    taken = set(pairs.values())
    _spread(old, new, pairs, taken)
    _fill(old, new, pairs, taken, key=lambda unit: (unit.key, unit.under))
    _fill(old, new, pairs, taken, key=lambda unit: unit.key)
    return pairs


def _spread(
    old: Sequence[Unit], new: Sequence[Unit], pairs: dict[int, int], taken: set[int]
) -> None:
    """Pair the equal neighbours of what is paired, the documents' ends among it."""
    for step, i, j in ((1, -1, -1), (-1, len(old), len(new))):
        at: int | None = j
        order = range(i + step, len(old) if step > 0 else -1, step)
        for k in order:
            if k in pairs:
                at = pairs[k]
                continue
            if at is None:
                continue
            at += step
            if 0 <= at < len(new) and at not in taken and old[k].key == new[at].key:
                pairs[k] = at
                taken.add(at)
            else:
                at = None


def _fill(
    old: Sequence[Unit],
    new: Sequence[Unit],
    pairs: dict[int, int],
    taken: set[int],
    *,
    key: Callable[[Unit], Hashable],
) -> None:
    """Pair what has an equal key, the first with the first."""
    places: dict[Hashable, list[int]] = {}
    for j in reversed(range(len(new))):
        if j not in taken:
            places.setdefault(key(new[j]), []).append(j)
    for i, unit in enumerate(old):
        if i not in pairs and places.get(key(unit)):
            pairs[i] = places[key(unit)].pop()
            taken.add(pairs[i])


def in_order(pairs: Mapping[int, int], weights: Sequence[int]) -> set[int]:
    """Return the old indices of most pairs that are in order in both; among equals, the heaviest.

    The heaviest increasing subsequence, by a Fenwick tree of the best chain that ends below each
    place; O(n log n).
    """
    size = max(pairs.values(), default=-1) + 1
    best: list[tuple[int, int, int]] = [(0, 0, -1)] * (size + 1)
    chains: dict[int, int] = {}
    for i in sorted(pairs):
        top = (0, 0, -1)
        k = pairs[i]
        while k > 0:
            top = max(top, best[k])
            k -= k & -k
        chains[i] = top[2]
        top = (top[0] + 1, top[1] + weights[i], i)
        k = pairs[i] + 1
        while k <= size:
            best[k] = max(best[k], top)
            k += k & -k
    last = max(best)[2]
    found = set()
    while last >= 0:
        found.add(last)
        last = chains[last]
    return found


def _alike(
    old: Sequence[Unit],
    new: Sequence[Unit],
    anchors: Mapping[int, int],
    free: tuple[Sequence[int], Sequence[int]],
    limits: Thresholds,
) -> dict[int, int]:
    """Pair what shares most words, the likeliest first, of the indices that are free."""
    found: dict[int, int] = {}
    used: set[int] = set()
    if not all(free):
        return found
    for i, j in _Scorer(old, new, anchors, limits).ranked(*free):
        if i not in found and j not in used:
            found[i] = j
            used.add(j)
    return found


class _Scorer:
    """Scores pairs of clauses by the words they share and by where they stand."""

    def __init__(
        self,
        old: Sequence[Unit],
        new: Sequence[Unit],
        anchors: Mapping[int, int],
        limits: Thresholds,
    ) -> None:
        self.limits = limits
        code: dict[str, str] = {}
        names: dict[str, int] = {}
        self.old = [_encoded(unit.words, code) for unit in old]
        self.new = [_encoded(unit.words, code) for unit in new]
        self.under_old = np.array([names.setdefault(u.under, len(names)) for u in old])
        self.under_new = np.array([names.setdefault(u.under, len(names)) for u in new])
        self.short_old = np.array([len(unit.words) <= limits.few for unit in old])
        self.short_new = np.array([len(unit.words) <= limits.few for unit in new])
        #: The gap between anchors that a clause stands in, counted alike in both documents.
        self.gap_old = np.cumsum([i in anchors for i in range(len(old))])
        ends = set(anchors.values())
        self.gap_new = np.cumsum([j in ends for j in range(len(new))])

    def ranked(self, rows: Sequence[int], columns: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield the pairs that are alike enough, the likeliest first."""
        right = np.array(columns)
        step = max(1, _CHUNK // len(columns))
        parts = [
            self._candidates(np.array(rows[at : at + step]), right)
            for at in range(0, len(rows), step)
        ]
        scores, left, other = (np.concatenate(part) for part in zip(*parts, strict=True))
        apart = np.abs(left / len(self.old) - other / len(self.new))
        order = np.lexsort((other, left, apart, -scores))
        yield from zip(left[order].tolist(), other[order].tolist(), strict=True)

    def _candidates(
        self, left: NDArray[np.int64], right: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
        from rapidfuzz.distance import Indel
        from rapidfuzz.process import cdist

        limits = self.limits
        alike = cdist(
            [self.old[i] for i in left],
            [self.new[j] for j in right],
            scorer=Indel.normalized_similarity,
            score_cutoff=min(limits.near, limits.far, limits.short_near, limits.short_far),
            dtype=np.float32,
        )
        near = self.gap_old[left][:, None] == self.gap_new[right][None, :]
        short = self.short_old[left][:, None] & self.short_new[right][None, :]
        asked = np.where(
            short,
            np.where(near, np.float32(limits.short_near), np.float32(limits.short_far)),
            np.where(near, np.float32(limits.near), np.float32(limits.far)),
        )
        kept = alike >= asked
        if kept.sum() > _PARTNERS * len(left):
            apart = np.abs(left[:, None] / len(self.old) - right[None, :] / len(self.new))
            kept &= _best(alike + near * _NEAR - apart * _APART, _PARTNERS)
        row, column = np.nonzero(kept)
        one, two = left[row], right[column]
        same = self.under_old[one] == self.under_new[two]
        scores = alike[row, column] + _NEAR * near[row, column] + _SAME_HEADING * same
        return scores, one, two


def _best(scores: NDArray[np.float32], count: int) -> NDArray[np.bool_]:
    """Mark the `count` highest of each row."""
    rows, columns = scores.shape
    if columns <= count:
        return np.ones(scores.shape, dtype=bool)
    top = np.argpartition(-scores, count, axis=1)[:, :count]
    marked = np.zeros(scores.shape, dtype=bool)
    marked[np.arange(rows)[:, None], top] = True
    return marked


def _encoded(words: Sequence[str], code: dict[str, str]) -> str:
    """Return the words as one character each, so that strings are compared word by word."""
    return "".join(code.setdefault(word, _character(len(code))) for word in words)


def _character(number: int) -> str:
    """Return the character of that number, surrogates left out."""
    return chr(number if number < 0xD800 else 0xE000 + (number - 0xD800) % 0x100000)
