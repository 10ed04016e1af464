"""C3PA (EMNLP 2024): spans of 400 policies under California's law, marked by one to six annotators.

Annotators copied spans of any length out of a page, each for one duty or right. A span becomes a
record if it is of a paragraph's length and stands in the page's text; longer ones first, and none
that lies half within another. A label is given where most of the policy's annotators marked it
there. Of the labels only access is denied: what is collected and shared is marked by its
categories of data alone, and choice by the sale of data alone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clausemark.errors import RecordError
from data.families import families
from data.overlap import NONE, Overlap, words
from data.records import Loaded, Record
from data.repair import repair
from data.tables import csv_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["DUTIES", "Span", "judge", "load"]

CORPUS: Final = "c3pa"
_FIRST: Final = "First Party Collection/Use"
_THIRD: Final = "Third Party Sharing/Collection"
_CHOICE: Final = "User Choice/Control"
_ACCESS: Final = "User Access, Edit and Deletion"
#: The duties and rights in OPP-115's terms; None: none of ours, or of several one is not said.
DUTIES: Final[dict[str, str | None]] = {
    # Which data are collected: the core of first-party collection.
    "Categories of Personal Information Collected": _FIRST,
    # Which data go to whom, for a purpose or for money: sharing with third parties.
    "Categories of Personal Information Shared / Disclosed": _THIRD,
    "Categories of Personal Information Sold": _THIRD,
    # Asking what is known: OPP-115's access type "View", whatever the request is about.
    "Description of Right to Know PI Collected": _ACCESS,
    "Description of Right to Know PI sold / shared": _ACCESS,
    # Deleting and correcting: access types too.
    "Description of Right to Delete": _ACCESS,
    "Description of Right to Correct Information": _ACCESS,
    # Opting out of sale, limiting the use of sensitive data: choices.
    "Description of Right to Opt-out of sale of PI": _CHOICE,
    "Description of Right to Limit use of PI": _CHOICE,
    # Forms and addresses for any right: contact, access or choice.
    "Methods to exercise rights": None,
    # OPP-115 has no label for it.
    "Description of Right to Non-discrimination on exercising rights": None,
    # Announcements of changes, but as often a bare date, which OPP-115 counts as introductory.
    "Updated Privacy Policy": None,
    # Whatever an annotator found worth a mark.
    "Others": None,
}
#: These may be about access: where one is marked, access is not denied.
_MAYBE_ACCESS: Final = frozenset({"Methods to exercise rights", "Others"})
_MAPPED: Final = tuple(dict.fromkeys(label for label in DUTIES.values() if label))
_SHORTEST: Final = 5
_LONGEST: Final = 120
#: A span this long says that a duty is met somewhere in it, not where.
_VAGUE: Final = 240
_HEADER: Final = ["RANumb", "Text", "Label"]


@dataclass(frozen=True, slots=True)
class Span:
    """The words [start, end) of a page, marked by one annotator for one duty."""

    annotator: str
    duty: str
    text: str
    start: int
    end: int

    def shared(self, other: Span) -> float:
        """Return the words in both spans as a share of the shorter one's, 0 to 1."""
        both = min(self.end, other.end) - max(self.start, other.start)
        return max(0, both) / min(self.end - self.start, other.end - other.start)


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read raw/Annotations/*/*.csv and raw/texts; equal texts count once."""
    files = sorted((raw / "Annotations").glob("*/*.csv"), key=_order)
    if not files:
        raise RecordError(f"{raw}: no files Annotations/*/*.csv.")
    pages = {_name(file): _page(raw / "texts" / f"{_name(file)}.txt") for file in files}
    family = families({name: [page] for name, page in pages.items()})
    loaded = Loaded()
    seen: set[str] = set()
    for file in files:
        name = _name(file)
        spans, annotators = _spans(file, pages[name], loaded)
        for number, span in enumerate(_apart(spans, loaded)):
            labels, known, votes = judge(span, spans, annotators)
            reason = _reason(span.text, known, seen, overlap)
            if reason:
                loaded.dropped[reason] += 1
                continue
            seen.add(span.text)
            loaded.records.append(
                Record(
                    id=f"{CORPUS}/{name}/{number}",
                    corpus=CORPUS,
                    document=f"{CORPUS}/{name}",
                    family=f"{CORPUS}/{family[name]}",
                    text=span.text,
                    labels=labels,
                    known=known,
                    extra={"annotators": annotators, "marked": votes},
                )
            )
    return loaded


def _order(file: Path) -> tuple[str, int, str]:
    return file.parent.name, len(file.stem), file.stem


def _name(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


def _page(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecordError(f"{file}: the page's text is missing.") from None


def _rows(file: Path) -> Iterator[tuple[str, str, str]]:
    """Yield annotator, text and duty; raise RecordError at a wrong row."""
    rows = csv_rows(file, len(_HEADER))
    if (header := next(rows, ("", []))[1]) != _HEADER:
        raise RecordError(f"{file}: begins with {header}, {_HEADER} is needed.")
    for where, (annotator, text, duty) in rows:
        if duty not in DUTIES:
            raise RecordError(
                f"{where}: unknown label {duty!r}.", hint=f"Known labels: {', '.join(DUTIES)}."
            )
        yield annotator, text, duty


def _spans(file: Path, page: str, loaded: Loaded) -> tuple[list[Span], int]:
    """Return the distinct spans that stand in the page, and how many annotators it had."""
    tokens = words(repair(page))
    joined = f" {' '.join(tokens)} "
    annotators: set[str] = set()
    found: dict[Span, None] = {}
    places: dict[str, int] = {}
    for annotator, written, duty in _rows(file):
        annotators.add(annotator)
        text = repair(written.replace("\\n", " ").replace("\\t", " "))
        wanted = " ".join(words(text))
        if not wanted:
            loaded.dropped["empty span"] += 1
            continue
        at = places.setdefault(wanted, joined.find(f" {wanted} "))
        if at < 0:
            loaded.dropped["span not in the page's text"] += 1
            continue
        start = joined.count(" ", 0, at)
        span = Span(annotator, duty, text, start, start + wanted.count(" ") + 1)
        if span in found:
            loaded.dropped["repeated span"] += 1
        found[span] = None
    return list(found), len(annotators)


def _apart(spans: Sequence[Span], loaded: Loaded) -> list[Span]:
    """Return the spans of a paragraph's length, in page order, none half within another."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start - span.end, span.start)):
        length = span.end - span.start
        if length < _SHORTEST:
            loaded.dropped["under five words"] += 1
        elif length > _LONGEST:
            loaded.dropped[f"over {_LONGEST} words"] += 1
        elif any(span.shared(other) >= 0.5 for other in kept):
            loaded.dropped["half within another span"] += 1
        else:
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def judge(
    span: Span, spans: Sequence[Span], annotators: int
) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, int]]:
    """Return the labels of `span`, those that are given or denied, and who marked each how often.

    An annotator stands for a label who marked it on half of the span, or on something that lies
    half in it; a mark that only touches it, or is vague, leaves the label open.
    """
    marked: defaultdict[str, set[str]] = defaultdict(set)
    touched = set()
    for other in spans:
        share = span.shared(other)
        label = DUTIES[other.duty] or (_ACCESS if other.duty in _MAYBE_ACCESS else None)
        if not share or label is None:
            continue
        touched.add(label)
        if share >= 0.5 and DUTIES[other.duty] and other.end - other.start <= _VAGUE:
            marked[label].add(other.annotator)
    given = tuple(label for label in _MAPPED if len(marked[label]) * 2 > annotators)
    denied = {_ACCESS} - touched if annotators > 1 else set()
    known = tuple(label for label in _MAPPED if label in given or label in denied)
    return given, known, {label: len(marked[label]) for label in _MAPPED if marked[label]}


def _reason(text: str, known: tuple[str, ...], seen: set[str], overlap: Overlap) -> str | None:
    if not known:
        return "no label that most annotators gave"
    if text in seen:
        return "repeated text"
    return "overlaps a withheld segment" if overlap.drops(text) else None
