"""The command line: thin commands over plain functions, the one place that prints and catches.

Exit codes: 0 all well, 1 something could not be read or written, 2 wrong usage, 130 interrupted.
Heavy modules are imported by the command that needs them, so that `clausemark --help` is instant.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path  # noqa: TC003  (Typer reads the annotations)
from typing import IO, TYPE_CHECKING, Annotated

import typer

from clausemark import __version__
from clausemark._cli_batch import batch
from clausemark._shell import ModelOption, ThreadsOption, complain, edge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from clausemark._output import Writer
    from clausemark.classifier import Classifier, LabelledClause
    from clausemark.compare import Comparison
    from clausemark.document import Document
    from clausemark.errors import ClausemarkError

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Format(StrEnum):
    """How labelled clauses are written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


class ListFormat(StrEnum):
    """How a list is written."""

    TABLE = "table"
    JSONL = "jsonl"


class CompareFormat(StrEnum):
    """How a comparison is written."""

    TABLE = "table"
    JSONL = "jsonl"
    HTML = "html"


class FactsFormat(StrEnum):
    """How a set of facts is written."""

    TABLE = "table"
    JSON = "json"


_WHERE = "table on a terminal, else {}"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clausemark {__version__}")
        raise typer.Exit


@app.callback()
def _clausemark(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Read privacy policies and say, clause by clause, what they are about.

    To begin with: clausemark label policy.html
    """


@app.command()
def label(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Policies (txt, md, html, pdf, docx), folders of them, or - for standard input.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", show_default=_WHERE.format("jsonl"))
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Write to FILE, all of it or nothing."),
    ] = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Label every clause of the policies named.

    A folder is searched, its subfolders too, for .txt, .md, .html, .htm, .pdf and .docx; what is
    hidden or called README is passed over. What cannot be read is named on standard error, the
    rest is labelled, and the exit code is 1.

    jsonl: one object a clause, with its place in the document, its labels and the calibrated
    score of every label. csv: the same for spreadsheets; a cell that would run there as a formula
    gets an apostrophe in front.
    """
    from clausemark._sources import find, read, refuse_input

    wanted = _named(paths)
    with edge():
        troubles = _Troubles()
        names = find(wanted, troubles)
        refuse_input(output, names)
        done = 0
        if names:
            classifier = _load(model, threads)
            with _open(output) as stream:
                writer = _writer(form, stream, classifier.labels)
                for document in read(names, troubles):
                    writer.add(document.name, _label_one(classifier, document))
                    done += 1
                writer.finish()
                if not done:
                    troubles.conclude(done)  # raises: no empty file takes an old one's place
        troubles.conclude(done)


app.command()(batch)


@app.command()
def compare(  # noqa: PLR0913, PLR0917  (a parameter an option)
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="The old version, or - for standard input.")
    ],
    new: Annotated[
        str, typer.Argument(metavar="NEW", help="The new version, or - for standard input.")
    ],
    form: Annotated[
        CompareFormat | None, typer.Option("--format", show_default=_WHERE.format("jsonl"))
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Write to FILE, all of it or nothing."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Let jsonl have the unchanged clauses, too.")
    ] = False,
    model: ModelOption = None,
    threads: ThreadsOption = None,
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
        troubles = _Troubles()
        refuse_input(output, [old, new])
        documents = list(read([old, new], troubles))
        if troubles.count:
            raise typer.Exit(1)
        comparison = _compared(_load(model, threads), documents)
        with _open(output) as stream:
            if form is None:
                form = CompareFormat.TABLE if stream.isatty() else CompareFormat.JSONL
            _write_comparison(comparison, stream, form, everything=everything)


@app.command()
def page(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="POLICY", help="A policy, or several, or folders of them; - for standard input."
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="PATH",
            help="Write one policy's page to the file PATH, those of several into the folder PATH.",
            show_default="standard output, unless that is a terminal",
        ),
    ] = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
) -> None:
    """Show a policy as a page: the policy as it reads, every clause tinted by its labels.

    One HTML file that needs no network and opens from disk: categories to filter by and to jump
    through, the scores of every clause, what the policy says nothing about; light, dark, in print.

    Several policies, or a folder, become a page each in the folder PATH, and PATH/index.html over
    them: a heat map of policies by categories that leads to the clauses. PATH has to be new, empty,
    or of an earlier run, whose pages are replaced. What cannot be read is named on standard error
    and in the index, and the exit code is 1.
    """
    from clausemark._sources import several

    write = _many_pages if several(paths) else _one_page
    write(paths, output, lambda: _load(model, threads))


def _one_page(paths: list[str], output: Path | None, load: Callable[[], Classifier]) -> None:
    from clausemark._sources import read, refuse_input

    if output is None and _stdout_is_terminal():
        raise typer.BadParameter("Name the page's file with --output, or redirect the output.")
    with edge():
        troubles = _Troubles()
        refuse_input(output, paths)
        for document in read(paths, troubles):
            made = _page(load(), document)
            with _open(output) as stream:
                stream.write(made)
        troubles.conclude(0)


def _many_pages(paths: list[str], output: Path | None, load: Callable[[], Classifier]) -> None:
    if output is None:
        raise typer.BadParameter("Name a folder for the pages with --output.")
    from clausemark._pages import write_pages

    with edge():
        troubles = _Troubles()
        troubles.conclude(write_pages(paths, output, load=load, trouble=troubles))


@app.command()
def labels(
    form: Annotated[
        ListFormat | None, typer.Option("--format", show_default=_WHERE.format("jsonl"))
    ] = None,
) -> None:
    """Show the label schemes with their definitions."""
    from clausemark._info import print_schemes, scheme_rows
    from clausemark._output import json_line
    from clausemark.labels import SCHEMES

    with edge(), _open(None) as stream:
        if form is ListFormat.TABLE or (form is None and stream.isatty()):
            print_schemes(SCHEMES.values(), stream)
        else:
            stream.writelines(f"{json_line(row)}\n" for row in scheme_rows(SCHEMES.values()))


@app.command()
def info(
    form: Annotated[
        FactsFormat | None, typer.Option("--format", show_default=_WHERE.format("json"))
    ] = None,
    model: ModelOption = None,
) -> None:
    """Show the model in use: version, sources, metrics."""
    from clausemark._info import model_facts, print_model
    from clausemark._output import json_line
    from clausemark.artifact import ModelFolder, bundled_model

    with edge(), _open(None) as stream:
        folder = ModelFolder(model) if model else bundled_model()
        facts = model_facts(folder.read(), str(folder.path))
        if form is FactsFormat.TABLE or (form is None and stream.isatty()):
            print_model(facts, stream)
        else:
            stream.write(f"{json_line(facts)}\n")


def _named(paths: list[str] | None) -> list[str]:
    """Return the paths given, else standard input unless a person sits there."""
    if paths:
        return paths
    if _stdin_is_terminal():
        raise typer.BadParameter("Name a policy, a folder, or - for standard input.")
    return ["-"]


def _stdin_is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _stdout_is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _load(model: Path | None, threads: int | None) -> Classifier:
    from clausemark.classifier import Classifier

    return Classifier.load(model, threads=threads)


def _label_one(classifier: Classifier, document: Document) -> list[LabelledClause]:
    from clausemark._progress import Meter

    meter = Meter(document.name)
    try:
        return classifier.label_document(document, progress=meter)
    finally:
        meter.close()


def _page(classifier: Classifier, document: Document) -> str:
    from clausemark.page import PageFacts, policy_page

    manifest = classifier.manifest
    clauses = _label_one(classifier, document)
    return policy_page(document, clauses, manifest.labels, facts=PageFacts.of(manifest))


def _compared(classifier: Classifier, documents: Sequence[Document]) -> Comparison:
    from clausemark.compare import Comparison, align

    old, new = documents
    changes = align(_label_one(classifier, old), _label_one(classifier, new))
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


def _open(output: Path | None) -> AbstractContextManager[IO[str]]:
    from clausemark._output import sink

    return sink(output)


def _writer(form: Format | None, stream: IO[str], names: Sequence[str]) -> Writer:
    if form is Format.TABLE or (form is None and stream.isatty()):
        from clausemark._table import TableWriter

        return TableWriter(stream)
    from clausemark._output import CsvWriter, JsonlWriter

    return CsvWriter(stream, names) if form is Format.CSV else JsonlWriter(stream)


class _Troubles:
    """Prints what goes wrong with single documents, and counts it."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, error: ClausemarkError) -> None:
        self.count += 1
        complain(str(error))

    def conclude(self, done: int) -> None:
        """End with exit code 1 if anything went wrong."""
        if not self.count:
            return
        if self.count + done > 1:
            complain(f"{self.count} of {self.count + done} documents could not be labelled.")
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; the entry point of the installed command."""
    app(prog_name="clausemark")


if __name__ == "__main__":
    main()
