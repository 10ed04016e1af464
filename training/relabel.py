"""Teachers correct machine labels: each text's votes become a mean of its own and the teachers'.

    python -m training.relabel data/processed/clauses.jsonl --teacher runs/opp115-s0 \
        --teacher runs/opp115-s1 --output runs/relabelled

Writes OUTPUT/<name of the records>: a source like any other for training.fit (`majority = 0.0`). A
labeller that reads the guide and a model that learnt from annotators err on different texts, so
that their mean errs less than either. A teacher reads a text under its heading where one is known;
it should not have been trained on the texts that it corrects, or it repeats their labels.

Each teacher's scores are kept in OUTPUT, part by part, so that the same command goes on where it
was cut off.
"""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clausemark.errors import ClausemarkError, RecordError
from clausemark.labels import OPP115
from clausemark.segment import headed
from training.distil import claim, mean_scores, teacher_scorer, weights
from training.examples import checksum, read_rows
from training.files import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence


def corrected(row: dict[str, Any], scores: Sequence[float], share: float) -> dict[str, Any]:
    """Return `row` with the mean of its votes and `scores`; `share` is the weight of the scores.

    Raises RecordError naming a record without votes, or one that leaves labels open.
    """
    if row.get("votes") is None or row.get("known") is not None:
        raise RecordError(
            f"record {row.get('id')!r} has no probability for every label.",
            hint="Only machine-labelled records can be corrected, such as silver or clauses.",
        )
    votes = {
        name: round((1 - share) * row["votes"].get(name, 0.0) + share * float(score), 4)
        for name, score in zip(OPP115.names, scores, strict=True)
    }
    return row | {"votes": votes, "labels": [name for name, p in votes.items() if p >= 0.5]}


def main(
    texts: Annotated[Path, typer.Argument(help="Machine-labelled records.")],
    teacher: Annotated[list[Path], typer.Option(help="A finished run of training.fit.")],
    output: Annotated[Path, typer.Option(help="Folder for the records and the scores.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="Weight of the teachers.")] = 0.5,
) -> None:
    """Correct the labels of TEXTS by the mean of the teachers."""
    room = output / texts.stem
    try:
        made = {str(run): checksum(weights(run)) for run in teacher}
        claim(room, {"teachers": made, "texts": {str(texts): checksum(texts)}})
        rows = list(read_rows(texts))
        read = [headed(row["text"], row.get("heading")) for row in rows]
        scores = mean_scores(teacher, read, room, teacher_scorer)
        fixed = [corrected(row, own, share) for row, own in zip(rows, scores, strict=True)]
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    path = output / texts.name
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in fixed))
    moved = sum(a["labels"] != b["labels"] for a, b in zip(rows, fixed, strict=True))
    typer.echo(f"{path}: {len(fixed)} records, the labels of {moved} changed")


if __name__ == "__main__":
    typer.run(main)
