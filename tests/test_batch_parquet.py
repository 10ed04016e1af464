"""Parquet in and out of a batch: every type kept, or made fit for JSON and CSV."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_fixtures import (
    TEXTS,
    batch,
    read,
    rejects,
    table,
)

if TYPE_CHECKING:
    from pathlib import Path


#: Types that Parquet holds and neither JSON nor CSV does.
TYPED = pa.table(
    {
        "text": pa.array([*TEXTS[:3], None]),
        "int8": pa.array([1, None, -128, 0], pa.int8()),
        "float": pa.array([0.1, float("nan"), None, 0], pa.float32()),
        "date": [dt.date(2024, 2, 29), None, dt.date(1, 1, 1), None],
        "nanos": pa.array([1, None, -1, 0], pa.timestamp("ns", "Europe/Berlin")),
        "span": pa.array([1_500, None, 0, 0], pa.duration("ms")),
        "decimal": [decimal.Decimal("1.10"), None, decimal.Decimal("-3.00"), None],
        "bytes": [b"\xff\x00", None, b"", None],
        "nested": [[{"a": 1, "b": None}], [], None, None],
        "coded": pa.array(["p", "q", None, "p"]).dictionary_encode(),
        "map": pa.array([[("k", 1)], [], None, None], pa.map_(pa.string(), pa.int64())),
    },
    metadata={"origin": "here"},
)


def values(table: pa.Table) -> str:
    """Every value as text, so that nan equals nan; Python has no nanoseconds without pandas."""
    at = table.column_names.index("nanos")
    return str(table.set_column(at, "nanos", table["nanos"].cast(pa.int64())).to_pylist())


def test_parquet_keeps_every_type_and_value(tiny: Path, tmp_path: Path) -> None:
    pq.write_table(TYPED, tmp_path / "in.parquet", row_group_size=2)
    for out in ("out.parquet", "out"):
        args = ("--output", tmp_path / out, "--rows-per-part", 2)
        assert batch(tiny, tmp_path / "in.parquet", *args).exit_code == 0
        found = pq.read_table(tmp_path / out)
        assert found.column_names == [*TYPED.column_names, "labels", "scores"]
        kept = found.select(TYPED.column_names)
        assert kept.schema.equals(TYPED.schema)
        assert values(kept) == values(TYPED.slice(0, 3))
    assert rejects(tmp_path / "out.parquet") == [
        {"file": str(tmp_path / "in.parquet"), "row": 4, "reason": "text is null"}
    ]


def test_values_of_parquet_read_well_in_json_and_csv(tiny: Path, tmp_path: Path) -> None:
    pq.write_table(TYPED, tmp_path / "in.parquet")
    for kind in ("jsonl", "csv"):
        batch(tiny, tmp_path / "in.parquet", "--output", tmp_path / f"out.{kind}")
    first, second, _ = read(tmp_path / "out.jsonl")
    assert {name: first[name] for name in TYPED.column_names[1:]} == {
        "int8": 1, "float": pytest.approx(0.1), "date": "2024-02-29",
        "nanos": "1970-01-01T01:00:00.000000001+01:00", "span": 1.5, "decimal": "1.10",
        "bytes": "/wA=", "nested": [{"a": 1, "b": None}], "coded": "p", "map": [["k", 1]],
    }  # fmt: skip
    assert [second[name] for name in ("int8", "float", "date", "nested", "map")] == [
        None, None, None, [], [],
    ]  # fmt: skip
    cells = read(tmp_path / "out.csv")[0]
    assert (cells["date"], cells["nested"]) == ("2024-02-29", '[{"a": 1, "b": null}]')


#: Times that Python or this machine has none for: their type, their number, what becomes of them.
FAR = (
    (pa.timestamp("us", "Europe/Berlin"), 253402300799 * 10**6, "9999-12-31T23:59:59+00:00"),
    (pa.timestamp("us", "America/New_York"), -62135596800 * 10**6, "0001-01-01T00:00:00+00:00"),
    (pa.timestamp("us"), -62135596800 * 10**6 - 1, "0000-12-31T23:59:59.999999"),
    (pa.timestamp("s"), -62198755200, "-0001-01-01T00:00:00"),
    (pa.timestamp("us"), 10**18, "+33658-09-27T01:46:40"),
    (pa.timestamp("ms"), -(2**63), None),
    (pa.date32(), 2**30, "+2941775-04-07"),
    (pa.date64(), 253402300800_000, "+10000-01-01"),
    (pa.timestamp("us", "PST"), 1_500_000, "1970-01-01T00:00:01.500000+00:00"),
    (pa.timestamp("ns", "GMT+01:00"), 1, "1970-01-01T00:00:00.000000001+00:00"),
    (pa.timestamp("ns", "Europe/Berlin"), -1, "1970-01-01T00:59:59.999999999+01:00"),
    (pa.timestamp("us", "+02:00"), 1, "1970-01-01T02:00:00.000001+02:00"),
    (pa.timestamp("ns", "+02:00"), 1, "1970-01-01T02:00:00.000000001+02:00"),
    (pa.timestamp("ns", "UTC"), 1, "1970-01-01T00:00:00.000000001+00:00"),
)


def stored(kind: pa.DataType, numbers: list[int | None]) -> pa.Array:
    """Numbers as the type holds them, whatever they stand for."""
    return pa.array(numbers, pa.int32() if kind == pa.date32() else pa.int64()).view(kind)


@pytest.mark.parametrize(("kind", "number", "text"), FAR, ids=str)
def test_a_time_that_python_has_none_for_costs_no_row(
    tiny: Path, tmp_path: Path, kind: pa.DataType, number: int, text: str | None
) -> None:
    far = stored(kind, [None, number])
    maps = pa.MapArray.from_arrays([0, 0, 1], ["until"], far.slice(1))
    columns = {"text": TEXTS[:2], "far": far, "map": maps}
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    result = batch(tiny, tmp_path / "in.parquet", "--output", tmp_path / "out.jsonl")
    assert result.exit_code == 0, result.stderr
    first, second = read(tmp_path / "out.jsonl")
    assert (first["far"], first["map"]) == (None, [])
    assert (second["far"], second["map"]) == (text, [["until", text]])


def test_values_within_values_become_json(tiny: Path, tmp_path: Path) -> None:
    inner = pa.struct([("x", pa.float64()), ("day", pa.date32())])
    first, nan = {"x": 1.5, "day": dt.date(2024, 2, 29)}, {"x": float("nan"), "day": None}
    columns = {
        "map": pa.array([[("a", first)], [("b", nan)]], pa.map_(pa.string(), inner)),
        "pair": pa.array([[first, None], [nan, nan]], pa.list_(inner, 2)),
    }
    pq.write_table(pa.table({"text": TEXTS[:2], **columns}), tmp_path / "in.parquet")
    for kind in ("jsonl", "csv"):
        batch(tiny, tmp_path / "in.parquet", "--output", tmp_path / f"out.{kind}")
    one, two = read(tmp_path / "out.jsonl")
    first["day"], nan["x"] = "2024-02-29", None
    assert [(row["map"], row["pair"]) for row in (one, two)] == [
        ([["a", first]], [first, None]), ([["b", nan]], [nan, nan]),
    ]  # fmt: skip
    assert read(tmp_path / "out.csv")[1]["map"] == '[["b", {"x": null, "day": null}]]'


def test_parquet_rows_of_ten_megabytes_and_of_no_text_are_rejected(
    tiny: Path, tmp_path: Path
) -> None:
    ill = pa.array([b"We share.", b"We \xff share.", b"We share.", b"We retain."])
    blob = pa.array([b"", b"", b"x" * 10_000_001, b""])
    text = pa.Array.from_buffers(pa.string(), 4, ill.buffers())
    pq.write_table(pa.table({"text": text, "blob": blob}), tmp_path / "in.parquet")
    batch(tiny, tmp_path / "in.parquet", "--output", tmp_path / "out.parquet")
    found = [(one["row"], one["reason"]) for one in rejects(tmp_path / "out.parquet")]
    assert found == [(2, "not UTF-8"), (3, "row too long")]
    assert [one["text"] for one in read(tmp_path / "out.parquet")] == ["We share.", "We retain."]


def test_files_of_parquet_with_like_columns_become_one_table(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    table(folder / "a.parquet", [{"text": "We share.", "n": 1}])
    table(folder / "b.parquet", [{"n": 0.5, "text": "We retain.", "more": "x"}])
    batch(tiny, folder, "--output", tmp_path / "out.parquet")
    found = pq.read_table(tmp_path / "out.parquet").select(["text", "n", "more"])
    assert found.to_pydict() == {
        "text": ["We share.", "We retain."], "n": [1.0, 0.5], "more": [None, "x"],
    }  # fmt: skip
    table(folder / "c.parquet", [{"text": "We share.", "n": "one"}])
    result = batch(tiny, folder, "--output", tmp_path / "other.parquet")
    assert "c.parquet: column 'n' is of type string, elsewhere of double" in result.stderr


def test_a_damaged_file_of_parquet_is_one_line_or_one_reject(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "no.parquet").write_bytes(b"PAR1 nothing PAR1")
    result = batch(tiny, tmp_path / "no.parquet", "--output", tmp_path / "out.jsonl")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "no.parquet is no Parquet file" in result.stderr
    path = table(tmp_path / "in.parquet", [{"text": f"We share {k}"} for k in range(9_000)])
    data = bytearray(path.read_bytes())
    data[100:-2_000] = bytes(len(data) - 2_100)
    path.write_bytes(data)
    result = batch(tiny, path, "--output", tmp_path / "out.jsonl")
    assert result.exit_code == 1
    assert [one["reason"] for one in rejects(tmp_path / "out.jsonl")] == ["file cannot be read on"]
