"""A comparison as one self-contained HTML page: a matrix, then what changed by category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clausemark._render import SHORT, Assets, categories_css, render
from clausemark.compare import KINDS, SIGNS, count_kinds, summary
from clausemark.labels import SCHEMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clausemark._words import Op
    from clausemark.compare import Change, Comparison, Kind

__all__ = ["compare_page"]

_SHORT: Final = {
    label.name: SHORT[label.id]
    for scheme in SCHEMES.values()
    for label in scheme.labels
    if label.id in SHORT
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A change as it stands under one category; `also` are its other categories."""

    id: str
    change: Change
    words: list[Op]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A category with its changes and the counts of all its clauses."""

    id: str
    name: str
    short: str
    hue: str
    entries: tuple[Entry, ...]
    counts: Mapping[Kind, int]
    targets: Mapping[Kind, str]
    summary: str


def compare_page(comparison: Comparison) -> str:
    """Return the page; text of the policies is escaped and its controls shown."""
    hues = {name: f"cat-{k}" for k, name in enumerate(comparison.labels)}
    words = {id(change): change.words() for change in comparison.changed()}
    sections = [
        _section(k, name, hues.get(name, "cat-none"), changes, words)
        for k, (name, changes) in enumerate(comparison.by_category().items())
    ]
    counts = comparison.counts()
    return render(
        "compare.html.j2",
        Assets(("compare.css",), ("compare.js",), rules=categories_css(len(comparison.labels))),
        comparison=comparison,
        sections=sections,
        kinds=[kind for kind in KINDS if kind != "unchanged"],
        names=_apart(comparison.old, comparison.new),
        signs=SIGNS,
        hues=hues,
        counts=counts,
        unchanged=counts["unchanged"],
        changed=len(words),
        overview=summary(counts),
        sizes=[
            sum(change.old is not None for change in comparison.changes),
            sum(change.new is not None for change in comparison.changes),
        ],
    )


def _apart(old: str, new: str) -> tuple[str, str]:
    """Return two paths without the folders that both begin with."""
    left, right = old.split("/"), new.split("/")
    while len(left) > 1 and len(right) > 1 and left[0] == right[0]:
        left, right = left[1:], right[1:]
    return "/".join(left), "/".join(right)


def _section(
    number: int,
    name: str,
    hue: str,
    changes: Sequence[Change],
    words: Mapping[int, list[Op]],
) -> Section:
    entries: list[Entry] = []
    targets: dict[Kind, str] = {}
    for change in changes:
        if change.kind == "unchanged":
            continue
        entry = Entry(f"c{number}-{len(entries)}", change, words[id(change)], change.also(name))
        entries.append(entry)
        for kind in change.kinds:
            targets.setdefault(kind, entry.id)
    return Section(
        id=f"c{number}",
        name=name,
        short=_SHORT.get(name, name),
        hue=hue,
        entries=tuple(entries),
        counts=count_kinds(changes),
        targets=targets,
        summary=summary(count_kinds(changes)),
    )
