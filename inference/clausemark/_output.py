"""Where labelled clauses go: JSON Lines or CSV, to standard output or, atomically, to a file."""

from __future__ import annotations

import csv
import json
import os
import re
import secrets
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from clausemark.classifier import LabelledClause

__all__ = ["CsvWriter", "JsonlWriter", "Writer", "csv_rows", "json_line", "safe_cell", "sink"]

#: Controls that terminals obey, line breaks and lone surrogates: JSON may leave or escape them.
_UNSAFE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: What makes a spreadsheet run a cell as a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Writer(Protocol):
    """Takes the clauses of one document after the other."""

    def add(self, document: str, clauses: Sequence[LabelledClause], /) -> None:
        """Write the clauses of `document`."""

    def finish(self) -> None:
        """Write what comes after the last document."""


def json_line(value: Any) -> str:
    """Return `value` as one line of JSON that no terminal and no line splitter stumbles over."""
    line = json.dumps(value, ensure_ascii=False)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", line)


class JsonlWriter:
    """One JSON object a clause: the exact form, nothing added or altered."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def add(self, _document: str, clauses: Sequence[LabelledClause], /) -> None:
        """Write one line a clause; the document's name stands in each."""
        self._stream.writelines(json_line(clause.to_json()) + "\n" for clause in clauses)
        self._stream.flush()

    def finish(self) -> None:
        """Write nothing: every line stands for itself."""


class CsvWriter:
    """One row a clause, labels joined by "; ", one column a score: for spreadsheets.

    Policies are other people's text: a cell that a spreadsheet would run as a formula gets an
    apostrophe in front, as spreadsheets themselves do. JSON Lines has the exact text.
    """

    def __init__(self, stream: IO[str], labels: Sequence[str]) -> None:
        self._labels = labels
        self._stream = stream
        self._rows = csv_rows(stream.write)
        head = ("document", "index", "start", "end", "heading", "text", "labels")
        self._rows.writerow([*head, *labels])

    def add(self, _document: str, clauses: Sequence[LabelledClause], /) -> None:
        """Write one row a clause."""
        for clause in clauses:
            self._rows.writerow(
                [
                    safe_cell(clause.document),
                    clause.index,
                    clause.start,
                    clause.end,
                    safe_cell(clause.heading or ""),
                    safe_cell(clause.text),
                    "; ".join(clause.labels),
                    *(clause.scores[label] for label in self._labels),
                ]
            )
        self._stream.flush()

    def finish(self) -> None:
        """Write nothing: a table has no end."""


def csv_rows(write: Callable[[str], object]) -> Any:
    r"""Return a `csv` writer that calls `write` with each row, ended by \n.

    The module quotes a lone carriage return, which readers take for the end of a row, only if it
    stands in the line end, too.
    """
    return csv.writer(_Unix(write), lineterminator="\r\n")


class _Unix:
    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def write(self, row: str) -> None:
        self._write(row[:-2] + "\n")


def safe_cell(text: str) -> str:
    """Return `text` as a cell that no spreadsheet runs as a formula."""
    text = text.replace("\0", "\ufffd")
    return f"'{text}" if text.startswith(_FORMULA) else text


@contextmanager
def sink(path: Path | None) -> Iterator[IO[str]]:
    """Open `path` for UTF-8 text, or standard output if it is None.

    A file appears, or is replaced, only when the block ends well; a device or a pipe is written
    directly. Raise OutputError if it cannot be written.
    """
    if path is None:
        with _standard_output() as stream:
            yield stream
        return
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("w", encoding="utf-8", errors="replace", newline="") as stream:
                yield stream
            return
        with _beside(Path(os.path.realpath(path))) as stream:
            yield stream
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}).",
            hint="Choose another file in a folder that exists.",
        ) from error


@contextmanager
def _beside(path: Path) -> Iterator[IO[str]]:
    # In containers every run has the same process id, and may share the folder with another.
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    if path.is_dir():
        raise IsADirectoryError(21, "it is a folder")
    draft.touch(exist_ok=False)
    try:
        with draft.open("w", encoding="utf-8", errors="replace", newline="") as stream:
            yield stream
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _standard_output() -> Iterator[IO[str]]:
    hint = "Name a file with --output, or free the disk."
    if sys.stdout is None:
        raise OutputError("Standard output is closed.", hint=hint)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", errors="replace", newline="\n")
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _drain(sys.stdout)
        raise OutputError(
            f"Standard output cannot be written ({error.strerror}).", hint=hint
        ) from error


def _drain(stream: IO[str]) -> None:
    """Let what is still buffered go nowhere: Python would fail on it again when it ends."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
