"""The command line: what it prints, where, and with which exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cli_fixtures import COLOUR, POLICY, objects, run
from conftest import METRICS, files, manifest

import clausemark
from clausemark import __version__, artifact, cli
from clausemark.labels import OPP115

if TYPE_CHECKING:
    from typer.testing import Result


def label(tiny: Path, *args: object, **options: Any) -> Result:
    """Run `clausemark label` with the tiny model."""
    return run("label", "--model", tiny, *args, **options)


def test_piped_output_is_one_object_a_clause(tiny: Path, policy: Path) -> None:
    result = label(tiny, policy)
    found = objects(result.stdout)
    assert result.exit_code == 0
    assert [one["text"] for one in found] == [POLICY[one["start"] : one["end"]] for one in found]
    assert [one["index"] for one in found] == list(range(len(found)))
    assert found[0]["labels"] == ["First Party Collection/Use"]
    assert found[-1]["labels"] == ["Third Party Sharing/Collection", "Privacy contact information"]
    assert {one["document"] for one in found} == {str(policy)}
    assert list(found[0]["scores"]) == list(OPP115.names)


@pytest.mark.parametrize("args", [["-"], []])
def test_standard_input_is_read_when_asked_or_piped(tiny: Path, args: list[str]) -> None:
    found = objects(label(tiny, *args, input=POLICY).stdout)
    assert {one["document"] for one in found} == {"<stdin>"}
    assert found[0]["labels"] == ["First Party Collection/Use"]


def test_a_folder_stands_for_its_policies_and_no_file_comes_twice(tiny: Path, policy: Path) -> None:
    policy.with_name("b.txt").write_text("We delete it.")
    policy.with_name("notes.json").write_text("{}")
    found = objects(label(tiny, policy, policy.parent).stdout)
    assert list(dict.fromkeys(one["document"] for one in found)) == [
        str(policy), str(policy.with_name("b.txt")),
    ]  # fmt: skip
    assert found[-1]["index"] == 0


def test_csv_has_a_row_a_clause_and_a_column_a_score(tiny: Path, policy: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(label(tiny, policy, "--format", "csv").stdout)))
    found = objects(label(tiny, policy).stdout)
    assert len(rows) == len(found)
    assert rows[-1]["labels"] == "Third Party Sharing/Collection; Privacy contact information"
    for row, one in zip(rows, found, strict=True):
        assert {name: float(row[name]) for name in OPP115.names} == one["scores"]
        assert row["heading"] == one["heading"]


@pytest.mark.parametrize("text", ["=1+1", "+1 800 555", "@cmd", "-2"])
def test_csv_cells_never_run_as_formulas(tiny: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    (row,) = csv.DictReader(io.StringIO(label(tiny, tmp_path / "a.txt", "--format=csv").stdout))
    assert row["text"] == f"'{text}"


def test_csv_quotes_a_lone_carriage_return(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "a\rb.txt"
    path.write_text("We share it.")
    text = label(tiny, path, "--format=csv").stdout
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert (row["document"], row["text"]) == (str(path), "We share it.")


def test_one_bad_document_does_not_stop_the_others(tiny: Path, policy: Path) -> None:
    empty = policy.with_name("empty.txt")
    empty.touch()
    result = label(tiny, "nowhere.txt", empty, policy)
    assert result.exit_code == 1
    assert {one["document"] for one in objects(result.stdout)} == {str(policy)}
    first, second, last = result.stderr.splitlines()
    assert first.startswith("clausemark: nowhere.txt")
    assert second.startswith(f"clausemark: {empty}")
    assert last == "clausemark: 2 of 3 documents could not be labelled."


def test_a_folder_without_policies_is_an_error(tiny: Path, tmp_path: Path) -> None:
    result = label(tiny, tmp_path)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert str(tmp_path) in result.stderr


@pytest.mark.parametrize("name", ["", "long" * 2000])
def test_a_path_that_cannot_be_is_an_error_of_its_own(
    tiny: Path, policy: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(policy.parent)
    result = label(tiny, name, policy.name)
    assert result.exit_code == 1
    assert {one["document"] for one in objects(result.stdout)} == {policy.name}
    assert result.stderr.count("\n") == 2
    assert result.stderr.startswith("clausemark: An empty path" if not name else "clausemark: long")


def test_links_in_a_circle_are_an_error_or_replaced(tiny: Path, policy: Path) -> None:
    circle = policy.with_name("circle.txt")
    circle.symlink_to(circle)
    result = label(tiny, circle, "--output", policy.with_name("out.jsonl"))
    assert result.exit_code == 1
    assert re.fullmatch(r"clausemark: .*circle\.txt cannot be read: .*\n", result.stderr)
    assert label(tiny, policy, "--output", circle).exit_code == 0
    assert circle.read_text() == label(tiny, policy).stdout


def test_output_goes_to_a_file_and_nothing_else(tiny: Path, policy: Path) -> None:
    out = policy.with_name("out.jsonl")
    out.write_text("old")
    result = label(tiny, policy, "--output", out)
    assert (result.exit_code, result.output) == (0, "")
    assert out.read_text() == label(tiny, policy).stdout
    assert sorted(path.name for path in policy.parent.iterdir()) == ["out.jsonl", "policy.md"]


def test_an_old_output_stays_when_nothing_could_be_labelled(tiny: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old")
    assert label(tiny, tmp_path / "nowhere.txt", "--output", out).exit_code == 1
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_an_interrupted_run_leaves_the_old_output_and_one_line(
    tiny: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("clausemark.classifier.Classifier.label_document", interrupt)
    result = label(tiny, policy, "--output", policy.with_name("out.jsonl"))
    assert result.exit_code == 130
    assert result.stderr == "clausemark: interrupted.\n"
    assert list(policy.parent.iterdir()) == [policy]


@pytest.mark.parametrize("where", ["nowhere/out.jsonl", "."])
def test_an_output_that_cannot_be_written_is_an_error(tiny: Path, policy: Path, where: str) -> None:
    result = label(tiny, policy, "--output", policy.parent / where)
    assert result.exit_code == 1
    assert re.fullmatch(r"clausemark: .* cannot be written \(.*\)\. Choose .*\n", result.stderr)


def test_a_policy_is_never_overwritten_by_its_labels(tiny: Path, policy: Path) -> None:
    roundabout = policy.parent / ".." / policy.parent.name
    result = label(tiny, roundabout, "--output", policy)
    assert result.exit_code == 1
    assert "is one of the policies" in result.stderr
    assert policy.read_text() == POLICY


def test_a_device_is_written_not_replaced(tiny: Path, policy: Path) -> None:
    assert label(tiny, policy, "--output", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize(
    "args",
    [
        ["label", "x.txt", "--format", "xml"],
        ["label", "x.txt", "--threads", "0"],
        ["label", "--colour"],
        ["lable"],
    ],
)
def test_wrong_usage_exits_with_2(args: list[str]) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr


def test_no_path_on_a_terminal_is_wrong_usage(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "_stdin_is_terminal", lambda: True)
    result = label(tiny)
    assert result.exit_code == 2
    assert "Name a policy" in result.stderr


@pytest.mark.parametrize("command", ["label", "info"])
def test_a_damaged_model_is_one_line_and_exit_code_1(
    tiny_copy: Path, policy: Path, command: str
) -> None:
    (tiny_copy / "model.onnx").write_bytes(b"")
    paths = [policy] if command == "label" else []
    result = run(command, *paths, "--model", tiny_copy)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert re.fullmatch(r"clausemark: .*model\.onnx: 0 bytes, .*\n", result.stderr)


def test_labels_shows_every_definition_in_both_forms() -> None:
    rows = objects(run("labels").stdout)
    assert [row["name"] for row in rows] == list(OPP115.names)
    assert rows[0] == {
        "scheme": "opp-115",
        "id": "first_party",
        "name": "First Party Collection/Use",
        "definition": OPP115.labels[0].definition,
    }
    drawn = run("labels", "--format", "table", env={"COLUMNS": "200"}).stdout
    assert all(label.name in drawn and label.definition in drawn for label in OPP115.labels)


def test_info_shows_the_model_in_both_forms(tiny: Path) -> None:
    facts = json.loads(run("info", "--model", tiny).stdout)
    assert (facts["name"], facts["version"], facts["folder"]) == ("tiny", "0.0.1", str(tiny))
    assert facts["thresholds"] == dict.fromkeys(OPP115.names, 0.5)
    assert facts["fallback"] is None
    assert facts["bytes"] == sum(
        (tiny / name).stat().st_size for name in ("model.onnx", "tokenizer.json", "README.md")
    )
    drawn = run("info", "--model", tiny, "--format", "table").stdout
    for shown in ("tiny 0.0.1", "keywords", "https://example.org", "Data Security"):
        assert shown in drawn
    assert re.search(r"validation texts +40 *\n", drawn)
    assert re.search(r"validation at half macro f1 +0\.500 \(0\.250 to 0\.750\) *\n", drawn)
    assert "0.125" not in drawn
    assert facts["metrics"] == METRICS


def test_info_shows_the_fallback_where_there_is_one(tmp_path: Path) -> None:
    model = artifact.write(tmp_path / "model", manifest(fallback=0.25), files()).path
    assert json.loads(run("info", "--model", model).stdout)["fallback"] == 0.25
    drawn = run("info", "--model", model, "--format", "table", env={"COLUMNS": "120"}).stdout
    assert re.search(r"the likeliest where none reaches its own +0\.25", drawn)


def test_version_is_the_packages() -> None:
    assert run("--version").stdout == f"clausemark {__version__}\n"


def command(*args: object) -> list[str]:
    """The command line as a process of its own."""
    return [sys.executable, "-m", "clausemark.cli", *map(str, args)]


#: Buffered as usual, whatever this machine prefers: what is written late can fail late.
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(Path(clausemark.__file__).parents[1]),
    "PYTHONUNBUFFERED": "",
}


@pytest.mark.parametrize("name", ["label", "labels", "info"])
def test_a_reader_that_leaves_early_gets_no_message(tiny: Path, policy: Path, name: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    args = {"label": [policy, "--model", tiny], "labels": [], "info": ["--model", tiny]}[name]
    done = subprocess.run(
        command(name, *args), stdout=writer, stderr=subprocess.PIPE, check=False, env=ENVIRONMENT
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, b"")


def test_jsonl_is_utf8_in_any_locale(tiny: Path, policy: Path) -> None:
    policy.write_text("We share — “naïve” ☃.", encoding="utf-8")
    env = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(
        command("label", policy, "--model", tiny), capture_output=True, check=True, env=env
    )
    assert json.loads(done.stdout.decode("utf-8"))["text"] == "We share — “naïve” ☃."


def test_a_terminal_gets_the_table_without_being_asked(tiny: Path, policy: Path) -> None:
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    env = {**ENVIRONMENT, "COLUMNS": "90", "TERM": "xterm-256color"}
    done = subprocess.run(
        command("label", policy, "--model", tiny), stdout=follower, check=True, env=env
    )
    os.close(follower)
    drawn = os.read(leader, 65536).decode()
    assert done.returncode == 0
    assert "Clause" in COLOUR.sub("", drawn)
    assert "\x1b[" in drawn
