"""Checkpoints of a run: written whole or not at all, without pickle.

A checkpoint is a folder `checkpoints/<step>/` of safetensors files and a state.json that is written
last inside a temporary sibling, which is then renamed; the newest one wins, older ones go.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class State:
    """Where a run stands: the next batch to take, and the best epoch so far.

    `batch` counts those of one of `processes`, which every step has taken one each of.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    best: float = -1.0
    best_epoch: int = -1
    seconds: float = 0.0
    processes: int = 1
    history: list[dict[str, float]] = field(default_factory=list)


def save(
    folder: Path,
    model: Any,
    optimiser: Any,
    state: State,
    *,
    random: dict[str, torch.Tensor] | None = None,
) -> None:
    """Write a checkpoint under `folder` and remove the older ones.

    `random` is what `random_state` gave in each process, one below the other; this one's if None.
    """
    target = folder / "checkpoints" / f"{state.step:08d}-{state.epoch:04d}"
    partial = target.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    tensors = {k: v.detach().cpu().contiguous() for k, v in model.state_dict().items()}
    save_file(tensors, partial / "model.safetensors")
    save_file(_flatten(optimiser), partial / "optimiser.safetensors")
    save_file(random or random_state(), partial / "random.safetensors")
    (partial / "state.json").write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    for old in target.parent.iterdir():
        if old != target:
            shutil.rmtree(old, ignore_errors=True)


def restore(folder: Path, model: Any, optimiser: Any, *, process: int = 0) -> State | None:
    """Load the newest checkpoint into `model` and `optimiser`; None if there is none.

    Random numbers go on where those of this `process` stood.
    """
    found = sorted(p for p in (folder / "checkpoints").glob("*-*") if p.suffix != ".partial")
    if not found:
        return None
    newest = found[-1]
    model.load_state_dict(load_file(newest / "model.safetensors"))
    _unflatten(optimiser, load_file(newest / "optimiser.safetensors"))
    random = load_file(newest / "random.safetensors")
    torch.set_rng_state(_own(random["cpu"], process))
    if torch.cuda.is_available() and "cuda" in random:
        torch.cuda.set_rng_state(_own(random["cuda"], process))
    return State(**json.loads((newest / "state.json").read_text(encoding="utf-8")))


def clear(folder: Path) -> None:
    """Remove the checkpoints of a finished run."""
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)


def random_state() -> dict[str, torch.Tensor]:
    """Return where this process's random numbers stand. *Shape:* (1, bytes) each."""
    state = {"cpu": torch.get_rng_state()[None]}
    if torch.cuda.is_available():
        state["cuda"] = torch.cuda.get_rng_state()[None]
    return state


def _own(states: torch.Tensor, process: int) -> torch.Tensor:
    # Checkpoints of before hold one state, without a dimension for processes.
    rows = states if states.ndim > 1 else states[None]
    return rows[process % len(rows)].clone()


def _flatten(optimiser: Any) -> dict[str, torch.Tensor]:
    flat = {}
    for index, values in optimiser.state_dict()["state"].items():
        for name, value in values.items():
            flat[f"{index}.{name}"] = torch.as_tensor(value).detach().cpu().contiguous()
    return flat or {"empty": torch.zeros(1)}


def _unflatten(optimiser: Any, flat: dict[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in flat.items():
        if key == "empty":
            continue
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = value
    current = optimiser.state_dict()
    optimiser.load_state_dict({"state": state, "param_groups": current["param_groups"]})
