"""Two versions of a policy, clause by clause, by category.

Typography is no change (see `_words`): a clause is unchanged though it is quoted, numbered, wrapped
or marked up in another way. Headings are compared apart from the clauses below them, and a renamed,
new or dropped heading is a rewording of the clause that opens with it. A paragraph that was split,
or two that were merged, read as one reworded and one added or removed clause; where no word was
changed, `part` says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from clausemark._align import Thresholds, align_outlines
from clausemark._outline import Outline, outline
from clausemark._words import Op, diff, keys
from clausemark.document import Document, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from clausemark._align import Alignment
    from clausemark.classifier import Classifier, LabelledClause

__all__ = [
    "KINDS",
    "NO_CATEGORY",
    "SIGNS",
    "Change",
    "Comparison",
    "Kind",
    "align",
    "compare_documents",
    "count_kinds",
    "summary",
]

Kind = Literal["reworded", "added", "removed", "moved", "relabelled", "unchanged"]
#: Every kind of change, in the order in which they are shown.
KINDS: Final[tuple[Kind, ...]] = (
    "reworded", "added", "removed", "moved", "relabelled", "unchanged",
)  # fmt: skip
#: A sign for every kind, so that none is told by its colour alone.
SIGNS: Final[Mapping[Kind, str]] = {
    "reworded": "±",
    "added": "+",
    "removed": "−",
    "moved": "↕",
    "relabelled": "#",
    "unchanged": "=",
}
#: What is said of a split or merged clause, by whether it is the one that stands for the whole.
_PARTS: Final = {
    ("split", True): "Split: the words that went stand in a clause beside it.",
    ("split", False): "Split off from a clause beside it: the words are not new.",
    ("merged", True): "Merged: the words that came stood in a clause beside it.",
    ("merged", False): "Merged into a clause beside it: the words are still there.",
}
#: What clauses without a label are grouped under.
NO_CATEGORY: Final = "No category"


@dataclass(frozen=True, slots=True)
class Change:
    """A clause of the old version, of the new version, or of both, and what became of it.

    `similarity` is the share of equal words, 0 to 1, None for an added or removed clause.
    `renamed` is the heading over the clause before and after, where it was changed, "" for none.
    A reworded clause may have `moved` as well, and any clause of both versions be `relabelled`.
    `part` is "split" for all that became of a clause that was split without a word changed,
    "merged" for all that one was made of. `old_heading` and `new_heading` are the headings that it
    stands under, `old_body` and `new_body` its text below those that it opens with.
    """

    kind: Kind
    old: LabelledClause | None
    new: LabelledClause | None
    similarity: float | None = None
    moved: bool = False
    renamed: tuple[str, str] | None = None
    part: Literal["", "split", "merged"] = ""
    old_heading: str = ""
    new_heading: str = ""
    old_body: str = ""
    new_body: str = ""

    @property
    def categories(self) -> tuple[str, ...]:
        """The labels of either version, those of the new one first; one at least."""
        names = (self.new.labels if self.new else ()) + (self.old.labels if self.old else ())
        return tuple(dict.fromkeys(names)) or (NO_CATEGORY,)

    @property
    def gained(self) -> tuple[str, ...]:
        """The labels that a clause of both versions has now and had not."""
        if self.old is None or self.new is None:
            return ()
        return tuple(name for name in self.new.labels if name not in self.old.labels)

    @property
    def lost(self) -> tuple[str, ...]:
        """The labels that a clause of both versions had and has no longer."""
        if self.old is None or self.new is None:
            return ()
        return tuple(name for name in self.old.labels if name not in self.new.labels)

    @property
    def relabelled(self) -> bool:
        """Whether a clause of both versions changed its labels."""
        return bool(self.gained or self.lost)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Every kind that applies, its own first: a reworded clause may be moved as well."""
        found: list[Kind] = [self.kind]
        if self.moved and self.kind != "moved":
            found.append("moved")
        if self.relabelled and self.kind != "relabelled":
            found.append("relabelled")
        return tuple(found)

    def also(self, name: str) -> tuple[str, ...]:
        """Return the categories but `name` that it had before and has now."""
        told = {name, NO_CATEGORY, *self.gained, *self.lost}
        return tuple(one for one in self.categories if one not in told)

    @property
    def told(self) -> str:
        """A sentence on a split or merged clause, "" for others."""
        whole = self.kind not in ("added", "removed")
        return _PARTS.get((self.part, whole), "")

    def words(self) -> list[Op]:
        """Return what became of the clause's words below its headings, in order."""
        if self.old is None or self.new is None:
            text = self.new_body if self.old is None else self.old_body
            return [("added" if self.old is None else "removed", text)]
        if self.kind == "reworded":
            return diff(self.old_body, self.new_body)
        return [("same", self.new_body)]

    def to_json(self) -> dict[str, Any]:
        """Return the change as the object that `clausemark compare --format jsonl` writes."""
        return {
            "kind": self.kind,
            "moved": self.moved,
            "relabelled": self.relabelled,
            "categories": [name for name in self.categories if name != NO_CATEGORY],
            "similarity": self.similarity,
            "part": self.part or None,
            "renamed": list(self.renamed) if self.renamed else None,
            "old": _side(self.old),
            "new": _side(self.new),
            "words": [list(op) for op in self.words()],
        }


def _side(clause: LabelledClause | None) -> dict[str, Any] | None:
    if clause is None:
        return None
    found = clause.to_json()
    return {key: found[key] for key in ("index", "start", "end", "heading", "text", "labels")}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of a policy: their names, every clause once, the labels in their order."""

    old: str
    new: str
    labels: tuple[str, ...]
    changes: tuple[Change, ...]

    def changed(self) -> list[Change]:
        """Return the changes but for the clauses that are unchanged."""
        return [change for change in self.changes if change.kind != "unchanged"]

    def by_category(self) -> dict[str, list[Change]]:
        """Return all changes by category, in the labels' order; one may stand under several."""
        found: dict[str, list[Change]] = {name: [] for name in (*self.labels, NO_CATEGORY)}
        for change in self.changes:
            for name in change.categories:
                found.setdefault(name, []).append(change)
        return {name: changes for name, changes in found.items() if changes}

    def counts(self) -> Mapping[Kind, int]:
        """Return to how many clauses each kind applies; one may be reworded and moved."""
        return count_kinds(self.changes)


def count_kinds(changes: Sequence[Change]) -> Mapping[Kind, int]:
    """Return to how many changes each kind applies, all kinds named; to one several may."""
    counts = Counter(kind for change in changes for kind in change.kinds)
    return {kind: counts[kind] for kind in KINDS}


def summary(counts: Mapping[Kind, int]) -> str:
    """Return the counts in words: "1 reworded, 2 added, 12 unchanged"; what is none is left out."""
    return ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if counts.get(kind))


def compare_documents(
    classifier: Classifier, old: Document | Path | str, new: Document | Path | str
) -> Comparison:
    """Label two versions of a policy and compare them; raise DocumentError if one is not readable.

    The names of the versions are those of the documents.
    """
    before, after = (
        one if isinstance(one, Document) else read_document(Path(one)) for one in (old, new)
    )
    changes = align(classifier.label_document(before), classifier.label_document(after))
    return Comparison(before.name, after.name, classifier.labels, tuple(changes))


def align(
    old: Sequence[LabelledClause],
    new: Sequence[LabelledClause],
    *,
    thresholds: Thresholds | None = None,
) -> list[Change]:
    """Return what became of every clause, each in exactly one change, in the order of `new`.

    A removed clause comes after the clause that it stood after.
    """
    return _Builder(old, new, thresholds).changes()


class _Builder:
    """Makes changes of an alignment."""

    def __init__(
        self,
        old: Sequence[LabelledClause],
        new: Sequence[LabelledClause],
        thresholds: Thresholds | None,
    ) -> None:
        self.old, self.new = old, new
        self.before, self.after = outline(old), outline(new)
        self.found = align_outlines(self.before, self.after, thresholds)
        self.split = {j for run in self.found.split.values() for j in run}
        self.merged = {i for run in self.found.merged.values() for i in run}
        self.renamed = dict(_renamed(self.before, self.after, self.found))

    def changes(self) -> list[Change]:
        """Return the changes in the order of the new version, removed clauses among them."""
        sources = {j: i for i, j in self.found.pairs.items()}
        removed = self._removed()
        made = [self._gone(i) for i in removed.get(-1, ())]
        for j in range(len(self.new)):
            i = sources.get(j)
            made.append(self._come(j) if i is None else self._both(i, j))
            made.extend(self._gone(k) for k in removed.get(j, ()))
        return made

    def _removed(self) -> dict[int, list[int]]:
        """Return the removed clauses by the new index of the clause in order before them."""
        found: dict[int, list[int]] = {}
        last = -1
        for i in range(len(self.old)):
            if i in self.found.stayed:
                last = self.found.pairs[i]
            elif i not in self.found.pairs:
                found.setdefault(last, []).append(i)
        return found

    def _gone(self, i: int) -> Change:
        return Change(
            "removed",
            self.old[i],
            None,
            part="merged" if i in self.merged else "",
            old_heading=self.before.name(i),
            old_body=self.before.bodies[i],
        )

    def _come(self, j: int) -> Change:
        return Change(
            "added",
            None,
            self.new[j],
            part="split" if j in self.split else "",
            new_heading=self.after.name(j),
            new_body=self.after.bodies[j],
        )

    def _both(self, i: int, j: int) -> Change:
        left, right = self.before.bodies[i], self.after.bodies[j]
        similarity = _similarity(left, right)
        moved = i in self.found.moved
        renamed = self.renamed.get((i, j))
        kind: Kind = "moved" if moved else "unchanged"
        if similarity < 1 or (renamed and not moved):
            kind = "reworded"
        elif not moved and set(self.old[i].labels) != set(self.new[j].labels):
            kind = "relabelled"
        return Change(
            kind,
            self.old[i],
            self.new[j],
            similarity=similarity,
            moved=moved,
            renamed=renamed,
            part="split" if j in self.split else "merged" if i in self.merged else "",
            old_heading=self.before.name(i),
            new_heading=self.after.name(j),
            old_body=left,
            new_body=right,
        )


def _similarity(left: str, right: str) -> float:
    from rapidfuzz.distance import Indel

    before, after = keys(left), keys(right)
    if before == after:
        return 1.0
    # Rounding takes no difference away.
    return min(0.9999, round(Indel.normalized_similarity(before, after), 4))


def _renamed(
    before: Outline, after: Outline, found: Alignment
) -> Iterator[tuple[tuple[int, int], tuple[str, str]]]:
    """Yield the clauses of both versions whose own heading was renamed, added or dropped."""
    sources = {j: i for i, j in found.pairs.items()}
    targets = set(found.heads.values())
    names: dict[tuple[int, int], tuple[list[str], list[str]]] = {}

    def note(i: int | None, j: int | None, left: str, right: str) -> None:
        if i is not None and j is not None:
            olds, news = names.setdefault((i, j), ([], []))
            olds.extend([left] * bool(left))
            news.extend([right] * bool(right))

    for k, head in enumerate(before.heads):
        i, now = head.carrier, after.heads[found.heads[k]] if k in found.heads else None
        if now is None:
            note(i, found.pairs.get(i), head.text, "")
        elif now.key != head.key:
            # If the clause that opens with the new heading is new itself, the old one's clause.
            j = now.carrier if now.carrier in sources else found.pairs.get(i)
            note(None if j is None else sources[j], j, head.text, now.text)
    for k, head in enumerate(after.heads):
        if k not in targets:
            note(sources.get(head.carrier), head.carrier, "", head.text)
    for pair, (olds, news) in names.items():
        yield pair, (" / ".join(olds), " / ".join(news))
