"""A pruned vocabulary says the same of texts whose pieces stay, and spells out the others."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import typer
from safetensors.torch import load_file
from tokenizers import Tokenizer
from training_fixtures import (
    bert,
    distilbert_folder,
    easy,
    learnt,
    make_config,
    roberta_folder,
    rows,
    write_records,
)
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from typer.testing import CliRunner

from clausemark import Classifier
from clausemark.artifact import Source
from clausemark.errors import ModelError, OutputError, RecordError
from clausemark.labels import OPP115
from clausemark.normalise import normalise
from training import card, vocabulary
from training.config import ConfigError
from training.export import export
from training.files import write_json
from training.fit import fit
from training.vocabulary import prune, read_texts, renumber, slice_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTED = (
    "We keep your data; we share your data with nobody.",
    "You may ask us to delete your data.",
    "We — the company — keep “cookies”.",
)
#: Spelled with pieces of COUNTED alone, in other orders and casts.
WHOLE = ("You may share COOKIES with us.", "your company; nobody delete", "")
_ROOM = tempfile.TemporaryDirectory(prefix="clausemark-vocabulary-")


def records(path: Path, texts: Sequence[str] = COUNTED, **fields: object) -> Path:
    rows = [{"id": str(k), "text": text, **fields} for k, text in enumerate(texts)]
    return write_records(path, rows)


@cache
def counted() -> Path:
    return records(Path(_ROOM.name) / "counted.jsonl")


@cache
def pruned() -> Path:
    """The tiny BERT with the pieces of COUNTED, not to be changed."""
    prune(str(bert()), [counted()], output := Path(_ROOM.name) / "pruned", least=1)
    return output


def pieces(folder: Path, text: str) -> list[str]:
    """How a folder's own tokenizer spells a text, by transformers."""
    made: list[str] = AutoTokenizer.from_pretrained(folder).tokenize(normalise(text))
    return made


def logits(folder: Path, texts: Sequence[str]) -> torch.Tensor:
    """What a folder says of each text, by transformers alone."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    batch = tokenizer([normalise(t) for t in texts], return_tensors="pt", padding=True)
    with torch.no_grad():
        made: torch.Tensor = model(**batch).logits
    return made


def vocab(folder: Path) -> dict[str, int]:
    made: dict[str, int] = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    return made


@pytest.mark.parametrize("make", [lambda _: bert(), distilbert_folder], ids=["bert", "distilbert"])
def test_texts_whose_pieces_stay_have_the_same_logits_to_the_bit(make: Any, tmp_path: Path) -> None:
    base = make(tmp_path / "base")
    prune(str(base), [counted()], tmp_path / "out", least=1)
    texts = (*COUNTED, *WHOLE)
    assert [pieces(base, t) for t in texts] == [pieces(tmp_path / "out/model", t) for t in texts]
    assert torch.equal(logits(base, texts), logits(tmp_path / "out/model", texts))


def test_ids_map_one_to_one_in_their_old_order() -> None:
    before, after = vocab(bert()), vocab(pruned() / "model")
    assert set(after) < set(before)
    assert sorted(after.values()) == list(range(len(after)))
    assert sorted(after, key=after.__getitem__) == sorted(after, key=before.__getitem__)
    old, new = (
        load_file(f / "model.safetensors")["bert.embeddings.word_embeddings.weight"]
        for f in (bert(), pruned() / "model")
    )
    assert all(torch.equal(new[after[piece]], old[before[piece]]) for piece in after)


def test_counted_pieces_specials_and_characters_stay_and_nothing_else() -> None:
    spelled = {piece for text in COUNTED for piece in pieces(bert(), text)}
    always = {p for p in vocab(bert()) if p[0] == "[" or len(p.removeprefix("##")) == 1}
    assert set(vocab(pruned() / "model")) == spelled | always


def test_a_dropped_piece_is_spelled_with_smaller_ones() -> None:
    text = "We may collect your data, café."
    assert "collect" in pieces(bert(), text)
    assert pieces(pruned() / "model", text) == [
        *("we", "may", "c", "##o", "##l", "##l", "##e", "##c", "##t", "your", "data"),
        *(",", "c", "##a", "##f", "##e", "."),
    ]


def test_no_word_of_known_characters_becomes_unknown() -> None:
    words = [w for w in vocab(bert()) if w.isalpha()]
    assert len(words) > 500
    assert "[UNK]" not in pieces(pruned() / "model", " ".join(words))
    assert pieces(pruned() / "model", "data 漢 data") == ["data", "[UNK]", "data"]


def test_a_piece_stays_from_the_count_asked_for(tmp_path: Path) -> None:
    made = prune(str(bert()), [counted()], tmp_path / "out", least=2)
    kept = set(vocab(tmp_path / "out/model"))
    assert {"your", "data", "keep", "we"} <= kept
    assert not {"nobody", "cookies", "delete", "share"} & kept
    assert made["after"] == made["kept_at"]["2"] == len(kept)
    assert made["before"] == len(vocab(bert()))


def test_held_places_are_not_counted_but_told_of(tmp_path: Path) -> None:
    train = records(tmp_path / "train.jsonl", ["keep your data"], split="train")
    held = records(tmp_path / "held.jsonl", ["keep your cookies"], split="validation")
    both = tmp_path / "both.jsonl"
    both.write_text(train.read_text() + held.read_text())
    made = prune(str(bert()), [both], tmp_path / "out", least=1, held=[both])
    assert "cookies" not in vocab(tmp_path / "out/model")
    assert made["counted"] == {str(both): 3}
    assert made["held"][0]["tokens"] == 3
    assert made["held"][0]["respelled_at"]["1"] == pytest.approx(1 / 3)
    assert made["held"][0]["respelled_at"]["2"] == 1


def test_headings_count_and_long_texts_count_once(tmp_path: Path) -> None:
    path = records(tmp_path / "long.jsonl", ["data " * 9000], heading="Your choices")
    made = prune(str(bert()), [path], tmp_path / "out", least=1)
    assert made["tokens"] == 9000 + len(pieces(bert(), "Your choices"))
    assert made["occur"]["50"] == 1


def test_the_padding_is_where_the_config_says(tmp_path: Path) -> None:
    base = moved_padding(tmp_path / "base")
    prune(str(base), [counted()], tmp_path / "out", least=1)
    config = json.loads((tmp_path / "out/model/config.json").read_text())
    made = vocab(tmp_path / "out/model")
    assert config["vocab_size"] == len(made)
    assert config["pad_token_id"] == made["[PAD]"] < vocab(base)["[PAD]"]
    assert torch.equal(logits(base, COUNTED), logits(tmp_path / "out/model", COUNTED))


def moved_padding(folder: Path) -> Path:
    """The tiny BERT with its padding's id last."""
    shutil.copytree(bert(), folder)
    document = json.loads((folder / "tokenizer.json").read_text())
    last = max(vocab(folder), key=vocab(folder).__getitem__)
    ids = document["model"]["vocab"]
    ids["[PAD]"], ids[last] = ids[last], ids["[PAD]"]
    document["added_tokens"] = [t | {"id": ids[t["content"]]} for t in document["added_tokens"]]
    write_json(folder / "tokenizer.json", document)
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", config | {"pad_token_id": ids["[PAD]"]})
    return folder


@pytest.mark.parametrize("kind", ["BertProcessing", "RobertaProcessing", "Sequence"])
def test_any_post_processor_is_renumbered(kind: str) -> None:
    document = json.loads((bert() / "tokenizer.json").read_text())
    ends = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
    other = {
        "BertProcessing": ends,
        "RobertaProcessing": ends
        | {"type": "RobertaProcessing", "trim_offsets": True, "add_prefix_space": False},
        "Sequence": {"type": "Sequence", "processors": [ends]},
    }
    document["post_processor"] = other[kind]
    old = sorted(i for i in document["model"]["vocab"].values() if i < 5 or i % 2)
    new = {i: 4 - k if k < 5 else k for k, i in enumerate(old)}
    made = Tokenizer.from_str(json.dumps(renumber(document, new)))
    assert made.encode("").tokens == ["[CLS]", "[SEP]"]
    assert made.encode("").ids == [2, 1]


def test_the_head_of_masked_words_is_cut_with_the_embedding() -> None:
    rows = torch.arange(12.0).reshape(4, 3)
    weights = {
        "bert.embeddings.word_embeddings.weight": rows,
        "cls.predictions.bias": torch.arange(4.0),
        "cls.predictions.transform.dense.weight": rows,
    }
    made = slice_rows(weights, np.array([0, 3]))
    assert torch.equal(made["bert.embeddings.word_embeddings.weight"], rows[[0, 3]])
    assert made["cls.predictions.bias"].tolist() == [0, 3]
    assert torch.equal(made["cls.predictions.transform.dense.weight"], rows)
    with pytest.raises(ConfigError, match=r"has 4 rows, the tokenizer's ids reach 4"):
        slice_rows(weights, np.array([0, 4]))
    with pytest.raises(ConfigError, match=r"no tensor is called word_embeddings\.weight among 1"):
        slice_rows({"head.weight": rows}, np.array([0, 3]))


def test_export_takes_a_pruned_run_and_says_the_same(tmp_path: Path) -> None:
    run, small = learnt().folder, tmp_path / "small"
    # So many that the embedding is large enough to be rounded in both.
    known = records(tmp_path / "known.jsonl", [row["text"] for row in rows()[:120]])
    assert 512 < prune(str(run), [known], small, least=1)["after"] < len(vocab(bert()))
    lines = {n: {"slope": 1.0, "intercept": 0.0, "threshold": 0.5} for n in OPP115.names}
    write_json(tmp_path / "calibration.json", {"labels": lines})
    facts = card.Facts("t", "0", "t", "e/t", "MIT", "S.", "- L.", (Source("p", "", "", ""),))
    made = []
    for folder in (run, small):
        out = tmp_path / f"{folder.name}-out"
        # Without ranges: those of another vocabulary's tokens are others.
        lines_at = tmp_path / "calibration.json"
        export(folder, out, calibration=lines_at, facts=facts, int8=False)
        made.append(Classifier.load(out, engine="onnxruntime", precision="f32"))
    texts = list(read_texts(known))
    np.testing.assert_array_equal(made[0].predict_proba(texts), made[1].predict_proba(texts))
    assert made[1].manifest.parameters < made[0].manifest.parameters


def test_fit_takes_a_pruned_folder_as_its_base(tmp_path: Path) -> None:
    config = make_config(pruned() / "model", easy(), tmp_path, epochs=1)
    assert fit(config)["steps"] > 0
    assert vocab(config.folder / "model") == vocab(pruned() / "model")
    weights = load_file(config.folder / "model/model.safetensors")
    rows = weights["bert.embeddings.word_embeddings.weight"]
    assert len(rows) == len(vocab(pruned() / "model"))


def test_other_tokenizers_are_refused(tmp_path: Path) -> None:
    base = roberta_folder(tmp_path / "roberta")
    with pytest.raises(ConfigError, match=r"pieces are of kind BPE, WordPiece is needed"):
        prune(str(base), [counted()], tmp_path / "out", least=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["roberta"]


def test_a_vocabulary_that_lacks_a_character_is_refused(tmp_path: Path) -> None:
    base = Path(shutil.copytree(bert(), tmp_path / "base"))
    document = json.loads((base / "tokenizer.json").read_text())
    ids = document["model"]["vocab"]
    ids["##_"] = ids.pop("##y")
    write_json(base / "tokenizer.json", document)
    with pytest.raises(ConfigError, match=r"has a character without a piece, '##y'"):
        prune(str(base), [counted()], tmp_path / "out", least=1)


def test_run_json_tells_what_was_pruned_with_what(tmp_path: Path) -> None:
    run = learnt().folder
    prune(str(run), [counted()], tmp_path / "out", least=3)
    made = json.loads((tmp_path / "out/run.json").read_text())
    weights = (run / "model/model.safetensors").read_bytes()
    assert made["base"]["sha256"]["model.safetensors"] == hashlib.sha256(weights).hexdigest()
    assert made["data"] == {str(counted()): hashlib.sha256(counted().read_bytes()).hexdigest()}
    assert made["run"] == json.loads((run / "run.json").read_text())
    assert made["vocabulary"]["least"] == 3
    held = load_file(tmp_path / "out/model/model.safetensors").values()
    assert made["vocabulary"]["parameters"] == sum(tensor.numel() for tensor in held)


def test_a_tokenizer_that_comes_out_otherwise_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swapped(document: Any, new: Any) -> Any:
        made = renumber(document, new)
        ids = made["model"]["vocab"]
        ids["data"], ids["your"] = ids["your"], ids["data"]
        return made

    monkeypatch.setattr(vocabulary, "renumber", swapped)
    with pytest.raises(ModelError, match="reads a counted text otherwise"):
        prune(str(bert()), [counted()], tmp_path / "out", least=1)
    assert list(tmp_path.iterdir()) == []


def test_missing_files_and_a_folder_in_the_way_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none/config\.json: missing.*Name a finished run"):
        prune(str(tmp_path / "none"), [counted()], tmp_path / "out", least=1)
    with pytest.raises(RecordError, match="no such record file"):
        prune(str(bert()), [tmp_path / "none.jsonl"], tmp_path / "out", least=1)
    with pytest.raises(OutputError, match="there already"):
        prune(str(bert()), [counted()], tmp_path, least=1)


def test_the_command_says_how_many_pieces_stay(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(vocabulary.main)
    output = str(tmp_path / "out")
    given = [str(bert()), "--texts", str(counted()), "--least", "1", "--output", output]
    made = CliRunner().invoke(app, given)
    kept, before = len(vocab(tmp_path / "out/model")), len(vocab(bert()))
    assert made.output == f"{output}: {kept} of {before} pieces\n"
    again = CliRunner().invoke(app, given)
    assert (again.exit_code, again.output) == (
        1,
        f"Error: {output}: there already. Choose another --output.\n",
    )
