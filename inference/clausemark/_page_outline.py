"""A page's ways into the policy: the outline by category, what is missing, the bar through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from clausemark._page_view import UNLABELLED, columns, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from clausemark.artifact import LabelSettings
    from clausemark.classifier import LabelledClause
    from clausemark.labels import Label

__all__ = ["HEIGHT", "WIDTH", "Entry", "Segment", "clause_anchor", "outline", "silent", "strip"]

#: The bar's own units; the browser stretches it.
WIDTH: Final = 10_000
HEIGHT: Final = 60


def clause_anchor(index: int) -> str:
    """Return the id of the element that carries the clause at `index`."""
    return f"clause-{index}"


@dataclass(slots=True)
class Entry:
    """One category: its column, or UNLABELLED, and the clauses it has, each with its first words.

    `threshold` is what a score has to reach, as it is written; empty if that is not known.
    """

    column: int
    name: str
    definition: str
    threshold: str = ""
    links: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Segment:
    """One clause in the bar: a shape for each of its categories, all of the same width."""

    index: int
    shapes: list[tuple[int, str]]


def outline(
    clauses: Sequence[LabelledClause],
    labels: Sequence[LabelSettings | Label],
    openings: Mapping[int, str],
) -> list[Entry]:
    """Return an entry for each category, in the scheme's order, and one for clauses without."""
    entries = [_entry(k, label) for k, label in enumerate(labels)]
    none = Entry(UNLABELLED, "No label", "No category scored enough.")
    for clause in clauses:
        link = (clause.index, openings[clause.index])
        for column in columns(clause, labels):
            entries[column].links.append(link)
        if not clause.labels:
            none.links.append(link)
    return [*entries, none] if none.links else entries


def _entry(column: int, label: LabelSettings | Label) -> Entry:
    threshold = getattr(label, "threshold", None)
    limit = "" if threshold is None else written(threshold)
    return Entry(column, label.name, label.definition, limit)


def silent(
    clauses: Sequence[LabelledClause], labels: Sequence[LabelSettings | Label]
) -> list[LabelSettings | Label]:
    """Return the labels that no clause has."""
    found = {name for clause in clauses for name in clause.labels}
    return [label for label in labels if label.name not in found]


def strip(
    clauses: Sequence[LabelledClause], labels: Sequence[LabelSettings | Label]
) -> list[Segment]:
    """Return the bar through the document: a segment a clause, as wide as its text is long."""
    total = max(1, sum(clause.end - clause.start for clause in clauses))
    made: list[Segment] = []
    done = 0
    for clause in clauses:
        left = done * WIDTH // total
        done += clause.end - clause.start
        shapes = _shapes(columns(clause, labels), left, done * WIDTH // total - left)
        made.append(Segment(clause.index, list(shapes)))
    return made


def _shapes(found: Sequence[int], left: int, width: int) -> Iterator[tuple[int, str]]:
    """Yield a path for each category, one above the other; a low one if there is none."""
    if not found:
        yield UNLABELLED, f"M{left} {HEIGHT * 2 // 5}h{width}v{HEIGHT // 5}h-{width}z"
    for k, column in enumerate(found):
        top, bottom = HEIGHT * k // len(found), HEIGHT * (k + 1) // len(found)
        yield column, f"M{left} {top}h{width}v{bottom - top}h-{width}z"
