"""The policies a command line names: files, folders, standard input; one failure stops none."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clausemark.document import find_documents, parse_document, read_document
from clausemark.errors import DocumentError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from clausemark.document import Document

__all__ = ["STDIN", "find", "read", "refuse_input", "several"]

#: How standard input is named on the command line.
STDIN: Final = "-"
#: How it is named in the output.
_STDIN_NAME: Final = "<stdin>"


def find(names: Iterable[str], trouble: Callable[[DocumentError], None]) -> list[str]:
    """Return the files named, folders searched, none twice; `trouble` gets what names none."""
    found: dict[str, None] = {}
    for name in names:
        try:
            files = [STDIN] if name == STDIN else _files(name)
            found.update(dict.fromkeys(files))
        except DocumentError as error:
            trouble(error)
    return list(found)


def _files(name: str) -> list[str]:
    # pathlib takes "" for ".": an unset variable of a shell would label the folder it stands in.
    if not name:
        raise DocumentError("An empty path names no file.", hint="Name a policy or a folder.")
    return [str(path) for path in find_documents([name])]


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
    if sys.stdin is None:
        raise DocumentError(f"{_STDIN_NAME} is closed.", hint="Name a file instead.")
    return parse_document(sys.stdin.buffer.read(), name=_STDIN_NAME)


def several(names: Sequence[str]) -> bool:
    """Tell whether `names` are more than one, or one that is a folder."""
    return len(names) > 1 or any(map(os.path.isdir, names))


def refuse_input(output: Path | None, names: Iterable[str]) -> None:
    """Raise OutputError if `output` is one of the files that are read."""
    if output is None:
        return
    # os.path, as pathlib stumbles over links in a circle.
    place = os.path.realpath(output)
    if any(name != STDIN and os.path.realpath(name) == place for name in names):
        raise OutputError(f"{output} is one of the policies.", hint="Name another output file.")
