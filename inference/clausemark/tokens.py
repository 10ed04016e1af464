"""Texts become windows of token ids: the same code feeds training and inference.

A text longer than the model's window becomes several overlapping windows, so that nothing is cut
away; `combine` brings the windows' logits back to one row a text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clausemark.normalise import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Encoder", "Windows", "combine", "spans"]

#: Texts handed to the tokenizer at once: enough to use its threads, little enough to stay small.
_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class Windows:
    """Token windows of some texts: `ids[k]` is a window, `owner[k]` the row of its text."""

    ids: list[list[int]]
    owner: NDArray[np.int64]
    texts: int


def spans(length: int, size: int, overlap: int) -> Iterator[tuple[int, int]]:
    """Cut `length` tokens into windows of at most `size`, each sharing `overlap` with the last.

    Windows are of nearly equal length, so that the last one is no crumb. An empty text has one
    empty window.
    """
    if length <= size:
        yield 0, length
        return
    step = size - overlap
    count = 1 + -(-(length - size) // step)
    for k in range(count):
        start = round(k * (length - size) / (count - 1))
        yield start, start + size


class Encoder:
    """A tokenizer with the window it is used with.

    `size` and `overlap` count tokens of text; the two special tokens come on top.
    """

    def __init__(self, tokenizer: Any, *, size: int, overlap: int) -> None:
        if not 0 <= overlap < size:
            raise ValueError(f"overlap {overlap} must lie in [0, {size})")
        self.tokenizer = tokenizer
        self.size = size
        self.overlap = overlap
        empty = tokenizer.encode("").ids
        if len(empty) != 2:
            raise ValueError(f"tokenizer adds {len(empty)} special tokens to a text, 2 are needed")
        self.first, self.last = empty

    @classmethod
    def load(cls, path: Path | str, *, size: int, overlap: int) -> Encoder:
        """Read a tokenizer.json; its own truncation and padding are switched off."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return cls(tokenizer, size=size, overlap=overlap)

    def encode(self, texts: Sequence[str]) -> Windows:
        """Normalise, tokenise and cut `texts` into windows, in order."""
        ids: list[list[int]] = []
        owner: list[int] = []
        for row, tokens in enumerate(self._tokens(texts)):
            for start, end in spans(len(tokens), self.size, self.overlap):
                ids.append([self.first, *tokens[start:end], self.last])
                owner.append(row)
        return Windows(ids, np.asarray(owner, dtype=np.int64), len(texts))

    def _tokens(self, texts: Sequence[str]) -> Iterable[list[int]]:
        for at in range(0, len(texts), _CHUNK):
            chunk = [normalise(text) for text in texts[at : at + _CHUNK]]
            for encoding in self.tokenizer.encode_batch(chunk, add_special_tokens=False):
                yield encoding.ids


def combine(logits: NDArray[np.float32], windows: Windows) -> NDArray[np.float32]:
    """Return one row of logits a text: the highest of its windows, label by label.

    *Shape:* `logits` (windows, labels) -> (texts, labels). A clause is about a label if any part
    of it is, hence the maximum.
    """
    combined = np.full((windows.texts, logits.shape[1]), -np.inf, dtype=np.float32)
    np.maximum.at(combined, windows.owner, logits)
    return combined
