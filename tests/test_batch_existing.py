"""An output that is there already: refused, resumed if nothing differs, or overwritten."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from batch_fixtures import batch, contents, rejects

from clausemark._parts import Ledger

if TYPE_CHECKING:
    from pathlib import Path


def test_an_output_that_is_there_is_refused(begun: Path, tiny: Path, tables: Path) -> None:
    before = contents(begun)
    result = batch(tiny, tables, "--output", begun, "--rows-per-part", 5)
    assert result.exit_code == 1
    assert result.stderr == (
        f"clausemark: {begun} is there already. "
        "--resume goes on with it, --overwrite begins again.\n"
    )
    assert contents(begun) == before


def why_not(tiny: Path, tables: Path, out: Path, *args: object) -> str:
    """Resume with what differs; return the one line that says why not."""
    before = contents(out)
    result = batch(tiny, tables, "--output", out, "--rows-per-part", 5, "--resume", *args)
    assert result.exit_code == 1
    assert contents(out) == before
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--min-score", 0.5), "option min_score was 0.0, is 0.5"),
        (("--columns", "id,text"), "option columns was None, is ['id', 'text']"),
        (("--labels-only",), "option labels_only was False, is True"),
        (("--prefix", "a_"), "option prefix was , is a_"),
        (("--format", "csv"), "option format was jsonl, is csv"),
        (("--rows-per-part", 6), "option rows_per_part was 5, is 6"),
    ],
)
def test_other_options_are_refused_and_named(
    begun: Path, tiny: Path, tables: Path, args: tuple[object, ...], said: str
) -> None:
    assert f"{begun} was begun otherwise: {said}." in why_not(tiny, tables, begun, *args)


def test_another_input_is_refused_and_named(begun: Path, tiny: Path, tables: Path) -> None:
    with (tables / "b.jsonl").open("a") as stream:
        stream.write('{"text": "We share."}\n')
    assert f"input {tables / 'b.jsonl'} has changed" in why_not(tiny, tables, begun)
    (tables / "b.jsonl").rename(tables / "c.jsonl")
    said = why_not(tiny, tables, begun)
    assert f"input {tables / 'b.jsonl'} has gone; input {tables / 'c.jsonl'} is new" in said


def test_another_model_is_refused_and_named(begun: Path, tables: Path, tmp_path: Path) -> None:
    from conftest import files, manifest

    from clausemark import artifact

    other = artifact.write(tmp_path / "other", manifest(version="0.0.2"), files()).path
    assert "model version was 0.0.1, is 0.0.2" in why_not(other, tables, begun)


def test_another_engine_is_refused_and_named(
    begun: Path, tiny: Path, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clausemark import batch as module

    monkeypatch.setattr(module, "version", lambda name: "0.1")
    assert "version numpy was" in why_not(tiny, tables, begun)


def test_a_finished_output_is_resumed_by_doing_nothing(tiny: Path, tables: Path) -> None:
    out = tables.with_name("out.csv")
    first = batch(tiny, tables, "--output", out)
    before = contents(tables.parent)
    again = batch(tiny, tables, "--output", out, "--resume")
    assert (again.exit_code, again.stderr) == (0, first.stderr)
    assert contents(tables.parent) == before
    out.write_text(out.read_text()[:-1])
    assert "is not as the manifest says" in batch(tiny, tables, "--output", out, "--resume").stderr


def test_a_part_that_somebody_took_away_is_written_again(
    begun: Path, tiny: Path, tables: Path, tmp_path: Path
) -> None:
    (begun / "part-00001.jsonl").unlink()
    args = ("--rows-per-part", 5)
    assert batch(tiny, tables, "--output", begun, *args, "--resume").exit_code == 0
    assert batch(tiny, tables, "--output", tmp_path / "whole", *args).exit_code == 0
    assert contents(begun) == contents(tmp_path / "whole")


def test_overwriting_takes_away_a_batch_and_nothing_else(
    begun: Path, tiny: Path, tables: Path, tmp_path: Path
) -> None:
    (begun / "notes.txt").write_text("mine")
    assert batch(tiny, tables, "--output", begun, "--overwrite").exit_code == 0
    assert batch(tiny, tables, "--output", tmp_path / "whole").exit_code == 0
    assert contents(begun) == {**contents(tmp_path / "whole"), "notes.txt": b"mine"}
    assert rejects(begun)


def test_a_folder_of_other_things_is_not_overwritten(tiny: Path, tables: Path) -> None:
    other = tables.with_name("other")
    other.mkdir()
    (other / "part-00000.jsonl").write_text("mine")
    for how in ("--overwrite", "--resume"):
        result = batch(tiny, tables, "--output", other, how)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert contents(other) == {"part-00000.jsonl": b"mine"}


@pytest.mark.parametrize("name", ["parts/mine.txt", "rejects.jsonl", "manifest.json"])
def test_what_a_user_has_beside_one_file_is_never_taken_for_ours(
    tiny: Path, tables: Path, name: str
) -> None:
    out = tables.with_name("lab.jsonl")
    mine = tables.parent / f"lab.jsonl.{name}"
    mine.parent.mkdir(exist_ok=True)
    mine.write_text('{"format": "mine"}')
    for how in ((), ("--resume",)):
        result = batch(tiny, tables, "--output", out, *how)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        there = mine.parent if "/" in name else mine
        assert f"{there} is there already. " in result.stderr
        assert mine.read_text() == '{"format": "mine"}'
        assert not out.exists()
    result = batch(tiny, tables, "--output", out, "--overwrite")
    assert result.exit_code == int("/" in name), result.stderr
    assert mine.exists()


def test_a_folder_with_a_manifest_of_another_kind_is_not_overwritten(
    tiny: Path, tables: Path
) -> None:
    other = tables.with_name("other")
    other.mkdir()
    (other / "part-00000.jsonl").write_text("mine")
    (other / "_manifest.json").write_text('{"format": 1, "files": []}')
    before = contents(other)
    for how in ((), ("--overwrite",), ("--resume",)):
        assert batch(tiny, tables, "--output", other, *how).exit_code == 1
        assert contents(other) == before


NOTES = ("part-9-notes.txt", "part-00000.txt", ".mine.draft", "_ledger/00000.json.bak")


@pytest.mark.parametrize("how", ["--overwrite", "--resume"])
def test_files_with_names_like_ours_stay_in_a_folder(
    begun: Path, tiny: Path, tables: Path, how: str
) -> None:
    for name in NOTES:
        (begun / name).write_text("mine")
    assert batch(tiny, tables, "--output", begun, "--rows-per-part", 5, how).exit_code == 0
    assert {name: (begun / name).read_text() for name in NOTES} == dict.fromkeys(NOTES, "mine")
    assert not list((begun / "_ledger").glob("*.json"))


def test_what_a_user_puts_among_the_parts_of_one_file_stays(
    tiny: Path, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tables.with_name("lab.jsonl")
    parts = tables.with_name("lab.jsonl.parts")

    def interrupted(self: Ledger) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "finish", interrupted)
        assert batch(tiny, tables, "--output", out).exit_code == 130
    (parts / "mine.txt").write_text("mine")
    assert batch(tiny, tables, "--output", out, "--resume").exit_code == 0
    assert contents(parts) == {"mine.txt": b"mine"}
    assert len(out.read_text().splitlines()) == 30


def test_two_processes_never_write_one_output(
    begun: Path, tiny: Path, tables: Path, tmp_path: Path
) -> None:
    fcntl = pytest.importorskip("fcntl")
    handle = os.open(begun, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert "is being written by another process" in why_not(tiny, tables, begun)
    finally:
        os.close(handle)
