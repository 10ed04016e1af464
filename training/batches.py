"""Windows of token ids become batches of a few fixed shapes.

Every new shape makes the CPU's kernels be built anew, so each batch has one of a few lengths and,
for its length, always the same number of rows; the last batch of a length is padded with rows of
weight 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

LENGTHS = (32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512)
#: Tokens of text in the longest window: two more are special.
LONGEST_WINDOW = LENGTHS[-1] - 2


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one padded length; `rows[k]` is -1 where row k is padding.

    *Shape:* `ids` and `mask` (rows, length) int64; `rows` (rows,) int64.
    """

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]
    rows: NDArray[np.int64]

    @property
    def tokens(self) -> int:
        """Tokens that are no padding."""
        return int(self.mask.sum())


def padded(size: int) -> int:
    """Return the length that a window of `size` tokens is padded to; ValueError: none is."""
    if size > LENGTHS[-1]:
        raise ValueError(f"a window of {size} tokens is over {LENGTHS[-1]}")
    return next(length for length in LENGTHS if length >= size)


def plan(
    lengths: Sequence[int], *, tokens: int, rng: np.random.Generator | None
) -> list[tuple[int, NDArray[np.int64]]]:
    """Return (padded length, rows) of every batch of one pass over all rows.

    `tokens` is the padded size of a batch. With `rng` rows and batches are shuffled; without, rows
    keep their order within a length.
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    padded(int(sizes.max(initial=0)))  # raises where the longest fits no shape
    order = rng.permutation(sizes.size) if rng else np.arange(sizes.size)
    bucket = np.searchsorted(LENGTHS, sizes)
    batches: list[tuple[int, NDArray[np.int64]]] = []
    for k, length in enumerate(LENGTHS):
        rows = order[bucket[order] == k]
        per_batch = max(1, tokens // length)
        for at in range(0, rows.size, per_batch):
            full = np.full(per_batch, -1, dtype=np.int64)
            part = rows[at : at + per_batch]
            full[: part.size] = part
            batches.append((length, full))
    if rng:
        batches = [batches[i] for i in rng.permutation(len(batches))]
    return batches


def fill(ids: Sequence[Sequence[int]], length: int, rows: NDArray[np.int64]) -> Batch:
    """Lay out the windows `rows`, padded to `length`; padding rows attend to one token."""
    out = np.zeros((rows.size, length), dtype=np.int64)
    mask = np.zeros_like(out)
    mask[:, 0] = 1
    for k, row in enumerate(rows):
        if row >= 0:
            window = ids[row]
            out[k, : len(window)] = window
            mask[k, : len(window)] = 1
    return Batch(out, mask, rows)


def epoch(
    ids: Sequence[Sequence[int]],
    *,
    tokens: int,
    rng: np.random.Generator | None,
    skip: int = 0,
) -> Iterator[Batch]:
    """Yield the batches of one pass, from the `skip`-th on."""
    for length, rows in plan([len(w) for w in ids], tokens=tokens, rng=rng)[skip:]:
        yield fill(ids, length, rows)
