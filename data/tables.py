"""Rows of CSV files, each with the place to name when it is wrong."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from clausemark.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["annotation_rows", "csv_rows"]


def csv_rows(file: Path, columns: int) -> Iterator[tuple[str, list[str]]]:
    """Yield "FILE, line N" and the fields of every row of `file`.

    Raise RecordError at a row that has not `columns` fields, or that is no CSV in UTF-8.
    """
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            for row in reader:
                where = f"{file}, line {reader.line_num}"
                if len(row) != columns:
                    raise RecordError(f"{where}: {len(row)} columns, {columns} are needed.")
                yield where, row
        except (csv.Error, UnicodeDecodeError) as error:
            raise RecordError(f"{file}, line {reader.line_num + 1}: no CSV ({error}).") from None


def annotation_rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield "FILE, line N" and the fields of every row of `file` under a header of `columns`.

    Rows of any length come through. Raise RecordError for another header, what is no CSV, or a
    file that cannot be read.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream)
            if next(rows, None) != list(columns):
                raise RecordError(f"{file}: the columns must be {', '.join(columns)}.")
            for number, row in enumerate(rows, start=2):
                yield f"{file}, line {number}", row
    except OSError as error:
        raise RecordError(f"{file}: cannot be read ({error.strerror}).") from error
    except csv.Error as error:
        raise RecordError(f"{file}, line {rows.line_num}: no CSV ({error}).") from None
