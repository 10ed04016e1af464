"""What is measured: this package, transformers' pipeline, TF-IDF and linear, bare products.

A system is a small value that travels to a process of its own and is loaded there (`turns.py`).
Each gives every text all labels with their scores. Ours normalises, tokenises, cuts long texts into
windows, computes equal texts once, calibrates and decides. The pipeline tokenises, takes sigmoids,
and cuts off what is beyond its window.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from engines import OFFERED

from clausemark.artifact import bundled_model
from clausemark.errors import ModelError
from clausemark.labels import OPP115
from clausemark.runtime import ENGINES, available_cores, choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from shape import Shape

SPECIAL = {f"{name.lower()}_token": f"[{name}]" for name in ("UNK", "SEP", "PAD", "CLS", "MASK")}


class System(Protocol):
    """Something that labels texts."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def load(self) -> Callable[[Any], object]:
        """Return what labels a list of texts, ready."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The bundled model in one of the package's engines; a path is read and labelled whole."""

    engine: str
    precision: str

    @property
    def name(self) -> str:
        """What tables call it."""
        names = {pair: name for name, pair in OFFERED.items()}
        return f"Clausemark, {names[self.engine, self.precision]}"

    def load(self) -> Callable[[Any], object]:
        """Load the model; the number of threads is its own choice: the cores that it may use."""
        from clausemark import Classifier

        classifier = Classifier.load(engine=self.engine, precision=self.precision)

        def label(given: Any) -> object:
            if isinstance(given, Path):
                return classifier.label_document(given)
            return classifier.label_texts(given)

        return label


@dataclass(frozen=True, slots=True)
class Pipeline:
    """transformers' pipeline over a folder, at its defaults but for the size of a batch.

    `by_length` gives it the texts sorted, which spares it padding.
    """

    model: str
    folder: str
    batch: int = 1
    by_length: bool = False

    @property
    def name(self) -> str:
        """What tables call it."""
        order = ", by length" if self.by_length else ""
        return f"pipeline, {self.model}, batch {self.batch}{order}"

    def load(self) -> Callable[[Any], object]:
        """Load the pipeline; the number of threads is torch's choice."""
        from transformers import pipeline

        classify = pipeline("text-classification", model=self.folder, device="cpu")

        def label(texts: Any) -> object:
            given = sorted(texts, key=len) if self.by_length else texts
            return classify(given, batch_size=self.batch, truncation=True, top_k=None)

        return label


@dataclass(frozen=True, slots=True)
class Linear:
    """The baseline of this repository, fitted as it loads, whatever that takes."""

    records: str
    name: str = "TF-IDF + linear"

    def load(self) -> Callable[[Any], object]:
        """Fit on the split "train" of a file of records, or on data/fictional without one."""
        texts, truth = learnt(self.records)
        from clausemark.normalise import normalise
        from training.baseline import make_model

        model = make_model().fit([normalise(text) for text in texts], truth)
        return lambda given: model.predict_proba([normalise(text) for text in given])


def learnt(records: str) -> tuple[list[str], list[list[int]]]:
    """Return texts to fit on and their labels, 0 or 1. *Shape:* labels (texts, labels)."""
    from data.fictional_policies import load
    from data.records import read_records

    every = read_records(Path(records)) if Path(records).is_file() else load().records
    rows = [one for one in every if one.corpus == "fictional" or one.split == "train"]
    return [r.text for r in rows], [[int(n in r.labels) for n in OPP115.names] for r in rows]


@dataclass(frozen=True, slots=True)
class Gemm:
    """The model's matrix products and nothing else, in one library, over so many tokens at once."""

    library: str
    precision: str
    shape: Shape
    tokens: int

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"products, {self.library} {self.precision}"

    @property
    def flops(self) -> int:
        """The operations of one call: a layer's products."""
        return self.shape.gemm_flops(self.tokens)

    def load(self) -> Callable[[Any], object]:
        """Make the matrices, random ones, in the library's own type."""
        import numpy as np

        draw = np.random.default_rng(0).standard_normal
        pairs = [
            [draw(size, dtype=np.float32) for size in ((self.tokens, wide), (wide, to))]
            for times, wide, to in self.shape.products
            for _ in range(times)
        ]
        if self.library == "numpy":
            return lambda _: [one @ other for one, other in pairs]
        if self.library == "onnxruntime":
            return _integer_products([(one.shape, other.shape) for one, other in pairs])
        import torch

        kind = {"f32": torch.float32, "bf16": torch.bfloat16}[self.precision]
        typed = [[torch.from_numpy(array).to(kind) for array in pair] for pair in pairs]
        return lambda _: [one @ other for one, other in typed]


def _integer_products(shapes: list[tuple[Any, Any]]) -> Callable[[Any], object]:
    """Return products of unsigned by signed 8-bit integers, sums in 32 bits, in ONNX Runtime."""
    import numpy as np
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    rng, nodes, weights, inputs, outputs, feed = np.random.default_rng(0), [], [], [], [], {}
    for k, (one, other) in enumerate(shapes):
        feed[f"x{k}"] = rng.integers(0, 256, one, np.uint8)
        weights.append(numpy_helper.from_array(rng.integers(-127, 128, other, np.int8), f"w{k}"))
        inputs.append(helper.make_tensor_value_info(f"x{k}", TensorProto.UINT8, one))
        shape = (one[0], other[1])
        outputs.append(helper.make_tensor_value_info(f"y{k}", TensorProto.INT32, shape))
        nodes.append(helper.make_node("MatMulInteger", [f"x{k}", f"w{k}"], [f"y{k}"]))
    graph = helper.make_graph(nodes, "products", inputs, outputs, weights)
    opset = [helper.make_opsetid("", 20)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = available_cores()
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return lambda _: session.run(None, feed)


def ours() -> list[Ours]:
    """Return the package's engines that are installed, each in its fastest precision here."""
    found, int8 = [], bundled_model().read().int8
    for name in ENGINES:
        try:
            found.append(Ours(name, choose(name, int8=int8).precision))
        except ModelError as error:
            print(f"{name}: left out ({error.message})")
    return found


def write_folder(shape: Shape, folder: Path) -> str:
    """Write a transformers folder of that shape with random weights and our tokenizer.

    Speed does not hang on what the weights are; the tokens are those of our model, so that all
    systems read the same number. Return the folder.
    """
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    from training import shipped_tokenizer

    torch.manual_seed(0)
    config = BertConfig(
        num_hidden_layers=shape.layers,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_attention_heads=shape.heads,
        vocab_size=shape.vocabulary,
        max_position_embeddings=shape.positions,
        id2label=dict(enumerate(OPP115.names)),
        label2id={name: k for k, name in enumerate(OPP115.names)},
        problem_type="multi_label_classification",
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    model = bundled_model()
    length = model.read().window.size + 2
    shipped_tokenizer.write_transformers(model.tokenizer, folder, length=length, special=SPECIAL)
    return str(folder)
