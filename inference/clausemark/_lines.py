"""Files of tables, plain, .gz or .zst, as lines of bounded length."""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, cast

from clausemark._extra import pyarrow
from clausemark._rows import ROW_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DAMAGE", "decompressed", "lines", "opened"]

#: What reading a truncated or damaged file raises, whichever library reads it.
DAMAGE: Final = (OSError, EOFError, zlib.error)
_PIECE: Final = 1 << 16
_MARK: Final = b"\xef\xbb\xbf"


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a table: the decompressed stream, and the file beneath it, whose place is progress."""
    with path.open("rb") as raw, decompressed(raw, path.suffix.lower()) as stream:
        yield stream, raw


@contextmanager
def decompressed(raw: IO[bytes], suffix: str) -> Iterator[IO[bytes]]:
    """Read through the compression that `suffix` names; any other suffix stands for none."""
    if suffix == ".gz":
        with gzip.GzipFile(fileobj=raw, mode="rb") as stream:
            yield cast(IO[bytes], stream)
    elif suffix == ".zst":
        with pyarrow().CompressedInputStream(raw, "zstd") as arrow:
            yield io.BufferedReader(_ArrowStream(arrow), _PIECE)
    else:
        yield raw


class _ArrowStream(io.RawIOBase):
    """An Arrow stream as Python's own kind, which knows lines."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def lines(stream: IO[bytes], limit: int = ROW_BYTES) -> Iterator[tuple[int, bytes | None]]:
    r"""Yield the lines that end in \n with their numbers from 1; None for one above `limit` bytes.

    A line that is too long is passed over piece by piece, never held whole. A byte order mark at
    the start is taken away.
    """
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_MARK)
        if len(line) > limit and not line.endswith(b"\n"):
            del line
            while (piece := stream.readline(_PIECE)) and not piece.endswith(b"\n"):
                pass
            yield number, None
        else:
            yield number, line
