"""Tables of every kind in and out: columns and types kept, folders, globs, policies."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from batch_fixtures import (
    LABELS,
    ROWS,
    TEXTS,
    batch,
    contents,
    packed,
    read,
    rejects,
    table,
    write_jsonl,
)
from cli_fixtures import POLICY, objects, run
from conftest import files, manifest

from clausemark import Classifier, artifact
from clausemark._bar import line
from clausemark.batch import FORMS, Moment
from clausemark.labels import OPP115


@pytest.mark.parametrize("target", FORMS)
@pytest.mark.parametrize("source", FORMS)
def test_every_kind_becomes_every_kind(
    tiny: Path, tmp_path: Path, source: str, target: str
) -> None:
    out = tmp_path / f"out.{target}"
    result = batch(tiny, table(tmp_path / f"in.{source}"), "--output", out, "--rows-per-part", 3)
    assert result.exit_code == 0, result.stderr
    found = read(out)
    assert [one["text"] for one in found] == TEXTS
    named = [one["labels"].split("; ") if "csv" in target else one["labels"] for one in found]
    assert named[:3] == [LABELS[0], LABELS[1], LABELS[0]]
    typed = "csv" not in source + target
    assert [one["id"] for one in found] == [k if typed else str(k) for k in range(4)]
    if typed:
        assert [one["x"] for one in found] == [[1, None]] * 4


def test_scores_are_those_of_the_classifier(tiny: Path, tmp_path: Path) -> None:
    source = table(tmp_path / "in.jsonl")
    expected = [one.scores for one in Classifier.load(tiny).label_texts(TEXTS)]
    for kind in ("jsonl", "parquet", "csv"):
        batch(tiny, source, "--output", tmp_path / f"out.{kind}")
    assert [one["scores"] for one in read(tmp_path / "out.jsonl")] == expected
    assert [one["scores"] for one in read(tmp_path / "out.parquet")] == expected
    cells = read(tmp_path / "out.csv")
    assert [{name: float(one[name]) for name in OPP115.names} for one in cells] == expected


def test_a_line_of_json_stays_as_it_stands(tiny: Path, tmp_path: Path) -> None:
    line = '{"n":1.10, "big" : 123456789012345678901234567890,"e":1E400,"a":1,"a":2,"text":"é ☃"'
    source = tmp_path / "in.jsonl"
    source.write_text(f"  {line} }} \r\n\n{line}}}", encoding="utf-8")
    batch(tiny, source, "--output", tmp_path / "out.jsonl")
    first, second = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert first == second
    assert first.startswith(f'{line}, "labels": [')


def test_chosen_columns_come_in_the_order_chosen(tiny: Path, tmp_path: Path) -> None:
    for kind in ("jsonl", "csv", "parquet"):
        source, out = table(tmp_path / f"in.{kind}"), tmp_path / f"out.{kind}"
        batch(tiny, source, "--output", out, "--columns", "x,id", "--labels-only")
        assert [list(one) for one in read(out)] == [["x", "id", "labels"]] * 4
        result = batch(tiny, source, "--output", tmp_path / "no.jsonl", "--columns", "x,id,why")
        assert "has no column 'why'; its columns: id, text, x. Correct --columns." in result.stderr


def test_numbers_that_json_does_not_have_become_null(tiny: Path, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(
        '{"text": "We share Infinity.", "x": 1e999}\n'
        '{"text": "We share.", "x": {"NaN": [-Infinity, NaN, 1.5]}}\n'
    )
    for kind in ("jsonl", "csv", "parquet"):
        args = ("--output", tmp_path / f"out.{kind}", "--columns", "text,x")
        assert batch(tiny, source, *args).exit_code == 0
    one, two = read(tmp_path / "out.jsonl")
    assert (one["text"], one["x"], two["x"]) == (
        "We share Infinity.", None, {"NaN": [None, None, 1.5]},
    )  # fmt: skip
    assert "Infinity," not in (tmp_path / "out.jsonl").read_text()
    nested = '{"NaN": [null, null, 1.5]}'
    assert [row["x"] for row in read(tmp_path / "out.csv")] == ["", nested]
    assert [row["x"] for row in read(tmp_path / "out.parquet")] == ["null", nested]


def test_low_scores_are_left_out_and_labels_stay(tiny: Path, tmp_path: Path) -> None:
    for kind in ("jsonl", "csv", "parquet"):
        source, out = table(tmp_path / f"in.{kind}"), tmp_path / f"out.{kind}"
        batch(tiny, source, "--output", out, "--min-score", 0.5)
        batch(tiny, source, "--output", tmp_path / f"all.{kind}")
        assert [r["labels"] for r in read(out)] == [
            r["labels"] for r in read(tmp_path / f"all.{kind}")
        ]
    assert list(read(tmp_path / "out.jsonl")[1]["scores"]) == LABELS[1]
    scores = read(tmp_path / "out.parquet")[1]["scores"]
    assert [name for name, score in scores.items() if score is not None] == LABELS[1]
    assert read(tmp_path / "out.csv")[1]["Data Security"] == ""


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_a_name_that_is_taken_is_an_error_with_a_cure(
    tiny: Path, tmp_path: Path, kind: str
) -> None:
    source, out = table(tmp_path / f"in.{kind}", [{"text": "We share.", "labels": "mine"}]), "out"
    result = batch(tiny, source, "--output", tmp_path / out)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "has a column 'labels' already" in result.stderr
    assert "--prefix" in result.stderr
    assert not (tmp_path / out).exists()
    result = batch(tiny, source, "--output", tmp_path / out, "--prefix", "ours_", "--labels-only")
    assert result.exit_code == 0
    (row,) = read(tmp_path / out / f"part-00000.{kind}")
    assert (row["labels"], list(row)) == ("mine", ["text", "labels", "ours_labels"])


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_without_the_text_column_is_an_error(tiny: Path, tmp_path: Path, kind: str) -> None:
    source = table(tmp_path / f"in.{kind}", [{"id": 1, "body": "We share."}])
    result = batch(tiny, source, "--output", tmp_path / "out.jsonl")
    assert "has no column 'text'; its columns: id, body. Name the one" in result.stderr
    args = ("--output", tmp_path / "out.jsonl", "--text-column", "body")
    assert batch(tiny, source, *args).exit_code == 0
    assert read(tmp_path / "out.jsonl")[0]["labels"] == LABELS[0]


def folder_with_broken_tables(folder: Path) -> Path:
    """A folder where two tables of six can be read."""
    folder.mkdir()
    (folder / "a.csv").touch()
    table(folder / "b.csv", [{"id": 1, "body": "We share."}])
    table(folder / "c.csv", [{"id": 1, "text": "We share."}])
    (folder / "d.parquet").write_bytes(b"PAR1 nothing PAR1")
    table(folder / "e.parquet", [{"id": 1, "text": 7}])
    table(folder / "f.jsonl", [{"id": 1, "text": "We retain."}])
    return folder


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_a_file_of_a_folder_that_is_no_table_stops_no_other(
    tiny: Path, tmp_path: Path, kind: str
) -> None:
    folder, out = folder_with_broken_tables(tmp_path / "in"), tmp_path / f"out.{kind}"
    result = batch(tiny, folder, "--output", out)
    assert result.exit_code == 1
    assert "6 rows: 2 labelled, 4 rejected (4 file is no table), listed in" in result.stderr
    assert [one["text"] for one in read(out)] == ["We share.", "We retain."]
    found = {Path(one["file"]).name: one["detail"] for one in rejects(out)}
    assert list(found) == ["a.csv", "b.csv", "d.parquet", "e.parquet"]
    assert "has no column 'text'; its columns: id, body" in found["b.csv"]
    again = batch(tiny, folder, "--output", out, "--resume")
    assert (again.exit_code, again.stderr) == (1, result.stderr)


def test_a_table_that_is_named_or_alone_in_a_folder_has_to_be_one(
    tiny: Path, tmp_path: Path
) -> None:
    folder = folder_with_broken_tables(tmp_path / "in")
    out = tmp_path / "out.jsonl"
    elsewhere = folder / ".." / "in" / "a.csv"
    for names in ([folder, folder / "a.csv"], [folder, elsewhere], [f"{folder}/a*"]):
        result = batch(tiny, *names, "--output", out)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert "a.csv is empty. A CSV file begins with its column names." in result.stderr
        assert not out.exists()


def test_folders_and_globs_name_their_tables_in_order_once(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "deep").mkdir(parents=True)
    for k, name in enumerate(("b.jsonl", "a.jsonl.gz", "deep/c.ndjson", "_x.jsonl", ".y.jsonl")):
        packed(folder / name, json.dumps({"k": k, "text": "We share."}) + "\n")
    for names, expected in (([folder], [1, 0, 2]), ([f"{folder}/*", folder], [3, 1, 0, 2])):
        out = tmp_path / f"out{len(names)}.jsonl"
        assert batch(tiny, *names, "--output", out).exit_code == 0
        assert [row["k"] for row in read(out)] == expected
    assert batch(tiny, f"{folder}/**/*.jsonl*", "--output", tmp_path / "o.jsonl").exit_code == 0
    assert [row["k"] for row in read(tmp_path / "o.jsonl")] == [3, 1, 0]


def test_an_output_among_the_inputs_is_never_read(tiny: Path, tmp_path: Path) -> None:
    table(tmp_path / "in.jsonl")
    for how in ((), ("--resume",), ("--overwrite",)):
        result = batch(
            tiny, tmp_path, f"{tmp_path}/*.jsonl", "--output", tmp_path / "o.jsonl", *how
        )
        assert "4 rows: 4 labelled" in result.stderr
    (tmp_path / "o.jsonl.manifest.json").unlink()
    result = batch(tiny, tmp_path / "in.jsonl", "--output", tmp_path / "in.jsonl")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "in.jsonl is the output" in result.stderr
    assert len(read(tmp_path / "in.jsonl")) == 4


def test_policies_become_the_rows_that_label_writes(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.md").write_text(POLICY)
    (folder / "b.html").write_text("<h1>Us</h1><p>We retain it.</p><ul><li>=share</li></ul>")
    (folder / "c.pdf").write_bytes(b"%PDF-broken")
    out = tmp_path / "out.jsonl"
    result = batch(tiny, folder, "--output", out, "--rows-per-part", 2)
    assert result.exit_code == 1
    (reject,) = rejects(out)
    assert (reject["file"], reject["reason"]) == (str(folder / "c.pdf"), "document cannot be read")
    labelled = run("label", "--model", tiny, folder / "a.md", folder / "b.html")
    assert read(out) == objects(labelled.stdout)
    (folder / "c.pdf").unlink()
    batch(tiny, folder, "--output", tmp_path / "out.csv")
    labelled = run("label", "--model", tiny, folder, "--format", "csv")
    assert (tmp_path / "out.csv").read_text() == labelled.stdout


def test_clauses_are_read_under_their_headings_as_label_reads_them(tmp_path: Path) -> None:
    model = artifact.write(tmp_path / "headed", manifest(headings=True), files()).path
    policy, out = tmp_path / "a.md", tmp_path / "out.jsonl"
    policy.write_text("# We share\n\nAll of it.\n\nNone of it.")
    assert batch(model, policy, "--output", out).exit_code == 0
    assert read(out) == objects(run("label", "--model", model, policy).stdout)
    assert all(row["labels"] == ["Third Party Sharing/Collection"] for row in read(out))


def test_a_folder_of_tables_and_policies_is_ambiguous(tiny: Path, tmp_path: Path) -> None:
    table(tmp_path / "in.jsonl")
    (tmp_path / "a.md").write_text(POLICY)
    result = batch(tiny, tmp_path, "--output", tmp_path / "out")
    assert f"Name one kind: '{tmp_path}/*.jsonl' or '{tmp_path}/*.md'." in result.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("-", "not standard input"),
        ("", "not standard input"),
        ("nowhere.jsonl", "nowhere.jsonl does not exist"),
        ("long" * 2_000, "cannot be read (File name too long)"),
        ("null\0.csv", "cannot be read (embedded null byte)"),
        ("nothing*.csv", "nothing*.csv matches no file"),
        ("empty", "empty holds nothing to label"),
        ("a.xlsx", "a.xlsx is of no kind that a batch reads"),
        ("empty.csv", "empty.csv is empty"),
        ("twice.csv", "twice.csv has two columns 'text'"),
        ("wide.csv", "wide.csv has no sound header: not UTF-8. Save it as UTF-8."),
        ("mac.csv", "a carriage return outside quotation marks). Save it with line ends of"),
        ("open.csv", "a quotation mark is never closed). Correct its first line"),
    ],
)
def test_what_is_no_table_is_one_line(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    for path in ("a.xlsx", "empty.csv"):
        Path(path).touch()
    Path("twice.csv").write_text("text,text\n")
    Path("wide.csv").write_text("text\n", encoding="utf-16")
    Path("mac.csv").write_bytes(b"id,text\r1,We share.\r")
    Path("open.csv").write_text('id,"text\n1,We share.\n')
    result = batch(tiny, name, "--output", "out.jsonl")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert said in result.stderr
    assert not Path("out.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("-", "writes no standard output"),
        ("out.xlsx", "writes no .xlsx"),
        ("in.csv", "in.csv is the output"),
        ("in.csv/out", "cannot be written (Not a directory)"),
        ("long" * 2_000, "cannot be written (File name too long)"),
        ("folder.csv", "folder.csv is a folder"),
        ("file", "file is a file"),
    ],
)
def test_what_is_no_output_is_one_line(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    table(Path("in.csv"))
    Path("folder.csv").mkdir()
    Path("file").touch()
    before = contents(tmp_path)
    result = batch(tiny, "in.csv", "--output", name)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert said in result.stderr
    assert contents(tmp_path) == before


@pytest.mark.parametrize("kind", FORMS)
def test_a_table_without_rows_becomes_one_without_rows(
    tiny: Path, tmp_path: Path, kind: str
) -> None:
    source = packed(tmp_path / "in.csv", "id,text\n")
    for out in (tmp_path / f"out.{kind}", tmp_path / "out"):
        assert batch(tiny, source, "--output", out, "--format", kind).exit_code == 0
    assert read(tmp_path / f"out.{kind}") == read(tmp_path / "out" / f"part-00000.{kind}") == []


def test_a_folder_of_parts_is_a_table_again(tiny: Path, tmp_path: Path) -> None:
    source = table(tmp_path / "in.csv")
    batch(tiny, source, "--output", tmp_path / "parts", "--rows-per-part", 3)
    assert sorted(contents(tmp_path / "parts")) == [
        "_manifest.json", "_rejects.jsonl", "part-00000.csv", "part-00001.csv",
    ]  # fmt: skip
    args = ("--output", tmp_path / "out.csv", "--prefix", "again_")
    assert batch(tiny, tmp_path / "parts", *args).exit_code == 0
    assert [row["again_labels"] for row in read(tmp_path / "out.csv")] == [
        row["labels"] for row in read(tmp_path / "out.csv")
    ]


def test_the_manifest_says_what_was_done(tiny: Path, tmp_path: Path) -> None:
    import hashlib

    source = write_jsonl(tmp_path / "in.jsonl", [*ROWS, {"text": None}, b"no"])
    batch(tiny, source, "--output", tmp_path / "out.csv")
    found = json.loads((tmp_path / "out.csv.manifest.json").read_text())
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    size = source.stat().st_size
    assert found["inputs"] == [{"file": str(source), "bytes": size, "sha256": digest}]
    assert found["rows"] == {
        "read": 6, "labelled": 4, "rejected": 2, "lost_files": 0,
        "reasons": {"malformed JSON": 1, "text is null": 1},
    }  # fmt: skip
    assert (found["model"]["name"], found["model"]["version"]) == ("tiny", "0.0.1")
    assert found["options"]["format"] == "csv"
    assert found["files"][0]["bytes"] == (tmp_path / "out.csv").stat().st_size


def test_without_arrow_only_parquet_and_zst_ask_for_it(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = {kind: table(tmp_path / f"in.{kind}") for kind in FORMS}
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for kind in FORMS:
        result = batch(tiny, sources[kind], "--output", tmp_path / f"out.{kind}")
        needed = kind == "parquet" or kind.endswith("zst")
        assert result.exit_code == int(needed), kind
        assert ("pip install 'clausemark[batch]'" in result.stderr) == needed


@pytest.mark.parametrize(
    "args",
    [
        ("--resume", "--overwrite"), ("--columns", ""), ("--columns", "a,,b"),
        ("--columns", "a,a"), ("--min-score", "2"), ("--rows-per-part", "0"),
    ],
)  # fmt: skip
def test_wrong_usage_is_exit_code_2(tiny: Path, tmp_path: Path, args: tuple[str, ...]) -> None:
    source = table(tmp_path / "in.jsonl")
    assert batch(tiny, source, "--output", tmp_path / "out", *args).exit_code == 2


def test_the_bar_says_rates_and_the_time_left() -> None:
    first, now = Moment(100, 0, 50, 0.1), Moment(1_600, 1_500, 30_050, 0.4)
    assert line(now, first, 60.0) == "1,600 rows  25 rows/s  500 tokens/s  2:00 left"
    assert line(first, first, 0.0).startswith("100 rows  0 rows/s")
