"""A run of two processes: checkpoints are taken together, a resumed run is the unbroken one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from training_fixtures import bert, config_values, easy, make_config, write_toml

from training import checkpoint, loop
from training.checkpoint import State

if TYPE_CHECKING:
    from training.config import FitConfig

ROOT = Path(__file__).parents[1]
#: Waits that end a test that hangs.
PATIENCE = 120


def test_the_main_process_alone_says_when_a_checkpoint_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = SimpleNamespace(checkpoint_seconds=100.0)
    accelerator = SimpleNamespace(num_processes=2, device="cpu")
    second = loop.Loop(config, accelerator, *[None] * 4)  # type: ignore[arg-type]
    for said in (True, False):
        monkeypatch.setattr(loop, "broadcast", lambda _, said=said: torch.tensor([said]))
        assert second._due(time.monotonic() - 1) is second._due(0.0) is said
    accelerator.num_processes = 1
    monkeypatch.setattr(loop, "broadcast", lambda _: pytest.fail("nobody is there to be told"))
    assert second._due(time.monotonic() - 101)
    assert not second._due(time.monotonic() - 1)


def test_every_process_goes_on_with_its_own_random_numbers(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2)
    optimiser = torch.optim.AdamW(model.parameters())
    states, drawn = [], []
    for seed in (3, 4):
        torch.manual_seed(seed)
        states.append(checkpoint.random_state()["cpu"])
        drawn.append(float(torch.rand(1)))
    together = {"cpu": torch.cat(states)}
    checkpoint.save(tmp_path, model, optimiser, State(step=1, processes=2), random=together)
    for process in (1, 0):
        checkpoint.restore(tmp_path, model, optimiser, process=process)
        assert float(torch.rand(1)) == drawn[process]


def test_a_checkpoint_with_one_state_for_all_is_still_read(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2)
    optimiser = torch.optim.AdamW(model.parameters())
    checkpoint.save(tmp_path, model, optimiser, State(), random={"cpu": torch.get_rng_state()})
    expected = float(torch.rand(1))
    for process in (0, 1):
        checkpoint.restore(tmp_path, model, optimiser, process=process)
        assert float(torch.rand(1)) == expected


def start(toml: Path) -> list[subprocess.Popen[bytes]]:
    """Start a run in two processes, as torchrun does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = os.pathsep.join([str(ROOT), str(ROOT / "inference")])
    common = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    common |= {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = [sys.executable, "-m", "training.fit", str(toml)]
    return [
        subprocess.Popen(
            command,
            env=os.environ | common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for rank in range(2)
    ]


def finish(processes: list[subprocess.Popen[bytes]]) -> None:
    try:
        assert [process.wait(PATIENCE) for process in processes] == [0, 0]
    finally:
        kill(processes)


def kill(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.send_signal(signal.SIGKILL)
        process.wait()


def kill_within_an_epoch(processes: list[subprocess.Popen[bytes]], folder: Path) -> None:
    """Kill both processes at a checkpoint of the second epoch's steps."""
    until = time.monotonic() + PATIENCE
    try:
        while not list((folder / "checkpoints").glob("????????-0001")):
            assert all(process.poll() is None for process in processes), "ended before its death"
            assert time.monotonic() < until, "no checkpoint came"
            time.sleep(0.005)
    finally:
        kill(processes)


@pytest.mark.slow
def test_two_processes_killed_and_resumed_end_as_two_unbroken_ones(tmp_path: Path) -> None:
    # So short a while is over for one clock and not for the other at many a step.
    quick: dict[str, Any] = {"epochs": 3, "dropout": 0.3, "checkpoint_seconds": 0.02}
    quick |= {"select": "last"}  # weights that learnt on after the death
    made: list[tuple[FitConfig, Path]] = []
    for name in ("whole", "broken"):
        values = config_values(bert(), easy(), tmp_path / name, **quick)
        toml = write_toml(tmp_path / f"{name}.toml", values)
        made.append((make_config(bert(), easy(), tmp_path / name, **quick), toml))
    (whole, plain), (broken, toml) = made
    finish(start(plain))
    kill_within_an_epoch(start(toml), broken.folder)
    finish(start(toml))
    for name in ("model/model.safetensors", "log.csv", "validation_logits.npy"):
        assert (broken.folder / name).read_bytes() == (whole.folder / name).read_bytes(), name
