"""`clausemark page`: one policy in, one file out, all of it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lxml.html
import pytest
from cli_fixtures import POLICY, run

from clausemark import _cli_page
from clausemark.classifier import Classifier
from clausemark.document import read_document
from clausemark.page import PageFacts, policy_page

if TYPE_CHECKING:
    from pathlib import Path


def test_the_page_is_that_of_the_model_and_the_policy(tiny: Path, policy: Path) -> None:
    output = policy.with_suffix(".html")
    result = run("page", policy, "--output", output, "--model", tiny)
    assert (result.exit_code, result.output) == (0, "")
    classifier = Classifier.load(tiny)
    document = read_document(policy)
    clauses = classifier.label_document(document)
    facts = PageFacts.of(classifier.manifest)
    page = policy_page(document, clauses, classifier.manifest.labels, facts=facts)
    assert output.read_text(encoding="utf-8") == page
    chips = lxml.html.fromstring(page).xpath("//article//summary/span/text()")
    assert chips == ["Collection", "Sharing", "Sharing", "Contact", "Sharing"]
    assert [path.name for path in policy.parent.iterdir() if path.name.endswith(".part")] == []


def test_without_an_output_the_page_goes_where_the_output_goes(tiny: Path, policy: Path) -> None:
    result = run("page", policy, "--model", tiny)
    assert result.exit_code == 0
    assert result.stdout.startswith("<!doctype html>")
    assert result.stdout.endswith("</html>")


def test_a_page_is_not_poured_into_a_terminal(
    tiny: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cli_page, "_stdout_is_terminal", lambda: True)
    result = run("page", policy, "--model", tiny)
    assert result.exit_code == 2
    assert "--output" in result.output
    assert "<html" not in result.output


def test_a_policy_comes_from_a_pipe(tiny: Path) -> None:
    result = run("page", "-", "--model", tiny, input=POLICY)
    assert result.exit_code == 0
    assert "<h1>Our policy</h1>" in result.stdout
    assert "&lt;stdin&gt;" in result.stdout


def test_the_policy_is_not_overwritten(tiny: Path, policy: Path) -> None:
    result = run("page", policy, "--output", policy, "--model", tiny)
    assert result.exit_code == 1
    assert "is one of the policies. Name another output file." in result.stderr
    assert policy.read_text() == POLICY


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist. Check the path."),
        (b"", "Get the file again"),
        (b"%PDF-1.7 broken", "is a broken PDF"),
    ],
)
def test_what_cannot_be_read_is_named_and_leaves_the_last_page(
    content: bytes | None, said: str, tiny: Path, tmp_path: Path
) -> None:
    source, output = tmp_path / "a policy.pdf", tmp_path / "page.html"
    output.write_text("the last page")
    if content is not None:
        source.write_bytes(content)
    result = run("page", source, "--output", output, "--model", tiny)
    assert result.exit_code == 1
    assert str(source) in result.stderr
    assert said in result.stderr
    assert output.read_text() == "the last page"


def test_a_page_that_cannot_be_written_is_named(tiny: Path, policy: Path) -> None:
    output = policy.parent / "no" / "page.html"
    result = run("page", policy, "--output", output, "--model", tiny)
    assert result.exit_code == 1
    assert f"{output}: cannot be written" in result.stderr
