"""The page of a comparison: what it shows, with scripts and without, for everybody."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from browser import visit
from compare_edits import clause
from playwright.sync_api import expect
from test_render import HOSTILE

from clausemark._compare_page import compare_page
from clausemark.compare import Comparison, align
from clausemark.labels import OPP115

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from clausemark.classifier import LabelledClause

KEEP, SHARE, TELL = "Data Retention", "Third Party Sharing/Collection", "Policy Change"


def numbered(clauses: list[LabelledClause]) -> list[LabelledClause]:
    """The clauses with their places in the document."""
    return [replace(one, index=k) for k, one in enumerate(clauses)]


OLD = numbered([
    clause("Intro\n\nHello and welcome to our service.", "Intro", ["Introductory/Generic"]),
    clause("We tell you two weeks before a change.", "Intro", [TELL]),
    clause("Keeping\n\nWe keep call records for 30 days.", "Keeping", [KEEP, SHARE]),
    clause("Banks receive your name and address.", "Keeping", [SHARE]),
])  # fmt: skip
NEW = numbered([
    clause("Intro\n\nHello and welcome to our service.", "Intro", ["Introductory/Generic"]),
    clause("Keeping\n\nWe keep call records for 90 days.", "Keeping", [KEEP]),
    clause("Logs of the servers go after a week.", "Keeping", [KEEP]),
    clause("Changes\n\nWe tell you two weeks before a change.", "Changes", [TELL]),
])  # fmt: skip


def page(old: list[LabelledClause] = OLD, new: list[LabelledClause] = NEW) -> str:
    """The page of two versions."""
    changes = tuple(align(old, new))
    return compare_page(Comparison("a/old.md", "a/new.md", OPP115.names, changes))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The page as a file."""
    made = tmp_path / "page.html"
    made.write_text(page(), encoding="utf-8")
    return made


def section(made: str, name: str) -> str:
    """The part of a page under a category's heading."""
    parts = re.split(r'(?=<section class="category)', made)
    (found,) = [part for part in parts if f">{name}</h2>" in part]
    return re.sub(r"\s+", " ", found)


def test_what_changed_in_a_category_stands_under_it() -> None:
    made = section(page(), KEEP)
    assert "1 reworded, 1 added, 1 relabelled" in made
    assert "We keep call records for <del>30</del> <ins>90</ins> days." in made
    assert "<ins>Logs of the servers go after a week.</ins>" in made
    assert "Banks" not in made


def test_a_lost_label_is_told_under_either_category() -> None:
    for name in (KEEP, SHARE):
        assert re.search(r"No longer labelled <span[^>]*>Third Party Sh", section(page(), name))


def test_a_moved_clause_says_from_where_to_where() -> None:
    made = section(page(), TELL)
    assert "Moved from ‘Intro’ to ‘Changes’" in made


def test_every_link_of_the_matrix_leads_to_a_change_of_its_kind() -> None:
    made = page()
    links = re.findall(r'<a href="#(c\d+-\d+)" aria-label="\d+ (\w+) in', made)
    assert links
    for target, kind in links:
        assert re.search(rf'id="{target}" data-kinds="[^"]*\b{kind}\b', made)


def test_categories_have_short_names_on_their_buttons() -> None:
    assert (
        f'title="{KEEP}"><span class="swatch cat-4" aria-hidden="true"></span> Retention <'
        in page()
    )


def test_ids_are_unique() -> None:
    ids = re.findall(r'\sid="([^"]+)"', page())
    assert len(ids) == len(set(ids))


def test_hostile_text_stays_text() -> None:
    old = [clause(f"{HOSTILE}\n\n{HOSTILE} one two three", HOSTILE, [HOSTILE])]
    new = [clause(f"{HOSTILE}\n\n{HOSTILE} one two four", HOSTILE, [HOSTILE])]
    made = compare_page(Comparison(HOSTILE, HOSTILE, (HOSTILE,), tuple(align(old, new))))
    assert made.count("<script") == 1
    assert not re.search(r"<[^>]*onmouseover=", re.sub(r'"[^"]*"', '""', made))
    made.encode()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_everybody_can_use_the_page(path: Path, chromium: Browser, scheme: str, width: int) -> None:
    with visit(chromium, path, color_scheme=scheme, viewport={"width": width, "height": 800}) as at:
        at.assert_quiet()
        assert at.faults() == []
        at.page.click("button[data-kind=reworded]")
        assert at.faults() == []
        for element in ("documentElement", "querySelector('.wide')"):
            room = at.page.evaluate(
                f"(({{scrollWidth: a, clientWidth: b}}) => b - a)(document.{element})"
            )
            assert room >= 0


@pytest.mark.browser
def test_filters_show_what_is_chosen(path: Path, chromium: Browser) -> None:
    with visit(chromium, path) as at:
        changes = at.page.locator(".change:visible")
        everything = changes.count()
        at.page.click("button[data-kind=added]")
        assert changes.count() == 1
        assert "Logs of the servers" in changes.inner_text()
        assert at.page.inner_text("[role=status]") == f"1 of {everything} entries"
        at.page.click("button[data-kind=reworded]")
        at.page.get_by_role("button", name="Retention").click()
        assert changes.count() == 2
        assert at.page.locator(".category:visible").count() == 1
        at.page.get_by_role("button", name="Show everything").click()
        assert changes.count() == everything
        assert at.page.locator("[aria-pressed=true]").count() == 0


@pytest.mark.browser
def test_filters_work_from_the_keyboard(path: Path, chromium: Browser) -> None:
    with visit(chromium, path) as at:
        at.page.keyboard.press("Tab")
        assert at.page.evaluate("document.activeElement.className") == "skip"
        at.page.focus("button[data-kind=reworded]")
        at.page.keyboard.press("Tab")
        at.page.keyboard.press("Space")
        focused = at.page.locator(":focus")
        assert focused.get_attribute("data-kind") == "added"
        assert focused.get_attribute("aria-pressed") == "true"
        assert at.page.locator(".change:visible").count() == 1


@pytest.mark.browser
def test_a_link_leads_to_its_change_though_a_filter_hid_it(path: Path, chromium: Browser) -> None:
    room = {"viewport": {"width": 1280, "height": 420}, "reduced_motion": "reduce"}
    with visit(chromium, path, **room) as at:
        at.page.click("button[data-kind=added]")
        at.page.get_by_role("link", name=f"1 reworded in {KEEP}").click()
        target = at.page.locator(":target")
        expect(target).to_be_visible()
        assert "call records" in target.inner_text()
        bar = at.page.locator(".filters").bounding_box()
        place = target.bounding_box()
        assert bar
        assert bar["y"] == 0
        assert place
        assert place["y"] >= bar["y"] + bar["height"]


@pytest.mark.browser
def test_without_scripts_everything_is_shown(path: Path, chromium: Browser) -> None:
    with visit(chromium, path, java_script_enabled=False) as at:
        expect(at.page.locator(".filters")).to_be_hidden()
        changes = at.page.locator(".change")
        assert changes.count() > 0
        assert all(changes.nth(k).is_visible() for k in range(changes.count()))


@pytest.mark.browser
def test_versions_that_do_not_differ_have_a_page(tmp_path: Path, chromium: Browser) -> None:
    path = tmp_path / "same.html"
    path.write_text(page(OLD, OLD), encoding="utf-8")
    with visit(chromium, path) as at:
        assert "No clause differs: 4 clauses are the same" in at.page.inner_text("header")
        at.assert_quiet()
        assert at.faults() == []
