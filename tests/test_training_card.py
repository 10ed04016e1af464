"""The model card: what the Hub reads of it, what people read of it, and how it is written anew."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from conftest import files, manifest, position_graph
from huggingface_hub import ModelCard
from typer.testing import CliRunner

from clausemark import Classifier, artifact
from clausemark.artifact import ModelFolder, Source, bundled_model
from clausemark.errors import ModelError, RecordError
from clausemark.labels import OPP115
from training import card

CONFIGS = Path(__file__).parents[1] / "training" / "configs"
FACTS = card.Facts(
    name="tiny",
    version="1.2.3",
    base="keywords",
    hub_base="example/tiny",
    licence="Apache-2.0",
    summary="A tiny model.",
    limits="- It is tiny.",
    sources=(Source("keywords", "Apache-2.0", "https://example.org", "to test with"),),
    results={"validation": {"name": "Forty texts", "type": "forty", "split": "validation"}},
)


def facts_of(folder: Path, **changes: Any) -> card.Facts:
    manifest = ModelFolder(folder).read()
    return replace(FACTS, name=manifest.name, version=manifest.version, **changes)


def read(folder: Path) -> Any:
    return ModelCard((folder / "README.md").read_text(encoding="utf-8")).data


def test_the_hub_reads_the_bundled_models_card() -> None:
    folder = bundled_model()
    manifest, data = folder.read(), read(folder.path)
    assert (data.language, data.license, data.library_name) == ("en", "other", "clausemark")
    assert data.license_name == "clausemark-opp115-weights"
    assert data.pipeline_tag == "text-classification"
    assert data.base_model == manifest.base
    overall = manifest.metrics["validation"]["chosen_thresholds"]["overall"]
    found = {r.metric_name: r for r in data.eval_results}
    assert found["macro-F1"].metric_value == round(overall["macro_f1"], 4)
    assert found["micro-F1"].metric_value == round(overall["micro_f1"], 4)
    ends = [round(end, 4) for end in overall["micro_f1_interval"]]
    assert found["micro-F1"].metric_args["interval_95"] == ends
    assert {r.dataset_split for r in data.eval_results} == {"validation"}


def test_the_bundled_models_card_is_what_its_card_file_gives() -> None:
    folder = bundled_model()
    facts = card.read_facts(CONFIGS / "bundled.card.toml", [])
    assert folder.card.read_text(encoding="utf-8") == card.render(folder.read(), facts)


def test_people_read_every_class_with_its_interval() -> None:
    folder = bundled_model()
    text = folder.card.read_text(encoding="utf-8")
    labels = folder.read().metrics["validation"]["chosen_thresholds"]["labels"]
    for name in OPP115.names:
        low, high = labels[name]["f1_interval"]
        assert f"| {labels[name]['f1']:.3f} [{low:.3f}, {high:.3f}] |" in text
    for title in ("Use", "Meant for", "Not meant for", "Figures", "Limits", "Citation"):
        assert f"\n## {title}\n" in text


def test_a_licence_that_the_hub_knows_goes_by_its_name(tiny_copy: Path) -> None:
    card.renew(tiny_copy, facts_of(tiny_copy))
    assert read(tiny_copy).license == "apache-2.0"
    card.renew(tiny_copy, facts_of(tiny_copy, licence="For Sundays only"))
    data = read(tiny_copy)
    assert (data.license, data.license_name) == ("other", f"{data.model_name}-terms")


def test_only_the_models_own_figures_stand_in_its_index(tiny_copy: Path) -> None:
    card.renew(tiny_copy, facts_of(tiny_copy))
    (found,) = read(tiny_copy).eval_results
    assert (found.dataset_name, found.metric_name, found.metric_value) == (
        "Forty texts", "macro-F1", 0.5,
    )  # fmt: skip
    card.renew(tiny_copy, facts_of(tiny_copy, results={}))
    assert read(tiny_copy).eval_results is None


def test_the_transformers_folders_card_says_how_transformers_loads_it(tiny: Path) -> None:
    text = card.render(ModelFolder(tiny).read(), facts_of(tiny), "transformers")
    assert ModelCard(text).data.library_name == "transformers"
    assert 'pipeline("text-classification"' in text
    assert "from clausemark" not in text


def test_a_renewed_card_leaves_a_sound_folder_with_the_same_weights(tiny_copy: Path) -> None:
    before = ModelFolder(tiny_copy).read()
    weights = (tiny_copy / "model.onnx").read_bytes()
    after = card.renew(tiny_copy, facts_of(tiny_copy, citation="Cite **us**."))
    assert (tiny_copy / "model.onnx").read_bytes() == weights
    assert "Cite **us**." in (tiny_copy / "README.md").read_text()
    changed = {"files", "sources", "licence"}
    for name in set(before.__dataclass_fields__) - changed:
        assert getattr(after, name) == getattr(before, name)
    assert after.files["model.onnx"] == before.files["model.onnx"]


def test_another_window_makes_another_version_of_the_same_weights(tiny_copy: Path) -> None:
    before = ModelFolder(tiny_copy).read()
    text = "We keep call records for 18 months. " * 3
    narrow = Classifier.load(tiny_copy).predict_proba([text])
    next_one = facts_of(tiny_copy, results={"validation": FACTS.results["validation"]})
    after = card.renew(tiny_copy, replace(next_one, version="9.0.0"), window=40)
    assert (after.version, after.window.size) == ("9.0.0", 40)
    assert after.window.overlap == before.window.overlap
    assert after.files["model.onnx"] == before.files["model.onnx"]
    assert set(before.metrics) - set(after.metrics) == {"validation"}
    assert "- window: 40 tokens" in (tiny_copy / "README.md").read_text()
    assert np.abs(Classifier.load(tiny_copy).predict_proba([text]) - narrow).max() > 1e-3


def test_the_same_version_keeps_its_window(tiny_copy: Path) -> None:
    with pytest.raises(RecordError, match=r"has a window of 12\. Give the version with another"):
        card.renew(tiny_copy, facts_of(tiny_copy), window=40)
    assert ModelFolder(tiny_copy).read().window.size == 12


@pytest.mark.parametrize("window", [3, 511])
def test_a_window_that_no_run_can_have_is_refused(tiny_copy: Path, window: int) -> None:
    wider = replace(facts_of(tiny_copy), version="9.0.0")
    with pytest.raises(RecordError, match=rf"window is {window}, not in \[4, 510\]"):
        card.renew(tiny_copy, wider, window=window)


def test_a_window_is_given_to_no_other_model(tiny_copy: Path) -> None:
    other = replace(facts_of(tiny_copy), name="other", version="9.0.0")
    with pytest.raises(RecordError, match=r"holds tiny 0\.0\.1, the card is of other 9\.0\.0"):
        card.renew(tiny_copy, other, window=40)


def test_a_window_that_the_model_has_no_places_for_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "places"
    artifact.write(folder, manifest(), files(weights=position_graph(14)))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ModelError, match=r"model\.onnx: not usable"):
        card.renew(folder, replace(facts_of(folder), version="9.0.0"), window=13)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_damaged_folder_keeps_its_card(tiny_copy: Path) -> None:
    facts, text = facts_of(tiny_copy), (tiny_copy / "README.md").read_text()
    (tiny_copy / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(ModelError, match=r"model\.onnx"):
        card.renew(tiny_copy, facts)
    assert (tiny_copy / "README.md").read_text() == text


def test_the_command_refuses_another_models_card_file(tiny_copy: Path) -> None:
    app = typer.Typer()
    app.command()(card.main)
    toml = CONFIGS / "demo.card.toml"
    result = CliRunner().invoke(app, [str(tiny_copy), "--card", str(toml)])
    assert result.exit_code == 1
    assert "the card is of clausemark-demo 0.1.0. Choose the card file" in result.output


def test_the_command_quotes_more_figures(tiny_copy: Path, tmp_path: Path) -> None:
    manifest = ModelFolder(tiny_copy).read()
    toml = tmp_path / "a.card.toml"
    names = ("base", "hub_base", "licence", "summary", "limits")
    lines = [f'{n} = "x"\n' for n in names] + ["sources = []\n"]
    lines += [f'name = "{manifest.name}"\nversion = "{manifest.version}"\n']
    toml.write_text("".join(lines))
    row = {"support": 3, "precision": 0.5, "recall": 1.0, "f1": 0.66666, "f1_interval": [0.1, 0.9]}
    overall = {"macro_f1": 0.25, "macro_f1_interval": [0.2, 0.3]}
    figures = {"overall": overall, "labels": {"Data Security": row}}
    more = tmp_path / "places" / "metrics.json"
    more.parent.mkdir()
    more.write_text(json.dumps({"texts": 7, "chosen_thresholds": figures}))
    app = typer.Typer()
    app.command()(card.main)
    given = [str(tiny_copy), "--card", str(toml), "--metrics", str(more)]
    assert CliRunner().invoke(app, given).exit_code == 0
    text = (tiny_copy / "README.md").read_text()
    assert "| places, chosen thresholds | 7 | 0.250 [0.200, 0.300] | – | – |" in text
    assert "| Data Security | 3 | 0.500 | 1.000 | 0.667 [0.100, 0.900] |" in text
    assert set(ModelFolder(tiny_copy).read().metrics) == {*manifest.metrics, "places"}
