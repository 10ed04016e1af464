"""Pages: text is data, and only the page's own style and script run."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from browser import visit

from clausemark._render import Assets, categories_css, render, shown

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

TEMPLATE = """
{% extends "base.html.j2" %}
{% block title %}{{ name | shown }}{% endblock %}
{% block body %}<main id="main"><h1>Page</h1><p title="{{ name | shown }}">{{ name | shown }}</p>
</main>{% endblock %}
"""
HOSTILE = '</title><script>alert(1)</script>" onmouseover="alert(2)" \x00\x1b\x7f\u202e\ud800 é'


@pytest.fixture
def assets(tmp_path: Path) -> Assets:
    (tmp_path / "t.html.j2").write_text(TEMPLATE)
    (tmp_path / "t.js").write_text("document.body.dataset.ran = 'yes';")
    return Assets(js=("t.js",), rules=".x { color: red; }", folder=tmp_path)


def test_text_is_escaped_and_its_controls_are_shown(assets: Assets) -> None:
    page = render("t.html.j2", assets, name=HOSTILE)
    assert page.count("<script>") == 1
    assert "alert(1)</script>" not in page
    assert "\u2400\u241b\u2421[U+202E][U+D800] é" in page
    page.encode()


def test_shown_keeps_lines_and_letters() -> None:
    text = "Zażółć\n\t“gęślą” 数据 👍🏽"
    assert shown(text) == text


def test_the_policy_names_the_hash_of_the_very_script(assets: Assets) -> None:
    page = render("t.html.j2", assets, name="x")
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in page
    assert "default-src &#39;none&#39;" in page


def test_an_asset_that_would_end_its_element_is_refused(assets: Assets, tmp_path: Path) -> None:
    (tmp_path / "t.js").write_text("'</script>'")
    with pytest.raises(ValueError, match=r"t\.js"):
        render("t.html.j2", assets, name="x")


def test_categories_have_hues_of_their_own() -> None:
    hues = re.findall(r"--hue: ([\d.]+);", categories_css(12))
    assert len(set(hues)) == 12


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_hostile_text_stays_text_in_a_browser(
    assets: Assets, tmp_path: Path, chromium: Browser, scheme: str
) -> None:
    path = tmp_path / "t.html"
    path.write_text(render("t.html.j2", assets, name=HOSTILE), encoding="utf-8")
    with visit(chromium, path, color_scheme=scheme) as seen:
        assert seen.page.locator("body").get_attribute("data-ran") == "yes"
        seen.page.hover("p")
        assert "<script>alert(1)" in seen.page.inner_text("p")
        seen.assert_quiet()
        assert seen.faults() == []


@pytest.mark.browser
def test_a_foreign_script_would_not_run(assets: Assets, tmp_path: Path, chromium: Browser) -> None:
    page = render("t.html.j2", assets, name="x")
    path = tmp_path / "t.html"
    path.write_text(page.replace("</main>", "<script>document.title = 'run'</script></main>"))
    with visit(chromium, path) as seen:
        assert seen.page.title() == "x"
        assert any("Content Security Policy" in line for line in seen.complaints)
