"""The table on a terminal: readable at every width, and never commanded by a document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from cli_fixtures import COLOUR, objects, run

from clausemark._progress import Meter
from clausemark.labels import OPP115

if TYPE_CHECKING:
    from pathlib import Path


def table(tiny: Path, *args: object, width: int = 100, **variables: str) -> str:
    """The table that `clausemark label` draws in a terminal of `width` columns."""
    env = {"COLUMNS": str(width), **variables}
    return run("label", "--model", tiny, *args, "--format", "table", env=env).stdout


def test_the_table_shows_headings_beginnings_labels_and_counts(tiny: Path, policy: Path) -> None:
    lines = table(tiny, policy).splitlines()
    assert lines[0] == str(policy)
    assert lines[1].split() == ["Heading", "Clause", "Labels"]
    assert re.match(
        r"Our policy +We collect your name\. +First Party Collection/Use \.98", lines[3]
    )
    assert re.match(r"Sharing +We share it with: +Third Party Sharing/Collection \.98", lines[5])
    assert re.match(r" +- resellers", lines[6]), "the heading is not repeated"
    assert lines[-2].startswith("4 clauses:  Third Party Sharing/Collection 3  First Party")
    assert lines[-1] == "  Privacy contact information 1"


@pytest.mark.parametrize("width", [60, 80, 100, 160, 400])
def test_the_table_fits_the_terminal(tiny: Path, tmp_path: Path, width: int) -> None:
    path = tmp_path / "long.txt"
    every = (
        "collect share choice delete retain secure change track children welcome contact dispute"
    )
    path.write_text(
        f"A HEADING {'of many words ' * 9}\n\n{every} {'and more ' * 200}\n\nUnlabelled."
    )
    drawn = table(tiny, path, width=width)
    assert max(map(len, drawn.splitlines())) <= min(width, 180)
    assert "…" in drawn
    assert re.search(r"Unlabelled\. +-\s", drawn)
    words = " ".join(drawn.split())
    assert all(re.search(re.escape(name).replace(r"\ ", r"\s+"), words) for name in OPP115.names)


def test_a_terminal_that_claims_no_columns_gets_a_table(tiny: Path, policy: Path) -> None:
    assert table(tiny, policy, width=0) == table(tiny, policy, width=40)
    assert "We collect" in table(tiny, policy, width=0)


def test_several_documents_get_a_total(tiny: Path, policy: Path) -> None:
    policy.with_name("b.txt").write_text("We share it.")
    drawn = table(tiny, policy.parent)
    assert "\n1 clause:  Third Party Sharing/Collection 1\n" in drawn
    assert "\n2 documents, 5 clauses:  Third Party Sharing/Collection 4 " in drawn


def test_documents_cannot_command_the_terminal(tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "evil.txt"
    path.write_text(
        "We \x1b[31mshare\x1b]0;owned\x07 [red]it[/red] :smile: \u202eesrever \x9b2J\x00."
    )
    drawn = table(tiny, path)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", drawn)
    assert "␛[31mshare␛]0;owned␇ [red]it[/red] :smile: esrever" in drawn
    assert "\x9b" not in run("label", "--model", tiny, path).stdout
    assert objects(run("label", "--model", tiny, path).stdout)[0]["text"].count("\x9b") == 1


def test_error_messages_cannot_command_the_terminal(tiny: Path) -> None:
    result = run("label", "--model", tiny, "no\x1b[2Jwhere.txt")
    assert "no␛[2Jwhere.txt" in result.stderr
    assert "\x1b" not in result.stderr


def test_a_label_keeps_its_colour_and_no_color_is_obeyed(tiny: Path, policy: Path) -> None:
    coloured = table(tiny, policy, FORCE_COLOR="1", TERM="xterm-256color")
    codes = set(re.findall(r"\x1b\[([0-9;]+)mThird Party Sharing/Collection", coloured))
    assert len(codes) == 1
    assert codes != set(re.findall(r"\x1b\[([0-9;]+)mFirst Party Collection/Use", coloured))
    plain = table(tiny, policy, FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1")
    assert not re.search(r"38;5;", plain)
    assert COLOUR.sub("", plain) == COLOUR.sub("", coloured)


MARKED = [
    ("# Rights\n\n**Ohio.** You may ask.", "**Ohio.** You may ask."),
    ("Rights\n======\n\nYou may ask.", "You may ask."),
    ("**Rights**\n\nYou may ask.", "You may ask."),
    ("RIGHTS\n\n- You may ask", "- You may ask"),
    ("# Your data\n\n## Rights\n\nYou may ask.", "You may ask."),
    ("# Rights\n\nRights are yours.", "Rights are yours."),
]


@pytest.mark.parametrize(("text", "shown"), MARKED)
def test_the_heading_is_not_shown_again_in_its_clause(
    tiny: Path, tmp_path: Path, text: str, shown: str
) -> None:
    path = tmp_path / "a.md"
    path.write_text(text)
    heading, clause = re.split(r"\s{2,}", table(tiny, path).splitlines()[3])[:2]
    assert heading.lower() == "rights"
    assert clause == shown


def test_a_long_document_says_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("clausemark._progress._PATIENCE", 0.0)
    meter = Meter("a\x1bb.txt")
    meter(500, 12_000)
    assert capsys.readouterr().err == "\r\x1b[Ka␛b.txt: 500 of 12,000 clauses"
    meter.close()
    assert capsys.readouterr().err == "\r\x1b[K"


def test_a_quick_document_or_a_log_file_sees_no_progress(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("clausemark._progress._PATIENCE", 0.0)
    in_a_log = Meter("a.txt")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("clausemark._progress._PATIENCE", 3600.0)
    for meter in (in_a_log, Meter("a.txt")):
        meter(1, 2)
        meter.close()
    assert capsys.readouterr().err == ""
