"""The record: one text with its labels, in the one format that all corpora are brought to.

A processed corpus is a file of records, one JSON object a line, in a stable order. Everything that
reads or writes one goes through this file, so that a wrong record is met here and by name.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final

from clausemark.errors import OutputError, RecordError
from clausemark.labels import OPP115

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = [
    "SPLITS",
    "Loaded",
    "Record",
    "check_span",
    "read_jsonl",
    "read_records",
    "write_json",
    "write_jsonl",
    "write_records",
]

SPLITS: Final = ("train", "validation", "test")
_REQUIRED: Final = (
    "id",
    "corpus",
    "document",
    "family",
    "text",
    "labels",
    "votes",
    "known",
    "split",
    "heading",
)
_OPTIONAL: Final = ("fold", "extra")


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled text.

    `votes` gives each label the share of annotators (or the probability) behind it; `known` names
    the labels that the corpus can speak for (None: all), so that silence about another is no
    negative. `family` names the documents that must stay in one fold; `fold` is that fold.
    """

    id: str
    corpus: str
    document: str
    family: str
    text: str
    labels: tuple[str, ...]
    votes: Mapping[str, float] | None = None
    known: tuple[str, ...] | None = None
    split: str | None = None
    heading: str | None = None
    fold: int | None = None
    extra: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        """Raise RecordError, naming the record, if a field breaks the format."""
        for name in ("id", "corpus", "document", "family", "text"):
            value = getattr(self, name)
            if not isinstance(value, str) or not value.strip():
                raise RecordError(f"{self._name}: {name} must be a text that is not empty.")
        for name in (*self.labels, *(self.votes or ()), *(self.known or ())):
            self._check_label(name)
        if len(set(self.labels)) != len(self.labels):
            raise RecordError(f"{self._name}: a label is given twice.")
        if self.known is not None and (strange := set(self.labels) - set(self.known)):
            raise RecordError(
                f"{self._name}: label {min(strange)!r} is given, but not among the known ones.",
                hint="A label that the corpus gives must be listed in `known`.",
            )
        for label, share in (self.votes or {}).items():
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
                raise RecordError(f"{self._name}: vote for {label!r} is {share!r}, not in [0, 1].")
        if self.split is not None and self.split not in SPLITS:
            raise RecordError(
                f"{self._name}: unknown split {self.split!r}.",
                hint=f"Known splits: {', '.join(SPLITS)}, or null.",
            )

    @property
    def _name(self) -> str:
        return f"record {self.id!r}"

    def _check_label(self, name: str) -> None:
        if name not in OPP115.names:
            raise RecordError(
                f"{self._name}: unknown label {name!r}.",
                hint=f"Known labels: {', '.join(OPP115.names)}.",
            )

    def to_json(self) -> dict[str, Any]:
        """Return the record as a JSON object; `fold` and `extra` stand in it only if set."""
        row: dict[str, Any] = {name: getattr(self, name) for name in _REQUIRED}
        row["labels"] = list(self.labels)
        row["votes"] = None if self.votes is None else dict(self.votes)
        row["known"] = None if self.known is None else list(self.known)
        for name in _OPTIONAL:
            if getattr(self, name) is not None:
                row[name] = getattr(self, name)
        return row

    @classmethod
    def from_json(cls, row: object) -> Record:
        """Return the record in the JSON object `row`; raise RecordError if it breaks the format."""
        if not isinstance(row, dict):
            raise RecordError(f"a record must be a JSON object, not {type(row).__name__}.")
        name = f"record {row.get('id')!r}"
        if missing := [key for key in _REQUIRED if key not in row]:
            raise RecordError(f"{name}: field {missing[0]!r} is missing.")
        if strange := [key for key in row if key not in (*_REQUIRED, *_OPTIONAL)]:
            raise RecordError(
                f"{name}: unknown field {strange[0]!r}.",
                hint=f"Known fields: {', '.join((*_REQUIRED, *_OPTIONAL))}.",
            )
        for key in ("labels", "known"):
            if not isinstance(row[key], list) and not (key == "known" and row[key] is None):
                raise RecordError(f"{name}: {key} must be a list of label names.")
        if row["votes"] is not None and not isinstance(row["votes"], dict):
            raise RecordError(f"{name}: votes must map label names to shares.")
        known = None if row["known"] is None else tuple(row["known"])
        return cls(**{**row, "labels": tuple(row["labels"]), "known": known})


@dataclass(slots=True)
class Loaded:
    """What a loader kept, what it dropped and why, and what it found wrong but could keep."""

    records: list[Record] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def problem(self, reason: str, message: str, *, strict: bool) -> None:
        """Count a fault of the corpus under `reason`, or raise it as RecordError if `strict`."""
        if strict:
            raise RecordError(message, hint="Load without strict to skip and count such faults.")
        self.dropped[reason] += 1
        self.problems.append(message)


def check_span(where: str, start: int, end: int, length: int) -> None:
    """Raise RecordError unless [start, end) is a span of a text of `length` characters."""
    if end > length:
        raise RecordError(f"{where}: span ends at {end}, text has {length} characters.")
    if not 0 <= start < end:
        raise RecordError(f"{where}: span starts at {start} and ends at {end}.")


def read_jsonl(path: Path) -> Iterator[Any]:
    """Yield the JSON value of every line of `path`; an error names the file and the line."""
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _parse(line, f"{path}, line {number}")
    except FileNotFoundError:
        raise RecordError(f"{path}: no such file.", hint="Run python -m data.build.") from None
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}: not UTF-8 ({error.reason}).") from None


def _parse(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise RecordError(f"{where}: no JSON ({error.msg} at column {error.colno}).") from None


def read_records(path: Path) -> Iterator[Record]:
    """Yield the records of `path`; an error names the file, the line and the record."""
    for number, row in enumerate(read_jsonl(path), start=1):
        try:
            yield Record.from_json(row)
        except RecordError as error:
            raise RecordError(f"{path}, row {number}: {error.message}", hint=error.hint) from None


def write_records(path: Path, records: Iterable[Record]) -> int:
    """Write `records` to `path`, whole or not at all, and return how many; ids must differ."""
    return write_jsonl(path, (record.to_json() for record in _distinct(records)))


def _distinct(records: Iterable[Record]) -> Iterator[Record]:
    seen: set[str] = set()
    for record in records:
        if record.id in seen:
            raise RecordError(f"record {record.id!r} occurs twice.", hint="Ids must differ.")
        seen.add(record.id)
        yield record


def write_jsonl(path: Path, rows: Iterable[object]) -> int:
    """Write one JSON object a line to `path`, whole or not at all, and return how many."""
    count = 0
    with _whole(path) as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def write_json(path: Path, value: object) -> None:
    """Write `value` as indented JSON with sorted keys to `path`, whole or not at all."""
    with _whole(path) as out:
        out.write(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


@contextmanager
def _whole(path: Path) -> Iterator[IO[str]]:
    """Open a file beside `path` that takes its place once it is written to the end."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="\n") as out:
            yield out
        beside.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}).") from error
    finally:
        if beside.is_file():
            beside.unlink()
