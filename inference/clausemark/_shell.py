"""What the commands share: options that several take, the edge where errors become lines."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clausemark.errors import ClausemarkError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ModelOption", "ThreadsOption", "complain", "edge"]

ModelOption = Annotated[
    Path | None,
    typer.Option("--model", metavar="DIR", help="A model folder.", show_default="the bundled one"),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Cores to use.", show_default="all available"),
]


def complain(message: str) -> None:
    """Print a line to standard error, on one line whatever stands in it."""
    from clausemark._printable import printable

    typer.echo(f"clausemark: {printable(message)}", err=True)


@contextmanager
def edge(interrupted: str = "interrupted.") -> Iterator[None]:
    """Turn what a user can cause into one line and an exit code; bugs keep their traceback.

    A reader that leaves early (`| head`) is Typer's to handle: exit code 1 and no message.
    """
    try:
        yield
    except ClausemarkError as error:
        complain(str(error))
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        complain(interrupted)
        raise typer.Exit(130) from None
