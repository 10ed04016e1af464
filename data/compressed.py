"""Lines of a zstandard file, streamed; a truncated file is an error, not a shorter one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clausemark.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["zst_lines"]

_CHUNK: Final = 1 << 18


def zst_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of `path`, decompressed; raise RecordError if it is damaged or cut short."""
    try:
        import zstandard
    except ImportError:
        raise RecordError(
            f"{path}: zstandard is not installed.", hint="Install the extra: clausemark[train]."
        ) from None
    try:
        rest = b""
        for piece in _pieces(path):
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
    except (OSError, zstandard.ZstdError) as error:
        raise RecordError(f"{path}: cannot be read ({error}).") from error
    if rest:
        yield rest


def _pieces(path: Path) -> Iterator[bytes]:
    """Yield the decompressed pieces; zstandard's own reader would take a cut for the end."""
    import zstandard

    frame = zstandard.ZstdDecompressor().decompressobj()
    with path.open("rb") as packed:
        while chunk := packed.read(_CHUNK):
            while chunk:
                if frame.eof:
                    frame = zstandard.ZstdDecompressor().decompressobj()
                yield frame.decompress(chunk)
                chunk = frame.unused_data if frame.eof else b""
    if not frame.eof:
        raise RecordError(f"{path}: is cut short.", hint="Fetch it again.")
