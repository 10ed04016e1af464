"""A list of labelled clauses as headings and bodies, and which heading became which.

A clause's text opens with the headings that stand over it. They are compared apart from its body:
when the first clause of a section goes, the next one takes up the heading without being changed.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from clausemark._blocks import collapse
from clausemark._headings import heading_text
from clausemark._words import unnumbered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from clausemark.classifier import LabelledClause

__all__ = ["Head", "Outline", "match_heads", "outline", "split_heads"]

#: Headings stand in so many characters of a clause, and have so many lines each.
_REACH: Final = 1500
_LINES: Final = 3
_RULING: Final = re.compile(r"\A(?:\s*[=\-*_]{3,}[ \t]*(?:\n|\Z))*")


@dataclass(frozen=True, slots=True)
class Head:
    """A heading: its words, what is compared of them, the clause that opens with it."""

    text: str
    key: str
    carrier: int


@dataclass(frozen=True, slots=True)
class Outline:
    """A document's headings and its clauses' bodies.

    `sections` holds for every clause the index of the nearest heading above it, -1 for none.
    """

    heads: list[Head] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    sections: list[int] = field(default_factory=list)

    def under(self, index: int) -> str:
        """Return the key of the heading over a clause, empty for none."""
        section = self.sections[index]
        return "" if section < 0 else self.heads[section].key

    def name(self, index: int) -> str:
        """Return the heading over a clause, empty for none."""
        section = self.sections[index]
        return "" if section < 0 else self.heads[section].text

    def carried(self) -> dict[int, list[int]]:
        """Return the headings that each clause opens with, by the clause's index."""
        found: dict[int, list[int]] = {}
        for k, head in enumerate(self.heads):
            found.setdefault(head.carrier, []).append(k)
        return found


def outline(clauses: Sequence[LabelledClause]) -> Outline:
    """Return the headings and bodies of the clauses of one document."""
    made = Outline()
    last: str | None = None
    for index, clause in enumerate(clauses):
        names, body = split_heads(clause)
        if not names and clause.heading and clause.heading != last:
            names = [clause.heading]
        made.heads.extend(Head(name, unnumbered(name), index) for name in names)
        made.bodies.append(body)
        made.sections.append(len(made.heads) - 1)
        last = clause.heading
    return made


def split_heads(clause: LabelledClause) -> tuple[list[str], str]:
    """Return the headings that a clause opens with, and the text below them.

    A clause that is nothing but its heading is all body.
    """
    if not clause.heading or clause.heading not in collapse(clause.text[:_REACH]):
        return [], clause.text
    lines = clause.text[:_REACH].splitlines(keepends=True)
    for stop in range(1, len(lines) + 1):
        for start in range(stop - 1, max(-1, stop - 1 - _LINES), -1):
            if heading_text("".join(lines[start:stop])) == clause.heading:
                body = clause.text[sum(map(len, lines[:stop])) :]
                body = body[_RULING.match(body).end() :].lstrip()  # type: ignore[union-attr]
                return (
                    ([*_names(lines[:start]), clause.heading], body)
                    if body
                    else (
                        [],
                        clause.text,
                    )
                )
    return [], clause.text


def _names(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if any(c.isalnum() for c in line):
            yield heading_text(line)


def match_heads(old: Outline, new: Outline, pairs: Mapping[int, int]) -> dict[int, int]:
    """Return which heading of `old` is which of `new`, given which clauses are.

    Equal headings first, those that share most clauses before others; of the rest, those over the
    same clauses are taken for renamed.
    """
    votes = _votes(old, new, pairs)
    found: dict[int, int] = {}
    taken: set[int] = set()

    def join(left: int, right: int) -> None:
        if left not in found and right not in taken:
            found[left] = right
            taken.add(right)

    ranked = [pair for pair, _ in sorted(votes.items(), key=lambda item: (-item[1], item[0]))]
    for left, right in ranked:
        if old.heads[left].key == new.heads[right].key:
            join(left, right)
    for left, right in _in_order(old, new, found, taken):
        join(left, right)
    for left, right in ranked:
        join(left, right)
    return found


def _votes(old: Outline, new: Outline, pairs: Mapping[int, int]) -> Counter[tuple[int, int]]:
    """Count the clauses that each two headings share; outer headings share the first one."""
    votes: Counter[tuple[int, int]] = Counter()
    before, after = old.carried(), new.carried()
    for i, j in pairs.items():
        left, right = old.sections[i], new.sections[j]
        if left >= 0 and right >= 0:
            votes[left, right] += 1
        outer = zip(reversed(before.get(i, [])), reversed(after.get(j, [])), strict=False)
        votes.update(pair for pair in outer if pair != (left, right))
    return votes


def _in_order(
    old: Outline, new: Outline, found: Mapping[int, int], taken: set[int]
) -> list[tuple[int, int]]:
    """Pair the equal headings that are left, the first with the first."""
    places: dict[str, list[int]] = {}
    for k in reversed(range(len(new.heads))):
        if k not in taken:
            places.setdefault(new.heads[k].key, []).append(k)
    return [
        (k, places[head.key].pop())
        for k, head in enumerate(old.heads)
        if k not in found and places.get(head.key)
    ]
