"""Which of several systems labels better, and is that more than chance?

    python -m training.compare runs/baseline runs/opp115-soup/validation --output DIR
    python -m training.compare tfidf=runs/baseline encoder=runs/a/test,runs/b/test,runs/c/test

Each argument is the folder of an evaluation (training.evaluate, training.baseline), of a run of
training.fit or of a cross-validation, or several of one system, trained with other seeds and
pooled: NAME=FOLDER,FOLDER. All are set against the first. Writes DIR/comparison.json,
comparison.md and comparison.html; figures only.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from clausemark.errors import ClausemarkError, RecordError
from clausemark.labels import OPP115
from training import metrics, paired
from training.files import circumstances, make_folder, write_json, write_text
from training.report.comparison import markdown, page, verdict
from training.systems import read_systems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.systems import System

#: Bootstrap samples, as training.evaluate takes them: its differences are these.
TIMES: Final = 2000


def comparison(systems: Sequence[System], *, times: int = TIMES) -> dict[str, Any]:
    """Return the figures of all systems and what each has over the first, with the verdict.

    Raises RecordError for fewer than `metrics.FEWEST` policies: one alone would decide everything.
    """
    first, *others = systems
    policies = len(set(first.scored.documents))
    if policies < metrics.FEWEST:
        raise RecordError(
            f"{first.name}: scored on {policies} policies, too few to tell a gain from chance.",
            hint=f"Evaluate on {metrics.FEWEST} policies or more.",
        )
    found = [paired.compare(first, other, times=times) for other in others]
    return {
        "texts": len(first.scored.ids),
        "policies": policies,
        "samples": times,
        "systems": [_figures(system, k, times) for k, system in enumerate(systems)],
        "comparisons": [{"verdict": verdict(part), **part} for part in found],
    }


def _figures(system: System, k: int, times: int) -> dict[str, Any]:
    """Return one system's F1, overall and by label, with intervals."""
    draws = metrics.resample(len(set(system.scored.documents)), times=times)
    drawn = paired.samples(system, draws, k)
    f1 = paired.figures(system)
    spread = paired.spread(system)
    parts = [
        {"f1": float(f1[at]), "interval": metrics.interval(drawn[:, at])} for at in range(len(f1))
    ]
    return {
        "name": system.name,
        "folders": [str(folder) for folder in system.folders],
        "seeds": system.seeds,
        "spread": None if spread is None else dict(zip(paired.OVERALL, spread, strict=True)),
        "overall": dict(zip(paired.OVERALL, parts[:2], strict=True)),
        "labels": dict(zip(OPP115.names, parts[2:], strict=True)),
    }


def main(
    systems: Annotated[
        list[str], typer.Argument(help="FOLDER or NAME=FOLDER,FOLDER; the first is the measure.")
    ],
    output: Annotated[
        Path | None, typer.Option(help="Folder for comparison.html, .md and .json.")
    ] = None,
    at_half: Annotated[
        bool, typer.Option("--at-half", help="Decide at 0.5, whatever thresholds were chosen.")
    ] = False,
) -> None:
    """Compare SYSTEMS that were evaluated on the same records."""
    try:
        if output is not None:
            make_folder(output)
        read = read_systems(systems, at_half=at_half)
        result = comparison(read) | {"at_half": at_half} | circumstances()
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    for part in result["comparisons"]:
        typer.echo(part["verdict"])
    if output is not None:
        write_json(output / "comparison.json", result)
        write_text(output / "comparison.md", markdown(result))
        write_text(output / "comparison.html", page(result))


if __name__ == "__main__":
    typer.run(main)
