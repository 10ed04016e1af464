"""The encoders' shapes: how many parameters they have, and how many operations a text costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clausemark.labels import OPP115

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clausemark.artifact import Manifest


@dataclass(frozen=True, slots=True)
class Shape:
    """A BERT encoder with a pooler and a linear layer over it (Devlin et al., 2019)."""

    layers: int
    hidden: int
    inner: int
    heads: int
    vocabulary: int
    positions: int = 512
    labels: int = len(OPP115.names)
    #: The last layer computes what the head reads, one row, as training.onnx_graph exports it.
    one_row_last: bool = False

    @property
    def parameters(self) -> int:
        """The number of weights, biases and norms."""
        wide, inner = self.hidden, self.inner
        embeddings = (self.vocabulary + self.positions + 2) * wide + 2 * wide
        attention = 4 * (wide * wide + wide) + 2 * wide
        feed_forward = 2 * wide * inner + inner + wide + 2 * wide
        head = wide * wide + wide + wide * self.labels + self.labels
        return embeddings + self.layers * (attention + feed_forward) + head

    @property
    def products(self) -> list[tuple[int, int, int]]:
        """A layer's matrices that tokens are multiplied by: how many, from, to."""
        return [
            (4, self.hidden, self.hidden),
            (1, self.hidden, self.inner),
            (1, self.inner, self.hidden),
        ]

    def gemm_flops(self, tokens: int) -> int:
        """Return the operations of `products` over so many tokens, in one layer.

        A multiplication and its addition are two.
        """
        return 2 * tokens * sum(times * wide * to for times, wide, to in self.products)

    def flops(self, lengths: Iterable[int]) -> int:
        """Return the operations that windows of so many tokens cost, special tokens included.

        A window of n tokens costs, in each layer, n x 4 x hidden^2 multiply-adds for queries, keys,
        values and output, n x 2 x hidden x inner for the feed-forward, and 2 x n^2 x hidden for the
        products of queries with keys and of weights with values; then hidden^2 for the pooler and
        hidden x labels for the head. A multiply-add is two operations; norms, softmax and
        activations are not counted. With `one_row_last`, the last layer has n x 2 x hidden^2 for
        keys and values and the rest for one row only.
        """
        head = 2 * self.hidden * (self.hidden + self.labels)
        whole = self.layers - self.one_row_last
        return sum(
            whole * (self.gemm_flops(n) + 4 * n * n * self.hidden)
            + (self._one_row(n) if self.one_row_last else 0)
            + head
            for n in lengths
        )

    def _one_row(self, n: int) -> int:
        """Return the operations of a layer that computes one row from n."""
        keys_and_values = 4 * (n - 1) * self.hidden * self.hidden
        return keys_and_values + self.gemm_flops(1) + 4 * n * self.hidden


#: bert-base-uncased, which has 109 M parameters.
BERT_BASE = Shape(layers=12, hidden=768, inner=3072, heads=12, vocabulary=30_522)
#: The bundled model: all-MiniLM-L6-v2 with a vocabulary of its own.
OURS = Shape(layers=6, hidden=384, inner=1536, heads=12, vocabulary=18_816, one_row_last=True)


def checked(shape: Shape, manifest: Manifest) -> Shape:
    """Return `shape` if a model has as many parameters; raise ValueError otherwise."""
    if shape.parameters != manifest.parameters:
        raise ValueError(
            f"{manifest.name} has {manifest.parameters:,} parameters, not {shape.parameters:,}: "
            "correct shape.OURS"
        )
    return shape
