"""What a model says about itself: facts from a TOML file; a folder's card, written anew.

    python -m training.card inference/clausemark/model --card training/configs/bundled.card.toml

Writes README.md of a model folder again, from its manifest and the card file, without retraining:
the manifest keeps its figures, takes licence and sources from the card file and the new file's
checksum, and the folder is replaced whole or not at all. `--window 510` makes it the version that
the card file names, of the same weights, which reads so many tokens of a text at once.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clausemark.artifact import CARD, Manifest, ModelFolder, Source, Window, write
from clausemark.errors import ClausemarkError, RecordError
from clausemark.runtime import Runtime
from training.batches import LONGEST_WINDOW
from training.report.model_card import render

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Facts", "read_facts", "render", "renew"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What no run knows: name, version, licence, sources; and the figures to quote.

    `licence_name` is the Hub's short name of a licence that it does not know; `results` holds, by
    name, those quoted evaluations that are of this very model, and their data as the Hub wants it:
    `name`, `type`, `split`. `figures` says what the quoted evaluations are.
    """

    name: str
    version: str
    base: str
    hub_base: str
    licence: str
    summary: str
    limits: str
    sources: tuple[Source, ...]
    licence_name: str = ""
    intended: str = ""
    out_of_scope: str = ""
    figures: str = ""
    evaluation: str = ""
    training: str = ""
    citation: str = ""
    datasets: tuple[str, ...] = ()
    results: dict[str, dict[str, str]] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)


def read_facts(path: Path, metrics: Sequence[Path]) -> Facts:
    """Read the card's TOML; `metrics` are metrics.json files, quoted under their folder's name."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        sources = tuple(Source(**source) for source in values.pop("sources"))
        quoted = {m.parent.name: _quote(json.loads(m.read_text("utf-8"))) for m in metrics}
        if len(quoted) < len(metrics):
            raise RecordError(
                "two --metrics stand in folders of one name, by which figures are quoted.",
                hint="Rename one of the folders.",
            )
        return Facts(**values, sources=sources, metrics=quoted)
    except FileNotFoundError as error:
        raise RecordError(f"{error.filename}: no such file.") from None
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise RecordError(f"{path}: not a card file: {error}.") from None


def _quote(result: dict[str, Any]) -> dict[str, Any]:
    """Keep of a metrics.json what a user of the model wants to know."""
    kept: dict[str, Any] = {key: result[key] for key in ("texts", "policies") if key in result}
    for key in ("chosen_thresholds", "nested_thresholds", "at_half"):
        if key in result:
            kept[key] = _figures(result[key])
    if "baseline" in result:
        kept["baseline"] = {
            "name": result["baseline"]["name"],
            **_figures(result["baseline"]["figures"]),
            "ours_less_theirs": result["baseline"]["ours_less_theirs"],
        }
    return {key: _rounded(value) for key, value in kept.items()}


def _figures(part: dict[str, Any]) -> dict[str, Any]:
    names = ("support", "precision", "recall", "f1", "f1_interval")
    labels = {name: {k: v[k] for k in names} for name, v in part["labels"].items()}
    return {"overall": part["overall"], "labels": labels}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    # Readers round to three decimals: from four, one figure in twenty would come out .001 off.
    return round(value, 7) if isinstance(value, float) else value


def renew(folder: Path, facts: Facts, *, window: int | None = None) -> Manifest:
    """Write the card of the model in `folder` anew and return the manifest that fits it.

    Figures of `facts` are added to those that the manifest quotes already. With another `window`,
    in tokens of text, `facts` are of the version that reads so, and the figures named in their
    `results` are dropped: they were of the one before. Raises ModelError where the folder is not
    sound or has no places for the window, RecordError for a window that no run can have and where
    `facts` are of another model.
    """
    model = ModelFolder(folder)
    old = model.read()
    if window not in {None, old.window.size} and old.name == facts.name:
        old = _widened(model, old, facts, window)
    if (old.name, old.version) != (facts.name, facts.version):
        raise RecordError(
            f"{folder}: holds {old.name} {old.version}, the card is of {facts.name} "
            f"{facts.version}.",
            hint="Choose the card file that the model was exported with.",
        )
    quoted = {**old.metrics, **facts.metrics}
    new = replace(old, licence=facts.licence, sources=facts.sources, metrics=quoted)
    files: dict[str, Path | bytes] = {name: folder / name for name in old.files}
    write(folder, new, files | {CARD: render(new, facts).encode()}, overwrite=True)
    return model.read()


def _widened(model: ModelFolder, old: Manifest, facts: Facts, window: int) -> Manifest:
    """Return the manifest of the same weights with another window, once they have read one."""
    if old.version == facts.version:
        raise RecordError(
            f"{model.path}: {old.name} {old.version} has a window of {old.window.size}.",
            hint="Give the version with another window a number of its own in the card file.",
        )
    least = old.window.overlap + 1
    if not least <= window <= LONGEST_WINDOW:
        raise RecordError(f"{model.path}: window is {window}, not in [{least}, {LONGEST_WINDOW}].")
    others = {name: part for name, part in old.metrics.items() if name not in facts.results}
    wide = Window(window, old.window.overlap)
    new = replace(old, version=facts.version, window=wide, metrics=others)
    Runtime.load(model, new)
    return new


def main(
    folder: Annotated[Path, typer.Argument(help="A model folder.")],
    card: Annotated[Path, typer.Option(help="TOML: name, version, licence, sources, texts.")],
    metrics: Annotated[
        list[Path] | None, typer.Option(help="metrics.json to quote in manifest and card.")
    ] = None,
    window: Annotated[
        int | None,
        typer.Option(help="Tokens of a text that it reads at once from this version on."),
    ] = None,
) -> None:
    """Write the card of the model in FOLDER anew."""
    try:
        renew(folder, read_facts(card, metrics or []), window=window)
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(str(folder / CARD))


if __name__ == "__main__":
    typer.run(main)
