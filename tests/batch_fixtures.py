"""Tables to label, and a table in memory at each end of the pipeline."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from cli_fixtures import objects, run

from clausemark._places import Tally
from clausemark._rows import Position, Row
from clausemark.classifier import LabelledText

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from typer.testing import Result

#: A row of each kind that is rejected, with the reason.
BAD = (
    (b'{"id": 1}', "no text column"),
    (b'{"text": null}', "text is null"),
    (b'{"text": 7}', "text is not a string"),
    (b'{"text": ["We share."]}', "text is not a string"),
    (b'{"text": " \\t "}', "text is blank"),
    (b'{"text": "We \xff share."}', "not UTF-8"),
    (b'{"text": "\\ud800 share"}', "not Unicode"),
    (b'{"text": "We share."', "malformed JSON"),
    (b"[" * 100_000, "malformed JSON"),
    (b'["We share."]', "not a JSON object"),
    (b'{"text": "We share.", "labels": 1}', "column name taken"),
)


def batch(tiny: Path, *args: object) -> Result:
    """Run `clausemark batch` with the tiny model."""
    return run("batch", "--model", tiny, *args)


def write_jsonl(path: Path, rows: Iterable[Any]) -> Path:
    """Write rows, or lines as they are, as JSON Lines."""
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def rejects(output: Path) -> list[dict[str, Any]]:
    """Read the rejects of an output."""
    single = output.with_name(output.name + ".rejects.jsonl")
    path = single if single.exists() else output / "_rejects.jsonl"
    return objects(path.read_text())


def contents(place: Path) -> dict[str, bytes]:
    """Return every file below `place`, by its name there."""
    return {str(p.relative_to(place)): p.read_bytes() for p in place.rglob("*") if p.is_file()}


TEXTS = ["We share data.", "We retain it.", "We share data.", "Nothing at all"]
LABELS = [["Third Party Sharing/Collection"], ["Data Retention"]]
ROWS = [{"id": k, "text": text, "x": [1, None]} for k, text in enumerate(TEXTS)]


def packed(path: Path, text: str) -> Path:
    """Write text through the compression that the name asks for."""
    data = text.encode()
    if path.suffix == ".gz":
        data = gzip.compress(data)
    if path.suffix == ".zst":
        data = pa.compress(data, "zstd", asbytes=True)
    path.write_bytes(data)
    return path


def unpacked(path: Path) -> str:
    """Read text through the compression that the name tells."""
    kind = {".gz": "gzip", ".zst": "zstd"}.get(path.suffix)
    with pa.input_stream(path, compression=kind) as stream:
        return stream.read().decode()


def table(path: Path, rows: Sequence[dict[str, Any]] = ROWS) -> Path:
    """Write rows as the name asks for."""
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    if name.endswith("jsonl"):
        return packed(path, "".join(json.dumps(row) + "\n" for row in rows))
    if name.endswith("csv"):
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return packed(path, text.getvalue())
    pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return path


def read(path: Path) -> list[dict[str, Any]]:
    """Read labelled rows of any kind."""
    if path.suffix == ".parquet":
        found: list[dict[str, Any]] = pq.ParquetFile(path).read().to_pylist()
        return found
    if ".jsonl" in path.name:
        return objects(unpacked(path))
    return list(csv.DictReader(io.StringIO(unpacked(path), newline="")))


class Echo:
    """Labels a text with its own words; counts the texts it was given."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.tokens = 0

    def label_texts(self, texts: Iterable[str], *, progress: Any = None) -> list[LabelledText]:
        asked = list(texts)
        self.seen += asked
        self.tokens += sum(len(text.split()) for text in asked)
        progress(len(asked), len(asked))
        return [LabelledText(tuple(text.split()), {}) for text in asked]


class Listed:
    """A source of texts that says how many were drawn from it."""

    def __init__(self, texts: Sequence[str], size: int = 1) -> None:
        self.texts = texts
        self.size = size
        self.drawn = 0

    def read(self, position: Position) -> Iterator[Row]:
        for k in range(position.items, len(self.texts)):
            self.drawn += 1
            yield Row(Position(0, k + 1), self.texts[k], {"id": k}, self.size)

    def fraction(self) -> float:
        return self.drawn / len(self.texts)


class Kept:
    """A sink that keeps the parts."""

    def __init__(self, position: Position | None = None) -> None:
        self.position = position or Position()
        self.tally = Tally()
        self.parts: list[list[tuple[Any, tuple[str, ...]]]] = []
        self.finished = False

    def add(self, rows: Any, results: Any, rejects: Any, after: Position) -> None:
        pairs = zip(rows, results, strict=True)
        self.parts.append([(row.columns["id"], result.labels) for row, result in pairs])
        self.tally.labelled += len(rows)
        self.position = after

    def finish(self) -> None:
        self.finished = True
