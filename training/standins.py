"""Stand-ins for the corpora, from the invented policies: to see that the recipe runs, in minutes.

    python -m training.standins data/processed/fictional.jsonl --output data/processed

Writes opp115.jsonl (with folds), opp115_machine.jsonl, silver.jsonl, clauses.jsonl, clauses2.jsonl
and headings.jsonl beside it, in the form that data.build gives them. Figures on them mean nothing.
"""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clausemark.errors import ClausemarkError, OutputError
from clausemark.labels import OPP115
from training.examples import read_rows
from training.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FOLDS = 5


def gold(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the records as OPP-115's: train and validation, votes, folds of whole policies."""
    # A train policy first in every fold: none may be empty.
    order = sorted({(row["split"] == "validation", row["document"]) for row in rows})
    fold = {name: k % FOLDS for k, (_, name) in enumerate(order)}
    for row in rows:
        split = "validation" if row["split"] == "validation" else "train"
        yield row | {"split": split, "fold": fold[row["document"]], "votes": _votes(row, 1.0)}


def silver(rows: Sequence[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    """Yield the train policies' records as machine labels: probabilities, no split."""
    for row in rows:
        if row["split"] == "train":
            made = {"id": f"{name}/{row['id']}", "corpus": name, "split": None}
            yield row | made | {"votes": _votes(row, 0.9)}


def machine(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the train records again, under the same ids, with a machine's probabilities."""
    for row in rows:
        if row["split"] == "train":
            yield row | {"votes": _votes(row, 0.8)}


def headings(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the paragraphs that stand under a heading, the heading in lower case."""
    for row in rows:
        if row["split"] == "train" and row["heading"]:
            yield {"id": row["id"], "heading": row["heading"].lower(), "text": row["text"]}


def _votes(row: dict[str, Any], given: float) -> dict[str, float]:
    return {label: given if label in row["labels"] else 1 - given for label in OPP115.names}


def main(
    fictional: Annotated[Path, typer.Argument(help="The invented policies' records.")],
    output: Annotated[Path, typer.Option(help="Folder for the stand-ins.")],
) -> None:
    """Write stand-ins for the corpora that the recipe reads."""
    try:
        rows = list(read_rows(fictional))
        made = {
            "opp115": gold(rows),
            "opp115_machine": machine(rows),
            "silver": silver(rows, "silver"),
            "clauses": silver(rows, "clauses"),
            "clauses2": silver(rows, "clauses2"),
            "headings": headings(rows),
        }
        for name in made:
            if (output / f"{name}.jsonl").exists():
                raise OutputError(
                    f"{output / name}.jsonl: there already.",
                    hint="Choose another --output: stand-ins take no corpus's place.",
                )
        for name, records in made.items():
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in records)
            write_text(output / f"{name}.jsonl", lines)
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(main)
