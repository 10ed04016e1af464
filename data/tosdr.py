"""ToS;DR, January 2021: quotes from terms and policies, each filed by volunteers under one case.

A case is one claim about a service ("This service ignores the Do Not Track header"). Quotes from
privacy, cookie and data policies are kept whose case lies within one of OPP-115's categories. A
quote has one case where others would fit as well: labels are given, never denied.
"""

from __future__ import annotations

import json
import re
import tarfile
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from data.english import is_english
from data.families import families
from data.markup import plain
from data.overlap import NONE, Overlap
from data.records import Loaded, Record
from data.repair import repair
from data.tosdr_cases import CASES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["FILE", "load"]

CORPUS: Final = "tosdr"
FILE: Final = "tosdr_2021.tar.gz"
_POINT: Final = re.compile(r"(?:\./)?points/(\d+)\.json")
_POLICY: Final = re.compile(r"priva|cookie|gdpr|\bdata\b|personal", re.IGNORECASE)
_SHORTEST: Final = 5
_LONGEST: Final = 300


@dataclass(slots=True)
class _Quote:
    """A distinct text: the number and service of its first point, the cases of all."""

    number: int
    service: str
    cases: set[str] = field(default_factory=set)


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read the points of the archive `raw`; equal quotes count once, with the cases of all."""
    loaded = Loaded()
    services: defaultdict[str, list[str]] = defaultdict(list)
    quotes: dict[str, _Quote] = {}
    for number, point in _points(raw):
        text = repair(plain(point.get("quoteText") or "").text)
        reason = _reason(text, point, overlap)
        if reason is None and text in quotes:
            reason = "repeated text"
        if text:
            services[_service(point)].append(text)
        if reason and reason != "repeated text":
            loaded.dropped[reason] += 1
            continue
        loaded.dropped.update([reason] if reason else [])
        quotes.setdefault(text, _Quote(number, _service(point))).cases.add(_case(point))
    family = families(services)
    loaded.records += [
        _record(text, quote, family[quote.service]) for text, quote in quotes.items()
    ]
    return loaded


def _points(archive: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield number and content of every point, by number."""
    try:
        with tarfile.open(archive) as tar:
            found = {
                int(match[1]): stream.read()  # in the archive's order: it cannot be searched
                for member in tar
                if (match := _POINT.fullmatch(member.name)) and (stream := tar.extractfile(member))
            }
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise RecordError(f"{archive}: cannot be read ({error}).") from error
    if not found:
        raise RecordError(f"{archive}: no files points/*.json.")
    for number, content in sorted(found.items()):
        yield number, _parse(content, f"{archive}, points/{number}.json")


def _parse(content: bytes, where: str) -> dict[str, Any]:
    try:
        point = json.loads(content)
    except ValueError as error:
        raise RecordError(f"{where}: no JSON ({error}).") from None
    if not isinstance(point, dict) or not isinstance(point.get("tosdr"), dict):
        raise RecordError(f"{where}: no point: the field 'tosdr' is missing.")
    return point


def _service(point: dict[str, Any]) -> str:
    return next(iter(point.get("services") or ()), "unknown")


def _case(point: dict[str, Any]) -> str:
    return " ".join((point["tosdr"].get("case") or "").split())


def _reason(text: str, point: dict[str, Any], overlap: Overlap) -> str | None:
    if not text:
        return "no quote"
    if _case(point) not in CASES:
        return "case that is no label"
    if not _POLICY.search(point.get("quoteDoc") or ""):
        return "quote from no privacy policy"
    length = len(text.split())
    if length < _SHORTEST or length > _LONGEST:
        return f"under {_SHORTEST} or over {_LONGEST} words"
    if not is_english(text):
        return "not English"
    return "overlaps a withheld segment" if overlap.drops(text) else None


def _record(text: str, quote: _Quote, family: str) -> Record:
    given = {CASES[case] for case in quote.cases}
    labels = tuple(label for label in OPP115.names if label in given)
    return Record(
        id=f"{CORPUS}/{quote.number}",
        corpus=CORPUS,
        document=f"{CORPUS}/{quote.service}",
        family=f"{CORPUS}/{family}",
        text=text,
        labels=labels,
        known=labels,
        extra={"cases": sorted(quote.cases)},
    )
