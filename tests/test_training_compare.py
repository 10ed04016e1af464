"""Comparing systems: paired samples by a loop, pooled seeds, corrected verdicts, refusals."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
import typer
from analysis_fixtures import NAMES, random
from browser import visit
from sklearn.metrics import f1_score
from typer.testing import CliRunner

from clausemark.errors import RecordError
from training import compare, evaluate, metrics, paired, thresholds
from training.outoffold import OutOfFold
from training.report.comparison import verdict
from training.systems import System, judged, read_systems

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def system(name: str, *wrong: float, seed: int = 0, texts: int = 300) -> System:
    """Return a system that errs on a share of the labels, one share a seed."""
    scored, _ = random(0, texts, policies=20)
    rng = np.random.default_rng(seed)
    truth = scored.truth > 0.5
    decided = np.stack([truth ^ (rng.random(truth.shape) < share) for share in wrong])
    return System(name, (), scored, decided)


def folder(path: Path, made: System, k: int = 0) -> Path:
    made.scored.write(path, made.decided[k])
    return path


def test_differences_are_those_of_the_evaluation() -> None:
    first, second = system("a", 0.2, seed=1), system("b", 0.1, seed=2)
    found = paired.compare(first, second)["overall"]
    truth, documents = first.scored.truth, first.scored.documents
    wanted = evaluate.paired(truth, documents, second.decided[0], first.decided[0])
    for key in paired.OVERALL:
        assert {k: found[key][k] for k in wanted[key]} == wanted[key]


def test_a_labels_difference_is_scikit_learns_on_the_drawn_texts() -> None:
    first, second = system("a", 0.2, seed=1, texts=60), system("b", 0.1, seed=2, texts=60)
    draws = metrics.resample(20, times=7)
    drawn = paired.samples(second, draws, 1) - paired.samples(first, draws, 0)
    names = np.unique(first.scored.documents)
    for sample, times in zip(drawn, draws.astype(int), strict=True):
        where = [np.flatnonzero(np.asarray(first.scored.documents) == n) for n in names]
        rows = np.concatenate([np.tile(at, n) for at, n in zip(where, times, strict=True)])
        f1 = [
            f1_score(first.scored.truth[rows], s.decided[0][rows], average=None, zero_division=0)
            for s in (second, first)
        ]
        there = first.scored.truth[rows].any(axis=0)
        assert sample[2:][there] == pytest.approx((f1[0] - f1[1])[there])


def test_pooled_seeds_have_their_mean_and_a_wider_interval() -> None:
    pooled = system("a", 0.05, 0.3, seed=1)
    alone = [System("a", (), pooled.scored, pooled.decided[[k]]) for k in (0, 1)]
    assert paired.figures(pooled) == pytest.approx(
        np.mean([paired.figures(one) for one in alone], axis=0)
    )
    draws = metrics.resample(20)
    widths = [np.ptp(metrics.interval(paired.samples(s, draws, 0)[:, 1])) for s in (pooled, *alone)]
    assert widths[0] > 2 * max(widths[1:])


def test_the_spread_of_seeds_is_their_standard_deviation() -> None:
    pooled = system("a", 0.05, 0.3, 0.1, seed=1)
    truth = pooled.scored.truth
    macro = [f1_score(truth, one, average="macro", zero_division=0) for one in pooled.decided]
    spread = paired.spread(pooled)
    assert spread is not None
    assert spread[0] == pytest.approx(np.std(macro, ddof=1))
    assert paired.spread(system("b", 0.1)) is None


def test_a_cross_validation_is_a_system_at_nested_thresholds_or_at_half(tmp_path: Path) -> None:
    scored, _ = random(0, 200, policies=20)
    logits = np.log(scored.scores / (1 - scored.scores)).astype(np.float32)
    fold = np.arange(200) % 2
    splits: list[str | None] = ["train"] * 200
    made = OutOfFold(scored.ids, scored.documents, splits, fold, logits, scored.truth)
    made.write(tmp_path)
    half, decided = judged(tmp_path, at_half=True)
    assert half.ids == scored.ids
    assert (decided == (logits >= 0)).all()
    chosen, decided = judged(tmp_path)
    scores, wanted = thresholds.nested(made)
    assert (decided == wanted).all()
    assert (chosen.scores == scores).all()


def test_the_order_of_two_systems_changes_signs_alone() -> None:
    first, second = system("a", 0.05, 0.3, seed=1), system("b", 0.1, 0.2, 0.15, seed=2)
    there, back = paired.compare(first, second), paired.compare(second, first)
    for part in ("overall", "labels"):
        for key, one in there[part].items():
            other = back[part][key]
            assert one["difference"] == pytest.approx(-other["difference"])
            assert one["interval"] == pytest.approx([-end for end in reversed(other["interval"])])
            assert one["p"] == other["p"]


def test_equal_seeds_add_nothing() -> None:
    one = system("a", 0.2)
    twice = System("a", (), one.scored, np.repeat(one.decided, 3, axis=0))
    draws = metrics.resample(20, times=50)
    same = paired.samples(twice, draws, 3)
    assert same == pytest.approx(paired.samples(one, draws, 0), nan_ok=True)


def test_a_system_does_not_differ_from_itself() -> None:
    one = system("a", 0.2)
    found = paired.compare(one, one)
    assert {label["verdict"] for label in found["labels"].values()} == {"same"}
    assert found["overall"]["macro_f1"]["p"] == 1
    assert "none of 12 classes, worse on none; macro +0.0 [+0.0, +0.0]" in verdict(found)


def test_a_clearly_better_system_is_better_both_ways() -> None:
    bad, good = system("bad", 0.3, seed=1), system("good", 0.01, seed=2)
    assert verdict(paired.compare(bad, good)).startswith(
        "good is better than bad on 12 of 12 classes, worse on none; macro +"
    )
    assert verdict(paired.compare(good, bad)).startswith(
        "bad is better than good on none of 12 classes, worse on 12; macro -"
    )


def test_holm_is_the_worked_example() -> None:
    # Holm's steps on four p-values: .01 x 4, .013 x 3 (raised to the former), .03 x 2, .04 x 1.
    found = paired.holm([0.04, 0.01, None, 0.03, 0.013])
    assert found == [pytest.approx(p) if p else None for p in (0.06, 0.04, None, 0.06, 0.04)]


def test_correction_takes_back_what_twelve_chances_give() -> None:
    part = paired.compare(system("a", 0.12, seed=1), system("b", 0.1, seed=2))
    labels = part["labels"].values()
    plain = sum(label["p"] < paired.LEVEL and label["difference"] > 0 for label in labels)
    sure = sum(label["verdict"] == "better" for label in labels)
    assert plain > sure
    assert f"({plain} uncorrected)" in verdict(part)
    assert all(label["p_corrected"] >= label["p"] for label in labels)


def test_a_label_that_never_occurs_is_not_compared() -> None:
    first, second = system("a", 0.2, seed=1), system("b", 0.1, seed=2)
    first.scored.truth[:, 7] = second.scored.truth[:, 7] = 0
    found = paired.compare(first, second)
    label = found["labels"][NAMES[7]]
    assert [label[key] for key in ("difference", "interval", "p", "p_corrected")] == [None] * 4
    assert "of 11 classes" in verdict(found)


def test_systems_are_named_by_their_folders_or_by_hand(tmp_path: Path) -> None:
    made = system("x", 0.1, 0.2)
    paths = [folder(tmp_path / n / "test", made, k) for n, k in (("a", 0), ("b", 1), ("c", 1))]
    plain = read_systems([str(path) for path in paths])
    assert [s.name for s in plain] == ["a/test", "b/test", "c/test"]
    first, pooled = read_systems([str(paths[0]), f"pool={paths[1]},{paths[2]}"])
    assert (first.name, first.seeds) == ("a/test", 1)
    assert (pooled.name, pooled.seeds, pooled.folders) == ("pool", 2, tuple(paths[1:]))
    assert (pooled.decided[0] == made.decided[1]).all()


def test_folders_of_other_records_are_refused_naming_both(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", system("x", 0.1))
    other = folder(tmp_path / "other", system("x", 0.1, texts=200))
    with pytest.raises(RecordError, match=r"scored on other records: 300 in .*one, 200 in .*other"):
        read_systems([str(one), str(other)])
    with pytest.raises(RecordError, match=r"scored on other records: 300 in .*one, 200 in .*other"):
        read_systems([str(one), f"pool={one},{other}"])
    np.save(other / "truth.npy", 1 - system("x", 0.1).scored.truth)
    (other / "rows.json").write_bytes((one / "rows.json").read_bytes())
    with pytest.raises(RecordError, match=r"labels in .*one are not those in .*other"):
        read_systems([str(one), str(other)])


@pytest.mark.parametrize("arguments", [["{}"], ["a={}", "a={}"], ["{}", "{}"]])
def test_systems_that_cannot_be_told_apart_are_refused(
    tmp_path: Path, arguments: list[str]
) -> None:
    path = folder(tmp_path / "one", system("x", 0.1))
    with pytest.raises(RecordError, match="two or more are needed, each with its name"):
        read_systems([argument.format(path) for argument in arguments])


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A comparison of three systems, one with two seeds and a name that is no markup."""
    for name, share in (("low", 0.25), ("high", 0.05), ("again", 0.1)):
        folder(tmp_path / name, system(name, share, seed=len(name)))
    app = typer.Typer()
    app.command()(compare.main)
    named = f"<b>$x$</b>={tmp_path / 'high'},{tmp_path / 'again'}"
    arguments = [str(tmp_path / "low"), named, str(tmp_path / "again")]
    result = CliRunner().invoke(app, [*arguments, "--output", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert result.output.count("is better than low on") == 2
    return tmp_path / "out"


def test_the_three_files_say_the_same(written: Path) -> None:
    result = json.loads((written / "comparison.json").read_text(encoding="utf-8"))
    text = (written / "comparison.md").read_text(encoding="utf-8")
    html = (written / "comparison.html").read_text(encoding="utf-8")
    assert [s["seeds"] for s in result["systems"]] == [1, 2, 1]
    assert all(f"- {part['verdict']}" in text for part in result["comparisons"])
    assert "as many seeds, whose F1 is averaged" in text
    assert "Of a system trained once, they leave out what another training would change." in text
    shown = [float(value) for value in re.findall(r'"difference" data-value="([^"]+)"', html)]
    wanted = [
        [part["overall"][key]["difference"] for part in result["comparisons"]]
        for key in paired.OVERALL
    ] + [[p["labels"][name]["difference"] for p in result["comparisons"]] for name in NAMES]
    assert shown == [value for row in wanted for value in row]


def test_the_command_names_what_it_cannot_read(tmp_path: Path) -> None:
    path = folder(tmp_path / "one", system("x", 0.1))
    app = typer.Typer()
    app.command()(compare.main)
    result = CliRunner().invoke(app, [str(path), str(tmp_path / "gone")])
    assert result.exit_code == 1
    assert "rows.json: missing. Evaluate that model first" in result.stderr


@pytest.mark.browser
@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)]
)
def test_the_page_opens_quietly_for_everybody(
    written: Path, chromium: Browser, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 740}
    path = written / "comparison.html"
    with visit(chromium, path, color_scheme=scheme, viewport=size) as seen:
        assert "<b>$x$</b>" in seen.page.inner_text("h1")
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        seen.assert_quiet()
        assert seen.faults() == []
