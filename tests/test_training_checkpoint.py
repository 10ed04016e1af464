"""Checkpoints: what is restored is what was saved, and nothing half-written counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from training import checkpoint
from training.checkpoint import State

if TYPE_CHECKING:
    from pathlib import Path


def pair(seed: int) -> tuple[Any, Any]:
    torch.manual_seed(seed)
    model = torch.nn.Linear(4, 3)
    return model, torch.optim.AdamW(model.parameters(), lr=0.1)


def step(model: Any, optimiser: Any) -> None:
    model(torch.randn(5, 4)).square().sum().backward()
    optimiser.step()
    optimiser.zero_grad()


def weights(model: Any) -> list[float]:
    return [float(v) for p in model.parameters() for v in p.detach().flatten()]


def test_a_restored_run_goes_on_as_the_saved_one(tmp_path: Path) -> None:
    model, optimiser = pair(1)
    step(model, optimiser)
    checkpoint.save(tmp_path, model, optimiser, State(step=1, history=[{"epoch": 0.0}]))
    step(model, optimiser)
    other, fresh = pair(2)
    state = checkpoint.restore(tmp_path, other, fresh)
    step(other, fresh)
    assert state == State(step=1, history=[{"epoch": 0.0}])
    assert weights(other) == weights(model)


def test_no_checkpoint_is_none(tmp_path: Path) -> None:
    assert checkpoint.restore(tmp_path, *pair(1)) is None


def test_the_newest_whole_checkpoint_counts(tmp_path: Path) -> None:
    model, optimiser = pair(1)
    for number in (9, 10):
        checkpoint.save(tmp_path, model, optimiser, State(step=number))
    (tmp_path / "checkpoints" / "00000011-0000.partial").mkdir()
    restored = checkpoint.restore(tmp_path, model, optimiser)
    assert restored is not None
    assert restored.step == 10


def test_older_checkpoints_go_and_clear_leaves_none(tmp_path: Path) -> None:
    model, optimiser = pair(1)
    for number in (1, 2):
        checkpoint.save(tmp_path, model, optimiser, State(step=number))
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["00000002-0000"]
    checkpoint.clear(tmp_path)
    assert checkpoint.restore(tmp_path, model, optimiser) is None


def test_an_optimiser_without_a_step_is_saved_too(tmp_path: Path) -> None:
    model, optimiser = pair(1)
    checkpoint.save(tmp_path, model, optimiser, State())
    assert checkpoint.restore(tmp_path, *pair(2)) == State()
