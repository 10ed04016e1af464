"""The export: two folders that say the same, from several architectures, a quarter of the size."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from training_fixtures import (
    bert,
    distilbert_folder,
    easy,
    learnt,
    make_config,
    roberta_folder,
    rows,
)
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from clausemark import Classifier
from clausemark.artifact import LabelSettings, Source
from clausemark.errors import ModelError, OutputError, RecordError
from clausemark.labels import OPP115
from clausemark.normalise import normalise
from clausemark.tokens import spans
from training import card, export, onnx_graph
from training.files import write_json
from training.fit import fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from training.config import FitConfig

#: Quotes, dashes, accents, bullets, markers, special tokens' names, nothing at all.
NASTY = (
    "We don’t share “call records” — or ‘names’ – with anyone…",
    "• Café owners\n• naïve façades\n\t– and re‑sellers",
    "1. 'Cookies' (a) \"beacons\" ½ ™ © 100 %",
    "zero\u200bwidth soft\u00adhyphen \ufeff mark",
    "[SEP] and [PAD] plain",
    "",
    "ﬁne ＦＵＬＬ width",
)
FACTS = card.Facts(
    name="tiny",
    version="0.0.1",
    base="tiny",
    hub_base="example/tiny",
    licence="Apache-2.0",
    summary="A tiny model.",
    limits="- It is tiny.",
    sources=(Source("policies", "Apache-2.0", "", "labels"),),
)
_ROOM = tempfile.TemporaryDirectory(prefix="clausemark-export-")


def calibration(path: Path) -> Path:
    """Write slopes, intercepts and thresholds that differ label by label."""
    lines = {
        name: {"slope": 0.8 + 0.1 * k, "intercept": 0.1 * k - 0.5, "threshold": 0.3 + 0.02 * k}
        for k, name in enumerate(OPP115.names)
    }
    write_json(path, {"labels": lines, "fallback": 0.2})
    return path


@cache
def exported(kind: str) -> tuple[Path, Path]:
    """Return the model folder and the transformers folder of a run of an architecture."""
    room = Path(_ROOM.name) / kind
    room.mkdir()
    config = learnt() if kind == "bert" else _trained(kind, room)
    lines = calibration(room / "calibration.json")
    output = room / "model"
    return output, export.export(config.folder, output, calibration=lines, facts=FACTS)


def _trained(kind: str, room: Path) -> FitConfig:
    make: Callable[[Path], Path] = {"distilbert": distilbert_folder, "roberta": roberta_folder}[
        kind
    ]
    config = make_config(make(room / "base"), easy(), room / "runs", epochs=2)
    fit(config)
    return config


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta"])
def test_both_folders_score_any_text_alike(kind: str) -> None:
    model, beside = exported(kind)
    # All within one window: what is longer transformers truncates and the package does not.
    texts = (*NASTY, *(row["text"][:60] for row in rows()[:25]))
    exact = Classifier.load(model, engine="onnxruntime", precision="f32")
    assert export.difference(exact, beside, texts) < 1e-3


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta"])
def test_padding_does_not_change_a_score(kind: str) -> None:
    classifier = Classifier.load(exported(kind)[0], engine="onnxruntime", precision="f32")
    texts = [row["text"] for row in rows()[:20]] + ["short"]
    alone = np.concatenate([classifier.predict_proba([text]) for text in texts])
    assert classifier.predict_proba(texts) == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_the_transformers_tokenizer_keeps_the_roles_of_its_base(kind: str) -> None:
    run = learnt().folder if kind == "bert" else Path(_ROOM.name) / kind / "runs" / "tiny"
    beside = exported(kind)[1]
    base = AutoTokenizer.from_pretrained(run / "model")
    made = AutoTokenizer.from_pretrained(beside)
    assert made.special_tokens_map == base.special_tokens_map
    assert made("We don’t.")["input_ids"] == base(normalise("We don’t."))["input_ids"]


def test_a_long_text_is_read_to_its_end() -> None:
    classifier = Classifier.load(exported("bert")[0], engine="onnxruntime", precision="f32")
    words = ("and so on " * 60).split()
    text = " ".join(words)
    parts = [" ".join(words[a:b]) for a, b in spans(len(words), 62, 8)]
    assert len(parts) > 2
    found = classifier.predict_proba([f"{text} do not track signals encryption"])
    assert found.shape == (1, 12)
    assert classifier.predict_proba([text]) == pytest.approx(
        classifier.predict_proba(parts).max(axis=0, keepdims=True), abs=1e-5
    )
    assert np.abs(found - classifier.predict_proba([text])).max() > 1e-3


def test_large_matrices_take_a_quarter_of_their_room(tmp_path: Path) -> None:
    model = loaded(learnt())
    onnx_graph.round_weights(model)
    path = tmp_path / "model.onnx"
    onnx_graph.trace(model, path)
    before = path.stat().st_size
    large = sum(4 * p.numel() for p in model.parameters() if p.ndim == 2 and p.numel() >= 16_384)
    onnx_graph.compress(path)
    assert large > 80_000
    assert path.stat().st_size < before - 0.70 * large
    whole = [t for t in onnx.load(str(path)).graph.initializer if t.data_type == 3]
    assert len(whole) >= 3


@pytest.mark.parametrize(
    ("kind", "lean", "full"), [("bert", 6, 5), ("roberta", 6, 5), ("distilbert", 2, 12)]
)
def test_the_last_layer_computes_only_the_row_that_the_head_reads(
    kind: str, lean: int, full: int
) -> None:
    proto = onnx.load(str(exported(kind)[0] / "model.onnx"))
    made = [node.output[0] for node in proto.graph.node if node.op_type in {"MatMul", "Gemm"}]
    proto.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in made)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    ids = np.ones((3, 7), np.int64)
    found = session.run(made, {"input_ids": ids, "attention_mask": ids})
    # Two layers of query, key, value, attention's output and the feed-forward's two; where there
    # are ranges for int8, those that read the same are one product. And the head's two.
    rows = Counter(array[..., 0].size for array in found if array.ndim < 4)
    assert rows == Counter({3: lean, 3 * 7: full})


def test_rounding_twice_is_rounding_once() -> None:
    model = loaded(learnt())
    fresh = {name: p.detach().clone() for name, p in model.named_parameters()}
    onnx_graph.round_weights(model)
    once = {name: p.detach().clone() for name, p in model.named_parameters()}
    onnx_graph.round_weights(model)
    assert all(torch.allclose(p, once[name], atol=1e-7) for name, p in model.named_parameters())
    moved = {name for name, p in once.items() if not torch.equal(p, fresh[name])}
    assert "bert.embeddings.word_embeddings.weight" in moved
    assert "classifier.weight" not in moved


@pytest.mark.parametrize("axis", [0, 1])
def test_integers_and_scales_give_the_weight_back(axis: int) -> None:
    weight = np.random.default_rng(1).normal(size=(7, 5)).astype(np.float32)
    weight[:, 2] = 0
    whole, scale = onnx_graph.to_int8(weight, axis=axis)
    assert whole.dtype == np.int8
    assert np.abs(whole).max() == 127
    assert (np.abs(whole * scale - weight) <= scale / 2 + 1e-7).all()


def test_a_matrix_that_was_not_rounded_is_refused(tmp_path: Path) -> None:
    onnx_graph.trace(loaded(learnt()), tmp_path / "model.onnx")
    with pytest.raises(ValueError, match="not rounded along axis"):
        onnx_graph.compress(tmp_path / "model.onnx")


def test_folding_calibrates_the_sigmoid() -> None:
    model, names = loaded(learnt()), OPP115.labels
    ids = torch.arange(5, 17)[None]
    settings = [
        LabelSettings(n.id, n.name, n.definition, threshold=0.5, slope=2.0, intercept=0.1 * k)
        for k, n in enumerate(names)
    ]
    with torch.no_grad():
        before = model(input_ids=ids).logits
        export.fold_calibration(model, settings)
        after = model(input_ids=ids).logits
    assert torch.allclose(after, before * 2 + 0.1 * torch.arange(12), atol=1e-4)
    with pytest.raises(ModelError, match="the last layer has 12 outputs, not 3"):
        export.fold_calibration(model, settings[:3])


def test_the_manifest_says_what_the_run_and_the_card_know() -> None:
    manifest = Classifier.load(exported("bert")[0]).manifest
    assert (manifest.name, manifest.base, manifest.window.size) == ("tiny", "tiny", 62)
    assert manifest.parameters == sum(p.numel() for p in loaded(learnt()).parameters())
    assert manifest.labels[3].slope == pytest.approx(1.1)
    assert manifest.training["config"]["seed"] == 0
    config = json.loads((exported("bert")[1] / "config.json").read_text())
    assert config["thresholds"]["Data Security"] == manifest.labels[5].threshold
    assert config["fallback"] == manifest.fallback == 0.2
    assert config["problem_type"] == "multi_label_classification"


def test_folders_that_disagree_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "fold_calibration", lambda *_: None)
    lines, output = calibration(tmp_path / "calibration.json"), tmp_path / "model"
    with pytest.raises(ModelError, match=r"scores differ by .* between the two folders"):
        export.export(learnt().folder, output, calibration=lines, facts=FACTS)
    assert [path.name for path in tmp_path.iterdir()] == ["calibration.json"]


def test_folders_whose_difference_is_no_number_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "difference", lambda *_: float("nan"))
    lines, output = calibration(tmp_path / "calibration.json"), tmp_path / "model"
    with pytest.raises(ModelError, match="scores differ by nan between the two folders"):
        export.export(learnt().folder, output, calibration=lines, facts=FACTS, int8=False)
    assert not output.exists()


def test_what_stands_in_the_way_is_left_alone(tmp_path: Path) -> None:
    lines, output = calibration(tmp_path / "calibration.json"), tmp_path / "model"
    mine = tmp_path / "model-transformers" / "thesis.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(OutputError, match="model-transformers: holds something else"):
        export.export(learnt().folder, output, calibration=lines, facts=FACTS)
    assert mine.read_text() == "mine"
    assert not output.exists()


def test_an_unfinished_run_or_a_strange_calibration_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json: missing. Finish the run"):
        export.export(tmp_path, tmp_path / "m", calibration=tmp_path / "c", facts=FACTS)
    write_json(tmp_path / "c", {"labels": {"Cookies": {}}})
    with pytest.raises(ModelError, match=r"labels are not those of opp-115"):
        export.export(learnt().folder, tmp_path / "m", calibration=tmp_path / "c", facts=FACTS)


CARDS = sorted((Path(__file__).parents[1] / "training" / "configs").glob("*.card.toml"))


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.name)
def test_every_card_of_the_repository_loads(path: Path) -> None:
    facts = card.read_facts(path, [])
    assert facts.sources
    assert all(source.licence for source in facts.sources)


def test_a_calibration_from_before_the_fallback_has_none(tmp_path: Path) -> None:
    lines, output = calibration(tmp_path / "calibration.json"), tmp_path / "model"
    lines.write_text(json.dumps({"labels": json.loads(lines.read_text())["labels"]}))
    export.export(learnt().folder, output, calibration=lines, facts=FACTS, int8=False)
    assert Classifier.load(output).fallback is None
    assert "or none." in (output / "README.md").read_text()


def test_the_card_shows_labels_sources_and_limits() -> None:
    text = (exported("bert")[0] / "README.md").read_text()
    assert "highest score is given, if that is 0.20 or more" in text
    assert "base_model: example/tiny" in text
    assert "| policies | labels | Apache-2.0 |  |" in text
    assert "- It is tiny." in text
    assert all(f"| {name} |" in text for name in OPP115.names)


def test_a_card_file_with_a_fault_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.card.toml"
    with pytest.raises(RecordError, match=r"a\.card\.toml: no such file"):
        card.read_facts(path, [])
    path.write_text('name = "a"\nsources = []\n')
    with pytest.raises(RecordError, match=r"a\.card\.toml: not a card file"):
        card.read_facts(path, [])


def loaded(config: FitConfig) -> Any:
    model = AutoModelForSequenceClassification.from_pretrained(
        config.folder / "model", attn_implementation="eager"
    )
    return model.eval()


def test_the_run_is_over_the_base_that_it_names() -> None:
    assert json.loads((learnt().folder / "config.json").read_text())["base"] == str(bert())
