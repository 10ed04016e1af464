"""Rows in and out: every one once, in order, labelled or rejected with its line and reason."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import tempfile
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from batch_fixtures import BAD, batch, rejects, write_jsonl
from cli_fixtures import objects
from conftest import KEYWORDS
from hypothesis import given, settings
from hypothesis import strategies as st

from clausemark import Classifier, _tables
from clausemark._lines import lines
from clausemark._rows import ROW_BYTES, TEXT_CHARACTERS, BadRow
from clausemark._tables import CsvReader, json_object
from clausemark.batch import Options, label_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = st.lists(st.sampled_from((*KEYWORDS, "the", "ä", "“", "\n", '"')), min_size=1).map(
    lambda words: " ".join(["we", *words])
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
COLUMNS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)
#: A name that is taken is an error before the first row, if it stands near the beginning.
BAD_ROWS = st.sampled_from([bad for bad in BAD if bad[1] != "column name taken"])
GOOD = st.tuples(COLUMNS, TEXTS).map(lambda pair: {**pair[0], "text": pair[1]})


@pytest.fixture(scope="module")
def classifier(tiny: Path) -> Classifier:
    return Classifier.load(tiny, threads=1)


@pytest.fixture(autouse=True, scope="module")
def unhurried() -> Iterator[None]:
    """Leave the disk alone: no machine stops in these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        yield


@given(rows=st.lists(GOOD | BAD_ROWS), size=st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_every_row_comes_once_in_order_labelled_or_rejected(
    classifier: Classifier, rows: list[Any], size: int
) -> None:
    good = [row for row in rows if isinstance(row, dict)]
    bad = [(n, row[1]) for n, row in enumerate(rows, 1) if isinstance(row, tuple)]
    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name, "in.jsonl"), Path(name, "out.jsonl")
        write_jsonl(source, [row if isinstance(row, dict) else row[0] for row in rows])
        tally = label_tables(classifier, [str(source)], out, Options(rows_per_part=size))
        found = objects(out.read_text())
        assert [(one["line"], one["reason"]) for one in rejects(out)] == bad
    assert (tally.labelled, tally.rejected) == (len(good), len(bad))
    labels = [one.pop("labels") for one in found]
    scores = [one.pop("scores") for one in found]
    assert [json.dumps(one) for one in found] == [json.dumps(row) for row in good]
    expected = classifier.label_texts([row["text"] for row in good])
    assert labels == [list(one.labels) for one in expected]
    assert scores == [one.scores for one in expected]


@given(rows=st.lists(GOOD), form=st.sampled_from(["csv", "parquet"]), size=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_json_of_any_types_fits_a_table(
    classifier: Classifier, rows: list[Any], form: str, size: int
) -> None:
    import pyarrow.parquet as pq

    with tempfile.TemporaryDirectory() as name:
        source, out = write_jsonl(Path(name, "in.jsonl"), rows), Path(name, f"out.{form}")
        label_tables(classifier, [str(source)], out, Options(rows_per_part=size))
        if form == "csv":
            found = list(csv.DictReader(io.StringIO(out.read_text(), newline="")))
        else:
            found = pq.ParquetFile(out).read().to_pylist()
    assert [one["text"] for one in found] == [row["text"] for row in rows]


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), TEXTS)))
@settings(max_examples=60, deadline=None)
def test_cells_of_csv_stay_as_they_are(classifier: Classifier, rows: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name, "in.csv"), Path(name, "out.csv")
        with source.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("a, b", "text"), *rows])
        label_tables(classifier, [str(source)], out, Options(rows_per_part=3))
        with out.open(encoding="utf-8", newline="") as stream:
            found = list(csv.reader(stream))
        assert not rejects(out)
    assert [tuple(row[:2]) for row in found] == [("a, b", "text"), *rows]
    assert found[0][2:] == ["labels", *classifier.labels]


@pytest.mark.parametrize(("line", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_bad_line_is_rejected_by_number_and_reason(
    tiny: Path, tmp_path: Path, line: bytes, reason: str
) -> None:
    good = {"text": "We share."}
    source = write_jsonl(tmp_path / "in.jsonl", [good] * 1_000 + [b"", line, good])
    result = batch(tiny, source, "--output", tmp_path / "out")
    assert result.exit_code == 0
    assert f"1,001 labelled, 1 rejected (1 {reason})" in result.stderr
    (reject,) = rejects(tmp_path / "out")
    assert (reject["file"], reject["line"], reject["reason"]) == (str(source), 1_002, reason)


def test_a_place_in_a_line_of_json_is_told_once() -> None:
    with pytest.raises(BadRow) as found:
        json_object(b'{"a": "\x01"}')
    assert found.value.detail == "Invalid control character at character 8"


def test_strictly_a_rejected_row_is_a_failure(tiny: Path, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": "We share."}, {"text": None}])
    result = batch(tiny, source, "--output", tmp_path / "out.jsonl", "--strict")
    assert result.exit_code == 1
    assert (tmp_path / "out.jsonl").read_text().count("\n") == 1


def test_a_row_of_ten_megabytes_is_rejected_and_never_copied(tiny: Path, tmp_path: Path) -> None:
    row = b'{"text": "%s"}' % (b"share " * (ROW_BYTES // 6))
    source = write_jsonl(tmp_path / "in.jsonl", [row, {"text": "We share."}, row])
    assert batch(tiny, source, "--output", tmp_path / "out.jsonl").exit_code == 0
    found = rejects(tmp_path / "out.jsonl")
    assert [(one["line"], one["reason"]) for one in found] == [
        (1, "row too long"), (3, "row too long"),
    ]  # fmt: skip
    assert (tmp_path / "out.jsonl.rejects.jsonl").stat().st_size < 1_000
    assert (tmp_path / "out.jsonl").read_text().count("\n") == 1


def test_a_long_line_is_never_held_whole(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"x" * 8_000_000 + b"\nshort\n")
    with path.open("rb") as stream:
        tracemalloc.start()
        found = list(lines(stream, limit=1_000))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found == [(1, None), (2, b"short\n")]
    assert peak < 800_000


@pytest.mark.parametrize("length", [9, 10, 11])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_of_the_limit_passes_and_a_longer_one_does_not(length: int, end: bytes) -> None:
    line = b"x" * length + end
    assert list(lines(io.BytesIO(line), 10)) == [(1, line if length <= 10 else None)]


def test_a_text_of_a_million_characters_passes_and_a_longer_one_does_not(
    tiny: Path, tmp_path: Path
) -> None:
    text = "share " * (TEXT_CHARACTERS // 6)
    texts = [text, text + "x" * 5]
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": text} for text in texts])
    batch(tiny, source, "--output", tmp_path / "out.jsonl", "--columns", "text")
    (reject,) = rejects(tmp_path / "out.jsonl")
    assert (reject["line"], reject["reason"]) == (2, "text too long")


CSV_ROWS = b"""id,text
1,We share.
2,"We retain,
it"

3,""
4,We delete.,more
5
6,"unended
quote" in the middle
7,We \xff share
8,last "word" here
9,"never closed
10,We share.
"""


def test_bad_records_of_csv_are_rejected_by_their_first_line(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_bytes(b"\xef\xbb\xbf" + CSV_ROWS)
    batch(tiny, tmp_path / "in.csv", "--output", tmp_path / "out.csv")
    assert [(one["line"], one["reason"]) for one in rejects(tmp_path / "out.csv")] == [
        (6, "text is blank"), (7, "wrong number of cells"), (8, "wrong number of cells"),
        (9, "malformed CSV"), (10, "wrong number of cells"), (11, "not UTF-8"),
        (13, "malformed CSV"),
    ]  # fmt: skip
    with (tmp_path / "out.csv").open(newline="") as stream:
        found = [(row["id"], row["text"]) for row in csv.DictReader(stream)]
    assert found == [
        ("1", "We share."), ("2", "We retain,\nit"), ("8", 'last "word" here'), ("10", "We share."),
    ]  # fmt: skip


#: Lines of CSV, the lines that are refused, and what is said of the first.
BROKEN = {
    "to the end": (b'1,"a\n2,b\n3,c\n', [2], "a quotation mark is never closed"),
    "to the next": (b'1,"a\n2,b\n3,"c"\n', [2], "is not closed, or one of line 4 is not doubled"),
    "again and again": (b'1,"a\n2,"b\n3,c\n4,"d\n5,e\n', [2, 3, 5], "line 3 is not doubled"),
    "open everywhere": (b'1",2,"3\n' * 9 + b"4,d\n", list(range(2, 11)), "is never closed"),
    "within a line": (b'1,"a "b" c"\n2,b\n', [2], "within a cell is not doubled"),
    "a return": (b"1,a\rb\n2,b\n", [2], "a carriage return outside quotation marks"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_record_of_csv_takes_no_other_with_it(tmp_path: Path, case: str) -> None:
    data, refused, said = BROKEN[case]
    (tmp_path / "in.csv").write_bytes(b"id,text\n" + data)
    found = list(CsvReader(tmp_path / "in.csv", "text", None).raws())
    assert [number for number, _ in found] == list(range(2, 2 + data.count(b"\n")))
    bad = [(number, raw) for number, raw in found if isinstance(raw, BadRow)]
    assert [number for number, _ in bad] == refused
    assert said in bad[0][1].detail


@pytest.mark.parametrize("limit", [30, 1_000])
def test_lines_of_csv_are_read_twice_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(_tables, "ROW_BYTES", limit)
    (tmp_path / "in.csv").write_bytes(b"id,text\n" + b'1",2,"3\n' * 900)
    asked: list[int] = []
    ask = _tables._Feed._line
    monkeypatch.setattr(_tables._Feed, "_line", lambda feed: (asked.append(1), ask(feed))[1])
    found = list(CsvReader(tmp_path / "in.csv", "text", None).raws())
    assert [number for number, _ in found] == list(range(2, 902))
    assert len(asked) <= 2 * 901 + 2


def test_a_long_line_or_damage_within_a_quotation_comes_in_its_place(tmp_path: Path) -> None:
    rows = b'id,text\n1,"a\n2,b\n' + b"x" * (ROW_BYTES + 1) + b"\n3,c\n"
    (tmp_path / "in.csv").write_bytes(rows)
    found = list(CsvReader(tmp_path / "in.csv", "text", None).raws())
    kinds = [(n, raw.reason if isinstance(raw, BadRow) else raw) for n, raw in found]
    assert kinds == [
        (2, "row too long"), (3, ["2", "b"]), (4, "row too long"), (5, ["3", "c"]),
    ]  # fmt: skip
    noise = "".join(f"{k},{k * k}\n" for k in range(9_000))
    packed = gzip.compress(f'id,text\n1,"a\n{noise}'.encode())
    (tmp_path / "in.csv.gz").write_bytes(packed[: len(packed) // 2])
    raws = CsvReader(tmp_path / "in.csv.gz", "text", None).raws()
    assert isinstance(next(raws)[1], BadRow)
    read = []
    with pytest.raises(EOFError):
        read.extend(raws)
    assert [int(cells[0]) for _, cells in read] == list(range(len(read)))
    assert len(read) > 1_000


def test_an_endless_record_of_csv_is_one_reject_and_the_rows_after_it_are_read(
    tiny: Path, tmp_path: Path
) -> None:
    endless = b'2,"' + b"We share it. " * (ROW_BYTES // 13 + 1) + b"\n" + b"more\n"
    (tmp_path / "in.csv").write_bytes(b"id,text\n1,We share.\n" + endless + b"3,We share.\n")
    batch(tiny, tmp_path / "in.csv", "--output", tmp_path / "out.jsonl")
    reasons = [(one["line"], one["reason"]) for one in rejects(tmp_path / "out.jsonl")]
    assert reasons[0] == (3, "row too long")
    found = objects((tmp_path / "out.jsonl").read_text())
    assert [row["id"] for row in found] == ["1", "3"]


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".csv.gz"])
def test_a_truncated_file_is_read_as_far_as_it_goes_and_ends_in_failure(
    tiny: Path, tmp_path: Path, suffix: str
) -> None:
    rows = [{"id": k, "text": f"We share {k * k}."} for k in range(2_000)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    if suffix.startswith(".csv"):
        text = "id,text\n" + "".join(f"{row['id']},{row['text']}\n" for row in rows)
    whole = gzip.compress(text.encode())
    (tmp_path / f"a{suffix}").write_bytes(whole[: len(whole) // 2])
    write_jsonl(tmp_path / "b.jsonl", [{"text": "We share."}])
    out = tmp_path / "out.jsonl"
    result = batch(tiny, tmp_path / f"a{suffix}", tmp_path / "b.jsonl", "--output", out)
    assert result.exit_code == 1
    assert rejects(out)[-1]["reason"] == "file cannot be read on"
    found = objects(out.read_text())
    assert [int(row["id"]) for row in found[:-1]] == list(range(len(found) - 1))
    assert len(found) > 100
