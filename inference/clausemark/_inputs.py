"""The files that a batch reads: tables and policies, named, globbed or found in folders."""

from __future__ import annotations

import glob
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clausemark.document import SUFFIXES, find_documents
from clausemark.errors import DocumentError, RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["COMPRESSIONS", "TABLES", "Input", "find_inputs", "table_kind"]

#: Suffixes of tables and the kinds they stand for.
TABLES: Final = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
}
COMPRESSIONS: Final = (".gz", ".zst")
_POLICY: Final = "policy"
_HINT: Final = (
    "Name .jsonl, .csv or .parquet (the first two also .gz, .zst), or policies: "
    f"{', '.join(SUFFIXES)}."
)


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read, as it was when the run began; `named` if not only found in a folder.

    The SHA-256 is of all of it: labelling a megabyte takes a thousand times as long as hashing it.
    `unreadable` is why a file found beside others cannot be read; it has no size and no digest.
    """

    path: Path
    kind: str
    bytes: int
    modified: int
    sha256: str
    named: bool
    unreadable: str = ""

    @classmethod
    def of(cls, path: Path, kind: str, *, named: bool) -> Input:
        """Measure a file; raise RecordError if it is `named` and cannot be read."""
        try:
            return cls._measured(path, kind, named=named)
        except RecordError as error:
            if named:
                raise
            return cls(path, kind, 0, 0, "", named, str(error))

    @classmethod
    def _measured(cls, path: Path, kind: str, *, named: bool) -> Input:
        try:
            if not path.is_file():
                problem = "is no regular file" if path.exists() else "does not exist"
                raise RecordError(f"{path} {problem}.", hint="A batch reads files and folders.")
            before = path.stat()
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise RecordError(f"{path} cannot be read ({error.strerror}).") from None
        return cls(path, kind, before.st_size, before.st_mtime_ns, digest, named)

    def check(self) -> None:
        """Raise RecordError if the file has changed since it was measured."""
        if self.unreadable:
            return
        try:
            now = self.path.stat()
        except OSError as error:
            raise RecordError(f"{self.path} cannot be read ({error.strerror}).") from None
        if (now.st_size, now.st_mtime_ns) != (self.bytes, self.modified):
            raise RecordError(
                f"{self.path} has changed while it was read.",
                hint="Start again with --overwrite once it is at rest.",
            )

    def to_json(self) -> dict[str, Any]:
        """Return what the manifest says of the file."""
        return {"file": str(self.path), "bytes": self.bytes, "sha256": self.sha256}


def find_inputs(names: Iterable[str], *, besides: Iterable[Path] = ()) -> list[Input]:
    """Return the files named, folders searched and globs expanded, in order, none twice.

    What lies in `besides`, the output's own places, is passed over in folders and globs. Raise
    RecordError for what does not exist, holds nothing to read, or is of an unknown kind.
    """
    own = [os.path.realpath(path) for path in besides]
    found: dict[str, tuple[Path, str]] = {}
    named: set[str] = set()
    for name in names:
        try:
            named.add(os.path.realpath(name))
            for path, kind in _expanded(name, own):
                found.setdefault(os.path.realpath(path), (path, kind))
        except (OSError, ValueError) as error:  # a name too long, or with a null in it
            reason = getattr(error, "strerror", None) or error
            raise RecordError(
                f"{name} cannot be read ({reason}).", hint="Check the path."
            ) from None
    return [Input.of(path, kind, named=real in named) for real, (path, kind) in found.items()]


def table_kind(path: Path) -> str | None:
    """Return jsonl, csv or parquet by the suffix of `path`, compression left aside."""
    plain = path.with_suffix("") if path.suffix.lower() in COMPRESSIONS else path
    kind = TABLES.get(plain.suffix.lower())
    return None if kind == "parquet" and plain != path else kind


def _expanded(name: str, own: list[str]) -> Iterator[tuple[Path, str]]:
    if name in ("", "-"):
        raise RecordError(
            "A batch reads files, not standard input, so that it can be resumed.", hint=_HINT
        )
    path = Path(name)
    if path.is_dir():
        yield from _within(path, own)
    elif path.exists() or not glob.has_magic(name):
        if _owned(path, own):
            raise RecordError(f"{path} is the output.", hint="Name another --output.")
        yield path, _kind(path)
    else:
        matches = [Path(m) for m in sorted(glob.glob(name, recursive=True))]  # noqa: PTH207
        matches = [m for m in matches if not _owned(m, own)]
        if not matches:
            raise RecordError(f"{name} matches no file.", hint="Check the pattern.")
        for match in matches:
            yield from _within(match, own) if match.is_dir() else [(match, _kind(match))]


def _within(folder: Path, own: list[str]) -> Iterator[tuple[Path, str]]:
    tables = [path for path in _walk(folder) if table_kind(path) and not _owned(path, own)]
    try:
        policies = [path for path in find_documents([folder]) if not _owned(path, own)]
    except DocumentError:
        policies = []
    if tables and policies:
        raise RecordError(
            f"{folder} holds tables ({tables[0].name}) and policies ({policies[0].name}).",
            hint=f"Name one kind: '{folder}/*{tables[0].suffix}' or '{folder}/*"
            f"{policies[0].suffix}'.",
        )
    if not tables and not policies:
        raise RecordError(f"{folder} holds nothing to label.", hint=_HINT)
    yield from ((path, _kind(path)) for path in tables or policies)


def _walk(folder: Path) -> list[Path]:
    """Return the files below `folder`, sorted; hidden names and those with _ are bookkeeping."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        found.extend(Path(place, name) for name in names if not name.startswith((".", "_")))
    return sorted(found)


def _owned(path: Path, own: list[str]) -> bool:
    place = os.path.realpath(path)
    return any(place == one or place.startswith(one + os.sep) for one in own)


def _kind(path: Path) -> str:
    kind = table_kind(path)
    if kind is None and path.suffix.lower() in SUFFIXES:
        return _POLICY
    if kind is None and path.exists():
        raise RecordError(f"{path} is of no kind that a batch reads.", hint=_HINT)
    return kind or _POLICY
