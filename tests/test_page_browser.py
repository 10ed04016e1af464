"""The annotated policy in a browser: filter, scores, steps; keyboard, scripts off, print."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from browser import Visit, visit
from page_fixtures import FACTS, FICTIONAL, POLICY, labelled, read, save
from playwright.sync_api import expect
from pypdf import PdfReader

from clausemark.artifact import LabelSettings
from clausemark.document import read_document
from clausemark.labels import OPP115
from clausemark.page import policy_page

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
CLAUSES = labelled(read(POLICY))
RETENTION = "Data Retention"
SHARING = "Third Party Sharing/Collection"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The page of a short policy."""
    return save(read(POLICY), tmp_path)


def having(*names: str) -> list[str]:
    """Return the anchors of the clauses that have one of the labels."""
    return [f"clause-{c.index}" for c in CLAUSES if set(names) & set(c.labels)]


def shown(seen: Visit) -> list[str]:
    """Return the anchors of the clauses that can be seen."""
    return seen.page.eval_on_selector_all(
        ".clause", "all => all.filter(each => each.offsetHeight).map(each => each.id)"
    )


def key(seen: Visit, name: str) -> Any:
    """Return the legend's button of a category."""
    return seen.page.get_by_role("button", name=name)


def test_categories_filter_and_add_up(page: Path, chromium: Browser) -> None:
    with visit(chromium, page) as seen:
        key(seen, RETENTION).click()
        assert shown(seen) == having(RETENTION)
        key(seen, SHARING).click()
        assert shown(seen) == having(RETENTION, SHARING)
        assert key(seen, SHARING).get_attribute("aria-pressed") == "true"
        key(seen, RETENTION).click()
        assert shown(seen) == having(SHARING)
        seen.page.get_by_role("button", name="Show all").click()
        assert shown(seen) == [f"clause-{clause.index}" for clause in CLAUSES]
        assert seen.page.locator("[aria-pressed=true]").count() == 0
        seen.assert_quiet()


def test_the_filter_says_what_it_found(page: Path, chromium: Browser) -> None:
    with visit(chromium, page) as seen:
        state = seen.page.get_by_role("status")
        assert state.inner_text() == f"All {len(CLAUSES)} clauses"
        key(seen, RETENTION).click()
        assert state.inner_text() == f"2 of {len(CLAUSES)} clauses: Data Retention"
        key(seen, SHARING).click()
        assert state.inner_text().endswith("Third Party Sharing/Collection or Data Retention")


def test_headings_stay_above_the_clauses_found(page: Path, chromium: Browser) -> None:
    with visit(chromium, page) as seen:
        key(seen, RETENTION).click()
        heads = seen.page.locator("article").locator("h2, h3")
        assert [h.inner_text() for h in heads.all() if h.is_visible()] == [
            "What we do",
            "Sharing",
            "Their part",
        ]


def test_the_filter_works_by_keyboard(page: Path, chromium: Browser) -> None:
    with visit(chromium, page) as seen:
        key(seen, RETENTION).focus()
        seen.page.keyboard.press("Space")
        assert shown(seen) == having(RETENTION)
        seen.page.get_by_role("button", name="Show all").focus()
        seen.page.keyboard.press("Enter")
        assert len(shown(seen)) == len(CLAUSES)
        assert seen.page.evaluate("document.activeElement.className") == "key"


def test_categories_without_a_clause_do_not_filter(page: Path, chromium: Browser) -> None:
    with visit(chromium, page) as seen:
        assert key(seen, "Do Not Track").is_disabled()
        assert key(seen, RETENTION).is_enabled()


def test_a_label_below_its_tick_is_told_as_the_likeliest(tmp_path: Path, chromium: Browser) -> None:
    document, path = read(POLICY), tmp_path / "page.html"
    limits = [LabelSettings(one.id, one.name, one.definition, 0.65) for one in OPP115.labels]
    path.write_text(
        policy_page(document, CLAUSES, limits, facts=replace(FACTS, fallback=True)),
        encoding="utf-8",
    )
    with visit(chromium, path) as seen:
        hint = seen.page.get_by_role("tooltip").locator(".hint").last
        for clause, told in ((CLAUSES[2], "the likeliest is given"), (CLAUSES[3], "where a label")):
            seen.page.locator(f"#clause-{clause.index} summary").focus()
            expect(hint).to_contain_text(told)


def test_scores_show_on_focus_and_go_on_escape(page: Path, chromium: Browser) -> None:
    clause = CLAUSES[2]
    with visit(chromium, page) as seen:
        panel = seen.page.get_by_role("tooltip")
        expect(panel).to_be_hidden()
        seen.page.locator("#clause-1 summary").focus()
        seen.page.keyboard.press("Tab")
        expect(panel).to_be_visible()
        first = panel.locator(".score").first.inner_text().split("\n")
        assert first == [clause.labels[0], ".60"]
        told = seen.page.locator("#clause-2 summary").get_attribute("aria-describedby")
        assert told == "scores"
        for name in clause.scores:
            assert name in panel.inner_text()
        seen.page.keyboard.press("Escape")
        expect(panel).to_be_hidden()


def test_scores_show_on_hover_beside_the_text(page: Path, chromium: Browser) -> None:
    with visit(chromium, page, viewport=WIDE) as seen:
        seen.page.hover("#clause-2 > p")
        panel = seen.page.get_by_role("tooltip")
        panel.wait_for(state="visible")
        text = seen.page.locator("#clause-2 > p").bounding_box()
        box = panel.bounding_box()
        assert text
        assert box
        assert box["x"] >= text["x"] + text["width"]
        seen.page.hover("h1")
        panel.wait_for(state="hidden")


def test_scores_open_in_place_by_click_and_key(page: Path, chromium: Browser) -> None:
    with visit(chromium, page, viewport=NARROW, has_touch=True) as seen:
        seen.page.locator("#clause-3 summary").tap()
        expect(seen.page.locator("#clause-3 .score").first).to_be_visible()
        expect(seen.page.get_by_role("tooltip")).to_be_hidden()
        seen.page.locator("#clause-4 summary").focus()
        seen.page.keyboard.press("Enter")
        for name in OPP115.names:
            expect(seen.page.locator("#clause-4 .all")).to_contain_text(name)
        seen.assert_quiet()


def test_the_bar_and_the_outline_jump_to_clauses(tmp_path: Path, chromium: Browser) -> None:
    page = save(read_document(FICTIONAL / "ostrel-wireless.md"), tmp_path)
    with visit(chromium, page, viewport=WIDE) as seen:
        seen.page.locator(".strip a").nth(40).click()
        assert top(seen, "clause-40") < 200
        seen.page.locator(".where summary").first.click()
        link = seen.page.locator(".where[open] a").first
        link.click()
        assert top(seen, (link.get_attribute("href") or "")[1:]) < 200
        seen.assert_quiet()


def top(seen: Visit, anchor: str) -> float:
    """Return how far below the window's upper edge a clause stands; it does not stand above."""
    box = seen.page.locator(f"#{anchor}").bounding_box()
    assert box
    assert box["y"] > 0
    return box["y"]


def test_a_link_to_a_hidden_clause_shows_all(page: Path, chromium: Browser) -> None:
    with visit(chromium, page) as seen:
        key(seen, RETENTION).click()
        seen.page.locator(".strip a").nth(9).click()
        seen.page.locator("#clause-9").wait_for(state="visible")
        assert len(shown(seen)) == len(CLAUSES)


def test_steps_go_from_found_clause_to_found_clause(page: Path, chromium: Browser) -> None:
    with visit(chromium, page) as seen:
        key(seen, RETENTION).click()
        onward = seen.page.get_by_role("button", name="Next clause")
        onward.click()
        onward.click()
        last = having(RETENTION)[-1]
        assert seen.page.locator(".here").get_attribute("id") == last
        assert "Data Retention" in seen.page.get_by_role("status").inner_text()
        seen.page.get_by_role("button", name="Previous clause").click()
        assert seen.page.locator(".here").get_attribute("id") == having(RETENTION)[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nobody_is_kept_out(
    scheme: str, viewport: dict[str, int], tmp_path: Path, chromium: Browser
) -> None:
    page = save(read_document(FICTIONAL / "quillmoor-broadband.html"), tmp_path)
    with visit(chromium, page, color_scheme=scheme, viewport=viewport) as seen:
        assert seen.faults() == []
        if viewport is NARROW:
            seen.page.locator(".fold > summary").click()
        key(seen, SHARING).click()
        seen.page.locator(".where summary").first.click()
        seen.page.locator("#policy .clause:not(.off) summary").first.focus()
        seen.page.keyboard.press("Enter")
        assert seen.faults() == []
        assert seen.page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
        seen.assert_quiet()


def test_with_scripts_off_all_can_be_read(page: Path, chromium: Browser) -> None:
    with visit(chromium, page, java_script_enabled=False, viewport=NARROW) as seen:
        for clause in CLAUSES:
            tag = seen.page.locator(f"#clause-{clause.index} > details")
            expect(tag).to_be_visible()
            tag.locator("summary").click()
            assert "below .01" in tag.inner_text()
        assert key(seen, RETENTION).is_disabled()
        expect(seen.page.get_by_role("button", name="Next clause")).to_be_hidden()
        seen.page.locator(".where summary", has_text=RETENTION).click()
        assert seen.page.locator(".where[open] a").count() == 2


def computed(seen: Visit, selector: str, what: str) -> str:
    """Return an element's computed style."""
    value = seen.page.eval_on_selector(selector, f"each => getComputedStyle(each).{what}")
    assert isinstance(value, str)
    return value


def test_the_bar_tells_what_a_segment_is(page: Path, chromium: Browser) -> None:
    with visit(chromium, page, viewport=WIDE) as seen:
        seen.page.locator(".strip a").nth(3).hover()
        panel = seen.page.get_by_role("tooltip")
        panel.wait_for(state="visible")
        assert panel.inner_text().split("\n\n") == ["Data Retention", "We retain logs"]
        seen.assert_quiet()


def test_a_printed_page_carries_its_legend(page: Path, tmp_path: Path, chromium: Browser) -> None:
    with visit(chromium, page, viewport=NARROW) as seen:
        expect(key(seen, SHARING)).to_be_hidden()
        seen.page.pdf(path=tmp_path / "page.pdf")
        first = PdfReader(tmp_path / "page.pdf").pages[0].extract_text()
        assert "Data Retention 2 clauses" in first


def test_print_has_all_clauses_and_their_tints(page: Path, chromium: Browser) -> None:
    with visit(chromium, page, color_scheme="dark", viewport=WIDE) as seen:
        key(seen, RETENTION).click()
        seen.page.emulate_media(media="print")
        assert shown(seen) == [f"clause-{clause.index}" for clause in CLAUSES]
        assert computed(seen, "body", "printColorAdjust") == "exact"
        assert computed(seen, "body", "backgroundColor") == "rgb(255, 255, 255)"
        assert computed(seen, "#clause-2 > p", "backgroundColor").startswith("oklch(0.95 ")
        assert computed(seen, "#clause-0 > p", "backgroundColor") == "rgba(0, 0, 0, 0)"
        expect(seen.page.locator(".tools")).to_be_hidden()


def test_a_step_brings_the_heading_above_the_clause(page: Path, chromium: Browser) -> None:
    with visit(chromium, page, viewport={"width": 1280, "height": 300}) as seen:
        for _ in range(7):
            seen.page.get_by_role("button", name="Next clause").click()
        assert seen.page.locator(".here").get_attribute("id") == "clause-7"
        heading = seen.page.get_by_role("heading", name="Sharing").bounding_box()
        bar = seen.page.locator(".bar").bounding_box()
        assert heading
        assert bar
        assert bar["y"] == 0, "the bar sticks: the page has moved"
        assert heading["y"] >= bar["height"]
