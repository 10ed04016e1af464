"""Checksums: which release of a corpus was read, and what exactly was written."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Final

__all__ = ["EXPECTED_FILE", "expected", "of_file", "of_tree"]

EXPECTED_FILE: Final = Path(__file__).parent / "checksums.json"
_CHUNK: Final = 1 << 20


def of_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def of_tree(path: Path) -> str:
    """Return the SHA-256 of a file, or of a folder: of its files' names and checksums, sorted."""
    if path.is_file():
        return of_file(path)
    digest = sha256()
    for name in sorted(file.relative_to(path).as_posix() for file in _files(path)):
        digest.update(f"{of_file(path / name)}  {name}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def expected(path: Path = EXPECTED_FILE) -> dict[str, str]:
    """Return the checksum of each corpus's release that the figures in README.md describe."""
    return dict(json.loads(path.read_text(encoding="utf-8"))["raw"])
