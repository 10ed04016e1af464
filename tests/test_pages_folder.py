"""The folder of pages: safe names, nothing foreign touched, no index over missing pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark._pages_folder import INDEX, PAGES, PageFolder, page_names
from clausemark.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path


def fill(folder: PageFolder, *pages: str) -> None:
    """A whole run."""
    folder.begin(pages)
    for page in pages:
        folder.write(page, f"page {page}")
    folder.finish(f"index of {len(pages)}", pages)


def contents(path: Path) -> set[str]:
    return {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()}


def test_a_pages_name_comes_from_the_policys_path() -> None:
    assert page_names(["shops/Ostrel Wireless.md", "a.html"]) == [
        "shops-ostrel-wireless-md.html", "a-html.html",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "alike",
    [
        ["a/b.html", "a-b.html"],
        ["A.txt", "a.txt"],  # one file where case is not told apart
        ["é.txt", "e\u0301.txt"],  # one name where composition is not
        ["a.txt", "a.txt-2", "a txt", "a_txt"],
        ["…", "!", "", "隐"],
        ["x" * 5000, "y" + "x" * 5000],
    ],
)
def test_no_two_policies_share_a_page(alike: list[str]) -> None:
    assert len(set(page_names(alike))) == len(alike)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd", "/etc/passwd", "..", "C:\\x", "<img src=x onerror=alert(1)>.txt",
        '"\'.txt', "new\nline.txt", "\udcff.txt", "nul\0.txt", "con", "%2e%2e%2f", "?q#f",
        "\u202egnp.txt", "数据" * 200, "x" * 5000,
    ],
)  # fmt: skip
def test_no_name_leads_out_of_the_folder_or_breaks_a_file_system(tmp_path: Path, name: str) -> None:
    (page,) = page_names([name])
    fill(PageFolder(tmp_path / "out"), page)
    assert contents(tmp_path / "out" / PAGES) == {page}
    assert len(page.encode()) <= 140
    assert not set(page) & set("/\\<>\"'&?#%:\0\n ")


def test_names_do_not_depend_on_what_came_before() -> None:
    assert page_names(["b", "a/b.html", "c"])[1] == page_names(["a/b.html"])[0]


@pytest.mark.parametrize("empty", ["missing", "missing/below", "."])
def test_a_new_or_empty_folder_takes_pages(tmp_path: Path, empty: str) -> None:
    (tmp_path / ".hidden").touch()
    fill(PageFolder(tmp_path / empty), "a.html")
    assert {INDEX, f"{PAGES}/a.html"} < contents(tmp_path / empty)


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / INDEX).write_text("somebody's")
    with pytest.raises(OutputError, match="did not write"):
        PageFolder(tmp_path)
    assert contents(tmp_path) == {INDEX}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(OutputError, match="out is not a folder"):
        PageFolder(tmp_path / "out")


def test_a_folder_that_takes_no_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = PageFolder(tmp_path / "out")
    (tmp_path / "out").symlink_to(tmp_path / "file")
    with pytest.raises(OutputError, match="out"):
        folder.begin(["a.html"])


def test_a_later_run_replaces_its_own_pages_and_removes_those_it_leaves_out(tmp_path: Path) -> None:
    fill(PageFolder(tmp_path), "a.html", "b.html")
    (tmp_path / PAGES / "mine.html").write_text("a reader's own")
    fill(PageFolder(tmp_path), "b.html", "c.html")
    pages = {f"{PAGES}/{name}.html" for name in ("b", "c", "mine")}
    assert contents(tmp_path) == {INDEX, ".clausemark-pages", *pages}
    assert (tmp_path / INDEX).read_text() == "index of 2"


def test_a_page_never_takes_the_place_of_a_strangers_file(tmp_path: Path) -> None:
    fill(PageFolder(tmp_path), "a.html")
    (tmp_path / PAGES / "b.html").write_text("a reader's own")
    with pytest.raises(OutputError, match=r"b\.html was not written"):
        PageFolder(tmp_path).refuse(["a.html", "b.html"])


def test_no_index_stands_while_pages_are_written_and_the_rest_is_ours(tmp_path: Path) -> None:
    fill(PageFolder(tmp_path), "a.html")
    PageFolder(tmp_path).begin(["a.html", "b.html"])  # and no more: cut short
    assert not (tmp_path / INDEX).exists()
    again = PageFolder(tmp_path)
    again.refuse(["a.html", "b.html"])
    fill(again, "b.html")
    assert contents(tmp_path / PAGES) == {"b.html"}


def test_a_record_that_was_tampered_with_removes_nothing_elsewhere(tmp_path: Path) -> None:
    out = tmp_path / "out"
    fill(PageFolder(out), "a.html")
    (tmp_path / "precious.html").touch()
    with (out / ".clausemark-pages").open("a") as record:
        record.write(
            f"../../precious.html\n{tmp_path}/precious.html\n..\n\udcff.html\n\n".encode(
                "utf-8", "replace"
            ).decode()
        )
    fill(PageFolder(out), "b.html")
    assert contents(tmp_path) >= {"precious.html", f"out/{PAGES}/b.html"}
    assert not (out / PAGES / "a.html").exists()


def test_pages_of_earlier_runs_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(PageFolder(tmp_path), "a.html")
    monkeypatch.chdir(tmp_path)
    folder = PageFolder(tmp_path)
    assert folder.wrote(INDEX)
    assert folder.wrote(f"{PAGES}/a.html")
    assert not folder.wrote(f"{PAGES}/b.html")
    assert not folder.wrote("a.html")
