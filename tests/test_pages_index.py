"""The index: figures as counted by hand, in a table that everybody can sort, search and follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser import visit
from lxml import html

from clausemark._index import Row, Unread, index_page, row_of
from clausemark.classifier import LabelledClause
from clausemark.labels import OPP115

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Visit
    from playwright.sync_api import Browser

NAMES = OPP115.names
SHARING, RETENTION = "Third Party Sharing/Collection", "Data Retention"
HOSTILE = '"><img src=x onerror=alert(1)>\u202e\n.txt'


def labelled(*labels: str) -> list[LabelledClause]:
    """Clauses, each with the labels whose first letters stand in its word: "SR" for both."""
    known = {"S": SHARING, "R": RETENTION}
    return [
        LabelledClause("x", k, 0, 1, None, "x", tuple(known[c] for c in word if c in known), {})
        for k, word in enumerate(labels)
    ]


def row(name: str, *labels: str, words: int = 3) -> Row:
    clauses = labelled(*labels)
    return row_of(name, f"{name}.html", "word " * words, clauses, labels=NAMES)


def page(*rows: Row, unread: tuple[Unread, ...] = ()) -> str:
    return index_page(rows, unread, OPP115.labels, model="tiny 0.0.1", anchor="clause-{}".format)


ROWS = (
    row("b", "S", "SR", "-", "-", words=1200),
    row("A", "-", "-", "S"),
    row("c10", "R", "R", "R", "SR", "SR", words=7),
    row("c9", *["R"] * 299, "S", words=5),
)


class Table:
    """The heat map as a program reads it."""

    def __init__(self, source: str) -> None:
        (self.table,) = html.fromstring(source.encode()).xpath("//table")
        heads = [" ".join(head.text_content().split()) for head in self.table.xpath("thead//th")]
        titles = [head.get("title") for head in self.table.xpath("thead//th")]
        self.columns = [title or head for head, title in zip(heads, titles, strict=True)]

    def row(self, name: str) -> dict[str, Any]:
        """The cells of the row called `name`, by the columns' names."""
        (found,) = [
            row for row in self.table.xpath(".//tr")[1:] if row[0].text_content().strip() == name
        ]
        return dict(zip(self.columns, found, strict=True))

    def text(self, name: str, column: str) -> str:
        return str(self.row(name)[column].text_content().strip())


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(page(*ROWS))


@pytest.mark.parametrize(
    ("name", "sharing", "retention", "none"),
    [
        ("b", "50%", "25%", "50%"),
        ("A", "33%", "–none", "67%"),
        ("c10", "40%", "100%", "–none"),
        ("c9", "<1%", ">99%", "–none"),
    ],
)
def test_shares_are_those_counted_by_hand(
    table: Table, name: str, sharing: str, retention: str, none: str
) -> None:
    assert table.text(name, SHARING) == sharing
    assert table.text(name, RETENTION) == retention
    assert table.text(name, "No label") == none


def test_rows_close_with_their_totals(table: Table) -> None:
    assert [table.text("b", column) for column in ("Clauses", "Words")] == ["4", "1,200"]


def test_the_summary_is_that_counted_by_hand(table: Table) -> None:
    assert table.text("Median of all 4", SHARING) == "37%"  # of 50, 33.3, 40 and 0.3
    assert table.text("Median of all 4", RETENTION) == "62%"  # of 25, 0, 100 and 99.7
    assert table.text("Median of all 4", "Data Security") == "–none"
    assert table.text("Median of all 4", "Words") == "6"
    assert table.text("Policies with no such clause", RETENTION) == "1"
    assert table.text("Policies with no such clause", "Data Security") == "4"
    assert table.text("Policies with no such clause", SHARING) == "–none"


def test_a_cell_leads_to_its_first_clause_and_its_tint_grows_with_the_share(table: Table) -> None:
    cells = [table.row(name)[SHARING] for name in ("c9", "A", "c10", "b")]
    links = [cell.xpath("a/@href")[0] for cell in cells]
    assert links == [
        "policies/c9.html#clause-299",
        "policies/A.html#clause-2",
        "policies/c10.html#clause-3",
        "policies/b.html#clause-0",
    ]
    assert [cell.get("class").split()[-1] for cell in cells] == [
        "step-1", "step-7", "step-7", "step-8",
    ]  # fmt: skip
    assert cells[1].xpath("a/@title") == ["1 of 3 clauses"]
    assert table.row("A")[RETENTION].get("class") == "gap"


def test_rows_stand_by_name_and_every_head_has_its_scope(table: Table) -> None:
    assert table.table.xpath("tbody/tr/th/a/text()") == ["A", "b", "c10", "c9"]
    assert table.columns == ["Policy", *NAMES, "No label", "Clauses", "Words"]
    assert set(table.table.xpath("thead//th/@scope")) == {"col"}
    assert set(table.table.xpath("(tbody|tfoot)//th/@scope")) == {"row"}
    assert table.table.xpath("caption")


def test_what_could_not_be_read_is_listed(table: Table) -> None:
    unread = (Unread("scan.pdf", "it is encrypted."), Unread("", "empty/ holds no policies."))
    text = html.fromstring(page(*ROWS, unread=unread).encode()).text_content()
    assert "2 inputs could not be read." in text
    assert "scan.pdf could not be read: it is encrypted." in text
    assert "empty/ holds no policies." in text
    assert "could not be read" not in page(*ROWS)


def test_one_policy_makes_an_index_too() -> None:
    assert "1 policy, 1 clause, 3 words" in page(row("a", "S"))


@pytest.fixture
def opened(tmp_path: Path, chromium: Browser) -> Iterator[Visit]:
    """The index in a browser; the test ends with a quiet console."""
    (tmp_path / "index.html").write_text(page(*ROWS), encoding="utf-8")
    with visit(chromium, tmp_path / "index.html") as seen:
        yield seen
        seen.assert_quiet()


def order(seen: Visit) -> list[str]:
    return [
        text.strip() for text in seen.page.locator("#heat tbody tr:visible th").all_inner_texts()
    ]


@pytest.mark.browser
def test_a_click_sorts_a_column_highest_first_and_then_lowest(opened: Visit) -> None:
    head = opened.page.locator("#heat thead th", has_text="Retention")
    head.get_by_role("button").click()
    assert order(opened) == ["c10", "c9", "b", "A"]
    assert head.get_attribute("aria-sort") == "descending"
    assert opened.page.inner_text("#status") == "Sorted by Data Retention, highest first."
    head.get_by_role("button").click()
    assert order(opened) == ["A", "b", "c9", "c10"]
    assert opened.page.locator("[aria-sort]").count() == 1


@pytest.mark.browser
def test_the_keyboard_sorts_too_and_keeps_its_place(opened: Visit) -> None:
    button = opened.page.get_by_role("button", name="Words")
    button.focus()
    opened.page.keyboard.press("Enter")
    assert order(opened) == ["b", "c10", "c9", "A"]
    opened.page.keyboard.press("Space")
    assert order(opened) == ["A", "c9", "c10", "b"]
    assert button.evaluate("node => node === document.activeElement")


@pytest.mark.browser
def test_equal_rows_stand_by_name_and_names_sort_both_ways(opened: Visit) -> None:
    opened.page.get_by_role("button", name="Security").click()
    assert order(opened) == ["A", "b", "c10", "c9"]
    opened.page.get_by_role("button", name="Policy").click()
    assert order(opened) == ["A", "b", "c10", "c9"]
    opened.page.get_by_role("button", name="Policy").click()
    assert order(opened) == ["c9", "c10", "b", "A"]


@pytest.mark.browser
def test_a_search_keeps_the_rows_that_match_and_says_how_many(opened: Visit) -> None:
    field = opened.page.get_by_role("searchbox", name="Find a policy")
    field.fill("C")
    assert order(opened) == ["c10", "c9"]
    assert opened.page.inner_text("#status") == "2 of 4 policies shown."
    opened.page.get_by_role("button", name="Policy").click()
    assert opened.page.inner_text("#status").startswith("2 of 4 policies shown. Sorted by Policy")
    field.fill("nowhere")
    assert order(opened) == []
    field.fill("")
    assert len(order(opened)) == 4


@pytest.mark.browser
def test_without_scripts_the_table_stands_and_nothing_pretends_to_work(
    tmp_path: Path, chromium: Browser
) -> None:
    path = tmp_path / "index.html"
    path.write_text(page(*ROWS), encoding="utf-8")
    with visit(chromium, path, java_script_enabled=False) as seen:
        assert order(seen) == ["A", "b", "c10", "c9"]
        assert not seen.page.locator("button:visible, input:visible").count()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_it(tmp_path: Path, chromium: Browser, scheme: str, width: int) -> None:
    shares = [row(f"p{n}", *["SR"] * n, *["-"] * (60 - n)) for n in (1, 2, 5, 8, 11, 15, 20, 60)]
    path = tmp_path / "index.html"
    unread = (Unread(HOSTILE, "it is empty."),)
    path.write_text(page(row(HOSTILE, "S"), *shares, unread=unread), encoding="utf-8")
    size = {"width": width, "height": 740}
    with visit(chromium, path, color_scheme=scheme, viewport=size) as seen:
        assert seen.faults() == []
        assert all(seen.page.locator(f"td.step-{k}").count() for k in range(1, 9))
        assert seen.page.evaluate("document.documentElement.scrollWidth") == width
        assert "onerror=alert(1)>[U+202E]" in seen.page.inner_text("tbody")
        seen.assert_quiet()


@pytest.mark.browser
def test_head_and_names_stay_while_the_table_scrolls(tmp_path: Path, chromium: Browser) -> None:
    path = tmp_path / "index.html"
    path.write_text(page(*(row(f"p{k:03}", "S", "-") for k in range(200))), encoding="utf-8")
    with visit(chromium, path, viewport={"width": 360, "height": 740}) as seen:
        region = seen.page.get_by_role("region", name="Share of each policy")
        region.focus()
        assert region.evaluate("node => node === document.activeElement")
        region.evaluate("node => node.scrollTo(400, 3000)")
        corner, head = (seen.page.locator("thead th").nth(place) for place in (0, 8))
        name = seen.page.get_by_role("link", name="p080")
        box = region.bounding_box()
        for stays, side in ((corner, "y"), (corner, "x"), (head, "y"), (name, "x")):
            at = stays.bounding_box()
            assert box
            assert at
            assert box[side] <= at[side] < box[side] + 20
