"""report.html: scikit-learn's figures, without the network, for everybody, and text stays text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import report_fixtures as made
from browser import visit
from playwright.sync_api import expect
from report_fixtures import Figures
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    precision_recall_curve,
    precision_score,
    recall_score,
)

from training.report import explorer, plots, sections
from training.report.html import Quotes, page
from training.report.markdown import report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Browser, Page

SCORED = made.scored()
TRUTH, DECIDED = SCORED.truth, SCORED.scores >= made.CUTS
NARROW = {"width": 360, "height": 740}


def drawn(result: dict[str, Any] | None = None, **changes: Any) -> str:
    result = result or made.result(SCORED)
    return page(result, truth=TRUTH, scores=SCORED.scores, **changes)


@pytest.fixture(scope="module")
def figures() -> Figures:
    return Figures(drawn())


@pytest.mark.parametrize(
    ("name", "count"), [("precision", precision_score), ("recall", recall_score), ("f1", f1_score)]
)
def test_each_classs_figures_are_scikit_learns(figures: Figures, name: str, count: Any) -> None:
    wanted = count(TRUTH, DECIDED, average=None, zero_division=0)
    classes = [figures.of(name, label=label)[0] for label in made.NAMES]
    assert classes == pytest.approx(wanted)


def test_the_headlines_are_scikit_learns(figures: Figures) -> None:
    for row, decided in (("chosen", DECIDED), ("half", SCORED.scores >= 0.5)):
        for average in ("macro", "micro"):
            wanted = f1_score(TRUTH, decided, average=average, zero_division=0)
            assert figures.of(f"{average}_f1", row=row) == pytest.approx([wanted])
    losses = [brier_score_loss(TRUTH[:, k], SCORED.scores[:, k]) for k in range(11)]
    losses.append(float((SCORED.scores[:, 11] ** 2).mean()))
    assert figures.of("brier", row="chosen") == pytest.approx([np.mean(losses)])


def test_average_precision_is_scikit_learns_and_a_dash_without_positives(figures: Figures) -> None:
    wanted = [average_precision_score(TRUTH[:, k], SCORED.scores[:, k]) for k in range(11)]
    found = figures.of("average_precision")
    assert found[:11] == pytest.approx(wanted)
    assert np.isnan(found[11])


def test_every_tenths_figures_are_scikit_learns(figures: Figures) -> None:
    for at in range(10, 100, 10):
        decided = SCORED.scores >= np.float32(at / 100)
        for name, count in (("precision", precision_score), ("recall", recall_score)):
            wanted = count(TRUTH, decided, average=None, zero_division=0)
            assert figures.of(name, at=str(at / 100)) == pytest.approx(wanted)


def test_the_bins_are_scikit_learns(figures: Figures) -> None:
    shares, means = calibration_curve(TRUTH.ravel(), SCORED.scores.ravel(), n_bins=10)
    assert figures.of("mean_score", label="all") == pytest.approx(means, rel=1e-5)
    assert figures.of("positives_share", label="all") == pytest.approx(shares, rel=1e-5)


def test_the_heat_maps_show_the_counts(figures: Figures) -> None:
    found = figures.of("Labels on the same text")
    assert np.reshape(found, (12, 12)) == pytest.approx(TRUTH.T @ TRUTH)


def test_a_curve_is_drawn_through_scikit_learns_points() -> None:
    values = made.result(SCORED)["analysis"]["curves"][made.NAMES[0]]
    svg = plots.curve(values, name="c", label="x")
    path = re.search(r'd="M ([\d. L]+)"[^>]*stroke: var\(--mark\)', svg)
    assert path
    points = np.asarray([p.split() for p in path[1].split(" L ")], dtype=float)
    left, foot = 30, 156
    across, up = (points[:, 0] - left) / 162, (foot - points[:, 1]) / 146
    precision, recall, _ = precision_recall_curve(TRUTH[:, 0], SCORED.scores[:, 0])
    for x, y in zip(recall, precision, strict=True):
        assert (between(x, across) & between(y, up)).any()


def between(value: float, line: np.ndarray) -> np.ndarray:
    """Which steps of a drawn line pass `value`, to a hundredth of a drawing's unit."""
    low, high = np.minimum(line[1:], line[:-1]), np.maximum(line[1:], line[:-1])
    return np.asarray((value > low - 1e-3) & (value < high + 1e-3))


def test_wilsons_interval_is_the_textbooks() -> None:
    assert plots.wilson(0.5, 10) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert plots.wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert plots.wilson(1.0, 20) == pytest.approx((0.8389, 1.0), abs=1e-4)


def test_drawings_take_their_colours_from_the_page_and_share_no_identifier(
    figures: Figures,
) -> None:
    ids = [a["id"] for _, a in figures.elements if "id" in a]
    assert len(ids) == len(set(ids))
    svg = plots.reliability(
        made.analysis(SCORED, DECIDED)["reliability"]["all"], name="r", label=""
    )
    assert "#0102" not in svg
    assert "font-family" not in svg
    assert svg.count("var(--mark)") > 3
    named = [a for tag, a in figures.elements if tag == "svg" and a.get("role") == "img"]
    wanted = {a[key] for a in named for key in ("aria-labelledby", "aria-describedby")}
    assert len(named) == 24  # eleven curves, thirteen reliability diagrams
    assert wanted <= set(ids)


def test_the_same_figures_give_the_same_page() -> None:
    assert drawn() == drawn()


def test_sections_without_an_analysis_are_left_out() -> None:
    result = made.result(SCORED)
    for gone in ({}, None, dict.fromkeys(result["analysis"])):
        result["analysis"] = gone
        links = re.findall(r'<a href="#(\w+)">', drawn(result))
        assert links == ["headline", "classes", "explorer", "circumstances"]


@pytest.mark.parametrize("told", [drawn, report])
def test_a_fallback_is_told_where_there_is_one(told: Callable[[dict[str, Any]], str]) -> None:
    words = "the likeliest is given"
    for fallback, there in ((0.25, True), (None, False)):
        text = " ".join(told(made.result(SCORED) | {"fallback": fallback}).split())
        assert (words in text) == ("from 0.25" in text or "from .25" in text) == there
    assert words not in told(made.result(SCORED))


def test_texts_are_quoted_with_a_warning_or_not_at_all() -> None:
    text = "We keep call records of the invented sort."
    rows = made.mistakes(text)
    suspect = rows[0] | {"label": made.NAMES[4], "given": True, "score": 0.04, "quality": 0.04}
    whole = drawn(quotes=Quotes(rows, [suspect]))
    assert whole.count(f"<blockquote>{text}</blockquote>") == 2
    assert "do not publish" in whole
    assert "do not publish" not in drawn(quotes=Quotes(rows, ours=True))
    assert text not in drawn()
    assert "do not publish" not in drawn()


def test_a_missing_cleanlab_is_named_with_its_cure() -> None:
    missing = [{"missing": "cleanlab", "cure": 'pip install "clausemark[audit]"'}]
    assert "pip install &#34;clausemark[audit]&#34;" in drawn(quotes=Quotes((), missing))


def test_the_outcome_of_each_label_is_told_in_words() -> None:
    rows = {row["name"]: row for row in sections.judged(made.mistakes()[0])}
    assert rows[made.NAMES[4]]["verdict"] == "missed"
    assert rows[made.NAMES[5]]["verdict"] == "wrongly given"
    assert made.NAMES[0] not in rows


@pytest.mark.parametrize(
    ("interval", "words"),
    [([0.01, 0.03], "2.0 points above b's"), ([-0.01, 0.05], "cannot be told apart")],
)
def test_a_difference_is_told_as_its_interval_allows(interval: list[float], words: str) -> None:
    gain = {"difference": 0.02, "interval": interval}
    less = {"difference": -0.02, "interval": [-0.03, -0.01]}
    told = sections.verdicts(
        {"name": "b", "ours_less_theirs": {"macro_f1": gain, "micro_f1": less}}
    )
    assert words in told[0]
    assert told[1] == "Micro-F1 is 2.0 points below b's [-3.0, -1.0]."


def test_a_wide_interval_is_marked() -> None:
    assert [sections.unsure(ends) for ends in ([0.5, 0.69], [0.5, 0.71], [None, None])] == [
        False, True, True,
    ]  # fmt: skip
    assert sections.unsure([float("nan")] * 2)
    marked = [row["name"] for row in sections.classes(made.result(SCORED)) if row["unsure"]]
    assert {made.NAMES[7], made.NAMES[11]} <= set(marked)
    assert drawn().count("wide interval</span>") >= 3 * len(marked)


def test_shades_follow_counts_and_spare_the_diagonal() -> None:
    cells = sections.heat([[100, 4], [1, 100]])
    assert [[one["shade"] for one in row] for row in cells] == [[0, 8], [4, 0]]
    assert sections.heat([[0]]) == [[{"count": 0, "shade": 0}]]


def test_markdown_has_slices_and_people_but_no_single_policy() -> None:
    text = report(made.result(SCORED))
    assert "| length: up to 20 words | 40 | 9 | 0.710 [0.610, 0.810] | 0.710 |" in text
    assert "| kappa | expert F1 |" in text
    assert "policy 7" not in text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [NARROW, {"width": 1280, "height": 800}])
def test_the_page_is_quiet_and_usable(
    tmp_path: Path, chromium: Browser, scheme: str, viewport: dict[str, int]
) -> None:
    with visit(chromium, written(tmp_path), color_scheme=scheme, viewport=viewport) as seen:
        expect(seen.page.locator("#sliders")).to_be_visible()
        wide = seen.page.evaluate("document.documentElement.scrollWidth")
        assert wide == viewport["width"]
        assert seen.faults() == []
        seen.assert_quiet()


@pytest.mark.browser
def test_nothing_is_cut_off_on_paper(tmp_path: Path, chromium: Browser) -> None:
    a4 = {"width": 718, "height": 1000}  # less Chromium's margins
    with visit(chromium, written(tmp_path), viewport=a4) as seen:
        cut = (
            "() => [...document.querySelectorAll('.wide')].map(e => e.scrollWidth - e.clientWidth)"
        )
        assert max(seen.page.evaluate(cut)) > 0
        seen.page.emulate_media(media="print")
        assert max(seen.page.evaluate(cut)) == 0
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 718


@pytest.mark.browser
def test_a_threshold_is_moved_by_keys_to_scikit_learns_figures(
    tmp_path: Path, chromium: Browser
) -> None:
    with visit(chromium, written(tmp_path)) as seen:
        slider = seen.page.get_by_role("slider", name=made.NAMES[2])
        assert told(seen.page, 2)["at"] == "0.35"
        slider.focus()
        for key in ("End", "Home", *["PageUp"] * 3, "ArrowRight", "ArrowRight", "ArrowLeft"):
            slider.press(key)
        cut = float(told(seen.page, 2)["at"])
        assert cut != 0.35
        assert_figures(seen.page, 2, cut)
        cuts = made.CUTS.copy()
        cuts[2] = cut
        decided = SCORED.scores >= cuts
        for average in ("macro", "micro"):
            wanted = f1_score(TRUTH, decided, average=average, zero_division=0)
            expect(seen.page.locator(f"#{average}")).to_have_text(f"{wanted:.3f}")
        seen.page.get_by_role("button", name="All at 0.50").press("Enter")
        for k in range(12):
            assert_figures(seen.page, k, 0.5)
        seen.page.get_by_role("button", name="Chosen thresholds").press("Space")
        assert told(seen.page, 2)["at"] == "0.35"
        seen.assert_quiet()


@pytest.mark.browser
def test_without_scripts_the_thresholds_stand_in_a_table(tmp_path: Path, chromium: Browser) -> None:
    with visit(chromium, written(tmp_path), java_script_enabled=False) as seen:
        expect(seen.page.locator("#sliders")).to_be_hidden()
        seen.page.locator("#at-tenths summary").click()
        expect(seen.page.locator("#at-tenths table")).to_be_visible()
        expect(seen.page.get_by_role("img", name="Precision against recall")).to_have_count(11)


@pytest.mark.browser
def test_hostile_text_stays_text(tmp_path: Path, chromium: Browser) -> None:
    result = made.result(SCORED)
    result["model"]["name"] = result["command"] = result["split"] = made.HOSTILE
    result["analysis"]["slices"]["sector"][0]["name"] = made.HOSTILE
    result["data"] = {made.HOSTILE: made.HOSTILE}
    result["baseline"]["name"] = made.HOSTILE
    path = tmp_path / "report.html"
    rows = made.mistakes()
    path.write_text(drawn(result, quotes=Quotes(rows, rows)), encoding="utf-8")
    with visit(chromium, path) as seen:
        expect(seen.page.locator("blockquote").first).to_contain_text("<script>alert(1)")
        expect(seen.page.locator("h1")).to_contain_text("[U+202E]")
        assert seen.page.locator("img").count() == 0
        seen.assert_quiet()


def written(folder: Path) -> Path:
    path = folder / "report.html"
    rows = made.mistakes("We keep call records of the invented sort for 18 months.") * 12
    path.write_text(drawn(quotes=Quotes(rows, rows[:1])), encoding="utf-8")
    return path


def told(page: Page, k: int) -> dict[str, str]:
    """What the explorer says of one class."""
    row = page.locator(".slider").nth(k)
    parts = {part: row.locator(f"[data-part={part}]").inner_text() for part in PARTS}
    return parts | {"at": row.locator(".at").inner_text()}


PARTS = ("precision", "recall", "f1", "given")


def assert_figures(page: Page, k: int, cut: float) -> None:
    """The explorer's figures of one class are scikit-learn's at `cut`."""
    decided = SCORED.scores[:, k] >= np.float32(cut)
    counts = {"precision": precision_score, "recall": recall_score, "f1": f1_score}
    wanted = {n: f"{c(TRUTH[:, k], decided, zero_division=0):.3f}" for n, c in counts.items()}
    wanted |= {"given": str(int(decided.sum())), "at": f"{cut:.2f}"}
    assert told(page, k) == wanted


def test_the_explorer_counts_at_every_hundredth() -> None:
    rows = json.loads(json.dumps(explorer.counts(TRUTH, SCORED.scores)))
    for at in (1, 37, 50, 99):
        found = [explorer.figures(row, at)["f1"] for row in rows]
        decided = SCORED.scores >= np.float32(at / 100)
        assert found == pytest.approx(f1_score(TRUTH, decided, average=None, zero_division=0))
