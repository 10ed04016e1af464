"""Cross-validate a config over policy families: every text is scored by a model that saw no policy
of its family.

    python -m training.crossval training/configs/opp115.toml --name opp115-cv

Trains one model a fold into runs/<name>-<fold>/ and writes runs/<name>/: the out-of-fold logits and
metrics.json, at threshold 0.5 and at per-label thresholds that were fitted on the other folds (with
the fallback of training.thresholds).
Epochs are those of the config, without early stopping: a fold's own labels choose nothing. The
folds lie in the splits that the config trains on, so that its validation records stay unseen by
the fold models as well, and training.soup may average them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from clausemark.errors import ClausemarkError
from training import examples, thresholds
from training.config import ConfigError, FitConfig, Source, load_config
from training.evaluate import against, assess
from training.files import circumstances, make_folder, write_json
from training.fit import fit
from training.outoffold import OutOfFold

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fold_config(config: FitConfig, name: str, fold: int) -> FitConfig:
    """Return `config` for one fold: its labelled sources without the fold, the fold held out."""
    held = _held_out(config)
    train = tuple(_without_fold(source, held) for source in config.train)
    return replace(
        config, name=f"{name}-{fold}", train=train, validation=held, fold=fold, select="last"
    )


def run_folds(config: FitConfig, name: str, folds: int) -> OutOfFold:
    """Train all folds and put their held-out logits together with the records."""
    parts: list[examples.Examples] = []
    logits: list[NDArray[np.float32]] = []
    held = _held_out(config)
    for k in range(folds):
        made = fold_config(config, name, k)
        fit(made)
        parts.append(examples.load_judgeable(held, fold=k))
        logits.append(np.load(made.folder / "validation_logits.npy", allow_pickle=False))
    return OutOfFold(
        [i for p in parts for i in p.ids],
        [d for p in parts for d in p.documents],
        [s for p in parts for s in p.splits],
        np.repeat(np.arange(folds), [len(p) for p in parts]),
        np.concatenate(logits),
        np.concatenate([p.majority for p in parts]),
    )


def summary(out: OutOfFold, baseline: Path | None = None) -> dict[str, Any]:
    """Return the figures at 0.5 and at nested thresholds, with intervals over policies.

    `baseline` is the folder of another cross-validation over the same folds, compared in pairs.
    """
    half, plain = thresholds.judge(out, at_half=True)
    tuned, decided = thresholds.judge(out, at_half=False)
    result = {
        "texts": len(out.ids),
        "policies": len(set(out.documents)),
        "fallback": thresholds.FALLBACK,
        "at_half": assess(half, plain),
        "nested_thresholds": assess(tuned, decided),
    }
    if baseline is not None:
        result["baseline"] = against(tuned, decided, baseline)
    return result


def _without_fold(source: Source, held: Source) -> Source:
    return replace(source, fold="out") if _is_same(source.path, held.path) else source


def _is_same(one: str, other: str) -> bool:
    return Path(one).resolve() == Path(other).resolve()


def _held_out(config: FitConfig) -> Source:
    """Return the held-out fold: of the labelled corpus, in the splits that the config trains on."""
    if config.validation is None:
        raise ClausemarkError(f"config {config.name}: no [validation], so nothing to hold out.")
    gold = config.validation.path
    named = [source.splits for source in config.train if _is_same(source.path, gold)]
    if not named:
        raise ConfigError(
            f"config {config.name}: no [[train]] source is {gold}, so no fold can be left out.",
            hint="Name the corpus that is judged on in [[train]], too.",
        )
    # No splits are all splits.
    splits = dict.fromkeys(split for each in named for split in each) if all(named) else ()
    return Source(path=gold, splits=tuple(splits), fold="in")


def main(  # noqa: PLR0913, PLR0917  (an option of the command each)
    config: Annotated[Path, typer.Argument(help="A TOML file of training/configs/.")],
    name: Annotated[str, typer.Option(help="The run's name under runs/.")],
    folds: Annotated[int, typer.Option(help="How many folds the records have.")] = 5,
    baseline: Annotated[
        Path | None, typer.Option(help="training.baseline's folder for the same folds.")
    ] = None,
    only: Annotated[
        list[int] | None, typer.Option(help="Train these folds and stop: to run some side by side.")
    ] = None,
    overrides: Annotated[list[str] | None, typer.Option("--set", help="key=value.")] = None,
) -> None:
    """Train every fold of CONFIG and judge the out-of-fold scores."""
    try:
        loaded = load_config(config, overrides or [])
        examples.check_folds(_held_out(loaded), folds)
        make_folder(Path(loaded.runs) / name)
        for fold in only or []:
            fit(fold_config(loaded, name, fold))
        if only:
            return
        out = run_folds(loaded, name, folds)
        folder = Path(loaded.runs) / name
        out.write(folder)
        result = summary(out, baseline) | circumstances()
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    write_json(folder / "metrics.json", result)
    typer.echo(json.dumps({k: result[k]["overall"] for k in ("at_half", "nested_thresholds")}))


if __name__ == "__main__":
    typer.run(main)
