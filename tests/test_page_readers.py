"""Pages for readers of other scripts, with colours of their own, or with room for one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from browser import visit
from page_fixtures import POLICY, read, save

from clausemark.document import parse_document

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

ARABIC = "# سياسة الخصوصية\n\nنجمع اسمك وعنوانك.\n"
#: How far the last character, a full stop, stands right of the first letter.
SPREAD = """paragraph => {
    const place = (at) => {
        const range = document.createRange();
        range.setStart(paragraph.lastChild, at);
        range.setEnd(paragraph.lastChild, at + 1);
        return range.getBoundingClientRect().left;
    };
    return place(paragraph.lastChild.length - 1) - place(0);
}"""


@pytest.mark.parametrize(("text", "rightwards"), [(ARABIC, False), ("We collect it.", True)])
def test_a_paragraph_runs_the_way_of_its_script(
    text: str, rightwards: bool, tmp_path: Path, chromium: Browser
) -> None:
    with visit(chromium, save(read(text), tmp_path)) as seen:
        spread = seen.page.eval_on_selector("#policy .clause p", SPREAD)
        assert (spread > 0) == rightwards


def test_what_is_pressed_can_be_told_in_forced_colours(tmp_path: Path, chromium: Browser) -> None:
    with visit(chromium, save(read(POLICY), tmp_path), forced_colors="active") as seen:
        seen.page.locator(".key:enabled").first.click()
        ground = "keys => new Set(keys.map(key => getComputedStyle(key).backgroundColor)).size"
        assert seen.page.eval_on_selector_all(".key:enabled", ground) == 2


@pytest.mark.parametrize(("width", "names"), [(320, True), (1280, False)])
def test_cells_below_each_other_name_their_columns(
    width: int, names: bool, tmp_path: Path, chromium: Browser
) -> None:
    rows = "<tr><th>Data<th>Kept<th>Sold<tr><td>Names<td><td>Never"
    document = parse_document(f"<table>{rows}</table>".encode(), name="policy.html")
    room = {"width": width, "height": 700}
    with visit(chromium, save(document, tmp_path), viewport=room) as seen:
        before = "cell => getComputedStyle(cell, '::before').content"
        cell = seen.page.locator("td", has_text="Never")
        assert cell.get_attribute("data-head") == "Sold"
        assert (cell.evaluate(before) != "none") == names
