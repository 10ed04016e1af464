"""The command line: thin commands over plain functions, the one place that prints and catches.

Exit codes: 0 all well, 1 something could not be read or written, 2 wrong usage, 130 interrupted,
143 terminated, 129 hung up.
Heavy modules are imported by the command that needs them, so that `clausemark --help` is instant.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import IO, TYPE_CHECKING, Annotated

import typer

from clausemark import __version__
from clausemark._cli_batch import batch
from clausemark._cli_compare import compare
from clausemark._cli_page import page
from clausemark._shell import (
    WHERE,
    ModelOption,
    OutputOption,
    PrecisionOption,
    RuntimeName,
    RuntimeOption,
    ThreadsOption,
    Troubles,
    edge,
    end_as_interrupted,
    label_one,
    load,
    open_output,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clausemark._output import Writer

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


class FactsFormat(StrEnum):
    """How a set of facts is written."""

    TABLE = "table"
    JSON = "json"


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
def label(  # noqa: PLR0913, PLR0917  (a parameter an option)
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Policies (txt, md, html, pdf, docx), folders of them, or - for standard input.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", show_default=WHERE.format("jsonl"))
    ] = None,
    output: OutputOption = None,
    model: ModelOption = None,
    threads: ThreadsOption = None,
    runtime: RuntimeOption = RuntimeName.AUTO,
    precision: PrecisionOption = None,
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
        troubles = Troubles()
        names = find(wanted, troubles)
        refuse_input(output, names)
        done = 0
        if names:
            classifier = load(model, threads, runtime, precision)
            with open_output(output) as stream:
                writer = _writer(form, stream, classifier.labels)
                for document in read(names, troubles):
                    writer.add(document.name, label_one(classifier, document))
                    done += 1
                writer.finish()
                if not done:
                    troubles.conclude(done)  # raises: no empty file takes an old one's place
        troubles.conclude(done)


app.command()(batch)
app.command()(compare)
app.command()(page)


@app.command()
def labels(
    form: Annotated[
        ListFormat | None, typer.Option("--format", show_default=WHERE.format("jsonl"))
    ] = None,
) -> None:
    """Show the label schemes with their definitions."""
    from clausemark._info import print_schemes, scheme_rows
    from clausemark._output import json_line
    from clausemark.labels import SCHEMES

    with edge(), open_output(None) as stream:
        if form is ListFormat.TABLE or (form is None and stream.isatty()):
            print_schemes(SCHEMES.values(), stream)
        else:
            stream.writelines(f"{json_line(row)}\n" for row in scheme_rows(SCHEMES.values()))


@app.command()
def info(
    form: Annotated[
        FactsFormat | None, typer.Option("--format", show_default=WHERE.format("json"))
    ] = None,
    model: ModelOption = None,
    runtime: RuntimeOption = RuntimeName.AUTO,
    precision: PrecisionOption = None,
) -> None:
    """Show the model in use: version, sources, metrics; and the engine that runs it."""
    from clausemark._info import model_facts, print_model
    from clausemark._output import json_line
    from clausemark.artifact import ModelFolder, bundled_model
    from clausemark.runtime import choose

    with edge(), open_output(None) as stream:
        folder = ModelFolder(model) if model else bundled_model()
        manifest = folder.read()
        engine = choose(runtime.value, precision, int8=manifest.int8)
        facts = model_facts(manifest, str(folder.path), engine)
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


def _writer(form: Format | None, stream: IO[str], names: Sequence[str]) -> Writer:
    if form is Format.TABLE or (form is None and stream.isatty()):
        from clausemark._table import TableWriter

        return TableWriter(stream)
    from clausemark._output import CsvWriter, JsonlWriter

    return CsvWriter(stream, names) if form is Format.CSV else JsonlWriter(stream)


def main() -> None:
    """Run the command line; the entry point of the installed command."""
    end_as_interrupted()
    app(prog_name="clausemark")


if __name__ == "__main__":
    main()
