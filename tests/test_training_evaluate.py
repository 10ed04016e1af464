"""Evaluation: the figures of the shipped package, beside a baseline, as JSON and Markdown."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pytest
import typer
from report_fixtures import Figures
from sklearn.metrics import f1_score, precision_score, recall_score
from training_fixtures import rows, write_records
from typer.testing import CliRunner

from clausemark import Classifier
from clausemark.errors import RecordError
from clausemark.labels import OPP115
from training import card, evaluate, examples
from training.config import Source
from training.files import write_json
from training.outoffold import OutOfFold
from training.report.markdown import figure, report

if TYPE_CHECKING:
    from pathlib import Path

    from training.scored import Scored


def random(seed: int, texts: int = 90) -> tuple[Scored, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = (rng.random((texts, 12)) < 0.3).astype(np.float32)
    scores = (0.4 * truth + 0.6 * rng.random((texts, 12))).astype(np.float32)
    names = [str(k) for k in range(texts)]
    documents = [f"d{k % 9}" for k in range(texts)]
    return evaluate.Scored(names, documents, truth, scores), scores >= 0.5


def test_the_figures_are_scikit_learns() -> None:
    scored, decided = random(1)
    found = evaluate.assess(scored, decided)
    macro = f1_score(scored.truth, decided, average="macro", zero_division=0)
    assert found["overall"]["macro_f1"] == pytest.approx(macro)
    for kind, count in (("precision", precision_score), ("recall", recall_score)):
        wanted = count(scored.truth, decided, average=None, zero_division=0)
        each = [found["labels"][name][kind] for name in OPP115.names]
        assert each == pytest.approx(wanted)
    support = [found["labels"][name]["support"] for name in OPP115.names]
    assert support == scored.truth.sum(axis=0).tolist()


def test_equal_decisions_differ_by_nothing() -> None:
    scored, decided = random(2)
    for part in evaluate.paired(scored.truth, scored.documents, decided, decided).values():
        assert part == {"difference": 0, "interval": [0, 0], "better": 0}


def test_perfect_decisions_beat_others_on_every_sample() -> None:
    scored, decided = random(3)
    perfect = scored.truth > 0.5
    part = evaluate.paired(scored.truth, scored.documents, perfect, decided)["micro_f1"]
    assert part["better"] == 1
    assert 0 < part["interval"][0] < part["difference"] < part["interval"][1]


def test_scores_survive_their_folder(tmp_path: Path) -> None:
    scored, decided = random(4)
    scored.write(tmp_path, decided)
    read, again = evaluate.read_scored(tmp_path)
    assert (read.ids, read.documents) == (scored.ids, scored.documents)
    assert (read.truth == scored.truth).all()
    assert (read.scores == scored.scores).all()
    assert (again == decided).all()
    (tmp_path / "scores.npy").unlink()
    with pytest.raises(RecordError, match=r"scores\.npy: missing. Evaluate that model first"):
        evaluate.read_scored(tmp_path)


def test_the_command_judges_what_the_package_says(tiny: Path, tmp_path: Path) -> None:
    path = write_records(tmp_path / "records.jsonl", list(rows()[:40]))
    app = typer.Typer()
    app.command()(evaluate.main)
    first, second = tmp_path / "first", tmp_path / "second"
    result = CliRunner().invoke(app, [str(tiny), str(path), "--output", str(first)])
    assert result.exit_code == 0, result.output
    again = [str(tiny), str(path), "--output", str(second), "--baseline", str(first)]
    assert CliRunner().invoke(app, again).exit_code == 0
    figures = json.loads((second / "metrics.json").read_text())
    texts = [row["text"] for row in rows()[:40]]
    classifier = Classifier.load(tiny)
    assert np.load(second / "scores.npy") == pytest.approx(classifier.predict_proba(texts))
    assert figures["baseline"]["ours_less_theirs"]["macro_f1"]["difference"] == 0
    assert figures["data"] == {"records.jsonl": examples.checksum(path)}
    assert "Against first" in (second / "report.md").read_text()


def test_only_the_page_quotes_texts_and_only_if_asked(tiny: Path, tmp_path: Path) -> None:
    texts = [
        f"We share marmalade <We share the {word} of it <&> with others> {word} with others."
        for word in ("first", "second", "third")
    ]
    labels = [["Data Security"], ["Do Not Track"], []]
    records = [
        {"id": f"d/{k}", "document": f"d{k}", "corpus": "alien", "text": text, "labels": given}
        for k, (text, given) in enumerate(zip(texts, labels, strict=True))
    ]
    path = write_records(tmp_path / "records.jsonl", records)
    for option in ("--texts", "--no-texts"):
        output = tmp_path / option.strip("-")
        call(str(tiny), str(path), "--output", str(output), option)
        for name in ("report.md", "metrics.json", "rows.json"):
            assert "marmalade" not in (output / name).read_text()
    page = (tmp_path / "texts" / "report.html").read_text()
    assert all(escape(text) in page for text in texts)
    assert "do not publish" in page
    silent = (tmp_path / "no-texts" / "report.html").read_text()
    assert "marmalade" not in silent
    assert "do not publish" not in silent


def test_labels_are_suspected_by_a_cross_validation_where_there_is_one(
    tiny: Path, tmp_path: Path
) -> None:
    pytest.importorskip("cleanlab", reason="the extra audit is not installed")
    texts = [f"We {word} it." for word in ("collect", "share", "secure") * 8]
    labels = ["First Party Collection/Use", "Third Party Sharing/Collection", "Data Security"] * 8
    truth = np.array([[name == given for name in OPP115.names] for given in labels])
    labels[4] = "Data Security"  # of a text about sharing
    records = [
        {"id": f"d/{k}", "document": f"d{k % 4}", "fold": k % 2, "text": text, "labels": [given]}
        for k, (text, given) in enumerate(zip(texts, labels, strict=True))
    ]
    path = write_records(tmp_path / "records.jsonl", records)
    given = np.array([[name == label for name in OPP115.names] for label in labels])
    OutOfFold(
        [row["id"] for row in records],
        [row["document"] for row in records],
        [None] * len(records),
        np.arange(len(records)) % 2,
        np.where(truth, 4, -4).astype(np.float32),
        given.astype(np.float32),
    ).write(tmp_path / "cv")
    options = ["--output", str(tmp_path / "out"), "--crossval", str(tmp_path / "cv")]
    call(str(tiny), str(path), *options)
    page = (tmp_path / "out" / "report.html").read_text()
    suspected = page[page.index("Suspected label") :]
    assert "out-of-fold scores" in suspected
    assert "We share it." in suspected
    assert "We collect it." not in suspected


def test_texts_of_this_project_need_no_warning(tiny: Path, tmp_path: Path) -> None:
    records = [row | {"corpus": "fictional"} for row in rows()[:30]]
    path = write_records(tmp_path / "records.jsonl", records)
    call(str(tiny), str(path), "--output", str(tmp_path / "out"))
    page = (tmp_path / "out" / "report.html").read_text()
    assert "The worst errors" in page
    assert "do not publish" not in page
    alien = write_records(tmp_path / "alien.jsonl", [*records[:-1], rows()[29]])
    call(str(tiny), str(alien), "--output", str(tmp_path / "out"))
    assert "do not publish" in (tmp_path / "out" / "report.html").read_text()


def test_the_pages_figures_of_the_bundled_model_are_scikit_learns(tmp_path: Path) -> None:
    records = [row | {"corpus": "fictional"} for row in rows() if row["split"] == "test"]
    path = write_records(tmp_path / "records.jsonl", records)
    call("bundled", str(path), "--output", str(tmp_path / "out"))
    found = Figures((tmp_path / "out" / "report.html").read_text())
    truth = np.array([[n in row["labels"] for n in OPP115.names] for row in records])
    exact = Classifier.load(engine="onnxruntime", precision="f32")
    given = exact.predict([row["text"] for row in records])
    decided = np.array([[n in labels for n in OPP115.names] for labels in given])
    wanted = f1_score(truth, decided, average=None, zero_division=0)
    assert [found.of("f1", label=n)[0] for n in OPP115.names] == pytest.approx(wanted)
    for average in ("macro", "micro"):
        wanted = f1_score(truth, decided, average=average, zero_division=0)
        assert found.of(f"{average}_f1", row="chosen") == pytest.approx([wanted])
    assert found.of("Labels on the same text", row="0", column="0") == [truth[:, 0].sum()]


def call(*arguments: str) -> None:
    """Run training.evaluate as a user does."""
    app = typer.Typer()
    app.command()(evaluate.main)
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output


def test_a_baseline_on_other_records_is_refused(tiny: Path, tmp_path: Path) -> None:
    scored, decided = random(5)
    scored.write(tmp_path / "other", decided)
    path = write_records(tmp_path / "records.jsonl", list(rows()[:5]))
    data = examples.load([Source(str(path))])
    with pytest.raises(RecordError, match="scored on 90 other records than these 5"):
        evaluate.evaluate(Classifier.load(tiny), data, tmp_path / "other")


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_label_that_never_occurs_is_a_dash(tiny: Path, tmp_path: Path) -> None:
    kept = [row for row in rows()[:40] if "Do Not Track" not in row["labels"]]
    data = examples.load([Source(str(write_records(tmp_path / "r.jsonl", kept)))])
    result, _, _ = evaluate.evaluate(Classifier.load(tiny), data)
    result |= {"command": "x", "python": "3", "versions": {}, "data": {}}
    write_json(tmp_path / "metrics.json", result)
    text = (tmp_path / "metrics.json").read_text()
    assert "NaN" not in text
    for figures in (result, json.loads(text)):
        (line,) = [at for at in report(figures).splitlines() if at.startswith("| Do Not Track |")]
        assert line.endswith("[–, –] | – |")


def test_a_card_quotes_figures_under_their_folders_name(tiny: Path, tmp_path: Path) -> None:
    path = write_records(tmp_path / "r.jsonl", list(rows()[:20]))
    result, _, _ = evaluate.evaluate(Classifier.load(tiny), examples.load([Source(str(path))]))
    write_json(tmp_path / "places" / "metrics.json", result)
    toml = tmp_path / "a.card.toml"
    names = ("name", "version", "base", "hub_base", "licence", "summary", "limits")
    toml.write_text("".join(f'{n} = "x"\n' for n in names) + "sources = []\n")
    quoted = card.read_facts(toml, [tmp_path / "places" / "metrics.json"]).metrics["places"]
    assert quoted["texts"] == 20
    found = quoted["chosen_thresholds"]["overall"]["macro_f1"]
    assert found == round(result["chosen_thresholds"]["overall"]["macro_f1"], 7)


def test_a_card_rounds_once(tmp_path: Path) -> None:
    scored, decided = random(6)
    figures = evaluate.assess(scored, decided)
    label = figures["labels"]["Data Security"]
    label["f1"] = 52 / 61  # .85246: .8525 in four decimals, .853 in three of those
    write_json(tmp_path / "m" / "metrics.json", {"texts": 90, "at_half": figures})
    toml = tmp_path / "a.card.toml"
    names = ("name", "version", "base", "hub_base", "licence", "summary", "limits")
    toml.write_text("".join(f'{n} = "x"\n' for n in names) + "sources = []\n")
    quoted = card.read_facts(toml, [tmp_path / "m" / "metrics.json"]).metrics["m"]
    assert figure(quoted["at_half"]["labels"]["Data Security"]["f1"]) == "0.852"
