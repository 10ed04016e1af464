"""A cell of a policy's table stands in its own column, whatever the document leaves empty."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from docx import Document as WordFile
from page_fixtures import read, tree_of

from clausemark.document import Document, parse_document

if TYPE_CHECKING:
    from lxml.html import HtmlElement

HEAD = "<tr><th>Data</th><th>Examples</th><th>Sold</th></tr>"


def html(rows: str) -> Document:
    return parse_document(f"<table>{rows}</table>".encode(), name="policy.html")


def grid(tree: HtmlElement) -> list[list[str]]:
    """The table as columns have it: a cell that spans is followed by marks of it."""
    rows = []
    for row in tree.xpath("//article//tr"):
        cells = [(cell.text_content(), int(cell.get("colspan", 1))) for cell in row[:-1]]
        rows.append([part for text, span in cells for part in [text, *["<"] * (span - 1)]])
    return rows


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("<tr><td>Faces</td><td></td><td>No</td></tr>", [["Faces", "", "No"]]),
        ("<tr><td></td><td>Wi-Fi</td><td>Yes</td></tr>", [["", "Wi-Fi", "Yes"]]),
        ("<tr><td>Place</td><td>GPS</td></tr>", [["Place", "GPS", ""]]),
        ("<tr><td colspan=2>All else</td><td>No</td></tr>", [["All else", "<", "No"]]),
        ("<tr><td colspan=100%>That is all.</td></tr>", [["That is all.", "<", "<"]]),
        (
            "<tr><td rowspan=2>Bills<td>Card<td>No</tr><tr><td>Address<td>Yes</tr><tr><td>End<td>x",
            [["Bills", "Card", "No"], ["", "Address", "Yes"], ["End", "x", ""]],
        ),
        (
            "<tr><td rowspan=0>Bills<td>Card<td>No</tr><tr><td>Address<td>Yes</tr>"
            "<tbody><tr><td>End<td>x",
            [["Bills", "Card", "No"], ["", "Address", "Yes"], ["End", "x", ""]],
        ),
    ],
)
def test_a_web_pages_cells_keep_their_columns(rows: str, expected: list[list[str]]) -> None:
    shown = grid(tree_of(html(f"{HEAD}<tr><td>Name</td><td>Ada</td><td>No</td></tr>{rows}")))
    assert shown == [["Data", "Examples", "Sold"], ["Name", "Ada", "No"], *expected]


def test_two_rows_of_headers_stay_two_rows() -> None:
    head = "<tr><th rowspan=2>Data<th colspan=2>Use</tr><tr><th>Ads<th>Service</tr>"
    shown = grid(tree_of(html(f"{head}<tr><td>Name<td>No<td>Yes</tr>")))
    assert shown == [["Data", "Use", "<"], ["", "Ads", "Service"], ["Name", "No", "Yes"]]


def test_a_markdown_tables_cells_keep_their_columns() -> None:
    rows = ["| Data | Kept | Sold |", "|---|---|---|", "| Faces |   | No |", "|   | a year |   |"]
    assert grid(tree_of(read("\n".join(rows))))[1:] == [["Faces", "", "No"], ["", "a year", ""]]


def test_a_word_tables_cells_keep_their_columns() -> None:
    word, stream = WordFile(), io.BytesIO()
    table = word.add_table(3, 3)
    for at, text in {(0, 0): "Faces", (0, 2): "No", (1, 2): "Yes", (2, 2): "Never"}.items():
        table.cell(*at).text = text
    table.cell(1, 0).merge(table.cell(1, 1)).text = "All else"
    word.save(stream)
    shown = grid(tree_of(parse_document(stream.getvalue(), name="policy.docx")))
    assert shown == [["Faces", "", "No"], ["All else", "<", "Yes"], ["", "<", "Never"]]


def test_a_cell_names_its_column_for_narrow_screens() -> None:
    tree = tree_of(html(f"{HEAD}<tr><td>Faces</td><td></td><td>No</td></tr>"))
    assert tree.xpath("//td[@data-head]/@data-head") == ["Data", "Sold"]


def test_hostile_spans_take_no_room() -> None:
    cell = "<td rowspan=99999 colspan=99999>x"
    row = f"<tr>{cell * 300}</tr>"
    document = html(row * 30)
    assert max(block.span for block in document.blocks) == 1000
    assert len(document.blocks) == 9000
