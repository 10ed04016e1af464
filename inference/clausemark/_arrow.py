"""Parquet as rows, and Arrow's values as JSON has them."""

from __future__ import annotations

import base64
import datetime
import decimal
import math
import re
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clausemark._extra import parquet, pyarrow
from clausemark._rows import ROW_BYTES, ArrowRow, BadRow, checked_text
from clausemark.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from clausemark._rows import Columns

__all__ = ["ParquetReader", "fits", "parquet_schema", "plain"]

#: Bytes and rows decoded at once; a value is always decoded whole, with the page it stands in.
_BATCH_BYTES: Final = 4_000_000
_BATCH_ROWS: Final = 256
_BUFFER: Final = 1 << 20
#: Where the microseconds of a time in ISO 8601 end.
_MICROS: Final = len("0001-01-01T00:00:00.000000")
#: A date as NumPy writes it: its year, what comes after, and a fraction of a second that is none.
_DATED: Final = re.compile(r"(-?\d+)(.*?)(\.0{3}|\.0{6})?$")


def parquet_schema(path: Path) -> Any:
    """Return the Arrow schema of a Parquet file; raise RecordError if it has none."""
    try:
        schema = parquet().read_schema(path)
    except (OSError, pyarrow().ArrowInvalid, pyarrow().ArrowNotImplementedError) as error:
        raise RecordError(
            f"{path} is no Parquet file ({_reason(error)}).", hint="Get the file again."
        ) from None
    twice = [name for k, name in enumerate(schema.names) if name in schema.names[:k]]
    if twice:
        raise RecordError(f"{path} has two columns {twice[0]!r}.", hint="Rename one of them.")
    return schema


def fits(path: Path, name: str, kind: Any, wide: Any) -> bool:
    """Tell whether a column's least and greatest values can be cast, if the file says them."""
    arrow = pyarrow()
    for end in _ends(path, name):
        try:
            arrow.scalar(end, kind).cast(wide)
        except (arrow.ArrowException, OverflowError):
            return False
    return True


def _ends(path: Path, name: str) -> Iterator[Any]:
    """Yield the least and the greatest value of each part of a column that is not nested."""
    with parquet().ParquetFile(path) as file:
        for k in range(file.num_row_groups):
            group = file.metadata.row_group(k)
            for column in map(group.column, range(group.num_columns)):
                known = column.statistics if column.path_in_schema == name else None
                if known is not None and known.has_min_max:
                    yield from (known.min, known.max)


class ParquetReader:
    """A Parquet file, batch by batch. `native` keeps rows in Arrow; else they become JSON's types.

    Memory is bounded by a batch and the pages it stands in, not by the row group.
    """

    place = "row"

    def __init__(
        self, path: Path, column: str, keep: Sequence[str] | None, *, native: bool
    ) -> None:
        self._path = path
        self._column = column
        self._keep = keep
        self._native = native
        self._fraction = 0.0

    def fraction(self) -> float:
        """Return the part of the rows that are read."""
        return self._fraction

    def raws(self) -> Iterator[tuple[int, tuple[_Lot, int]]]:
        """Yield every row as its batch and its place there."""
        try:
            yield from self._raws()
        except pyarrow().ArrowInvalid as error:
            raise EOFError(_reason(error)) from error

    def _raws(self) -> Iterator[tuple[int, tuple[_Lot, int]]]:
        number = 0
        with parquet().ParquetFile(self._path, buffer_size=_BUFFER, pre_buffer=False) as file:
            keep, schema = self._keep, file.schema_arrow
            wanted = None if keep is None else _those({self._column, *keep}, schema)
            rows = _batch_rows(file.metadata)
            for batch in file.iter_batches(rows, columns=wanted, use_threads=False):
                lot = _Lot(batch, self._column, self._keep)
                for k in range(batch.num_rows):
                    number += 1
                    yield number, (lot, k)
                self._fraction = number / file.metadata.num_rows

    def parse(self, raw: tuple[_Lot, int]) -> tuple[str, Columns, int]:
        """Return the text and columns of a row."""
        lot, k = raw
        size = lot.size(k)
        if size > ROW_BYTES:
            raise BadRow("row too long", f"more than {ROW_BYTES:,} bytes")
        text = checked_text(lot.text(k), self._column)
        if not self._native:
            return text, lot.values(k), size
        return text, lot.native(k), size


def _those(names: Iterable[str], schema: Any) -> list[str]:
    """Return the names that a file has: another file may have the rest."""
    return [name for name in names if name in schema.names]


class _Lot:
    """A record batch whose rows are looked at one by one."""

    def __init__(self, batch: Any, column: str, keep: Sequence[str] | None) -> None:
        self._texts = batch.column(column)
        self._keep = keep
        self._batch = batch if keep is None else batch.select(_those(keep, batch.schema))
        self._all = batch

    @cached_property
    def _heavy(self) -> bool:
        return bool(self._all.nbytes > ROW_BYTES)

    @cached_property
    def _average(self) -> int:
        total: int = self._all.nbytes
        return total // max(1, int(self._all.num_rows))

    def size(self, k: int) -> int:
        """Return a row's bytes, to the row where one may be too long and on average elsewhere."""
        return int(self._all.slice(k, 1).nbytes) if self._heavy else self._average

    def text(self, k: int) -> Any:
        """Return a row's text; raise BadRow if it is not UTF-8."""
        try:
            return self._texts[k].as_py()
        except UnicodeDecodeError:
            raise BadRow("not UTF-8") from None

    def values(self, k: int) -> dict[str, Any]:
        """Return a row's columns in JSON's types; raise BadRow if a string is not UTF-8."""
        try:
            names, columns = self._batch.schema.names, self._batch.columns
            found = {name: plain(one[k]) for name, one in zip(names, columns, strict=True)}
        except UnicodeDecodeError:
            raise BadRow("not UTF-8", "in another column") from None
        return found if self._keep is None else {name: found.get(name) for name in self._keep}

    def native(self, k: int) -> ArrowRow:
        """Return a row in Arrow; one of a heavy batch is copied, so that it holds nothing else."""
        if self._heavy:
            with suppress(pyarrow().ArrowNotImplementedError):  # of views there are no copies
                return ArrowRow(self._batch.take([k]), 0)
        return ArrowRow(self._batch, k)


def plain(scalar: Any) -> Any:
    """Return an Arrow scalar in JSON's types: dates in ISO 8601, decimals as text, bytes in base64.

    A map is a list of pairs, as its keys may be of any type. Times in nanoseconds, finer than
    Python's own, keep their digits. What Python has no date or zone for is given in UTC.
    """
    return _reading(scalar.type)(scalar) if scalar.is_valid else None


@lru_cache(maxsize=256)
def _reading(kind: Any) -> Callable[[Any], Any]:
    """Return how a scalar of a type is read, found once a type: types are many calls to ask."""
    types = pyarrow().types
    found: dict[Callable[[Any], bool], Callable[[Any], Any]] = {
        types.is_struct: lambda scalar: {name: plain(one) for name, one in scalar.items()},
        types.is_map: lambda scalar: [list(map(plain, pair.values())) for pair in scalar.values],
        types.is_dictionary: lambda scalar: plain(scalar.value),
        types.is_duration: _seconds,
        types.is_time64: _printed,
        types.is_timestamp: _timestamp(kind) if types.is_timestamp(kind) else _leaf,
    }
    if _is_listed(kind):
        return lambda scalar: [plain(one) for one in scalar.values]
    return next((reading for is_kind, reading in found.items() if is_kind(kind)), _leaf)


def _is_listed(kind: Any) -> bool:
    types = pyarrow().types
    lists = ("list", "large_list", "fixed_size_list", "list_view", "large_list_view")
    return any(getattr(types, f"is_{name}")(kind) for name in lists)


def _timestamp(kind: Any) -> Callable[[Any], Any]:
    try:
        pyarrow().scalar(0, kind).as_py()
    except ValueError:  # a zone of no name known here, such as PST
        return _beyond
    return _nanos if kind.unit == "ns" else _leaf


def _leaf(scalar: Any) -> Any:
    try:
        return _plain(scalar.as_py())
    except UnicodeDecodeError:
        raise
    except (OverflowError, ValueError):  # Arrow's own errors are ValueErrors
        return _beyond(scalar)


def _nanos(scalar: Any) -> str:
    """Return a time in nanoseconds, all nine digits; Python's own times have six."""
    micros, rest = divmod(scalar.value, 1_000)
    coarse = pyarrow().scalar(micros, pyarrow().timestamp("us", scalar.type.tz)).as_py()
    text = coarse.isoformat(timespec="microseconds")
    return f"{text[:_MICROS]}{rest:03d}{text[_MICROS:]}"


def _beyond(scalar: Any) -> str | None:
    """Return a time that Python does not have: in UTC, the year with a sign if not of four digits.

    None is for the value that stands for no time, the least of its type.
    """
    types, kind = pyarrow().types, scalar.type
    if not (types.is_timestamp(kind) or types.is_date(kind)):
        return _printed(scalar)
    unit: Any = "D" if types.is_date32(kind) else getattr(kind, "unit", "ms")
    moment = np.datetime64(scalar.value, unit)
    if np.isnat(moment):
        return None
    text = _DATED.sub(lambda found: f"{_year(int(found[1]))}{found[2]}", str(moment), count=1)
    if types.is_date(kind):
        return text.partition("T")[0]
    return f"{text}+00:00" if kind.tz else text


def _year(year: int) -> str:
    return f"{year:04d}" if 0 <= year <= datetime.MAXYEAR else f"{year:+05d}"


def _printed(scalar: Any) -> str:
    return str(scalar.cast(pyarrow().string()).as_py())


def _seconds(scalar: Any) -> float:
    """Return a duration in seconds."""
    return float(scalar.value / {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[scalar.type.unit])


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if isinstance(value, (str, int, float, type(None))) else str(value)


def _batch_rows(metadata: Any) -> int:
    groups = [metadata.row_group(k) for k in range(metadata.num_row_groups)]
    average = max((g.total_byte_size // max(1, g.num_rows) for g in groups), default=1)
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES // max(1, average)))


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
