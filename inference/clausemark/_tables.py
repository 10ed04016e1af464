"""Tables as rows: JSON Lines, CSV, Parquet, and policies (each clause a row).

A reader yields raw rows cheaply and parses them on demand, so that a resumed run passes over what
it has. CSV is read by the standard library, as Arrow's reader gives up a whole block for one bad
byte and cannot say which line it was.
"""

from __future__ import annotations

import csv
import io
import json
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from clausemark._lines import DAMAGE, lines, opened
from clausemark._output import safe_cell
from clausemark._rows import ROW_BYTES, BadRow, check_unicode, checked_text
from clausemark.document import read_document
from clausemark.errors import DocumentError, RecordError
from clausemark.segment import model_text, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from clausemark._rows import Columns

__all__ = [
    "CLAUSE_COLUMNS",
    "ClauseReader",
    "CsvReader",
    "JsonlReader",
    "Reader",
    "csv_header",
    "json_object",
]

#: The columns of a clause, as `clausemark label` names them.
CLAUSE_COLUMNS: Final = ("document", "index", "start", "end", "heading", "text")
_TOO_LONG: Final = ("row too long", f"more than {ROW_BYTES:,} bytes")
_RETURN: Final = "a carriage return outside quotation marks"


class Reader(Protocol):
    """Reads one file. `place` says what its numbers count; `fraction` how far it is, 0 to 1."""

    place: str

    def raws(self) -> Iterator[tuple[int, Any]]:
        """Yield every row's number and content, unparsed, a BadRow for one that cannot be read."""

    def parse(self, raw: Any) -> tuple[str, Columns, int]:
        """Return a row's text, columns and size in bytes; raise BadRow."""

    def fraction(self) -> float:
        """Return how much of the file is read."""


class _FileReader:
    """A file read as a stream of bytes."""

    place = "line"

    def __init__(self, path: Path, column: str, keep: Sequence[str] | None) -> None:
        self.path = path
        self.column = column
        self.keep = keep
        self._raw: IO[bytes] | None = None

    def fraction(self) -> float:
        """Return the part of the file's bytes that are read, before decompression."""
        if self._raw is None or self._raw.closed:
            return 0.0
        return self._raw.tell() / max(1, self.path.stat().st_size)

    def _pick(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return values if self.keep is None else {name: values.get(name) for name in self.keep}


class JsonlReader(_FileReader):
    """JSON Lines: one object a line. `whole` keeps lines as they stand instead of their values.

    `taken` are the names of the columns to come: a row that has one already is refused.
    """

    def __init__(
        self,
        path: Path,
        column: str,
        keep: Sequence[str] | None,
        *,
        whole: bool = False,
        taken: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(path, column, keep)
        self._whole = whole and keep is None
        self._taken = taken

    def raws(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield the lines that are not blank."""
        with opened(self.path) as (stream, self._raw):
            for number, line in lines(stream):
                if line is None or not line.isspace():
                    yield number, line

    def parse(self, raw: bytes | None) -> tuple[str, Columns, int]:
        """Return the text and columns of a line."""
        values = json_object(raw)
        if self.column not in values:
            raise BadRow("no text column", f"no {self.column!r}")
        text = checked_text(values[self.column], self.column)
        kept = self._pick(values)
        if clash := self._taken & kept.keys():
            raise BadRow("column name taken", f"there is a column {min(clash)!r} already")
        return text, (raw or b"").strip() if self._whole else kept, len(raw or b"")


def json_object(line: bytes | None) -> dict[str, Any]:
    """Return the object in a line of JSON, None standing for a line too long; raise BadRow."""
    if line is None:
        raise BadRow(*_TOO_LONG)
    try:
        text = line.decode()
        values = json.loads(text)
    except UnicodeDecodeError as error:
        raise BadRow("not UTF-8", f"byte {error.start + 1}") from None
    except json.JSONDecodeError as error:
        raise BadRow(
            "malformed JSON", f"{error.msg.removesuffix(' at')} at character {error.pos + 1}"
        ) from None
    except (ValueError, RecursionError):
        raise BadRow("malformed JSON", "a number or a nesting beyond measure") from None
    if not isinstance(values, dict):
        raise BadRow("not a JSON object", f"a {type(values).__name__}")
    if "\\u" in text:
        check_unicode(json.dumps(values, ensure_ascii=False))
    return values


class CsvReader(_FileReader):
    """CSV as RFC 4180 has it, with a header; every cell is text, exactly as it stands."""

    def raws(self) -> Iterator[tuple[int, list[str] | BadRow]]:
        """Yield the records after the header, numbered by their first lines."""
        with opened(self.path) as (stream, self._raw):
            records = _records(stream)
            self._header = _checked_header(self.path, next(records, None))
            yield from records

    def parse(self, raw: list[str]) -> tuple[str, Columns, int]:
        """Return the text and columns of a record."""
        if len(raw) != len(self._header):
            detail = f"{len(raw)} cells, the header has {len(self._header)}"
            raise BadRow("wrong number of cells", detail)
        values = dict(zip(self._header, raw, strict=True))
        text = checked_text(values[self.column], self.column)
        return text, self._pick(values), sum(map(len, raw))


def csv_header(path: Path) -> tuple[str, ...]:
    """Return the column names of a CSV file; raise RecordError if it has no sound header."""
    with opened(path) as (stream, _):
        return _checked_header(path, next(_records(stream), None))


def _checked_header(path: Path, record: tuple[int, list[str] | BadRow] | None) -> tuple[str, ...]:
    if record is None:
        raise RecordError(f"{path} is empty.", hint="A CSV file begins with its column names.")
    _, cells = record
    if isinstance(cells, BadRow):
        detail = f" ({cells.detail})" if cells.detail else ""
        raise RecordError(f"{path} has no sound header: {cells.reason}{detail}.", hint=_cure(cells))
    twice = [name for k, name in enumerate(cells) if name in cells[:k]]
    if twice:
        raise RecordError(f"{path} has two columns {twice[0]!r}.", hint="Rename one of them.")
    return tuple(cells)


def _cure(bad: BadRow) -> str:
    if bad.reason == "not UTF-8":
        return "Save it as UTF-8."
    if bad.detail == _RETURN:
        return r"Save it with line ends of \n or \r\n, not of \r alone."
    return "Correct its first line, the column names."


class _TooLongError(Exception):
    """A record has grown beyond the bytes of a row."""


class _UnclosedError(Exception):
    """A record is open at the end of a line after which no record can close."""


def _records(stream: IO[bytes]) -> Iterator[tuple[int, list[str] | BadRow]]:
    """Yield the records and their first lines; of one that is broken its first line is refused.

    What comes after that line is read again, as one quotation mark that is never closed would
    take all rows below with it.
    """
    # The limit is the module's own, of 131,072 characters a cell, and for the whole process.
    csv.field_size_limit(max(csv.field_size_limit(), ROW_BYTES))
    feed = _Feed(stream)
    reader = csv.reader(feed, strict=True)
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _UnclosedError, _TooLongError) as error:
            yield feed.first, _fault(error, feed)
            feed.give_back()
            reader = csv.reader(feed, strict=True)
        else:
            if feed.broken:
                yield feed.first, BadRow("not UTF-8")
            elif cells:
                yield feed.first, cells


def _fault(error: Exception, feed: _Feed) -> BadRow:
    if isinstance(error, _TooLongError):
        return BadRow(*_TOO_LONG)
    if "new-line character" in str(error):
        return BadRow("malformed CSV", _RETURN)
    if isinstance(error, _UnclosedError) or "end of data" in str(error):
        return BadRow("malformed CSV", "a quotation mark is never closed")
    if feed.number > feed.first:
        detail = f"a quotation mark is not closed, or one of line {feed.number} is not doubled"
        return BadRow("malformed CSV", detail)
    if "expected after" in str(error):
        return BadRow("malformed CSV", "a quotation mark within a cell is not doubled")
    return BadRow("malformed CSV", str(error))


class _Feed:
    """Lines of text for the `csv` module, watched record by record; it takes lines back.

    No line is read more than twice, however many quotation marks are left open: what is given
    back was read within one, to a fault or for ROW_BYTES. A record that is open once more at the
    end of a line given back would meet the same, and is broken without being read on.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines = lines(stream)
        self._again = io.BytesIO()
        self._left = 0
        self._then: list[Exception | None] = []
        self.number = 0
        self.begin()

    def begin(self) -> None:
        """Begin a record."""
        self.first = 0
        self.broken = False
        self._bytes = 0
        self._held = bytearray()

    def give_back(self) -> None:
        """Let the lines of the record come again, all but the first."""
        self.number = self.first
        if self._held:
            self._again, self._left = io.BytesIO(self._held), len(self._held)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self.first and (self._left or self._then):
            raise _UnclosedError
        line = self._line()
        self.number += 1
        if self.first and line is not None:
            self._held += line
        self.first = self.first or self.number
        self._bytes += len(line or b"")
        if line is None or self._bytes > ROW_BYTES:
            raise _TooLongError
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.broken = True
            return line.decode(errors="replace")

    def _line(self) -> bytes | None:
        """Return the next line, None for one too long; raise what the file raises, in its place."""
        if self._left:
            line = self._again.readline()
            self._left -= len(line)
            return line
        found = self._then.pop() if self._then else self._fresh()
        if isinstance(found, bytes):
            return found
        if self.first:  # the lines of the record that is open are given back before
            self._then.append(found)
            raise _TooLongError if found is None else _UnclosedError
        if found is not None:
            raise found
        return None

    def _fresh(self) -> bytes | Exception | None:
        """Return a line not read before, None for one too long, or the damage of the file."""
        try:
            return next(self._lines)[1]
        except DAMAGE as error:
            return error


class ClauseReader(_FileReader):
    """A policy: each clause is a row, and the model reads it as `clausemark label` has it read.

    `guarded` puts an apostrophe before what a spreadsheet would run: it is other people's text.
    """

    place = "row"

    def __init__(
        self, path: Path, keep: Sequence[str] | None, *, headings: bool, guarded: bool = False
    ) -> None:
        super().__init__(path, "text", keep)
        self._headings = headings
        self._guarded = guarded

    def raws(self) -> Iterator[tuple[int, Any]]:
        """Yield the clauses, or the reason why there are none."""
        try:
            document = read_document(self.path)
        except DocumentError as error:
            yield 1, BadRow("document cannot be read", str(error), lost=True)
            return
        yield from enumerate(segment(document), 1)

    def parse(self, raw: Any) -> tuple[str, Columns, int]:
        """Return what the model reads of a clause, and the clause's columns."""
        name = str(self.path).encode(errors="replace").decode()
        values = {"document": name}
        values |= {name: getattr(raw, name) for name in CLAUSE_COLUMNS[1:]}
        if self._guarded:
            values = {k: safe_cell(v) if isinstance(v, str) else v for k, v in values.items()}
        text = checked_text(model_text(raw, headings=self._headings), self.column)
        return text, self._pick(values), len(raw.text)
