"""Files that are whole or not there, whatever moment the machine stops at; locks between runs."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DRAFTS", "locked", "read_json", "whole", "write_json"]

#: What drafts are called that a kill has left behind.
DRAFTS = ".*.draft"


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Write a file beside its place, and rename it once it is on the disk."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Have the rename on the disk too, where folders can be told so."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as JSON, one entry a line."""
    with whole(path) as stream:
        stream.write(f"{json.dumps(value, indent=1)}\n".encode())


def read_json(path: Path) -> Any:
    """Read what `write_json` wrote; raise OutputError if it is damaged."""
    try:
        return json.loads(path.read_bytes())
    except ValueError:
        raise OutputError(f"{path} is damaged.", hint="Begin again with --overwrite.") from None


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other runs, where the system has locks that end with the process.

    Raise OutputError if another run holds it.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise OutputError(
            f"{folder} cannot be opened ({error.strerror}).", hint="Choose another folder."
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"{folder} is being written by another process.", hint="Wait until it ends."
            ) from None
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(handle)
