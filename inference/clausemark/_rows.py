"""What flows through a batch: rows to label, rows refused, and the place after each.

A `Position` is all that a resumed run needs to go on: parts end at positions that are a function
of the input alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = [
    "ROW_BYTES",
    "TEXT_CHARACTERS",
    "ArrowRow",
    "BadRow",
    "Columns",
    "Position",
    "Reject",
    "Row",
    "check_unicode",
    "checked_text",
]

#: A row of more bytes is refused: it is a broken file rather than a paragraph with its columns.
ROW_BYTES: Final = 10_000_000
#: A text of more characters is refused: 250,000 tokens, five times the longest policies.
TEXT_CHARACTERS: Final = 1_000_000


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two rows: `items` rows of input file number `file` lie before it."""

    file: int = 0
    items: int = 0


@dataclass(frozen=True, slots=True)
class ArrowRow:
    """Row `index` of an Arrow record batch, kept in Arrow so that no type is lost."""

    batch: Any
    index: int


#: A row's columns: the line of JSON as it stood, values by name, or a place in an Arrow batch.
Columns = bytes | Mapping[str, Any] | ArrowRow


@dataclass(frozen=True, slots=True)
class Row:
    """A row with a text: what the model reads, the columns to keep, its size in bytes."""

    after: Position
    text: str
    columns: Columns
    size: int


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be labelled, where it stands and why.

    `place` is "line" or "row" (Parquet, policies), `number` counts from 1. `lost` says that a
    whole file, or the rest of one, cannot be read.
    """

    after: Position
    file: str
    place: str
    number: int
    reason: str
    detail: str = ""
    lost: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the object that the rejects file holds; never the row itself."""
        found: dict[str, Any] = {"file": self.file, self.place: self.number, "reason": self.reason}
        if self.detail:
            found["detail"] = self.detail[:300]
        return found


class BadRow(Exception):  # noqa: N818  (a finding, not a failure)
    """Raised by readers for a row that is refused: a reason out of a few, and its details."""

    def __init__(self, reason: str, detail: str = "", *, lost: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.lost = lost


def checked_text(value: Any, column: str) -> str:
    """Return `value` if it is a text to label; raise BadRow otherwise."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise BadRow("text is null")
    if not isinstance(value, str):
        raise BadRow("text is not a string", f"{column!r} is of type {type(value).__name__}")
    if len(value) > TEXT_CHARACTERS:
        raise BadRow("text too long", f"more than {TEXT_CHARACTERS:,} characters")
    if not value.strip():
        raise BadRow("text is blank")
    check_unicode(value)
    return value


def check_unicode(text: str) -> None:
    """Raise BadRow if `text` holds half a surrogate pair, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadRow("not Unicode", "a lone surrogate") from None
