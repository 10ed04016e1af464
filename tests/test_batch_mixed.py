"""Inputs that do not quite go together: types that differ, columns that some lack, odd rows."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_fixtures import batch, read, rejects, table, write_jsonl

from clausemark._types import holds

if TYPE_CHECKING:
    from pathlib import Path


def stored(path: Path, **columns: Any) -> Path:
    """A Parquet file of one row for each value, with a text."""
    size = len(next(iter(columns.values())))
    pq.write_table(pa.table({"text": ["We share."] * size, **columns}), path)
    return path


def test_a_row_that_is_rejected_has_no_say_in_the_types(tiny: Path, tmp_path: Path) -> None:
    rows = [{"text": "We share.", "id": 1}, {"text": 5, "id": "x"}]
    out = tmp_path / "out.parquet"
    batch(tiny, write_jsonl(tmp_path / "in.jsonl", rows), "--output", out, "--labels-only")
    assert [(one["text"], one["id"]) for one in read(out)] == [("We share.", 1)]
    assert [one["reason"] for one in rejects(out)] == ["text is not a string"]


NANOS, MICROS = pa.timestamp("ns"), pa.timestamp("us")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([2**60]), pa.array([0.5])),
        (pa.array([dt.datetime(9999, 12, 31)], MICROS), pa.array([dt.datetime(2024, 1, 1)], NANOS)),
        (pa.array([decimal.Decimal("12345678901234567.89")]), pa.array([0.5])),
        (pa.array([2**63], pa.uint64()), pa.array([1], pa.int64())),
        (pa.array([[decimal.Decimal("1.10")]]), pa.array([[0.5]])),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_types_that_lose_by_each_other_are_refused_before_labelling(
    tiny: Path, tmp_path: Path, one: pa.Array, other: pa.Array, turned: bool
) -> None:
    columns = (other, one) if turned else (one, other)
    paths = [stored(tmp_path / f"{k}.parquet", v=column) for k, column in enumerate(columns)]
    result = batch(tiny, *paths, "--output", tmp_path / "out.parquet")
    assert result.exit_code == 1
    assert "column 'v' is of type" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out.parquet.parts").exists()


@pytest.mark.parametrize(
    ("one", "other", "values"),
    [
        (pa.array([1], MICROS), pa.array([1], NANOS), ["1970-01-01T00:00:00.000001"]),
        (pa.array([1], pa.uint64()), pa.array([-1], pa.int64()), [1, -1]),
        (pa.array([[1]]), pa.array([[0.5]]), [[1.0], [0.5]]),
        (pa.array([b"x"], pa.binary()), pa.array([b"y"], pa.large_binary()), [b"x", b"y"]),
    ],
)
def test_types_whose_values_go_together_do(
    tiny: Path, tmp_path: Path, one: pa.Array, other: pa.Array, values: list[Any]
) -> None:
    paths = [stored(tmp_path / "a.parquet", v=one), stored(tmp_path / "b.parquet", v=other)]
    out = tmp_path / "out.parquet"
    assert batch(tiny, *paths, "--output", out).exit_code == 0
    found = [row["v"] for row in pq.read_table(out).to_pylist()]
    same = found if len(values) == 2 else [found[0].isoformat()]
    assert same == values


def test_values_that_only_writing_finds_end_in_one_line(tiny: Path, tmp_path: Path) -> None:
    paths = [stored(tmp_path / "a.parquet", v=[[2**60]]), stored(tmp_path / "b.parquet", v=[[0.5]])]
    result = batch(tiny, *paths, "--output", tmp_path / "out.parquet")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "column 'v' has a value that is no list<" in result.stderr


def test_integers_that_doubles_hold_go_with_doubles(tiny: Path, tmp_path: Path) -> None:
    paths = [
        stored(tmp_path / "a.parquet", v=pa.array([-(2**53), None])),
        stored(tmp_path / "b.parquet", v=pa.array([None], pa.int64())),
        stored(tmp_path / "c.parquet", v=pa.array([0.5])),
    ]
    out = tmp_path / "out.parquet"
    assert batch(tiny, *paths, "--output", out).exit_code == 0
    assert [one["v"] for one in read(out)] == [-(2.0**53), None, None, 0.5]


@pytest.mark.parametrize(
    ("wide", "kind", "expected"),
    [
        (pa.int64(), pa.int8(), True),
        (pa.int8(), pa.int64(), False),
        (pa.int64(), pa.uint32(), True),
        (pa.uint64(), pa.int8(), False),
        (pa.float64(), pa.int32(), True),
        (pa.float32(), pa.int32(), False),
        (pa.string(), pa.int8(), False),
        (pa.float32(), pa.float64(), False),
        (pa.decimal128(12, 2), pa.decimal128(10, 2), True),
        (pa.decimal128(10, 3), pa.decimal128(10, 2), False),
        (pa.large_string(), pa.string(), True),
        (pa.string(), pa.dictionary(pa.int32(), pa.string()), True),
        (pa.struct([("a", pa.int64())]), pa.struct([("a", pa.int8())]), True),
        (pa.struct([("a", pa.int64())]), pa.struct([("b", pa.int8())]), False),
        (pa.list_(pa.int64()), pa.list_(pa.null()), True),
        (pa.duration("ns"), pa.duration("s"), False),
        (pa.map_(pa.string(), pa.int8()), pa.null(), True),
    ],
)
def test_a_type_holds_the_values_of_another(wide: Any, kind: Any, expected: bool) -> None:
    assert holds(wide, kind) is expected


def test_views_stay_views(tiny: Path, tmp_path: Path) -> None:
    texts = pa.array(["We share.", " ", "We keep it.", "We retain."], pa.string_view())
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"text": texts, "n": [1, 2, 3, 4]}), path)
    out = tmp_path / "out.parquet"
    assert batch(tiny, path, "--output", out, "--rows-per-part", 2).exit_code == 0
    assert [(one["text"], one["n"]) for one in read(out)] == [
        ("We share.", 1), ("We keep it.", 3), ("We retain.", 4),
    ]  # fmt: skip


@pytest.mark.parametrize("source", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("target", ["jsonl", "csv", "parquet"])
def test_a_chosen_column_that_one_input_lacks_is_null_there(
    tiny: Path, tmp_path: Path, source: str, target: str
) -> None:
    full = table(tmp_path / f"a.{source}", [{"text": "We share.", "note": "x"}])
    bare = table(tmp_path / f"b.{source}", [{"text": "We retain."}])
    out = tmp_path / f"out.{target}"
    result = batch(tiny, full, bare, "--output", out, "--columns", "note,text", "--labels-only")
    assert result.exit_code == 0, result.stderr
    assert [(one["note"] or None, one["text"]) for one in read(out)] == [
        ("x", "We share."), (None, "We retain."),
    ]  # fmt: skip


def test_a_chosen_key_may_come_late(tiny: Path, tmp_path: Path) -> None:
    rows = [{"text": "We share."}] * 1_001 + [{"text": "We share.", "note": "late"}]
    path, out = write_jsonl(tmp_path / "in.jsonl", rows), tmp_path / "out.jsonl"
    assert batch(tiny, path, "--output", out, "--columns", "note").exit_code == 0
    assert [one["note"] for one in read(out)] == [None] * 1_001 + ["late"]
    result = batch(tiny, path, path, "--output", tmp_path / "no.jsonl", "--columns", "nota")
    assert "has no column 'nota'; its columns: text" in result.stderr


def test_a_name_with_a_blank_before_it_can_be_chosen(tiny: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.csv"
    path.write_text("id, text\n1, We share.\n")
    args = ("--text-column", " text", "--columns", 'id, " text"', "--labels-only")
    assert batch(tiny, path, "--output", out, *args).exit_code == 0
    assert list(read(out)[0]) == ["id", " text", "labels"]


def test_cells_of_policies_are_guarded_beside_tables_whose_cells_stay(
    tiny: Path, tmp_path: Path
) -> None:
    (tmp_path / "p.txt").write_text(
        "We sell telephones in a shop of ours.\n\n+49 30 123 is where you call us.\n"
    )
    (tmp_path / "t.csv").write_text("text\n+49 30 123 is where we share it.\n")
    out = tmp_path / "out.csv"
    batch(tiny, tmp_path / "p.txt", tmp_path / "t.csv", "--output", out)
    cells = [one["text"] for one in read(out) if "+49" in one["text"]]
    assert [cell[:4] for cell in cells] == ["'+49", "+49 "]


@pytest.mark.parametrize("depth", [50, 600])
def test_what_is_nested_too_deep_for_parquet_becomes_json(
    tiny: Path, tmp_path: Path, depth: int
) -> None:
    line = f'{{"text": "We share.", "x": {"[" * depth}{"]" * depth}}}'.encode()
    path, out = write_jsonl(tmp_path / "in.jsonl", [line]), tmp_path / "out.parquet"
    result = batch(tiny, path, "--output", out)
    assert result.exit_code == 0, result.stderr
    assert read(out)[0]["x"] == "[" * depth + "]" * depth


def test_a_file_of_a_folder_that_cannot_be_read_is_one_reject(tiny: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    table(folder / "a.jsonl", [{"text": "We share."}])
    (folder / "b.jsonl").symlink_to("nowhere.jsonl")
    result = batch(tiny, folder, "--output", out)
    assert result.exit_code == 1
    assert "2 rows: 1 labelled, 1 rejected (1 file cannot be read)" in result.stderr
    assert "b.jsonl does not exist" in rejects(out)[0]["detail"]
    (folder / "a.jsonl").unlink()
    result = batch(tiny, folder, "--output", tmp_path / "none")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "b.jsonl does not exist" in result.stderr
