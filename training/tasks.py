"""What an encoder is trained on here: clause labels, section headings, or texts alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from clausemark.errors import RecordError
from training import examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.examples import Examples


@dataclass(slots=True)
class LabelTask:
    """Multi-label classification with soft targets, unknown labels left out of the loss."""

    labels: list[str]
    data: Examples

    def loss(self, logits: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the weighted mean binary cross-entropy over known labels."""
        real = rows >= 0
        known = self.data.known[rows] * (self.data.weights[rows] * real)[:, None]
        weight = torch.from_numpy(known.astype(np.float32)).to(logits.device)
        target = torch.from_numpy(self.data.targets[rows]).to(logits.device)
        each = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return (each * weight).sum() / weight.sum().clamp(min=1e-6)


@dataclass(slots=True)
class HeadingTask:
    """Softmax classification of the heading that a paragraph stands under."""

    labels: list[str]
    classes: NDArray[np.int64]
    smoothing: float

    def loss(self, logits: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the mean cross-entropy with label smoothing; padding rows are ignored."""
        wanted = np.where(rows < 0, -100, self.classes[rows])
        target = torch.from_numpy(wanted).to(logits.device)
        return functional.cross_entropy(
            logits, target, ignore_index=-100, label_smoothing=self.smoothing
        )


@dataclass(slots=True)
class TextTask:
    """Texts alone: nothing is asked of the classifier, whose one output nobody reads."""

    labels: list[str]

    def loss(self, logits: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return 0: what is learnt stands in the loss of the hidden tokens."""
        del rows
        return logits.new_zeros(())


def read_texts(paths: Sequence[Path | str]) -> tuple[TextTask, list[str]]:
    """Read the texts of record files, one file after the other."""
    return TextTask(["unlabelled"]), [row["text"] for p in paths for row in examples.read_rows(p)]


def read_headings(path: Path | str, *, smoothing: float) -> tuple[HeadingTask, list[str]]:
    """Read heading records `{"text", "heading"}`; return the task and the texts, in order."""
    texts: list[str] = []
    headings: list[str] = []
    for number, row in enumerate(examples.read_rows(path), 1):
        if not isinstance(row.get("heading"), str):
            raise RecordError(f"{path}, line {number}: a heading record needs a 'heading' string.")
        texts.append(row["text"])
        headings.append(row["heading"])
    names = sorted(set(headings))
    index = {name: k for k, name in enumerate(names)}
    classes = np.asarray([index[h] for h in headings], dtype=np.int64)
    return HeadingTask(names, classes, smoothing), texts
