"""The rows of all inputs, one file after the other, from any position on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clausemark._arrow import ParquetReader
from clausemark._lines import DAMAGE
from clausemark._rows import BadRow, Position, Reject, Row
from clausemark._tables import ClauseReader, CsvReader, JsonlReader
from clausemark.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from clausemark._inputs import Input
    from clausemark._tables import Reader

__all__ = ["Tables"]


class Tables:
    """The rows of `inputs` as they are needed for an output of `kind`: jsonl, csv or parquet.

    With `headings` the clause of a policy is read under its section's heading. A file that is
    `unreadable`, for the reason given, is one reject.
    """

    def __init__(  # noqa: PLR0913
        self,
        inputs: Sequence[Input],
        kind: str,
        *,
        column: str,
        keep: Sequence[str] | None,
        added: Sequence[str],
        headings: bool = False,
        unreadable: Mapping[Path, str] | None = None,
    ) -> None:
        self._unreadable = unreadable or {}
        self._inputs = inputs
        self._kind = kind
        self._column = column
        self._keep = keep
        self._added = frozenset(added)
        self._headings = headings
        self._total = max(1, sum(one.bytes for one in inputs))
        self._done = 0
        self._now: tuple[Reader, int] | None = None

    def fraction(self) -> float:
        """Return the part of the inputs' bytes that is read."""
        within = self._now[0].fraction() * self._now[1] if self._now else 0.0
        return min(1.0, (self._done + within) / self._total)

    def read(self, position: Position) -> Iterator[Row | Reject]:
        """Yield every row after `position`; raise RecordError if a file changes meanwhile."""
        self._done = sum(one.bytes for one in self._inputs[: position.file])
        for index, one in enumerate(self._inputs):
            if index < position.file:
                continue
            reader = self._reader(one)
            reason = self._unreadable.get(one.path)
            raws = _raws(reader, str(one.path)) if reason is None else _refused(one, reason)
            self._now = (reader, one.bytes)
            skip = position.items if index == position.file else 0
            for items, number, raw in raws:
                if items > skip:
                    yield _item(reader, str(one.path), Position(index, items), number, raw)
            one.check()
            self._now = None
            self._done += one.bytes

    def _reader(self, one: Input) -> Reader:
        if one.kind == "jsonl":
            whole = self._kind == "jsonl"
            return JsonlReader(one.path, self._column, self._keep, whole=whole, taken=self._added)
        if one.kind == "csv":
            return CsvReader(one.path, self._column, self._keep)
        if one.kind == "parquet":
            native = self._kind == "parquet"
            return ParquetReader(one.path, self._column, self._keep, native=native)
        guarded = self._kind == "csv"
        return ClauseReader(one.path, self._keep, headings=self._headings, guarded=guarded)


def _raws(reader: Reader, file: str) -> Iterator[tuple[int, int, Any]]:
    """Yield the file's rows counted from 1; damage is its last row, and no other one's."""
    items = number = 0
    raws = reader.raws()
    while True:
        items += 1
        try:
            number, raw = next(raws)
        except StopIteration:
            return
        except DAMAGE as error:
            if isinstance(error, OSError) and error.errno:
                raise RecordError(
                    f"{file} cannot be read on ({error.strerror}).",
                    hint="Once it can, go on with --resume.",
                ) from None
            reason = " ".join(str(error).split())
            yield items, number + 1, BadRow("file cannot be read on", reason, lost=True)
            return
        yield items, number, raw


def _refused(one: Input, reason: str) -> Iterator[tuple[int, int, Any]]:
    what = "file cannot be read" if one.unreadable else "file is no table"
    yield 1, 1, BadRow(what, reason, lost=True)


def _item(reader: Reader, file: str, after: Position, number: int, raw: Any) -> Row | Reject:
    try:
        if isinstance(raw, BadRow):
            raise raw
        text, columns, size = reader.parse(raw)
    except BadRow as bad:
        return Reject(after, file, reader.place, number, bad.reason, bad.detail, bad.lost)
    return Row(after, text, columns, size)
