"""The build: all that is found, a report of the rest, and checksums."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from clausemark.errors import RecordError
from data import checksums
from data.build import build, main
from data.catalogue import CATALOGUE
from data.records import read_records, write_jsonl
from tests.data_fixtures import opp_release

if TYPE_CHECKING:
    from pathlib import Path

SILVER: dict[str, Any] = {
    "id": "silver-1",
    "document": "maps/1",
    "heading": None,
    "text": "We keep your orders for a year.",
    "labels": ["Data Retention"],
    "p": {"Data Retention": 0.9},
    "junk": False,
    "stratum": "random",
}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Corpora with a silver set alone, and an empty list of withheld shingles."""
    folder = tmp_path / "raw"
    (folder / "silver").mkdir(parents=True)
    write_jsonl(folder / "silver" / "silver.jsonl", [SILVER])
    (folder / "withheld_shingles.txt").touch()
    return folder


def test_what_is_found_is_built_and_the_rest_named(raw: Path, tmp_path: Path) -> None:
    report = build(raw, tmp_path / "out")
    assert set(report.built) == {"silver", "fictional"}
    assert set(report.missing) == set(CATALOGUE) - set(report.built)
    (record,) = read_records(tmp_path / "out" / "silver.jsonl")
    assert record.text == SILVER["text"]


def test_the_report_is_printed_and_kept(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["--raw", str(raw), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "silver: 1 in silver.jsonl" in printed
    assert f"appcorp: not found ({raw / 'appcorp'})" in printed
    entry = json.loads((out / "build.json").read_text(encoding="utf-8"))["corpora"]["silver"]
    written = hashlib.sha256((out / "silver.jsonl").read_bytes()).hexdigest()
    assert entry["outputs"]["silver.jsonl"] == {"rows": 1, "sha256": written}
    assert entry["counts"]["labels"]["Data Retention"] == 1
    assert entry["input"]["release_described"] is False


def test_one_broken_corpus_does_not_stop_the_others(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (raw / "appcorp").mkdir()
    (raw / "appcorp" / "privacypolicy.test_0").write_bytes(b"\xff\xfe broken")
    (raw / "policyie").mkdir()
    out = tmp_path / "out"
    assert main(["--raw", str(raw), "--out", str(out)]) == 1
    assert (out / "silver.jsonl").exists()
    errors = capsys.readouterr().err
    assert "appcorp: FAILED:" in errors
    assert "policyie: FAILED:" in errors
    assert "Traceback" not in errors


def test_no_auxiliary_corpus_is_built_without_the_list(raw: Path, tmp_path: Path) -> None:
    (raw / "withheld_shingles.txt").unlink()
    opp_release(raw / "opp115")
    report = build(raw, tmp_path / "out", ["silver", "fictional"])
    assert set(report.built) == {"fictional"}
    assert "list of withheld shingles is missing" in report.failed["silver"]


def test_only_the_named_are_built_and_the_others_entries_stay(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["--raw", str(raw), "--out", str(out), "--only", "fictional"]) == 0
    assert not (out / "silver.jsonl").exists()
    assert main(["--raw", str(raw), "--out", str(out), "--only", "silver"]) == 0
    corpora = json.loads((out / "build.json").read_text(encoding="utf-8"))["corpora"]
    assert set(corpora) == {"fictional", "silver"}


def test_a_damaged_report_is_replaced(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "build.json").write_text("{", encoding="utf-8")
    assert main(["--raw", str(raw), "--out", str(out), "--only", "silver"]) == 0
    assert set(json.loads((out / "build.json").read_text(encoding="utf-8"))["corpora"]) == {
        "silver"
    }


def test_an_output_folder_that_is_a_file_is_told(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").touch()
    assert main(["--raw", str(raw), "--out", str(tmp_path / "taken")]) == 1
    assert "taken/build.json: cannot be written" in capsys.readouterr().err


def test_a_corpus_asked_for_and_not_found_is_a_failure(raw: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert main(["--raw", str(raw), "--out", out, "--only", "silver", "opp115"]) == 1


def test_wrong_names_and_folders_are_told_with_the_cure(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(RecordError, match=r"unknown corpus 'maps'\. Known corpora: opp115, "):
        build(raw, tmp_path, ["maps"])
    assert main(["--raw", str(tmp_path / "none")]) == 1
    assert "no such folder. --raw names the folder of the corpora." in capsys.readouterr().err


def test_a_build_is_the_same_every_time(raw: Path, tmp_path: Path) -> None:
    one, two = (build(raw, tmp_path / name).built for name in ("one", "two"))
    assert one == two


def test_a_trees_checksum_sees_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.txt").write_text("maps", encoding="utf-8")
    first = checksums.of_tree(tmp_path)
    line = f"{hashlib.sha256(b'maps').hexdigest()}  a/one.txt\n"
    assert first == hashlib.sha256(line.encode()).hexdigest()
    (tmp_path / "a" / "one.txt").write_text("hills", encoding="utf-8")
    second = checksums.of_tree(tmp_path)
    (tmp_path / "a" / "one.txt").rename(tmp_path / "a" / "two.txt")
    assert len({first, second, checksums.of_tree(tmp_path)}) == 3


def test_every_corpus_from_outside_has_a_checksum() -> None:
    assert set(checksums.expected()) == set(CATALOGUE) - {"fictional"} | {"withheld_shingles"}
