"""A model folder goes back to a run: the same logits, to train on from and to export again."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import typer
from safetensors.torch import load_file
from test_training_export import FACTS, calibration, exported, loaded
from training_fixtures import bert, easy, learnt, make_config, roberta_folder, rows
from transformers import AutoTokenizer, BertForSequenceClassification
from typer.testing import CliRunner

from clausemark import Classifier
from clausemark.artifact import ModelFolder, Window, write
from clausemark.errors import ModelError, OutputError
from training import export, thaw
from training.fit import fit
from training.soup import WEIGHTS

TEXTS = [row["text"] for row in rows()[:20]]


def thawed(tmp_path: Path) -> Path:
    output = tmp_path / "thawed"
    thaw.thaw(ModelFolder(exported("bert")[0]), output, base=str(bert()))
    return output


def test_its_weights_are_the_runs_but_for_the_rounding(tmp_path: Path) -> None:
    found, first = load_file(thawed(tmp_path) / WEIGHTS), loaded(learnt()).state_dict()
    assert set(found) == set(first) - {"bert.embeddings.position_ids"}
    # Values are evened out against the weights behind them: the product is the same, not the two.
    for name, own in found.items():
        if own.ndim > 1 and "self.value" not in name and "attention.output.dense" not in name:
            step = first[name].abs().max() / 127
            assert torch.allclose(own, first[name], atol=float(step)), name
    assert any(not torch.equal(own, first[name]) for name, own in found.items())


def test_exported_again_it_scores_as_before(tmp_path: Path) -> None:
    run, lines = thawed(tmp_path), calibration(tmp_path / "calibration.json")
    export.export(run, tmp_path / "again", calibration=lines, facts=FACTS)
    first, again = (
        Classifier.load(folder, engine="onnxruntime", precision="f32").predict_proba(TEXTS)
        for folder in (exported("bert")[0], tmp_path / "again")
    )
    assert again == pytest.approx(first, abs=2e-3)


def test_a_config_trains_on_from_it(tmp_path: Path) -> None:
    base = str(thawed(tmp_path) / "model")
    on = make_config(Path(base), easy(), tmp_path / "on", epochs=1)
    afresh = make_config(bert(), easy(), tmp_path / "afresh", epochs=1)
    assert fit(on)["validation"]["macro_f1"] > fit(afresh)["validation"]["macro_f1"]


def test_a_graph_without_ranges_can_be_read_back_too(tmp_path: Path) -> None:
    lines, plain = calibration(tmp_path / "calibration.json"), tmp_path / "plain"
    export.export(learnt().folder, plain, calibration=lines, facts=FACTS, int8=False)
    thaw.thaw(ModelFolder(plain), tmp_path / "run", base=str(bert()))
    assert (tmp_path / "run" / WEIGHTS).exists()


def test_a_vocabulary_that_was_pruned_stays_so(tmp_path: Path) -> None:
    whole = BertForSequenceClassification.from_pretrained(bert())
    pieces = whole.config.vocab_size
    whole.resize_token_embeddings(pieces + 50)
    whole.save_pretrained(tmp_path / "base")
    AutoTokenizer.from_pretrained(bert()).save_pretrained(tmp_path / "base")
    thaw.thaw(ModelFolder(exported("bert")[0]), tmp_path / "run", base=str(tmp_path / "base"))
    config = json.loads((tmp_path / "run" / "model" / "config.json").read_text())
    assert config["vocab_size"] == pieces


@pytest.mark.parametrize(("model", "base"), [("roberta", "bert"), ("bert", "roberta")])
def test_a_model_or_base_of_another_kind_is_refused(tmp_path: Path, model: str, base: str) -> None:
    other = {"bert": bert, "roberta": lambda: roberta_folder(tmp_path / "base")}[base]()
    with pytest.raises(ModelError, match=r"no .* of shape .*Only a BERT's graph can be read back"):
        thaw.thaw(ModelFolder(exported(model)[0]), tmp_path / "run", base=str(other))
    assert not (tmp_path / "run").exists()


def test_the_command_takes_a_folder_and_says_what_is_wrong(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(thaw.main)
    folder, output = str(exported("bert")[0]), str(tmp_path / "run")
    call = [folder, "--output", output, "--base", str(bert())]
    assert CliRunner().invoke(app, call).stdout.strip() == output
    again = CliRunner().invoke(app, call)
    assert (again.exit_code, "there already" in again.output) == (1, True)


def test_a_run_that_reads_otherwise_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    products = thaw._products
    monkeypatch.setattr(
        thaw, "_products", lambda *a: ((name, np.abs(own)) for name, own in products(*a))
    )
    with pytest.raises(ModelError, match="logits differ by"):
        thawed(tmp_path)
    assert not (tmp_path / "thawed").exists()


def test_a_model_with_a_window_longer_than_its_batches_becomes_a_run(tmp_path: Path) -> None:
    folder = tmp_path / "wide"
    shutil.copytree(exported("bert")[0], folder)
    manifest = ModelFolder(folder).read()
    made = {"batch_tokens": 64}
    wide = replace(manifest, window=Window(150, 8), training={"config": made, "run": {}})
    write(folder, wide, {name: folder / name for name in manifest.files}, overwrite=True)
    thaw.thaw(ModelFolder(folder), tmp_path / "thawed", base=str(bert()))
    config = json.loads((tmp_path / "thawed" / "config.json").read_text())
    assert (config["window"], config["batch_tokens"]) == (150, 160)


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thawed").mkdir()
    with pytest.raises(OutputError, match="there already"):
        thawed(tmp_path)


def test_the_run_says_which_model_it_was(tmp_path: Path) -> None:
    made = json.loads((thawed(tmp_path) / "run.json").read_text())
    manifest = ModelFolder(exported("bert")[0]).read()
    assert made["thawed"]["model.onnx"] == manifest.files["model.onnx"].sha256
    assert made["before"] == manifest.training["run"]
