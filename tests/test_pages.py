"""Several policies: a page each and an index whose links all lead somewhere, or no index at all."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from browser import visit
from cli_fixtures import POLICY
from cli_fixtures import run as command
from lxml import html

from clausemark import Classifier
from clausemark._pages import write_pages
from clausemark.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from clausemark.errors import DocumentError

RETENTION = "We retain it.\n\nWe delete it.\n\nWe retain it.\n"
HOSTILE = ("<img src=x onerror=alert(1)>.txt", "\"'&.txt", "new\nline.txt", "a..txt", "\udcff.txt")


class Run:
    """`write_pages` with the tiny model, and what it complained of."""

    def __init__(self, tiny: Path, out: Path) -> None:
        self.tiny, self.out = tiny, out
        self.troubles: list[DocumentError] = []

    def __call__(self, *paths: Path | str) -> int:
        return write_pages(
            map(str, paths),
            self.out,
            load=lambda: Classifier.load(self.tiny, threads=1),
            trouble=self.trouble,
        )

    def trouble(self, error: DocumentError) -> None:
        self.troubles.append(error)

    def index(self) -> html.HtmlElement:
        return html.fromstring((self.out / "index.html").read_bytes())

    def names(self) -> list[str]:
        return [str(name) for name in self.index().xpath("//tbody/tr/th/a/text()")]


@pytest.fixture
def run(tiny: Path, tmp_path: Path) -> Run:
    return Run(tiny, tmp_path / "out")


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """Two policies, one of them in a subfolder."""
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.md").write_text(POLICY)
    (folder / "sub" / "a.txt").write_text(RETENTION)
    return folder


def interrupt_at(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let a person press Ctrl-C while the document of that number is labelled."""
    label, calls = Classifier.label_document, iter(range(1, 100))

    def stopped(*args: object, **options: object) -> object:
        if next(calls) == number:
            raise KeyboardInterrupt
        return label(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Classifier, "label_document", stopped)


def test_every_link_leads_to_a_clause_in_a_page_and_every_page_back(
    run: Run, policies: Path
) -> None:
    assert run(policies) == 2
    links = [urlsplit(link) for link in run.index().xpath("//table//a/@href")]
    assert len(links) > 4
    for link in links:
        page = html.parse(run.out / unquote(link.path)).getroot()
        assert not link.fragment or page.xpath("//*[@id=$id]", id=link.fragment)
        assert "../index.html" in page.xpath("//a/@href")


def test_the_linked_clause_is_the_first_with_the_category(run: Run, policies: Path) -> None:
    run(policies)
    (row,) = run.index().xpath("//tbody/tr[th/a='sub/a.txt']")
    assert [cell.text_content() for cell in row.xpath("td[a]")] == ["33%", "67%"]
    link = urlsplit(row.xpath("td/a[.='67%']/@href")[0])
    page = html.parse(run.out / link.path).getroot()
    assert "We retain it." in page.get_element_by_id(link.fragment).text_content()
    assert link.fragment.endswith("-0")


def test_policies_of_several_inputs_are_named_from_where_they_part(
    run: Run, policies: Path
) -> None:
    run(policies / "sub", policies / "b.md")
    assert run.names() == ["b.md", "sub/a.txt"]


def test_what_cannot_be_read_is_told_and_listed_and_the_rest_is_done(
    run: Run, policies: Path
) -> None:
    (policies / "empty.txt").touch()
    assert run(policies, policies / "nowhere.md") == 2
    assert [error.message for error in run.troubles] == [
        f"{policies}/empty.txt is empty.", f"{policies}/nowhere.md does not exist.",
    ]  # fmt: skip
    listed = [" ".join(item.text_content().split()) for item in run.index().xpath("//ul/li")]
    assert listed == [
        "empty.txt could not be read: it is empty.",
        "nowhere.md could not be read: it does not exist.",
    ]


def test_nothing_is_written_when_nothing_can_be_read(run: Run, policies: Path) -> None:
    assert run(policies / "nowhere.md") == 0
    assert len(run.troubles) == 1
    assert not run.out.exists()


def test_each_page_is_written_before_the_next_policy_is_read(
    run: Run, policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (policies / "c.txt").touch()
    seen: list[str] = []
    monkeypatch.setattr(
        Run, "trouble", lambda self, _: seen.extend(p.name for p in self.out.rglob("*.html"))
    )
    run(policies)
    assert seen == ["b-md.html"]


def test_a_terminal_counts_the_policies_and_a_complaint_has_its_own_line(
    run: Run, policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (policies / "c.txt").touch()
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr("clausemark._progress._PATIENCE", -1.0)  # no waiting for the line
    monkeypatch.setattr(Run, "trouble", lambda _, error: screen.write(f"{error.message}\n"))
    run(policies)
    lines = screen.getvalue().split("\r\x1b[K")
    assert lines[1] == "pages: 0 of 3 policies"
    assert f"{policies}/c.txt is empty.\n" in lines
    assert lines[-1] == ""


def test_a_refused_folder_costs_no_work(run: Run, policies: Path) -> None:
    run.out.mkdir()
    (run.out / "notes.txt").write_text("mine")
    run.tiny = policies / "no model"
    with pytest.raises(OutputError, match="out holds files"):
        run(policies)
    assert [file.name for file in run.out.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("earlier", [True, False])
def test_a_run_cut_short_leaves_no_index(
    run: Run, policies: Path, monkeypatch: pytest.MonkeyPatch, earlier: bool
) -> None:
    if earlier:
        run(policies)
    interrupt_at(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        run(policies)
    assert not (run.out / "index.html").exists()
    monkeypatch.undo()
    assert run(policies) == 2
    assert run.names() == ["b.md", "sub/a.txt"]


def test_a_run_cut_short_before_its_first_page_leaves_the_old_one(
    run: Run, policies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(policies)
    interrupt_at(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        run(policies)
    assert run.names() == ["b.md", "sub/a.txt"]


def test_pages_beside_their_policies_are_no_policies_the_next_time(
    run: Run, policies: Path
) -> None:
    run.out = policies / "out"
    assert [run(policies), run(policies)] == [2, 2]
    assert run.names() == ["b.md", "sub/a.txt"]


def test_a_policy_that_is_gone_loses_its_page(run: Run, policies: Path) -> None:
    run(policies)
    (policies / "b.md").unlink()
    run(policies)
    assert [page.name for page in (run.out / "policies").iterdir()] == ["a-txt.html"]


def test_the_command_makes_a_folder_of_several(tiny: Path, policies: Path, tmp_path: Path) -> None:
    for k, paths in enumerate([[policies], [policies / "b.md", policies / "sub" / "a.txt"]]):
        out = tmp_path / f"out{k}"
        result = command("page", "--model", tiny, *paths, "--output", out)
        assert (result.exit_code, result.output) == (0, "")
        assert {file.name for file in out.rglob("*.html")} == {
            "index.html", "b-md.html", "sub-a-txt.html",
        }  # fmt: skip


def test_the_command_names_what_it_could_not_read(
    tiny: Path, policies: Path, tmp_path: Path
) -> None:
    (policies / "empty.txt").touch()
    result = command("page", "--model", tiny, policies, "--output", tmp_path / "out")
    assert result.exit_code == 1
    first, last = result.stderr.splitlines()
    assert first.startswith(f"clausemark: {policies}/empty.txt is empty.")
    assert last == "clausemark: 1 of 3 documents could not be labelled."
    assert (tmp_path / "out" / "index.html").is_file()


def test_the_command_wants_a_folder_for_several(tiny: Path, policies: Path, tmp_path: Path) -> None:
    assert command("page", "--model", tiny, policies).exit_code == 2
    (tmp_path / "out").touch()
    result = command("page", "--model", tiny, policies, "--output", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "out is not a folder" in result.stderr


@pytest.mark.browser
def test_hostile_file_names_are_names(run: Run, tmp_path: Path, chromium: Browser) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in HOSTILE:
        (folder / name).write_text(RETENTION)
    (folder / f"empty{HOSTILE[0]}").touch()
    assert run(folder) == len(HOSTILE)
    with visit(chromium, run.out / "index.html") as seen:
        for number in range(len(HOSTILE)):
            seen.page.locator("tbody th a").nth(number).click()
            assert "We retain it." in seen.page.locator("#clause-0").inner_text()
            seen.page.go_back()
        seen.assert_quiet()


@pytest.mark.browser
def test_a_figure_leads_to_its_clause(run: Run, policies: Path, chromium: Browser) -> None:
    run(policies)
    with visit(chromium, run.out / "index.html") as seen:
        seen.page.get_by_role("link", name="67%").click()
        clause = seen.page.locator(":target")
        assert "We retain it." in clause.inner_text()
        seen.assert_quiet()
