"""The README cannot rot: its commands exist, its blocks are those that CI runs, its links lead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clausemark.cli import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    "README.md",
    "inference/README.md",
    "data/README.md",
    "training/README.md",
    "tests/benchmarks/README.md",
]


def blocks(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```\n<!-- /{name} -->", README, re.DOTALL)
    assert found, f"the README has no block {name}"
    return found[1]


def test_every_command_of_the_readme_has_help() -> None:
    named = set(re.findall(r"^(?:.*\| )?clausemark (\w+)", README, re.MULTILINE))
    assert {"label", "labels", "info"} <= named
    for command in sorted(named):
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0, command
        assert "Usage:" in result.output


def test_every_command_is_in_the_readme() -> None:
    names = {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}
    assert all(f"clausemark {name}" in README for name in names)


def test_ci_runs_the_blocks_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for name in ("test", "label"):
        assert f'eval "$(readme {name})"' in script
        assert blocks(name).count("\n") == 1


def test_the_labelled_policy_is_in_the_repository() -> None:
    policy = blocks("label").split()[-1]
    assert (ROOT / policy).is_file()


@pytest.mark.parametrize("page", PAGES)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if not (path.parent / link).exists()]
    assert not missing


def test_nothing_is_left_to_fill_in() -> None:
    for page in PAGES:
        assert "@@" not in (ROOT / page).read_text(encoding="utf-8"), page
