"""The command `clausemark batch`: its options, its bar, its last line."""

from __future__ import annotations

import csv
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path  # noqa: TC003  (Typer reads the annotations)
from typing import TYPE_CHECKING, Annotated

import typer

from clausemark._shell import (
    ModelOption,
    PrecisionOption,
    RuntimeName,
    RuntimeOption,
    ThreadsOption,
    complain,
    edge,
    load,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from clausemark._parts import Existing
    from clausemark._places import Tally
    from clausemark.batch import Crew

__all__ = ["BatchEngine", "BatchFormat", "batch"]


class BatchFormat(StrEnum):
    """How a labelled table is written."""

    JSONL = "jsonl"
    JSONL_GZ = "jsonl.gz"
    JSONL_ZST = "jsonl.zst"
    CSV = "csv"
    CSV_GZ = "csv.gz"
    CSV_ZST = "csv.zst"
    PARQUET = "parquet"


class BatchEngine(StrEnum):
    """Where the rows of a batch are labelled."""

    LOCAL = "local"
    RAY = "ray"


def batch(  # noqa: PLR0913, PLR0917  (a parameter an option)
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Tables (jsonl, csv, parquet, .gz, .zst), policies, folders or globs of either.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            metavar="OUT",
            help="One file if it ends in .jsonl, .csv or .parquet (.gz, .zst), else a folder.",
        ),
    ],
    form: Annotated[
        BatchFormat | None,
        typer.Option("--format", help="What a folder's parts are.", show_default="the inputs' own"),
    ] = None,
    text_column: Annotated[str, typer.Option(metavar="NAME", help="The column to label.")] = "text",
    columns: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="The input columns to keep.", show_default="all"),
    ] = None,
    labels_only: Annotated[
        bool, typer.Option("--labels-only", help="Add labels, but no scores.")
    ] = False,
    min_score: Annotated[
        float,
        typer.Option(min=0, max=1, metavar="X", help="Leave out lower scores; labels stay."),
    ] = 0.0,
    prefix: Annotated[
        str, typer.Option(metavar="P", help="Put P before the names of the new columns.")
    ] = "",
    rows_per_part: Annotated[
        int,
        typer.Option(
            min=1, max=100_000, metavar="N", help="Rows written, or lost by a kill, at once."
        ),
    ] = 10_000,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where a run has stopped, or begin.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier output.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 if a row was rejected.")
    ] = False,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    runtime: RuntimeOption = RuntimeName.AUTO,
    precision: PrecisionOption = None,
    engine: Annotated[
        BatchEngine, typer.Option("--engine", help="Where rows are labelled: here, or on Ray.")
    ] = BatchEngine.LOCAL,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="auto",
            help="A Ray cluster that runs.",
            show_default="Ray, started here",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Models at work on Ray.", show_default="one a core"),
    ] = None,
) -> None:
    """Label every row of tables, of any size, in bounded memory.

    All columns are kept, with their types and order; labels and scores are added. In csv, labels
    are joined by "; " and each score is a column.

    A folder OUT gets parts, one file a part; they are joined if OUT is a file. Rows that cannot be
    labelled (no text, malformed, over 10 MB) go to a file of rejects with line number and reason;
    the exit code is 0 nevertheless, without --strict. A manifest, written last, says what was read
    and done.

    After a kill or Ctrl-C, the same command with --resume goes on; the output is the same, byte
    for byte, as that of a run that was never stopped.

    --engine ray spreads the labelling over the cores of a cluster; the output is the same, and is
    written here, where the inputs are read. --threads are then those of a worker, 1 by default.
    """
    from clausemark._bar import Bar
    from clausemark.batch import Options, label_tables

    if resume and overwrite:
        raise typer.BadParameter("--resume and --overwrite exclude each other.")
    if engine is BatchEngine.LOCAL and (address or workers):
        raise typer.BadParameter("--address and --workers need --engine ray.")
    existing: Existing = "resume" if resume else "overwrite" if overwrite else "refuse"
    options = Options(
        text_column=text_column,
        columns=_names(columns),
        labels_only=labels_only,
        min_score=min_score,
        prefix=prefix,
        rows_per_part=rows_per_part,
    )
    with edge("interrupted. Finished parts are safe: --resume goes on after them."), Bar() as bar:
        spread = engine is BatchEngine.RAY
        classifier = load(model, threads or (1 if spread else None), runtime, precision)
        crew: AbstractContextManager[Crew | None] = nullcontext()
        if spread:
            from clausemark.distributed import ray_crew

            crew = ray_crew(
                classifier, model, workers=workers, threads=threads or 1, address=address
            )
        with crew as hired:
            tally = label_tables(
                classifier,
                inputs,
                output,
                options,
                form=form,
                existing=existing,
                watch=bar,
                crew=hired,
            )
    complain(_summary(tally, output))
    if tally.lost or (strict and tally.rejected):
        raise typer.Exit(1)


def _names(columns: str | None) -> tuple[str, ...] | None:
    """Return the names in a row of CSV, so that one may hold a comma in quotation marks."""
    if columns is None:
        return None
    cells = next(csv.reader([columns], skipinitialspace=True), [])
    names = tuple(cells if '"' in columns else map(str.strip, cells))
    if not names or not all(names) or len(set(names)) < len(names):
        raise typer.BadParameter("--columns names columns once each, with commas between.")
    return names


def _summary(tally: Tally, output: Path) -> str:
    rows = f"{tally.rows:,} row{'' if tally.rows == 1 else 's'}: {tally.labelled:,} labelled"
    if not tally.rejected:
        return f"{rows}, none rejected."
    if not tally.labelled and tally.reasons["no text column"]:
        rows += " (--text-column names the column)"
    most = sorted(tally.reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in most)
    from clausemark.batch import places

    return f"{rows}, {tally.rejected:,} rejected ({reasons}), listed in {places(output).rejects}."
