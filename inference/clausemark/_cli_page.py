"""The command `clausemark page`: one policy as one page, several as a folder of them."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003  (Typer reads the annotations)
from typing import TYPE_CHECKING, Annotated

import typer

from clausemark._shell import (
    ModelOption,
    PrecisionOption,
    RuntimeName,
    RuntimeOption,
    ThreadsOption,
    Troubles,
    edge,
    label_one,
    load,
    open_output,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from clausemark.classifier import Classifier
    from clausemark.document import Document

__all__ = ["page"]


def page(  # noqa: PLR0913, PLR0917  (a parameter an option)
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
    runtime: RuntimeOption = RuntimeName.AUTO,
    precision: PrecisionOption = None,
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
    write(paths, output, lambda: load(model, threads, runtime, precision))


def _one_page(paths: list[str], output: Path | None, loader: Callable[[], Classifier]) -> None:
    from clausemark._sources import read, refuse_input

    if output is None and _stdout_is_terminal():
        raise typer.BadParameter("Name the page's file with --output, or redirect the output.")
    with edge():
        troubles = Troubles()
        refuse_input(output, paths)
        for document in read(paths, troubles):
            made = _page(loader(), document)
            with open_output(output) as stream:
                stream.write(made)
        troubles.conclude(0)


def _many_pages(paths: list[str], output: Path | None, loader: Callable[[], Classifier]) -> None:
    if output is None:
        raise typer.BadParameter("Name a folder for the pages with --output.")
    from clausemark._pages import write_pages

    with edge():
        troubles = Troubles()
        troubles.conclude(write_pages(paths, output, load=loader, trouble=troubles))


def _page(classifier: Classifier, document: Document) -> str:
    from clausemark.page import PageFacts, policy_page

    manifest = classifier.manifest
    clauses = label_one(classifier, document)
    return policy_page(document, clauses, manifest.labels, facts=PageFacts.of(manifest))


def _stdout_is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()
