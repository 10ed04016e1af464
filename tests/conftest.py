"""A model folder small enough to reason about, made in memory.

Its vocabulary is KEYWORDS and single letters. A text's logit for a label is the sum of that column
of EMBEDDING over its tokens plus BIAS: each keyword lifts its own label by 8 from -4, a little
seeded noise makes every token count, and the padding's huge row spoils any logit that takes in
padding. `reference_logits` computes the same without the engine, one text at a time.
"""

from __future__ import annotations

import shutil
import string
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from batch_runs import begun, tables  # noqa: F401  (fixtures)
from browser import chromium  # noqa: F401  (a fixture)
from cli_fixtures import POLICY
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from clausemark import artifact
from clausemark.labels import OPP115
from clausemark.normalise import normalise

if TYPE_CHECKING:
    from pathlib import Path

#: One word a label, in the order of the labels.
KEYWORDS = (
    "collect", "share", "choice", "delete", "retain", "secure",
    "change", "track", "children", "welcome", "contact", "dispute",
)  # fmt: skip
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_LETTERS = (*string.ascii_lowercase, *string.digits, *".,:;!?()/@&%$#*+=<>[]{}_|~-")
VOCABULARY = (*SPECIAL, *KEYWORDS, "the", "of", *_LETTERS, *(f"##{c}" for c in _LETTERS[:36]))
WINDOW = artifact.Window(size=12, overlap=3)


METRICS = {
    "validation": {
        "texts": 40,
        "at_half": {
            "overall": {"macro_f1": 0.5, "macro_f1_interval": [0.25, 0.75]},
            "labels": {"Data Security": {"f1": 0.125}},
        },
    }
}


def _embedding() -> np.ndarray:
    rows = np.random.default_rng(7).normal(0, 0.01, (len(VOCABULARY), len(KEYWORDS)))
    rows[SPECIAL.index("[PAD]")] = 99
    for column, keyword in enumerate(KEYWORDS):
        rows[VOCABULARY.index(keyword), column] += 8
    return rows.astype(np.float32)


EMBEDDING = _embedding()
BIAS = np.full(len(KEYWORDS), -4, dtype=np.float32)


def tokenizer_json() -> bytes:
    """A lower-casing WordPiece tokenizer of VOCABULARY."""
    tokenizer = Tokenizer(
        models.WordPiece({w: k for k, w in enumerate(VOCABULARY)}, unk_token="[UNK]")
    )
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer.to_str().encode()


def graph(embedding: np.ndarray = EMBEDDING, output: str = "logits") -> bytes:
    """The masked sum of the tokens' rows plus BIAS, as an ONNX graph."""
    nodes = [
        helper.make_node("Gather", ["embedding", "input_ids"], ["rows"]),
        helper.make_node("Unsqueeze", ["attention_mask", "last"], ["mask"]),
        helper.make_node("Cast", ["mask"], ["weights"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["rows", "weights"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "middle"], ["sums"], keepdims=0),
        helper.make_node("Add", ["sums", "bias"], [output]),
    ]
    constants = {
        "embedding": embedding,
        "bias": BIAS[: embedding.shape[1]],
        "last": np.array([2]),
        "middle": np.array([1]),
    }
    names = ("input_ids", "attention_mask")
    made = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "seq"]) for n in names],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["batch", embedding.shape[1]])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = helper.make_opsetid("", 17)
    return onnx.helper.make_model(made, opset_imports=[opset], ir_version=9).SerializeToString()


def position_graph(places: int) -> bytes:
    """The sum of the tokens' rows, each with that of its place, of which there are `places`."""
    nodes = [
        helper.make_node("Gather", ["embedding", "input_ids"], ["rows"]),
        helper.make_node("Shape", ["input_ids"], ["length"], start=1),
        helper.make_node("Slice", ["table", "zero", "length", "one"], ["places"]),
        helper.make_node("Add", ["rows", "places"], ["placed"]),
        helper.make_node("Unsqueeze", ["attention_mask", "two"], ["mask"]),
        helper.make_node("Cast", ["mask"], ["weights"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["placed", "weights"], ["masked"]),
        helper.make_node("ReduceSum", ["masked", "one"], ["logits"], keepdims=0),
    ]
    table = np.zeros((1, places, EMBEDDING.shape[1]), np.float32)
    constants = {"embedding": EMBEDDING, "table": table}
    constants |= {"zero": np.array([0]), "one": np.array([1]), "two": np.array([2])}
    made = helper.make_graph(
        nodes,
        "placed",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "seq"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(EMBEDDING[0])])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opset = helper.make_opsetid("", 17)
    return helper.make_model(made, opset_imports=[opset], ir_version=9).SerializeToString()


def manifest(**changes: object) -> artifact.Manifest:
    """The tiny model's manifest: thresholds at one half, scores as the logits give them."""
    facts: dict[str, object] = {
        "name": "tiny",
        "version": "0.0.1",
        "created": "2026-01-01",
        "base": "none",
        "scheme": OPP115.id,
        "labels": tuple(
            artifact.LabelSettings(label.id, label.name, label.definition, threshold=0.5)
            for label in OPP115.labels
        ),
        "window": WINDOW,
        "parameters": EMBEDDING.size,
        "licence": "Apache-2.0",
        "metrics": METRICS,
        "sources": (
            artifact.Source("keywords", "Apache-2.0", "https://example.org", "to test with"),
        ),
    }
    return artifact.Manifest(**(facts | changes))  # type: ignore[arg-type]


def files(**changes: bytes) -> dict[str, bytes]:
    """The tiny model's files."""
    made = {"weights": graph(), "tokenizer": tokenizer_json(), "card": b"# tiny\n"} | changes
    names = {"weights": artifact.WEIGHTS, "tokenizer": artifact.TOKENIZER, "card": artifact.CARD}
    return {names[key]: content for key, content in made.items()}


def reference_logits(text: str) -> np.ndarray:
    """What the tiny model must say of `text`, by hand: tokens, windows, sums, highest of each."""
    ids = (
        Tokenizer.from_str(tokenizer_json().decode())
        .encode(normalise(text), add_special_tokens=False)
        .ids
    )
    size, step = WINDOW.size, WINDOW.size - WINDOW.overlap
    count = 1 if len(ids) <= size else 1 + int(np.ceil((len(ids) - size) / step))
    starts = (
        [round(k * (len(ids) - size) / (count - 1)) for k in range(count)] if count > 1 else [0]
    )
    special = EMBEDDING[2] + EMBEDDING[3]
    rows = [EMBEDDING[ids[at : at + size]].sum(axis=0) + special + BIAS for at in starts]
    return np.max(rows, axis=0)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound model folder, not to be changed."""
    return artifact.write(tmp_path_factory.mktemp("model") / "tiny", manifest(), files()).path


@pytest.fixture
def tiny_copy(tiny: Path, tmp_path: Path) -> Path:
    """A sound model folder, to be damaged."""
    return shutil.copytree(tiny, tmp_path / "copy")


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """A short policy in Markdown."""
    path = tmp_path / "policy.md"
    path.write_text(POLICY)
    return path
