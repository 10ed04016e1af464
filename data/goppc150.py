"""GoPPC-150: GDPR-era policies as trees of titles and paragraphs, each with its GDPR concepts.

A node carries two lists of codes, "A;B"; the second is the agreed one. Only nodes whose codes are
all listed in CODES and that hold text are kept; typing errors in codes are counted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from clausemark.errors import RecordError
from data.overlap import NONE, Overlap
from data.records import Loaded, Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["KNOWN", "PREFIXES", "labels_of", "load"]

CORPUS: Final = "goppc150"
_FIRST: Final = "First Party Collection/Use"
_THIRD: Final = "Third Party Sharing/Collection"
_CHOICE: Final = "User Choice/Control"
_ACCESS: Final = "User Access, Edit and Deletion"
_RETENTION: Final = "Data Retention"
_AUDIENCES: Final = "International and Specific Audiences"
_CONTACT: Final = "Privacy contact information"
#: Concepts in OPP-115's terms; a code below a listed one means the same. None: none of ours, or of
#: one of ours a part only. Changes of the policy have a code (4.1.1) that was never used.
PREFIXES: Final[dict[str, str | None]] = {
    **dict.fromkeys(("8", "9", "11", "18.1"), _FIRST),
    "17": _THIRD,
    **dict.fromkeys(("6", "4.6", "4.9"), _CHOICE),
    **dict.fromkeys(("4.2", "4.3", "4.5"), _ACCESS),
    "16": _RETENTION,
    "12": "Data Security",
    **dict.fromkeys(("14", "15", "18.2"), _AUDIENCES),
    **dict.fromkeys(("1.2", "2.2", "3.2"), _CONTACT),
    **dict.fromkeys(("1", "2", "3", "4", "4.1", "4.4", "4.7", "4.8"), None),
    **dict.fromkeys(("5", "7", "10", "13", "16.2", "18", "19"), None),
}
#: Where a concept is near a label without being it, the label is neither given nor denied.
_UNSURE: Final = {
    **dict.fromkeys(("1", "2", "3"), (_CONTACT,)),
    **dict.fromkeys(("4", "4.4", "4.7", "4.8"), (_CHOICE, _ACCESS)),
    "7": (_CONTACT, _ACCESS),
    **dict.fromkeys(("10", "13"), (_FIRST,)),
    "16.2": (_RETENTION, _AUDIENCES),
    "18": (_FIRST, _AUDIENCES),
    "18.1": (_THIRD,),  # cookies, whoever sets them
}
KNOWN: Final = tuple(dict.fromkeys(label for label in PREFIXES.values() if label))
_CODE: Final = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,2}")
_NODES: Final = ("title", "paragraph")


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read raw/GoPPC-150/*.xml; malformed files are recovered and noted."""
    files = sorted((raw / "GoPPC-150").glob("*.xml"), key=lambda file: (len(file.stem), file.stem))
    if not files:
        raise RecordError(f"{raw}: no files GoPPC-150/*.xml.")
    loaded = Loaded()
    for file in files:
        for number, (heading, node) in enumerate(_nodes(file, loaded)):
            text = " ".join("".join(node.itertext()).split())
            codes = _codes(node.get("category", ""))
            reason = _reason(text, codes, overlap)
            if reason:
                loaded.dropped[reason] += 1
            else:
                place = f"{CORPUS}/{file.stem}"
                loaded.records.append(_record(place, number, text, codes, heading))
    return loaded


def _nodes(file: Path, loaded: Loaded) -> Iterator[tuple[str | None, Any]]:
    """Yield titles and paragraphs in order, each with the title that it stands under."""
    from lxml import etree

    try:
        tree = etree.fromstring(file.read_bytes().strip())
    except etree.XMLSyntaxError as error:
        loaded.problems.append(f"{file.name}: malformed, recovered ({error.msg}).")
        tree = etree.fromstring(file.read_bytes().strip(), etree.XMLParser(recover=True))
    if tree is None:
        raise RecordError(f"{file}: no XML.")
    for node in tree.iter(*_NODES):
        yield _heading(node), node


def _heading(node: Any) -> str | None:
    """Return the title of the segment that `node` is in, or of the one above for a title."""
    segment = node.getparent()
    if node.tag == "title" and segment is not None:
        segment = segment.getparent()
    title = None if segment is None else segment.find("title")
    text = "" if title is None else " ".join("".join(title.itertext()).split())
    return text or None


def _codes(category: str) -> list[str]:
    return [code.strip() for code in category.rpartition(";")[2].split(",") if code.strip()]


def _reason(text: str, codes: list[str], overlap: Overlap) -> str | None:
    if not text:
        return "empty text"
    if not codes:
        return "no codes"
    if any(_prefix(code) is None for code in codes):
        return "unknown code"
    return "overlaps a withheld segment" if overlap.drops(text) else None


def _prefix(code: str) -> str | None:
    """Return the longest listed code that `code` is or is below, or None."""
    parts = code.split(".") if _CODE.fullmatch(code) else []
    starts = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((start for start in starts if start in PREFIXES), None)


def labels_of(codes: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the labels that `codes` stand for, and those on which they are not silent."""
    prefixes = [prefix for code in codes if (prefix := _prefix(code))]
    given = {PREFIXES[prefix] for prefix in prefixes}
    unsure = {label for prefix in prefixes for label in _UNSURE.get(prefix, ())} - given
    return (
        tuple(label for label in KNOWN if label in given),
        tuple(label for label in KNOWN if label not in unsure),
    )


def _record(place: str, number: int, text: str, codes: list[str], heading: str | None) -> Record:
    labels, known = labels_of(codes)
    return Record(
        id=f"{place}/{number}",
        corpus=CORPUS,
        document=place,
        family=place,
        text=text,
        labels=labels,
        known=known,
        heading=heading,
        extra={"codes": codes},
    )
