"""Fine-tune an encoder on labelled clauses, or pretrain it on section headings.

    python -m training.fit training/configs/demo.toml
    python -m training.fit training/configs/opp115.toml --set seed=1 --set name=opp115-s1

Writes runs/<name>/: config.json, run.json (command, versions, checksums), log.csv, metrics.json,
validation_logits.npy and model/ (a plain transformers folder). Killed at any moment, the same
command goes on from the last checkpoint. `accelerate launch -m training.fit CONFIG` uses several
GPUs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import torch
import typer
from accelerate import Accelerator
from accelerate.utils import set_seed
from safetensors.torch import load_file

from clausemark.errors import ClausemarkError
from clausemark.labels import OPP115
from clausemark.tokens import Encoder, combine
from training import checkpoint, encoders, examples, inputs, metrics
from training.batches import LENGTHS, padded
from training.config import MASKED, ConfigError, FitConfig, differing, load_config
from training.files import circumstances, write_array, write_json
from training.loop import BEST, Loop, predict
from training.tasks import LabelTask, read_headings

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from clausemark.tokens import Windows
    from training.examples import Examples


def fit(config: FitConfig) -> dict[str, Any]:
    """Run `config` from its last checkpoint to the end; return the run's metrics.

    A finished run is returned as it is. Raises ConfigError where the run's folder holds another
    config or is of files that have changed since, for a window that the base has no places for, and
    for a task that hides tokens.
    """
    if config.task in MASKED:
        raise ConfigError(
            f"config {config.name}: the task {config.task!r} is none of this program's.",
            hint="Run it with python -m training.pretrain.",
        )
    return train(config, Stage(_task, Loop, lambda _config: {}))


@dataclass(frozen=True, slots=True)
class Stage:
    """A kind of training: what it reads, the loop it runs, what its metrics.json says beside.

    `read` returns the task and the texts; `loop` takes the fields of Loop, in order.
    """

    read: Callable[[FitConfig], tuple[Any, list[str]]]
    loop: Callable[..., Loop]
    figures: Callable[[FitConfig], dict[str, Any]]


def train(config: FitConfig, stage: Stage) -> dict[str, Any]:
    """Run `config` as a `stage`, as `fit` does for labels and headings."""
    folder = config.folder
    accelerator = make_accelerator(config.precision)
    if not _begun(folder):
        _check_window(config)  # before a window that is refused has taken the name
    if accelerator.is_main_process:
        folder.mkdir(parents=True, exist_ok=True)
        _claim(config)
    accelerator.wait_for_everyone()
    done = folder / "metrics.json"
    if done.exists():
        if accelerator.is_main_process:
            _clear(config)  # of a run that was killed between its last two lines
        return dict(json.loads(done.read_text(encoding="utf-8")))
    set_seed(config.seed)
    tokenizer = encoders.load_tokenizer(config.base)
    encoder = encoders.make_encoder(tokenizer, size=config.window, overlap=config.overlap)
    task, texts = stage.read(config)
    held = Held.load(config, encoder, accelerator)
    if held:  # what validates has labels, and so has what trains
        _check_apart(config, task.data, held.data)
    model = encoders.load_model(
        config.base, labels=task.labels, dropout=config.dropout, pooler=config.pooler
    )
    model.to(accelerator.device)
    after_epoch = held.figures if held else _no_figures
    loop = stage.loop(config, accelerator, model, encoder.encode(texts), task, after_epoch)
    result = _metrics(loop.run()) | stage.figures(config)
    if accelerator.is_main_process:
        _finish(config, model, tokenizer)
        if held:
            held.write(model, folder)
        write_json(done, result)
        # Only now, so that a run killed before this line finds the chosen epoch again.
        _clear(config)
    accelerator.wait_for_everyone()
    return result


def _check_window(config: FitConfig) -> None:
    """Refuse windows that would be padded beyond the base's places."""
    places = encoders.places(config.base)
    if places is None or padded(config.window + 2) <= places:
        return
    fitting = [length for length in LENGTHS if length <= places]
    raise ConfigError(
        f"config {config.name}: window is {config.window}, and {config.base} has places for"
        f" {places} tokens, special and padding ones included.",
        hint=f"Set window = {fitting[-1] - 2}, or less." if fitting else "Take another base.",
    )


def make_accelerator(precision: str) -> Accelerator:
    """Return the accelerator; "auto" takes bf16 where the hardware multiplies in it."""
    cpu = not torch.cuda.is_available()
    wanted = precision
    if precision == "auto":
        able = _cpu_has_bf16() if cpu else torch.cuda.is_bf16_supported()
        wanted = "bf16" if able else "fp32"
    return Accelerator(mixed_precision="bf16" if wanted == "bf16" else "no", cpu=cpu)


def _cpu_has_bf16() -> bool:
    flags = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in flags)


def _claim(config: FitConfig) -> None:
    path = config.folder / "config.json"
    if not path.exists() and (config.folder / "metrics.json").exists():
        raise ConfigError(
            f"{config.folder}: holds figures of something else than a run.",
            hint="Choose another name (--set name=...), or remove the folder.",
        )
    if path.exists():
        found = json.loads(path.read_text(encoding="utf-8"))
        others = differing(found, config, where=str(path))
        if others:
            raise ConfigError(
                f"{config.folder}: made with another config ({', '.join(others)} differ).",
                hint="Choose another name (--set name=...), or remove the folder.",
            )
    if _begun(config.folder):
        inputs.check(config)
        return
    write_json(config.folder / "run.json", circumstances() | inputs.recorded(config))
    write_json(path, config.to_dict())


def _begun(folder: Path) -> bool:
    """Say whether anything was made of the run's files; before, they may still change."""
    return (folder / "metrics.json").exists() or (folder / "checkpoints").is_dir()


def _task(config: FitConfig) -> tuple[Any, list[str]]:
    if config.task == "headings":
        return read_headings(config.train[0].path, smoothing=config.label_smoothing)
    data = examples.load(config.train, fold=config.fold)
    return LabelTask(list(OPP115.names), data), data.texts


def _check_apart(config: FitConfig, data: Examples, held: Examples) -> None:
    """Refuse records that train and validate: the epoch would be chosen by what was learnt."""
    if both := set(data.ids) & set(held.ids):
        path = config.validation.path if config.validation else ""
        raise ConfigError(
            f"config {config.name}: {len(both)} records of {path} train and validate, such as "
            f"{min(both)!r}.",
            hint="Set splits, or fold, in [[train]] and [validation].",
        )


@dataclass(frozen=True, slots=True)
class Held:
    """A run's validation records, read and cut into windows once."""

    data: Examples
    windows: Windows
    tokens: int
    accelerator: Accelerator

    @classmethod
    def load(cls, config: FitConfig, encoder: Encoder, accelerator: Accelerator) -> Held | None:
        """Read the validation records of `config`; None if it names none.

        Raises RecordError where they leave labels open.
        """
        if config.validation is None:
            return None
        data = examples.load_judgeable(config.validation, fold=config.fold)
        return cls(data, encoder.encode(data.texts), config.batch_tokens, accelerator)

    def logits(self, model: Any) -> NDArray[np.float32]:
        """Return the model's logits of the records. *Shape:* (records, labels)."""
        found = predict(model, self.windows, tokens=self.tokens, accelerator=self.accelerator)
        return combine(found, self.windows)

    def figures(self, model: Any) -> dict[str, float]:
        """Return the F1 figures of an epoch; "score" is what the best one is chosen by."""
        figures = metrics.f1_at_half(self.data.majority, self.logits(model))
        return {"score": figures["macro_f1"], **figures}

    def write(self, model: Any, folder: Path) -> None:
        """Keep the logits, for thresholds, ensembles and comparisons."""
        write_array(folder / "validation_logits.npy", self.logits(model))
        write_json(folder / "validation_ids.json", self.data.ids)


def _no_figures(_model: Any) -> dict[str, float]:
    return {}


def _chosen(config: FitConfig) -> Path:
    return config.folder / BEST


def _clear(config: FitConfig) -> None:
    _chosen(config).unlink(missing_ok=True)
    checkpoint.clear(config.folder)


def _finish(config: FitConfig, model: Any, tokenizer: Any) -> None:
    """Save the chosen epoch as a plain transformers folder."""
    model.load_state_dict(load_file(_chosen(config)))
    target = config.folder / "model"
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def _metrics(state: checkpoint.State) -> dict[str, Any]:
    best = next((h for h in state.history if h["epoch"] == state.best_epoch), {})
    return {
        "best_epoch": state.best_epoch + 1,
        "steps": state.step,
        "seconds": round(state.seconds, 1),
        "validation": {k: v for k, v in best.items() if k not in {"epoch", "score"}},
        "history": state.history,
    }


def main(
    config: Annotated[Path, typer.Argument(help="A TOML file of training/configs/.")],
    overrides: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, as often as needed.")
    ] = None,
) -> None:
    """Train what CONFIG says; resumes where an earlier run was cut off."""
    try:
        result = fit(load_config(config, overrides or []))
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(json.dumps(result["validation"] | {"best_epoch": result["best_epoch"]}))


if __name__ == "__main__":
    typer.run(main)
