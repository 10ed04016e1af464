"""The annotated policy of somebody who means harm: everything in it is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lxml.html
import pytest
from browser import visit
from page_fixtures import labelled, page_of, read, save, tree_of

from clausemark.labels import OPP115
from clausemark.page import PageFacts, policy_page

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

LONG = "W" * 400
POLICY = f"""# <script>alert(1)</script> "Policy' onload=alert(2)

We collect <img src=x onerror="alert(3)"> and [share](javascript:alert) and <a href=//e.x>x</a>.

</p></div></article></main><script>alert(4)</script><!-- {{{{ 7*7 }}}} {{% raw %}} </style>

We retain \u202edetrever\u202c, zero\u200bwidth, \x07bell, \x1b[31mred and **bold </strong><b>x**.

- `code <i>` and *em <u>* and _em & <script>alert(5)</script>_
  - &lt;script&gt;alert(6)&lt;/script&gt; ' onclick='alert(7)
- {LONG}

## {LONG}

| <script>alert(8)</script> | {LONG} |
|---|---|
| javascript:alert(9) | style="position:fixed" |
"""
TAGS = {
    "a", "article", "b", "body", "button", "code", "details", "div", "em", "footer", "h1", "h2",
    "head", "header", "html", "i", "li", "main", "meta", "nav", "ol", "p", "path", "script",
    "section", "span", "strong", "style", "summary", "svg", "table", "td", "th", "title", "tr",
    "ul",
}  # fmt: skip
NAMES = ["hostile.md", "hostile.txt"]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_policy_adds_no_element_no_handler_and_no_link(name: str) -> None:
    tree = tree_of(read(POLICY, name))
    assert {node.tag for node in tree.iter() if isinstance(node.tag, str)} <= TAGS
    assert len(tree.xpath("//script")) == len(tree.xpath("//style")) == 1
    assert all(href.startswith("#") for href in tree.xpath("//@href"))
    attributes = {name for node in tree.iter() for name in node.attrib}
    assert not {name for name in attributes if name.startswith("on")} | attributes & {
        "style",
        "src",
    }
    assert not tree.xpath("//comment()")


def test_controls_are_shown_wherever_the_text_stands() -> None:
    document = read("# We\u202e share\x1b\n\nWe\u202e retain\x1b all.\n", "n\u202eame\x1b.md")
    page = page_of(document)
    assert not set(page) & {"\u202e", "\x1b"}
    assert page.count("[U+202E] share\u241b") == 2, "title and heading"
    assert page.count("[U+202E] retain\u241b") == 3, "clause, and two categories of the outline"


def test_a_hostile_model_is_shown_as_well() -> None:
    document = read("We share.\n")
    facts = PageFacts("<b>", "\u202e1", "<script>", back='"><script>')
    page = policy_page(document, labelled(document), OPP115.labels, facts=facts)
    tree = lxml.html.fromstring(page)
    assert len(tree.xpath("//script")) == 1
    assert tree.xpath("//header//a/@href") == ['"><script>']
    assert "\u202e" not in page


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_policy_does_nothing_in_a_browser(
    name: str, tmp_path: Path, chromium: Browser
) -> None:
    path = save(read(POLICY, name), tmp_path)
    with visit(chromium, path, viewport={"width": 360, "height": 740}) as seen:
        for tag in seen.page.locator("#policy summary").all():
            tag.click()
        seen.page.locator(".fold > summary").click()
        for summary in seen.page.locator(".where summary").all():
            summary.click()
        assert "<script>alert(1)</script>" in seen.page.inner_text("h1")
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 360
        seen.assert_quiet()
        assert seen.faults() == []
