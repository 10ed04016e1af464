"""MAPP v1.0, English part: segments of 64 app policies with first- and third-party practices.

The scheme is OPP-115's cut down to two categories, so that a segment without one denies it. Where
attributes stand without their category, the three annotators did not agree on it, and it is left
open. The German part is not read: the classifier is English.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final, NamedTuple

from clausemark.errors import RecordError
from data.english import is_english
from data.families import families
from data.markup import plain
from data.overlap import NONE, Overlap
from data.records import Loaded, Record
from data.repair import repair
from data.tables import csv_rows

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["CATEGORIES", "load"]

CORPUS: Final = "mapp"
_FIRST: Final = "First Party Collection/Use"
_THIRD: Final = "Third Party Sharing/Collection"
#: The categories in OPP-115's terms.
CATEGORIES: Final = {
    # "First party collection/use" is OPP-115's category by the same authors, name and all.
    "First Party": _FIRST,
    # "Third party collection/use" is "Third Party Sharing/Collection": MAPP's processes hold both
    # sharing by the first party and collecting by others.
    "Third Party": _THIRD,
}
_KNOWN: Final = tuple(CATEGORIES.values())
#: An attribute or value that belongs to one category: without it, that one is left open.
_THIRD_MARKS: Final = (
    "Third-Party Entity",
    "Collection Process_Shared by first party with a third party",
    "Collection Process_Tracked on first-party website/app by third party",
)
_FIRST_MARKS: Final = (
    "Collection Process_Collected on first-party website/app",
    "Collection Process_Entered by user on first-party website/app",
)
#: Attributes that either category has and others have not: with no category both are open.
_EITHER: Final = frozenset({"Information Type", "Purpose", "Collection Process"})
_COLUMNS: Final = [
    "policy id",
    "segment_id",
    "category name",
    "attribute name",
    "value name",
    "policy_type",
    "privacy_policy_link",
    "MAPP_59",
]
_SHORTEST: Final = 4
_FOLDERS: Final = ("English_consolidation", "English_sanitized_policies")


class _Row(NamedTuple):
    """What the annotators agreed on for a segment."""

    categories: list[str]
    attributes: list[str]
    values: list[str]


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read raw/English_consolidation/*.csv and the policies; equal texts count once."""
    files = sorted((raw / _FOLDERS[0]).glob("*.csv"), key=_number)
    if not files:
        raise RecordError(f"{raw}: no files {_FOLDERS[0]}/*.csv.")
    segments = {file.stem: _segments(raw / _FOLDERS[1] / f"{file.stem}.txt") for file in files}
    family = families(segments)
    loaded = Loaded()
    seen: set[str] = set()
    for file in files:
        texts = segments[file.stem]
        for number, (row, text) in enumerate(
            zip(_rows(file, len(texts)), texts, strict=True), start=1
        ):
            labels, known = _labels_of(row)
            reason = _reason(text, known, overlap)
            if reason is None and text in seen:
                reason = "repeated text"
            if reason:
                loaded.dropped[reason] += 1
                continue
            seen.add(text)
            loaded.records.append(
                Record(
                    id=f"{CORPUS}/{file.stem}/{number}",
                    corpus=CORPUS,
                    document=f"{CORPUS}/{file.stem}",
                    family=f"{CORPUS}/{family[file.stem]}",
                    text=text,
                    labels=labels,
                    known=known,
                    extra={"attributes": row.attributes, "values": row.values},
                )
            )
    return loaded


def _number(file: Path) -> int:
    number = file.name.partition("_")[0]
    if not number.isdecimal():
        raise RecordError(f"{file}: its name does not begin with the policy's number.")
    return int(number)


def _segments(file: Path) -> list[str]:
    """Return the policy's segments: what stands between blank lines, the last one empty."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecordError(f"{file}: the policy's text is missing.") from None
    segments = text.removesuffix("\n\n").split("\n\n")
    return [repair(plain(segment).text if "<" in segment else segment) for segment in segments]


def _rows(file: Path, length: int) -> list[_Row]:
    """Return the rows of `file`, one a segment, of which the policy has `length`."""
    rows = csv_rows(file, len(_COLUMNS))
    if (header := next(rows, ("", []))[1]) != _COLUMNS:
        raise RecordError(f"{file}: begins with {header}, {_COLUMNS} is needed.")
    found = []
    for number, (where, row) in enumerate(rows, start=1):
        if row[1] != str(number):
            raise RecordError(f"{where}: segment {row[1]!r}, but {number} comes next.")
        found.append(_Row(*(_list(field, where) for field in row[2:5])))
        if strange := sorted(set(found[-1].categories) - set(CATEGORIES)):
            raise RecordError(
                f"{where}: unknown category {strange[0]!r}.",
                hint=f"Known categories: {', '.join(CATEGORIES)}.",
            )
    if len(found) != length:
        raise RecordError(f"{file}: {len(found)} rows, but the policy has {length} segments.")
    return found


def _list(field: str, where: str) -> list[str]:
    try:
        return [str(value) for value in ast.literal_eval(field)]
    except (ValueError, SyntaxError, TypeError):
        raise RecordError(f"{where}: no list: {field!r}.") from None


def _labels_of(row: _Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the labels that the row's categories stand for, and those given or denied."""
    given = {CATEGORIES[name] for name in row.categories}
    marks = {*row.attributes, *row.values}
    unsure = set()
    if marks.intersection(_THIRD_MARKS):
        unsure.add(_THIRD)
    if marks.intersection(_FIRST_MARKS):
        unsure.add(_FIRST)
    if not given and marks & _EITHER:
        unsure |= {_FIRST, _THIRD}
    return (
        tuple(label for label in _KNOWN if label in given),
        tuple(label for label in _KNOWN if label in given or label not in unsure),
    )


def _reason(text: str, known: tuple[str, ...], overlap: Overlap) -> str | None:
    if len(text.split()) < _SHORTEST:
        return "under four words"
    if not is_english(text):
        return "not English"
    if not known:
        return "annotators disagree on the category"
    return "overlaps a withheld segment" if overlap.drops(text) else None
