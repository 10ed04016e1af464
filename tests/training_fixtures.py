"""Encoders of a few thousand numbers, and records of the invented policies, to train on in seconds.

The vocabulary holds the words of data/fictional; the matrices are just large enough that the export
stores them in 8 bits.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import typer
from tokenizers import ByteLevelBPETokenizer, Tokenizer, models, processors
from tokenizers import normalizers as norm
from tokenizers import pre_tokenizers as pre
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaForSequenceClassification,
)
from typer.testing import CliRunner

from data.fictional_policies import FOLDER
from training.config import FitConfig, parse_config
from training.fit import fit

if TYPE_CHECKING:
    from collections.abc import Callable

torch.set_num_threads(1)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
#: Three classes that even a tiny encoder tells apart by their words.
EASY = ("Data Security", "Policy Change", "Do Not Track")


@cache
def rows() -> tuple[dict[str, Any], ...]:
    """The labelled clauses of data/fictional, as records."""
    lines = (FOLDER / "labels.jsonl").read_text("utf-8").splitlines()
    splits = json.loads((FOLDER / "splits.json").read_text("utf-8"))
    split_of = {policy: split for split, policies in splits.items() for policy in policies}
    made = []
    for fold, line in enumerate(lines):
        row = json.loads(line)
        record = {key: row[key] for key in ("id", "text", "labels")}
        record |= {"document": row["policy"], "split": split_of[row["policy"]], "fold": fold % 2}
        made.append(record)
    return tuple(made)


def write_records(path: Path, records: list[dict[str, Any]]) -> Path:
    """Write records as data.build does."""
    path.write_text("".join(json.dumps(row) + "\n" for row in records), encoding="utf-8")
    return path


def easy_records(path: Path, *, each: int = 12) -> Path:
    """Write a file of the first clauses of each EASY class, and as many of none of them."""
    taken: Counter[str] = Counter()
    kept = []
    for row in rows():
        name = next((label for label in row["labels"] if label in EASY), "none")
        if len(row["labels"]) == 1 and taken[name] < each:
            taken[name] += 1
            kept.append(row | {"split": "train" if taken[name] % 4 else "validation"})
    return write_records(path, kept)


def bert_folder(folder: Path) -> Path:
    """Save a BERT of two layers, 32 wide, with a WordPiece vocabulary of the policies' words."""
    torch.manual_seed(1)
    words = Counter(re.findall(r"[a-z]+", " ".join(row["text"] for row in rows()).lower()))
    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789.,;:()&@/-"]
    vocabulary = [*SPECIAL, *letters, *(f"##{c}" for c in letters), "é"]
    vocabulary += [w for w, _ in words.most_common(600) if w not in vocabulary]
    tokenizer = Tokenizer(models.WordPiece({w: k for k, w in enumerate(vocabulary)}))
    tokenizer.normalizer = norm.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    config = BertConfig(**_sizes(len(vocabulary)), intermediate_size=512)
    _save(folder, _eager(BertForSequenceClassification(config)), tokenizer, SPECIAL)
    return folder


def distilbert_folder(folder: Path) -> Path:
    """Save a DistilBERT of two layers, 32 wide, with the BERT's tokenizer."""
    bert_folder(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = DistilBertConfig(
        vocab_size=tokenizer.get_vocab_size(), dim=32, hidden_dim=512, n_layers=2, n_heads=2
    )
    _save(folder, DistilBertForSequenceClassification(config), tokenizer, SPECIAL)
    return folder


def roberta_folder(folder: Path) -> Path:
    """Save a RoBERTa of two layers, whose padding is token 1 and whose ids are bytes' pairs."""
    torch.manual_seed(2)
    special = ("<pad>", "<unk>", "<s>", "</s>", "<mask>")
    bytes_of = ByteLevelBPETokenizer()
    order = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    texts = [row["text"] for row in rows()]
    bytes_of.train_from_iterator(texts, vocab_size=800, special_tokens=order, show_progress=False)
    tokenizer = Tokenizer.from_str(bytes_of.to_str())
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    config = RobertaConfig(
        **_sizes(tokenizer.get_vocab_size()), intermediate_size=512, pad_token_id=1
    )
    _save(folder, RobertaForSequenceClassification(config), tokenizer, special)
    return folder


def _eager(model: Any) -> Any:
    """Let the words weigh more than their places, so that a few steps teach it something."""
    embeddings = model.base_model.embeddings
    with torch.no_grad():
        embeddings.position_embeddings.weight.zero_()
        embeddings.word_embeddings.weight.normal_(0, 0.5)
    return model


def _sizes(vocabulary: int) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 300,
        "initializer_range": 0.2,
    }


def _save(folder: Path, model: Any, tokenizer: Tokenizer, special: tuple[str, ...]) -> None:
    roles = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=256,
        **dict(zip(roles, special, strict=True)),
    ).save_pretrained(folder)


def config_values(base: Path, records: Path, runs: Path, **changes: Any) -> dict[str, Any]:
    """Return a short run's config, as plain values."""
    values = {
        "name": "tiny",
        "base": str(base),
        "runs": str(runs),
        "train": [{"path": str(records), "splits": ["train"]}],
        "validation": {"path": str(records), "splits": ["validation"]},
        "epochs": 3,
        "learning_rate": 3e-3,
        "head_multiplier": 5.0,
        "batch_tokens": 256,
        "window": 62,
        "overlap": 8,
        "patience": 3,
        "precision": "fp32",
    }
    return values | changes


def run(program: Callable[..., None], *arguments: object) -> Any:
    """Run a program of training/ with a command line; return what Typer's runner says of it."""
    app = typer.Typer()
    app.command()(program)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def make_config(base: Path, records: Path, runs: Path, **changes: Any) -> FitConfig:
    """Return a short run's config."""
    return parse_config(config_values(base, records, runs, **changes), where="test")


def write_toml(path: Path, values: dict[str, Any]) -> Path:
    """Write plain values as TOML: JSON's scalars and lists are TOML's too."""
    tables = {k: v for k, v in values.items() if k in {"train", "validation"}}
    lines = [f"{k} = {json.dumps(v)}" for k, v in values.items() if k not in tables]
    for source in tables.get("train", []):
        lines += ["[[train]]", *(f"{k} = {json.dumps(v)}" for k, v in source.items())]
    if "validation" in tables:
        found = tables["validation"]
        lines += ["[validation]", *(f"{k} = {json.dumps(v)}" for k, v in found.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


_ROOM = tempfile.TemporaryDirectory(prefix="clausemark-training-")


@cache
def bert() -> Path:
    """The tiny BERT's folder, not to be changed."""
    return bert_folder(Path(_ROOM.name) / "bert")


@cache
def easy() -> Path:
    """The easy records, not to be changed."""
    return easy_records(Path(_ROOM.name) / "easy.jsonl")


@cache
def learnt() -> FitConfig:
    """The config of a finished run that learnt its training texts, not to be changed.

    It is validated on the same texts under other ids: no test here is about generalising.
    """
    again = [json.loads(line) for line in easy().read_text("utf-8").splitlines()]
    copy = [row | {"id": f"again-{row['id']}"} for row in again if row["split"] == "train"]
    held = {"path": str(write_records(Path(_ROOM.name) / "again.jsonl", copy))}
    runs = Path(_ROOM.name) / "runs"
    steady = {"epochs": 15, "patience": 15, "dropout": 0.0, "weight_decay": 0.0}
    config = make_config(bert(), easy(), runs, validation=held, **steady)
    fit(config)
    return config
