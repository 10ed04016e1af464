"""Pretrain an encoder on texts without labels: section headings, masked tokens, or both.

    python -m training.pretrain training/configs/headings.toml
    python -m training.pretrain training/configs/mlm.toml

`task = "headings"` is what training.fit makes of it. `"mlm"` guesses hidden tokens, "both" adds the
heading's cross-entropy and `mlm_weight` times the hidden tokens', in one pass over the same masked
batch, so that it costs little more than either. With `mlm_weight = 0` nothing is hidden.

Writes the folder that training.fit writes, resumable alike; model/ is a plain classifier for the
next config's `base`, without the head for hidden tokens, which only checkpoints keep. log.csv and
metrics.json show the losses apart. A classifier's pooler is as it came after "mlm".
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from clausemark.errors import ClausemarkError
from training import encoders
from training.config import MASKED, UNLABELLED, ConfigError, FitConfig, load_config
from training.fit import Stage, fit, train
from training.loop import Loop
from training.masking import Guesser, Pieces, losses, mask
from training.tasks import read_headings, read_texts

if TYPE_CHECKING:
    import torch

    from training.batches import Batch

#: Steps at the end of a run that its figures are means of.
LAST = 100


def pretrain(config: FitConfig) -> dict[str, Any]:
    """Run `config` from its last checkpoint to the end; return the run's metrics.

    Raises ConfigError for the task "labels", ModelError for a base that is no BERT, and what
    training.fit.fit raises.
    """
    if config.task not in UNLABELLED:
        raise ConfigError(
            f"config {config.name}: the task {config.task!r} needs labels.",
            hint="Run it with python -m training.fit.",
        )
    if config.task in MASKED:
        return train(config, Stage(_read, _loop, last_steps))
    return fit(config)


@dataclass(slots=True)
class MaskedLoop(Loop):
    """A loop whose model is a Guesser; its batches have tokens hidden, unless `pieces` is None."""

    pieces: Pieces | None = None

    @property
    def classifier(self) -> Any:
        """The classifier without the head for hidden tokens."""
        return self.model.classifier

    def _losses(self, network: Any, batch: Batch, epoch: int) -> dict[str, torch.Tensor]:
        seed, pieces = self.config.seed, self.pieces
        hidden = mask(batch, pieces, seed=seed, epoch=epoch) if pieces else None
        with self.accelerator.autocast():
            logits, guesses = network(
                input_ids=self._tensor(hidden.ids if hidden else batch.ids),
                attention_mask=self._tensor(batch.mask),
                at=self._tensor(hidden.at) if hidden else None,
            )
        found = {"loss": self.task.loss(logits.float(), self._rows(batch))}
        if self.config.task == "both":
            found["heading_loss"] = found["loss"]
        if hidden:
            found |= losses(guesses.float(), self._tensor(hidden.wanted))
            found["loss"] = found["loss"] + self.config.mlm_weight * found["masked_loss"]
        return found


def last_steps(config: FitConfig) -> dict[str, Any]:
    """Return the losses and the accuracy of a run's LAST steps, read off its log.

    Those of hidden tokens are means over tokens, the heading loss over steps.
    """
    with (config.folder / "log.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[-LAST:]
    columns = {name: np.asarray([float(row[name]) for row in rows]) for name in rows[0]}
    found: dict[str, Any] = {"steps": len(rows)}
    if "heading_loss" in columns:
        found["heading_loss"] = _mean(columns["heading_loss"], np.ones(len(rows)))
    for name in ("masked_loss", "masked_accuracy"):
        if name in columns:
            found[name] = _mean(columns[name], columns["masked"])
    return {"last_steps": found}


def _mean(values: np.ndarray[Any, Any], weights: np.ndarray[Any, Any]) -> float:
    return round(float((values * weights).sum() / max(1.0, weights.sum())), 6)


def _read(config: FitConfig) -> tuple[Any, list[str]]:
    if config.task == "both":
        return read_headings(config.train[0].path, smoothing=config.label_smoothing)
    return read_texts([source.path for source in config.train])


def _loop(config: FitConfig, accelerator: Any, model: Any, *rest: Any) -> MaskedLoop:
    guesser = Guesser(model, seed=config.seed).to(accelerator.device)
    pieces = Pieces.of(encoders.load_tokenizer(config.base))
    if config.task == "mlm":
        guesser.freeze_pooler()
    weight = config.mlm_weight
    # What is not asked for must not wait for a gradient when several processes meet.
    guesser.head.requires_grad_(weight > 0)
    made = MaskedLoop(config, accelerator, guesser, *rest)
    made.pieces = pieces if weight else None
    return made


def main(
    config: Annotated[Path, typer.Argument(help="A TOML file of training/configs/.")],
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as often as needed.")
    ] = None,
) -> None:
    """Pretrain as CONFIG says; resumes where an earlier run was cut off."""
    try:
        result = pretrain(load_config(config, overrides or []))
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(json.dumps(result.get("last_steps", {}) | {"steps": result["steps"]}))


if __name__ == "__main__":
    typer.run(main)
