"""A part of the labelled table as a file: JSON Lines, CSV or Parquet."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import math
import shutil
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, cast

from clausemark._extra import parquet, pyarrow
from clausemark._output import csv_rows, json_line
from clausemark._rows import ArrowRow
from clausemark.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from clausemark._columns import Plan
    from clausemark._rows import Row
    from clausemark.classifier import LabelledText

__all__ = ["Form", "join"]

_COPY: Final = 1 << 20
#: How Python writes numbers that JSON does not have.
_NO_NUMBERS: Final = ("NaN", "Infinity")


@dataclass(frozen=True, slots=True)
class Form:
    """How labelled rows are written: the format, its compression, the columns old and new.

    `headed` says that every part of a CSV has the column names, not the first alone.
    """

    kind: str
    compression: str
    plan: Plan
    labels: tuple[str, ...]
    prefix: str = ""
    scored: bool = True
    min_score: float = 0.0
    headed: bool = True

    @property
    def suffix(self) -> str:
        """The suffix of a part's name."""
        return f".{self.kind}{self.compression}"

    def write(
        self, raw: IO[bytes], part: int, rows: Sequence[Row], results: Sequence[LabelledText]
    ) -> None:
        """Write part number `part`; the same rows and results always give the same bytes."""
        writers = {"jsonl": self._jsonl, "csv": self._csv, "parquet": self._parquet}
        with _compressed(raw, self.compression) as stream:
            writers[self.kind](stream, part, rows, results)

    def _scores(self, result: LabelledText) -> dict[str, float]:
        return {name: score for name, score in result.scores.items() if score >= self.min_score}

    def _added(self, result: LabelledText) -> dict[str, Any]:
        added: dict[str, Any] = {f"{self.prefix}labels": list(result.labels)}
        if self.scored:
            added[f"{self.prefix}scores"] = self._scores(result)
        return added

    def _jsonl(
        self, stream: IO[bytes], _: int, rows: Sequence[Row], results: Sequence[LabelledText]
    ) -> None:
        for row, result in zip(rows, results, strict=True):
            added = self._added(result)
            if isinstance(row.columns, bytes):
                stream.write(_spliced(row.columns, added))
            else:
                stream.write(f"{_json({**_values(row), **added}, json_line)}\n".encode())

    def _csv(
        self, stream: IO[bytes], part: int, rows: Sequence[Row], results: Sequence[LabelledText]
    ) -> None:
        table = csv_rows(lambda row: stream.write(row.encode()))
        if self.headed or part == 0:
            scores = self.labels if self.scored else ()
            table.writerow(
                [*self.plan.names, *(f"{self.prefix}{name}" for name in ("labels", *scores))]
            )
        for row, result in zip(rows, results, strict=True):
            table.writerow([*self._cells(_values(row)), *self._label_cells(result)])

    def _cells(self, values: Mapping[str, Any]) -> list[str]:
        return [_cell(values.get(name)) for name in self.plan.names]

    def _label_cells(self, result: LabelledText) -> list[str | float]:
        scores = self._scores(result) if self.scored else {}
        cells = [scores.get(name, "") for name in self.labels] if self.scored else []
        return ["; ".join(result.labels), *cells]

    def _parquet(
        self, stream: IO[bytes], _: int, rows: Sequence[Row], results: Sequence[LabelledText]
    ) -> None:
        arrow = pyarrow()
        table = _table(rows, self.plan)
        text, number = arrow.string(), arrow.float64()
        labels = arrow.array([list(one.labels) for one in results], arrow.list_(text))
        table = table.append_column(f"{self.prefix}labels", labels)
        if self.scored:
            kind = arrow.struct([(name, number) for name in self.labels])
            scores = arrow.array([self._scores(one) for one in results], kind)
            table = table.append_column(f"{self.prefix}scores", scores)
        parquet().write_table(table.combine_chunks(), stream, compression="zstd")


def _spliced(line: bytes, added: Mapping[str, Any]) -> bytes:
    """Put columns at the end of a line of JSON; what stood in it stays as it stood."""
    return b"%s, %s\n" % (line[:-1].rstrip(), json_line(added)[1:].encode())


def _values(row: Row) -> Mapping[str, Any]:
    if isinstance(row.columns, (bytes, ArrowRow)):
        raise TypeError("a row was read for another format than it is written in")
    return row.columns


def _cell(value: Any) -> str:
    """Return a value as CSV has it: text as it is, else as JSON has it; null is empty."""
    if isinstance(value, str):
        return value
    text = _json(value)
    return "" if text == "null" else text


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _json(value: Any, write: Callable[[Any], str] = _dumped) -> str:
    """Return `value` as JSON, which has no infinity and no nan: they become null."""
    text = write(value)
    # Their names tell that there may be some; few other rows hold these words.
    if any(name in text for name in _NO_NUMBERS):
        return write(_finite(value))
    return text


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list) else value


def _table(rows: Sequence[Row], plan: Plan) -> Any:
    """Return the rows as an Arrow table of the plan's schema."""
    arrow = pyarrow()
    pieces = [plan.schema.empty_table()]
    for native, run in itertools.groupby(rows, lambda row: isinstance(row.columns, ArrowRow)):
        alike = list(run)
        pieces += _native(alike, plan.schema) if native else [_built(alike, plan)]
    return arrow.concat_tables(pieces)


def _native(rows: list[Row], schema: Any) -> Iterator[Any]:
    arrow = pyarrow()
    places = [row.columns for row in rows if isinstance(row.columns, ArrowRow)]
    for _, run in itertools.groupby(places, lambda place: id(place.batch)):
        table = arrow.Table.from_batches(_slices(list(run)))
        columns = [
            _cast(table[field.name], field.type, field.name)
            if field.name in table.column_names
            else arrow.nulls(len(table), field.type)
            for field in schema
        ]
        yield arrow.table(columns, schema=schema)


def _slices(places: list[ArrowRow]) -> Iterator[Any]:
    """Yield the places of one batch, in runs: not every type can be taken by index."""
    first = count = 0
    for place in places:
        if count and place.index == first + count:
            count += 1
            continue
        if count:
            yield place.batch.slice(first, count)
        first, count = place.index, 1
    if count:
        yield places[-1].batch.slice(first, count)


def _cast(column: Any, kind: Any, name: str) -> Any:
    if column.type.equals(kind):
        return column
    try:
        return column.cast(kind)
    except pyarrow().ArrowException as error:
        raise _misfit(name, kind, error) from None


def _misfit(name: str, kind: Any, error: Exception) -> RecordError:
    return RecordError(
        f"column {name!r} has a value that is no {kind} ({error}).",
        hint="Write JSON Lines, or leave the column out by --columns.",
    )


def _built(rows: list[Row], plan: Plan) -> Any:
    arrow = pyarrow()
    columns = []
    for field in plan.schema:
        values = [_values(row).get(field.name) for row in rows]
        if field.name in plan.as_json:
            values = [None if v is None else _json(v) for v in values]
        try:
            columns.append(arrow.array(values, field.type))
        except (arrow.ArrowException, OverflowError, TypeError) as error:
            raise _misfit(field.name, field.type, error) from None
    return arrow.table(columns, schema=plan.schema)


@contextmanager
def _compressed(raw: IO[bytes], compression: str) -> Iterator[IO[bytes]]:
    """Compress as the suffix says, without a time or a name that would change the bytes."""
    if compression == ".gz":
        with gzip.GzipFile("", "wb", 6, raw, mtime=0) as stream:
            yield cast(IO[bytes], stream)
    elif compression == ".zst":
        with pyarrow().CompressedOutputStream(_Lent(raw), "zstd") as arrow:
            yield arrow
    else:
        yield raw


class _Lent(io.RawIOBase):
    """A stream that Arrow may close without closing the file beneath."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._beneath = raw

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._beneath.write(data)


def join(parts: Sequence[Path], kind: str, stream: IO[bytes]) -> None:
    """Write the parts as one file: compressed ones too are files when put end to end."""
    if kind == "parquet":
        with parquet().ParquetWriter(
            stream, parquet().read_schema(parts[0]), compression="zstd"
        ) as writer:
            for part in parts:
                writer.write_table(parquet().ParquetFile(part).read())
        return
    for part in parts:
        with part.open("rb") as piece:
            shutil.copyfileobj(piece, stream, _COPY)
