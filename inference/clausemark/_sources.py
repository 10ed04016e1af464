"""The policies a command line names: files, folders, standard input; one failure stops none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clausemark.document import find_documents, parse_document, read_document
from clausemark.errors import DocumentError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from clausemark.document import Document

__all__ = ["STDIN", "find", "read", "refuse_input"]

#: How standard input is named on the command line.
STDIN: Final = "-"
#: How it is named in the output.
_STDIN_NAME: Final = "<stdin>"


def find(names: Iterable[str], trouble: Callable[[DocumentError], None]) -> list[str]:
    """Return the files named, folders searched, none twice; `trouble` gets what names none."""
    found: dict[str, None] = {}
    for name in names:
        try:
            files = [STDIN] if name == STDIN else map(str, find_documents([Path(name)]))
            found.update(dict.fromkeys(files))
        except DocumentError as error:
            trouble(error)
    return list(found)


def read(names: Iterable[str], trouble: Callable[[DocumentError], None]) -> Iterator[Document]:
    """Yield the documents in the files of `find`; `trouble` gets what cannot be read."""
    for name in names:
        try:
            document = _read_stdin() if name == STDIN else read_document(Path(name))
        except DocumentError as error:
            trouble(error)
        else:
            yield document


def _read_stdin() -> Document:
    return parse_document(sys.stdin.buffer.read(), name=_STDIN_NAME)


def refuse_input(output: Path | None, names: Iterable[str]) -> None:
    """Raise OutputError if `output` is one of the files that are read."""
    if output is None:
        return
    if any(name != STDIN and Path(name).resolve() == output.resolve() for name in names):
        raise OutputError(f"{output} is one of the policies.", hint="Name another output file.")
