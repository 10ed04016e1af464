"""Policies with known edits: what `clausemark compare` must find, and nothing else.

A policy of data/fictional is taken apart into sections (headings, bodies), edited by a seeded
script, and put together again; the script's own record says what became of every clause.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from clausemark._outline import outline
from clausemark._words import keys
from clausemark.classifier import LabelledClause
from clausemark.document import find_documents, read_document
from clausemark.segment import segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clausemark.compare import Change

FICTIONAL = Path(__file__).parents[1] / "data" / "fictional"


def clause(text: str, heading: str | None = None, labels: Sequence[str] = ()) -> LabelledClause:
    """A labelled clause without place or scores."""
    return LabelledClause("p", 0, 0, len(text), heading, text, tuple(labels), {})


def clauses_of(path: Path, labels: Sequence[str] = ()) -> list[LabelledClause]:
    """The clauses of a policy, all with the same labels."""
    return [clause(one.text, one.heading, labels) for one in segment(read_document(path))]


@dataclass
class Entry:
    """A clause of the policy under edit: `source` is its place in the old version."""

    body: str
    source: int | None = None
    reworded: bool = False
    moved: bool = False


@dataclass
class Section:
    """Headings and what stands below them."""

    heads: list[str]
    entries: list[Entry] = field(default_factory=list)


def sections_of(path: Path) -> list[Section]:
    """A fictional policy, taken apart."""
    made = outline(clauses_of(path))
    carried = made.carried()
    found = [Section([])]
    for index, body in enumerate(made.bodies):
        if index in carried:
            found.append(Section([made.heads[k].text for k in carried[index]]))
        found[-1].entries.append(Entry(body, index))
    return [section for section in found if section.entries]


def assembled(sections: Sequence[Section]) -> list[LabelledClause]:
    """The clauses of a policy, each section's headings glued to its first."""
    found = []
    for section in sections:
        heading = section.heads[-1] if section.heads else None
        for index, entry in enumerate(section.entries):
            glued = section.heads if index == 0 else []
            found.append(clause("\n\n".join([*glued, entry.body]), heading))
    return found


class Editor:
    """Applies random edits to a policy, and knows what it did."""

    def __init__(self, path: Path, seed: int) -> None:
        self.random = random.Random(f"{path.name} {seed}")
        self.sections = sections_of(path)
        self.old = assembled(self.sections)
        self.old_bodies = [entry.body for section in self.sections for entry in section.entries]
        others = [p for p in find_documents([FICTIONAL]) if p != path]
        self.strange = [
            entry.body
            for other in self.random.sample(others, 2)
            for section in sections_of(other)
            for entry in section.entries
        ]
        self.words = " ".join(self.strange).split()
        self.swapped: list[Section] = []

    def edit(self, count: int, strength: float = 0.2) -> None:
        """Apply `count` edits of all kinds; rewording touches a share `strength` of the words."""
        reword = lambda: self._reword(strength)  # noqa: E731
        kinds = [self._delete, self._insert, self._move, reword, self._replace, reword]
        for k in range(count):
            kinds[k % len(kinds)]()

    def swap(self) -> None:
        """Exchange two neighbouring sections; the smaller one has moved."""
        at = self.random.randrange(1, len(self.sections) - 1)
        self.swapped = self.sections[at : at + 2]
        self.sections[at : at + 2] = self.swapped[::-1]

    def truth(self) -> Counter[tuple[str, int | None, int | None]]:
        """What compare must say: kind, old index, new index, of all that is not unchanged."""
        found: Counter[tuple[str, int | None, int | None]] = Counter()
        kept = set()
        for entry in min(map(_settled, self.swapped), key=self._weight, default=[]):
            entry.moved = True
        entries = [entry for section in self.sections for entry in section.entries]
        for index, entry in enumerate(entries):
            if entry.source is None:
                found["added", None, index] += 1
                continue
            kept.add(entry.source)
            found.update((kind, entry.source, index) for kind in _kinds(entry))
        found.update(("removed", k, None) for k in range(len(self.old)) if k not in kept)
        return found

    def _weight(self, entries: Sequence[Entry]) -> tuple[int, int]:
        """How much has moved if these have: clauses, then words."""
        sizes = [len(keys(self.old_bodies[e.source])) for e in entries if e.source is not None]
        return len(sizes), sum(sizes)

    def _place(self, *, fresh: bool = True, words: int = 1) -> tuple[Section, int]:
        """Draw a clause, one that nothing was done to; sections keep one clause at least."""
        places = [
            (section, k)
            for section in self.sections
            for k, entry in enumerate(section.entries)
            if not fresh
            or (
                len(entry.body.split()) >= words
                and entry.source is not None
                and not entry.reworded
                and not entry.moved
                and len(section.entries) > 1
            )
        ]
        return self.random.choice(places)

    def _delete(self) -> None:
        section, k = self._place()
        del section.entries[k]

    def _insert(self) -> None:
        section, k = self._place(fresh=False)
        body = self.strange.pop(self.random.randrange(len(self.strange)))
        section.entries.insert(k, Entry(body))

    def _replace(self) -> None:
        section, k = self._place()
        section.entries[k] = Entry(self.strange.pop(self.random.randrange(len(self.strange))))

    def _move(self) -> None:
        section, k = self._place()
        entry = section.entries.pop(k)
        entry.moved = True
        others = [other for other in self.sections if other is not section]
        target = self.random.choice(others)
        target.entries.insert(self.random.randrange(len(target.entries) + 1), entry)

    def _reword(self, strength: float) -> None:
        # Of a table's cell of two words nobody can say whether it was reworded or replaced.
        section, k = self._place(words=5)
        entry = section.entries[k]
        before = keys(entry.body)
        while keys(entry.body) == before:
            entry.body = self._other_words(entry.body, strength)
        entry.reworded = True

    def _other_words(self, body: str, strength: float) -> str:
        words = body.split()
        for _ in range(max(1, round(strength * len(words)))):
            at = self.random.randrange(len(words))
            action = self.random.choice(["replace", "replace", "drop", "insert"])
            if action == "drop" and len(words) > 2:
                del words[at]
            elif action == "insert":
                words.insert(at, self.random.choice(self.words))
            else:
                words[at] = self.random.choice(self.words)
        return " ".join(words)


def _settled(section: Section) -> list[Entry]:
    """The old clauses of a section that stand where they stood in it."""
    return [entry for entry in section.entries if entry.source is not None and not entry.moved]


def _kinds(entry: Entry) -> Iterator[str]:
    if entry.reworded:
        yield "reworded"
    if entry.moved:
        yield "moved"


def found_in(
    changes: Sequence[Change], old: Sequence[LabelledClause], new: Sequence[LabelledClause]
) -> Counter[tuple[str, int | None, int | None]]:
    """What compare says, in the form of `Editor.truth`."""
    before = {id(one): k for k, one in enumerate(old)}
    after = {id(one): k for k, one in enumerate(new)}
    found: Counter[tuple[str, int | None, int | None]] = Counter()
    for change in changes:
        place = (
            None if change.old is None else before[id(change.old)],
            None if change.new is None else after[id(change.new)],
        )
        kinds = {change.kind} | ({"moved"} if change.moved else set())
        found.update((kind, *place) for kind in kinds - {"unchanged"})
    return found
