"""`clausemark compare`: what it prints, where, and with which exit code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from cli_fixtures import COLOUR, objects, run

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result

OLD = """# Our policy

We collect your name.

## Keeping

We retain records for 30 days.

We track nobody.

We share it.
"""
NEW = """# Our policy

We collect your name.

We share it.

## How long

We retain records for 90 days, and contact you first.

You have a choice.
"""


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two versions of a policy."""
    old, new = tmp_path / "old.md", tmp_path / "new.md"
    old.write_text(OLD)
    new.write_text(NEW)
    return old, new


def compare(tiny: Path, *args: object, **options: Any) -> Result:
    """Run `clausemark compare` with the tiny model."""
    return run("compare", "--model", tiny, *args, **options)


def test_piped_output_is_one_object_a_change(tiny: Path, pair: tuple[Path, Path]) -> None:
    result = compare(tiny, *pair)
    found = objects(result.stdout)
    assert result.exit_code == 0
    assert [one["kind"] for one in found] == ["moved", "reworded", "removed", "added"]
    moved, reworded, removed, added = found
    assert (moved["old"]["index"], moved["new"]["index"]) == (3, 1)
    assert reworded["renamed"] == ["Keeping", "How long"]
    assert ["added", "90 "] in reworded["words"]
    assert reworded["categories"] == ["Data Retention", "Privacy contact information"]
    assert reworded["relabelled"]
    assert removed["new"] is None
    assert removed["similarity"] is None
    assert added["old"] is None
    for side, text in (("old", OLD), ("new", NEW)):
        for clause in (one[side] for one in found if one[side]):
            assert clause["text"] == text[clause["start"] : clause["end"]]


def test_all_has_the_unchanged_clauses_too(tiny: Path, pair: tuple[Path, Path]) -> None:
    found = objects(compare(tiny, *pair, "--all").stdout)
    assert [one["kind"] for one in found].count("unchanged") == 1
    assert [one["new"]["index"] for one in found if one["new"]] == [0, 1, 2, 3]


def table(tiny: Path, *args: object, width: int = 100) -> str:
    """The table in a terminal of `width` columns."""
    env = {"COLUMNS": str(width)}
    return compare(tiny, *args, "--format", "table", env=env).stdout


def test_the_table_says_what_changed_in_each_category(tiny: Path, pair: tuple[Path, Path]) -> None:
    lines = [line.rstrip() for line in table(tiny, *pair).splitlines()]
    assert "1 reworded, 1 added, 1 removed, 1 moved, 1 relabelled, 1 unchanged." in lines
    at = lines.index("Data Retention: 1 reworded, 1 relabelled")
    assert lines[at + 2] == "  ± reworded  [-Keeping-]{+How long+}"
    assert (
        lines[at + 3] == "    We retain records for [-30-] {+90+} days{+, and contact you first.+}"
    )
    assert lines[at + 4] == "    Now labelled Privacy contact information."
    at = lines.index("Third Party Sharing/Collection: 1 moved")
    assert lines[at + 2] == '  ↕ moved  from "Keeping" to "Our policy"'
    assert lines[-1] == "Nothing changed in First Party Collection/Use (1)."


@pytest.mark.parametrize("width", [40, 60, 140])
def test_the_table_fits_the_terminal(tiny: Path, pair: tuple[Path, Path], width: int) -> None:
    assert max(map(len, table(tiny, *pair, width=width).splitlines())) <= width


def test_a_document_commands_no_terminal(tiny: Path, pair: tuple[Path, Path]) -> None:
    pair[1].write_text("\x1b[31mred\x1b]0;title\x07 [bold]share[/bold] \u202e contact")
    drawn = COLOUR.sub("", table(tiny, *pair))
    assert not re.search("[\x1b\x07\u202e]", drawn)
    assert "␛[31mred" in drawn
    assert "[bold]share[/bold]" in drawn


def test_far_from_a_difference_words_are_left_out(tiny: Path, pair: tuple[Path, Path]) -> None:
    words = " ".join(f"w{k}" for k in range(60))
    pair[0].write_text(f"We share one {words} end.")
    pair[1].write_text(f"We share two {words} fin.")
    drawn = " ".join(table(tiny, *pair).split())
    assert "[-one-] {+two+} w0 w1" in drawn
    assert "w11 … w48" in drawn
    assert "w59 [-end.-]{+fin.+}" in drawn


@pytest.mark.parametrize("form", ["table", "jsonl", "html"])
def test_versions_that_do_not_differ_are_said_to_be_the_same(
    tiny: Path, pair: tuple[Path, Path], form: str
) -> None:
    result = compare(tiny, pair[0], pair[0], "--format", form)
    assert result.exit_code == 0
    assert "no clause differs" in result.output.lower()
    if form == "jsonl":
        assert result.stdout == ""


def test_one_version_may_come_from_standard_input(tiny: Path, pair: tuple[Path, Path]) -> None:
    result = compare(tiny, "-", pair[1], input=OLD)
    assert [one["kind"] for one in objects(result.stdout)] == [
        one["kind"] for one in objects(compare(tiny, *pair).stdout)
    ]
    both = compare(tiny, "-", "-", input=OLD)
    assert both.exit_code == 2
    assert "Only one of the two" in both.output


def test_what_cannot_be_read_is_named_and_nothing_is_written(
    tiny: Path, pair: tuple[Path, Path]
) -> None:
    output = pair[0].with_name("out.html")
    missing, empty = pair[0].with_name("missing.md"), pair[0].with_name("empty.md")
    empty.touch()
    result = compare(tiny, missing, empty, "--output", output)
    assert result.exit_code == 1
    assert "missing.md does not exist" in result.stderr
    assert "empty.md" in result.stderr
    assert not output.exists()


def test_a_version_is_not_written_over(tiny: Path, pair: tuple[Path, Path]) -> None:
    result = compare(tiny, *pair, "--output", pair[1])
    assert result.exit_code == 1
    assert pair[1].read_text() == NEW


def test_a_page_is_written_whole(tiny: Path, pair: tuple[Path, Path]) -> None:
    output = pair[0].with_name("out.html")
    result = compare(tiny, *pair, "--format", "html", "--output", output)
    assert result.exit_code == 0
    assert result.output == ""
    assert output.read_text().rstrip().endswith("</html>")
