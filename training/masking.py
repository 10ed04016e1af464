"""Masked-language modelling: which tokens are hidden, and the head that guesses them.

As BERT's (Devlin et al., 2019): of 15 % of a window's tokens 80 % become [MASK], 10 % a random
piece and 10 % stay as they are. Tokens are chosen by whole words, a piece and the `##` pieces after
it, and anew in every epoch (Liu et al., 2019). What is hidden hangs on the seed, the epoch and the
window alone, not on its batch nor on the steps before, so that a resumed run hides the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional
from transformers.models.bert.modeling_bert import BertPredictionHeadTransform

from clausemark.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.batches import Batch

SHARE = 0.15
#: Of the chosen tokens, those that become [MASK], and those that become a random piece.
HIDDEN, REPLACED = 0.8, 0.1
#: The target of a slot that holds no token, as PyTorch's losses know it.
FREE = -100
#: Keeps the masks' random numbers apart from those that shuffle the batches.
_STREAM = 15


@dataclass(frozen=True, slots=True)
class Pieces:
    """What masking knows of a WordPiece vocabulary: `mask` is the id of [MASK].

    *Shape:* `special` and `continues` (ids,) bool; `ordinary`, the ids that are not special.
    """

    mask: int
    special: NDArray[np.bool_]
    continues: NDArray[np.bool_]
    ordinary: NDArray[np.int64]

    @classmethod
    def of(cls, tokenizer: Any) -> Pieces:
        """Read them off a transformers tokenizer; raise ModelError where it has no [MASK]."""
        if tokenizer.mask_token_id is None:
            raise ModelError(
                f"tokenizer of {tokenizer.name_or_path}: it has no mask token.",
                hint="Masked-language modelling needs one: take BERT's own tokenizer.",
            )
        vocabulary = tokenizer.get_vocab()
        special = np.ones(1 + max(vocabulary.values()), dtype=np.bool_)
        continues = np.zeros_like(special)
        for piece, number in vocabulary.items():
            special[number] = number in tokenizer.all_special_ids
            continues[number] = piece.startswith("##")
        return cls(tokenizer.mask_token_id, special, continues, np.flatnonzero(~special))


def quota(tokens: int) -> int:
    """Return how many of a window's `tokens`, special ones not counted, are chosen at most."""
    return max(1, int(SHARE * tokens + 0.5)) if tokens else 0


def choose(ids: NDArray[np.int64], pieces: Pieces, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the positions to guess, in order: whole words, drawn at random up to the quota.

    A word that is longer than what is left of the quota is passed over.
    """
    plain = ~pieces.special[ids]
    starts = plain & ~(pieces.continues[ids] & np.roll(plain, 1))
    first = np.flatnonzero(starts)
    sizes = np.bincount(np.cumsum(starts)[plain] - 1, minlength=first.size)
    left = quota(int(plain.sum()))
    chosen: list[int] = []
    for word in rng.permutation(first.size):
        if sizes[word] <= left:
            chosen.extend(range(first[word], first[word] + sizes[word]))
            left -= sizes[word]
        if not left:
            break
    return np.asarray(sorted(chosen), dtype=np.int64)


def hide(
    ids: NDArray[np.int64], at: NDArray[np.int64], pieces: Pieces, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return `ids` with [MASK], a random piece, or the token itself at each of `at`."""
    draw = rng.random(at.size)
    other = pieces.ordinary[rng.integers(pieces.ordinary.size, size=at.size)]
    kept = np.where(draw < HIDDEN + REPLACED, other, ids[at])
    out = ids.copy()
    out[at] = np.where(draw < HIDDEN, pieces.mask, kept)
    return out


@dataclass(frozen=True, slots=True)
class Masked:
    """A batch's ids with tokens hidden, and as many slots for them as batches of its shape need.

    *Shape:* `ids` (rows, length); `at`, positions in the flattened ids, and `wanted`, the tokens
    that stood there, (slots,), all int64. A free slot points to 0 and wants FREE.
    """

    ids: NDArray[np.int64]
    at: NDArray[np.int64]
    wanted: NDArray[np.int64]


def mask(batch: Batch, pieces: Pieces, *, seed: int, epoch: int) -> Masked:
    """Hide tokens of every window of `batch`."""
    ids = batch.ids.copy()
    rows, length = ids.shape
    at = np.zeros(rows * quota(length - 2), dtype=np.int64)
    wanted = np.full_like(at, FREE)
    used = 0
    for k, row in enumerate(batch.rows):
        if row < 0:
            continue
        rng = np.random.default_rng([seed, epoch, int(row), _STREAM])
        window = batch.ids[k]
        chosen = choose(window[: batch.mask[k].sum()], pieces, rng)
        ids[k] = hide(window, chosen, pieces, rng)
        at[used : used + chosen.size] = k * length + chosen
        wanted[used : used + chosen.size] = window[chosen]
        used += chosen.size
    return Masked(ids, at, wanted)


def losses(guesses: torch.Tensor, wanted: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the hidden tokens' mean cross-entropy, the share guessed right, and their number.

    *Shape:* `guesses` (slots, ids), `wanted` (slots,). Of no token the first two are 0.
    """
    real = wanted != FREE
    number = real.sum()
    total = functional.cross_entropy(guesses, wanted, ignore_index=FREE, reduction="sum")
    right = (guesses.detach().argmax(dim=-1) == wanted) & real
    least = number.clamp(min=1)
    return {
        "masked_loss": total / least,
        "masked_accuracy": right.sum() / least,
        "masked": number,
    }


class Head(torch.nn.Module):
    """BERT's head for masked tokens, but for its output matrix: that is the word embeddings."""

    def __init__(self, config: Any, *, seed: int) -> None:
        """Draw the weights from `seed`, leaving PyTorch's own random numbers as they are."""
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            self.transform = BertPredictionHeadTransform(config)
        self.bias = torch.nn.Parameter(torch.zeros(config.vocab_size))
        drawn = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            dense = self.transform.dense
            dense.weight.normal_(0.0, config.initializer_range, generator=drawn)
            dense.bias.zero_()

    def forward(self, hidden: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """Return the logits of every id. *Shape:* (slots, width), (ids, width) -> (slots, ids)."""
        return functional.linear(self.transform(hidden), words, self.bias)


class Guesser(torch.nn.Module):
    """A BERT sequence classifier with a masked-token head beside its own.

    Raises ModelError for other architectures.
    """

    def __init__(self, classifier: Any, *, seed: int) -> None:
        super().__init__()
        config = classifier.config
        if config.model_type != "bert":
            raise ModelError(
                f"base {config.name_or_path!r} is of the kind {config.model_type!r}; "
                "masked-language modelling is for BERT's.",
                hint="Name a BERT encoder as base, or take task = 'headings'.",
            )
        self.classifier = classifier
        self.head = Head(config, seed=seed)
        #: What training.loop.make_optimiser takes for the encoder: all else learns as a head.
        self.base_model_prefix = f"classifier.{classifier.base_model_prefix}"

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, at: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the classifier's logits, and the logits of the tokens `at`, if any are asked for.

        *Shape:* (rows, length), (rows, length), (slots,) -> (rows, labels), (slots, ids).
        """
        found = self.classifier(
            input_ids=input_ids,
            attention_mask=attention_mask,
            output_hidden_states=at is not None,
        )
        if at is None:
            return found.logits, None
        hidden = found.hidden_states[-1].flatten(0, 1).index_select(0, at)
        return found.logits, self.head(hidden, self.classifier.get_input_embeddings().weight)

    def freeze_pooler(self) -> None:
        """Train nothing between the tokens and the classifier's logits."""
        for part in (self.classifier.base_model.pooler, self.classifier.classifier):
            part.requires_grad_(False)
