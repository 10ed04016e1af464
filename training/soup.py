"""Average the weights of runs that began from the same encoder: one model, no cost at inference.

    python -m training.soup runs/opp115 runs/opp115-cv-0 runs/opp115-cv-1 --output runs/opp115-soup

A uniform soup (Wortsman et al., 2022). OUTPUT is a run's folder that training.export takes: the
averaged model, the config of the first run, and the names of all.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from safetensors.torch import load_file, save_file

from clausemark.errors import ClausemarkError
from training.config import ConfigError
from training.files import circumstances, refuse_existing, whole_folder, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

WEIGHTS = Path("model") / "model.safetensors"


def average(runs: Sequence[Path]) -> dict[str, torch.Tensor]:
    """Return the mean of the runs' weights; raise ConfigError where one is missing or unlike."""
    total: dict[str, torch.Tensor] = {}
    for run in runs:
        state = _weights(run)
        if total and {k: v.shape for k, v in state.items()} != {
            k: v.shape for k, v in total.items()
        }:
            raise ConfigError(f"{run}: its weights are not of the shapes of {runs[0]}.")
        for name, tensor in state.items():
            total[name] = total[name] + tensor.double() if name in total else tensor.double()
    return {name: (tensor / len(runs)).float() for name, tensor in total.items()}


def write(runs: Sequence[Path], output: Path) -> None:
    """Write the averaged run's folder; raise OutputError where it is there already."""
    refuse_existing(output)
    weights = average(runs)
    with whole_folder(output) as fresh:
        shutil.copytree(runs[0] / "model", fresh / "model")
        save_file(weights, fresh / WEIGHTS, metadata={"format": "pt"})
        shutil.copyfile(runs[0] / "config.json", fresh / "config.json")
        made = [json.loads((run / "run.json").read_text(encoding="utf-8")) for run in runs]
        soup = {run.name: parts for run, parts in zip(runs, made, strict=True)}
        write_json(fresh / "run.json", circumstances() | {"data": made[0]["data"], "soup": soup})


def _weights(run: Path) -> dict[str, torch.Tensor]:
    try:
        return load_file(run / WEIGHTS)
    except FileNotFoundError:
        raise ConfigError(f"{run / WEIGHTS}: missing.", hint="Finish that run first.") from None


def main(
    runs: Annotated[list[Path], typer.Argument(help="Finished runs of training.fit.")],
    output: Annotated[Path, typer.Option(help="The run's folder to write.")],
) -> None:
    """Average the weights of RUNS."""
    try:
        write(runs, output)
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(str(output))


if __name__ == "__main__":
    typer.run(main)
