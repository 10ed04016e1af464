"""The sector of each OPP-115 policy, from the release's table of websites.

The release lists every entry of a website in DMOZ (documentation/websites_opp115.csv); its authors
sampled by DMOZ's top-level categories, but do not say which website they drew for which. A
policy's sector is here the top-level category in which its website has most entries. "Regional"
and "World" say where, not what: they count only where there is no other.
"""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from clausemark.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

__all__ = ["FILE", "policies", "sector_of"]

FILE: Final = "documentation/websites_opp115.csv"
#: The columns of a row: the policy's number, and the first of the entries in DMOZ.
_POLICY, _ENTRIES = 3, 7
_PLACES: Final = ("Regional", "World")


def policies(raw: Path, documents: Iterable[str]) -> list[dict[str, Any]]:
    """Return document, website and sector (null: not listed) of each of `documents`, sorted.

    Raise RecordError for a document whose policy has no website in the table.
    """
    websites = _websites(raw / FILE)
    made = []
    for document in sorted(set(documents)):
        row = websites.get(document.partition("_")[0])
        if row is None:
            raise RecordError(f"{raw / FILE}: no website has the policy of {document}.")
        sector = sector_of(row[_ENTRIES:])
        made.append({"document": document, "website": row[1], "sector": sector})
    return made


def sector_of(entries: Sequence[str]) -> str | None:
    """Return the top-level category of most DMOZ `entries`, the first of several; None of none."""
    tops = Counter(entry.partition(":")[0].strip() for entry in entries if entry.strip())
    ranked = [name for name, _ in tops.most_common()]
    ranked.sort(key=lambda name: name in _PLACES)
    return ranked[0] if ranked else None


def _websites(path: Path) -> dict[str, list[str]]:
    """Read the table: the policy's number -> the row."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))[1:]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f"{path}: no table of websites ({error}).") from error
    for number, row in enumerate(rows, start=2):
        if len(row) < _ENTRIES:
            raise RecordError(f"{path}, row {number}: {len(row)} columns, expected {_ENTRIES}.")
    return {row[_POLICY]: row for row in rows}
