"""Machine labels corrected: each text's votes become what the labeller and teachers say together.

    python -m training.relabel data/processed/clauses.jsonl --stacking runs/stacking/stacking.json \
        --teacher runs/opp115-s0 --teacher runs/opp115-s1 --output runs/relabelled

Writes OUTPUT/<name of the records>: a source like any other for training.fit (`majority = 0.0`). A
labeller that reads the guide and a model that learnt from annotators err on different texts;
training.stacking says how far to trust either. A teacher reads a text under its heading where one
is known; trained on the texts that it corrects, it repeats their labels in part: the recipe's
second round takes teachers that saw no clause, its third one that saw two of the three sets.

Each teacher's scores are kept in OUTPUT, part by part, so that the same command goes on where it
was cut off.
"""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from clausemark.errors import ClausemarkError, OutputError
from clausemark.labels import OPP115
from clausemark.segment import headed
from training import stacking
from training.distil import checksums, claim, mean_scores, teacher_scorer, weights_of
from training.examples import read_rows
from training.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable


def corrected(row: dict[str, Any], scores: Iterable[float]) -> dict[str, Any]:
    """Return `row` with `scores` as its votes, and the labels that they give at 0.5."""
    votes = {n: round(float(p), 4) for n, p in zip(OPP115.names, scores, strict=True)}
    return row | {"votes": votes, "labels": [name for name, p in votes.items() if p >= 0.5]}


def main(
    texts: Annotated[Path, typer.Argument(help="Machine-labelled records.")],
    teacher: Annotated[list[Path], typer.Option(help="A finished run of training.fit.")],
    weights: Annotated[
        Path, typer.Option("--stacking", help="stacking.json of training.stacking.")
    ],
    output: Annotated[Path, typer.Option(help="Folder for the records and the scores.")],
) -> None:
    """Correct the labels of TEXTS by the mean of the teachers."""
    room = output / texts.stem
    try:
        if output.resolve() == texts.resolve().parent:
            raise OutputError(f"{texts}: would be replaced.", hint="Choose another --output.")
        made = checksums(teacher, [weights_of(run) for run in teacher])
        claim(room, {"teachers": made, "texts": checksums([texts])})
        trust = stacking.read(weights)
        rows = list(read_rows(texts))
        given = np.stack([stacking.votes(row) for row in rows])
        read = [headed(row["text"], row.get("heading")) for row in rows]
        scores = mean_scores(teacher, read, room, teacher_scorer)
        both = stacking.apply(given, scores, trust)
        fixed = [corrected(row, own) for row, own in zip(rows, both, strict=True)]
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    path = output / texts.name
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in fixed))
    moved = sum(a["labels"] != b["labels"] for a, b in zip(rows, fixed, strict=True))
    typer.echo(f"{path}: {len(fixed)} records, the labels of {moved} changed")


if __name__ == "__main__":
    typer.run(main)
