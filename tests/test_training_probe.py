"""Linear probes: what a source of labels gives over an encoder that stays as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from training_fixtures import easy, learnt, write_records
from typer.testing import CliRunner

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from training import probe
from training.config import ConfigError, Source
from training.examples import Examples, load
from training.frozen import Frozen

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SECURITY = OPP115.index("Data Security")
TEXTS = ["We encrypt your data.", "This policy may change.", "We ignore Do Not Track."]


def probed(
    features: NDArray[np.float32], truth: NDArray[np.float32], *, known: tuple[int, ...] = ()
) -> probe.Probed:
    """Texts of which only the label Data Security is ever there; `known` masks the others."""
    number = len(features)
    targets = np.zeros((number, len(OPP115.labels)), dtype=np.float32)
    targets[:, SECURITY] = truth
    mask = np.zeros_like(targets) if known else np.ones_like(targets)
    mask[:, list(known)] = 1
    names = [f"t{k}" for k in range(number)]
    ones = np.ones(number, dtype=np.float32)
    documents = [f"d{k % 10}" for k in range(number)]
    data = Examples(
        names, names, documents, ["train"] * number, targets, targets.round(), mask, ones
    )
    return probe.Probed(data, features)


def drawn(number: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Noise in eight columns; the label hangs on the first."""
    x = np.random.default_rng(seed).normal(size=(number, 8)).astype(np.float32)
    return x, (x[:, 0] > 0).astype(np.float32)


def test_a_probe_learns_from_soft_targets() -> None:
    x, truth = drawn(400, 0)
    held, wanted = drawn(200, 1)
    soft = probed(x, 0.3 + 0.4 * truth)
    decided = probe.probe(soft, [], 0.0, held, SECURITY)
    assert np.mean(decided == (wanted > 0.5)) > 0.9


def test_a_label_that_never_comes_is_never_decided() -> None:
    x, truth = drawn(40, 0)
    gold = probed(x, truth)
    assert not probe.probe(gold, [], 0.0, x, OPP115.index("Do Not Track")).any()


def test_a_source_counts_by_its_weight_and_for_what_it_knows() -> None:
    x, truth = drawn(60, 0)
    gold, fold = probed(x, truth), np.arange(60) % 5
    more, more_truth = drawn(2000, 1)
    good = probed(more, more_truth, known=(SECURITY,))
    wrong = probed(more, 1 - more_truth, known=(SECURITY,))
    silent = probed(more, 1 - more_truth, known=(OPP115.index("Policy Change"),))

    def right(*arguments: Any) -> float:
        decided = probe.decide(gold, fold, *arguments)
        return float(np.mean(decided[:, SECURITY] == (truth > 0.5)))

    alone = probe.decide(gold, fold, [], 0.0)
    assert right([good], 0.2, alone) > right([], 0.0)
    assert right([wrong], 0.2, alone) < 0.5 < right([wrong], 1e-4, alone)
    assert right([silent], 0.2, alone) == right([], 0.0)


def test_what_the_source_gives_is_compared_on_the_same_texts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    x, truth = drawn(200, 0)
    more, more_truth = drawn(2000, 1)
    sources = {
        "good": probed(more, more_truth, known=(SECURITY,)),
        "wrong": probed(more, 1 - more_truth, known=(SECURITY,)),
    }
    gold = probed(x, truth)
    without, rows = probe.compare(gold, np.arange(200) % 5, sources, [0.5])
    assert without["macro_f1"] == pytest.approx(without["micro_f1"] / len(OPP115.labels))
    assert [row["source"] for row in rows] == ["good", "wrong", "all"]
    assert [row["texts"] for row in rows] == [2000, 2000, 4000]
    assert rows[1]["overall"]["micro_f1"]["interval"][1] < 0
    assert rows[1]["labels"]["Data Security"]["verdict"] == "worse"
    written = probe.table(without, rows)
    assert capsys.readouterr().out.splitlines()[1] in written
    assert "| wrong | 2,000 | 0.5 |" in written


def test_features_are_what_the_head_reads() -> None:
    whole, cut = Frozen.load(learnt().folder), Frozen.load(learnt().folder)
    logits, _ = whole.outputs(TEXTS)
    features = cut.features(TEXTS)
    weight, bias = (p.detach().numpy() for p in whole.model.classifier.parameters())
    assert features @ weight.T + bias == pytest.approx(logits, abs=1e-4)


def test_a_long_text_has_the_mean_of_its_windows() -> None:
    cut = Frozen.load(learnt().folder)
    long = " ".join(["We encrypt your data and delete it."] * 120)
    features = cut.features([TEXTS[0], long])
    found, windows = cut.outputs([long])
    assert len(windows.owner) > 1
    assert features[1] == pytest.approx(found.mean(axis=0), abs=1e-5)


@pytest.mark.slow
def test_the_program_keeps_features_and_refuses_other_texts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [json.loads(line) for line in easy().read_text("utf-8").splitlines()]
    for k, row in enumerate(rows):
        row |= {"split": "train", "fold": k % 3, "document": f"d{k % 7}"}
    gold = write_records(tmp_path / "gold.jsonl", rows)
    other = {"document": "s", "labels": ["Data Security"], "known": ["Data Security"]}
    texts = [f"Everything is encrypted at rest, number {k}." for k in range(6)]
    more = [other | {"id": f"s{k}", "text": text} for k, text in enumerate(texts)]
    source = write_records(tmp_path / "mine.jsonl", more)
    app = probe.typer.Typer()
    app.command()(probe.main)
    out = tmp_path / "out"
    common = [str(learnt().folder), "--gold", str(gold), "--output", str(out)]
    common += ["--weight", "0.1"]
    for _ in range(2):
        done = CliRunner().invoke(app, [*common, "--source", str(source)])
        assert done.exit_code == 0, done.output
        monkeypatch.setattr(Frozen, "load", None)
    made = json.loads((out / "probe.json").read_text("utf-8"))
    assert [row["source"] for row in made["sources"]] == ["mine"]
    assert made["without"]["micro_f1"] > 0.5
    assert "| mine | 6 | 0.1 |" in (out / "probe.md").read_text("utf-8")
    again = CliRunner().invoke(app, [*common, "--source", str(source), "--most", "3"])
    assert again.exit_code == 1
    assert "another most" in again.output


def test_no_two_sources_go_by_one_name(tmp_path: Path) -> None:
    gold, mine, other = (tmp_path / name for name in ("opp115.jsonl", "a/x.jsonl", "b/x.jsonl"))
    assert probe._named(gold, [mine]) == {"x": mine}
    with pytest.raises(ConfigError, match=r"a/x\.jsonl and .*b/x\.jsonl: both .* name 'x'"):
        probe._named(gold, [mine, other])
    for name in ("gold", "all"):
        with pytest.raises(ConfigError, match=rf"and .*b/{name}\.jsonl: both .* name '{name}'"):
            probe._named(gold, [mine, tmp_path / "b" / f"{name}.jsonl"])


def test_gold_without_folds_is_refused(tmp_path: Path) -> None:
    data = load([Source(path=str(easy()))])
    rows = [{"id": name, "text": "x"} for name in data.ids]
    gold = write_records(tmp_path / "gold.jsonl", rows)
    with pytest.raises(RecordError, match="has no fold"):
        probe._folds(gold, data.ids)
