"""The command `clausemark compare`: its options, and the form that its output takes."""

from __future__ import annotations

from enum import StrEnum
from typing import IO, TYPE_CHECKING, Annotated

import typer

from clausemark._shell import (
    WHERE,
    ModelOption,
    OutputOption,
    PrecisionOption,
    RuntimeName,
    RuntimeOption,
    ThreadsOption,
    Troubles,
    complain,
    edge,
    label_one,
    load,
    open_output,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clausemark.classifier import Classifier
    from clausemark.compare import Comparison
    from clausemark.document import Document

__all__ = ["CompareFormat", "compare"]


class CompareFormat(StrEnum):
    """How a comparison is written."""

    TABLE = "table"
    JSONL = "jsonl"
    HTML = "html"


def compare(  # noqa: PLR0913, PLR0917  (a parameter an option)
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="The old version, or - for standard input.")
    ],
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="The new version, or - for standard input.")
    ],
    form: Annotated[
        CompareFormat | None, typer.Option("--format", show_default=WHERE.format("jsonl"))
    ] = None,
    output: OutputOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Let jsonl have the unchanged clauses, too.")
    ] = False,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    runtime: RuntimeOption = RuntimeName.AUTO,
    precision: PrecisionOption = None,
) -> None:
    """Compare two versions of a policy, clause by clause, by category.

    A clause is reworded, added, removed or moved; one may be reworded and moved. Typography is no
    change: white space, quotation marks, dashes, bullets, numbers, emphasis. A split paragraph
    reads as one reworded and one added clause.

    table: what changed in each category, words that went in [-brackets-], words that came in
    {+braces+}. jsonl: one object a change, with both clauses and the differing words. html: one
    self-contained page, with filters.

    The exit code is 0 whether the versions differ or not, 1 if one cannot be read.
    """
    from clausemark._sources import read, refuse_input

    if old == new == "-":
        raise typer.BadParameter("Only one of the two can come from standard input.")
    with edge():
        troubles = Troubles()
        refuse_input(output, [old, new])
        documents = list(read([old, new], troubles))
        if troubles.count:
            raise typer.Exit(1)
        comparison = _compared(load(model, threads, runtime, precision), documents)
        with open_output(output) as stream:
            if form is None:
                form = CompareFormat.TABLE if stream.isatty() else CompareFormat.JSONL
            _write_comparison(comparison, stream, form, everything=everything)


def _compared(classifier: Classifier, documents: Sequence[Document]) -> Comparison:
    from clausemark.compare import Comparison, align

    old, new = documents
    changes = align(label_one(classifier, old), label_one(classifier, new))
    return Comparison(old.name, new.name, classifier.labels, tuple(changes))


def _write_comparison(
    comparison: Comparison, stream: IO[str], form: CompareFormat, *, everything: bool
) -> None:
    from clausemark._output import json_line

    if form is CompareFormat.TABLE:
        from clausemark._compare_table import print_comparison

        print_comparison(comparison, stream)
    elif form is CompareFormat.HTML:
        from clausemark._compare_page import compare_page

        stream.write(compare_page(comparison))
    else:
        changes = comparison.changes if everything else comparison.changed()
        stream.writelines(f"{json_line(change.to_json())}\n" for change in changes)
        if not comparison.changed():
            complain("no clause differs.")
