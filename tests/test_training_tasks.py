"""The losses: against PyTorch's own, and blind to what a corpus cannot speak for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.examples import Examples
from training.tasks import HeadingTask, LabelTask

ROWS = np.array([2, 0, -1, 1])


def task(targets: np.ndarray, known: np.ndarray, weights: list[float]) -> LabelTask:
    names = [str(k) for k in range(len(targets))]
    wide = targets.astype(np.float32)
    data = Examples(
        names, names, names, [None] * len(names), wide, wide, known.astype(np.float32),
        np.asarray(weights, dtype=np.float32),
    )  # fmt: skip
    return LabelTask(["a", "b", "c", "d"], data)


def random(seed: int) -> tuple[torch.Tensor, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    logits = torch.tensor(rng.normal(size=(4, 4)), dtype=torch.float32, requires_grad=True)
    return logits, rng.random((3, 4)), (rng.random((3, 4)) > 0.4).astype(float)


def test_the_loss_is_the_weighted_mean_over_known_labels() -> None:
    logits, targets, known = random(1)
    weights = [0.5, 1.0, 2.0]
    total, weight = 0.0, 0.0
    for k, row in enumerate(ROWS):
        for c in range(4):
            if row >= 0 and known[row, c]:
                p = 1 / (1 + np.exp(-float(logits.detach()[k, c])))
                each = -(targets[row, c] * np.log(p) + (1 - targets[row, c]) * np.log(1 - p))
                total, weight = total + weights[row] * each, weight + weights[row]
    assert float(task(targets, known, weights).loss(logits, ROWS)) == pytest.approx(total / weight)


def test_an_unknown_labels_target_changes_neither_loss_nor_gradient() -> None:
    found = []
    for shift in (0.0, 0.7):
        logits, targets, known = random(2)
        loss = task(np.where(known > 0, targets, shift), known, [1.0] * 3).loss(logits, ROWS)
        loss.backward()
        assert logits.grad is not None
        found.append((float(loss), logits.grad.tolist()))
    assert found[0] == found[1]


def test_unknown_labels_and_padding_get_no_gradient() -> None:
    logits, targets, known = random(3)
    task(targets, known, [1.0] * 3).loss(logits, ROWS).backward()
    assert logits.grad is not None
    live = np.where(ROWS[:, None] < 0, 0, known[ROWS])
    assert ((logits.grad.numpy() != 0) == (live > 0)).all()


def test_a_batch_that_knows_nothing_has_no_loss() -> None:
    logits, targets, known = random(4)
    assert float(task(targets, known * 0, [1.0] * 3).loss(logits, ROWS)) == 0


def test_the_heading_loss_is_the_cross_entropy_of_the_real_rows() -> None:
    logits, _, _ = random(5)
    made = HeadingTask(["a", "b", "c", "d"], np.array([3, 1, 0]), smoothing=0.1)
    real = logits[[0, 1, 3]]
    wanted = functional.cross_entropy(real, torch.tensor([0, 3, 1]), label_smoothing=0.1)
    assert float(made.loss(logits, ROWS)) == pytest.approx(float(wanted))
