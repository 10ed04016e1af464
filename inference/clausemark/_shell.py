"""What the commands share: options that several take, the edge where errors become lines."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from clausemark.errors import ClausemarkError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from clausemark.classifier import Classifier, LabelledClause
    from clausemark.document import Document

__all__ = [
    "WHERE",
    "ModelOption",
    "OutputOption",
    "PrecisionName",
    "PrecisionOption",
    "RuntimeName",
    "RuntimeOption",
    "ThreadsOption",
    "Troubles",
    "complain",
    "edge",
    "end_as_interrupted",
    "label_one",
    "load",
    "open_output",
]

#: What a command writes if no format is named.
WHERE: Final = "table on a terminal, else {}"


class RuntimeName(StrEnum):
    """The inference engines, and the word for the one that is fastest here."""

    AUTO = "auto"
    ONNXRUNTIME = "onnxruntime"
    OPENVINO = "openvino"


class PrecisionName(StrEnum):
    """What an engine's products are computed in."""

    F32 = "f32"
    BF16 = "bf16"
    INT8 = "int8"


ModelOption = Annotated[
    Path | None,
    typer.Option("--model", metavar="DIR", help="A model folder.", show_default="the bundled one"),
]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", metavar="FILE", help="Write to FILE, all of it or nothing."),
]
ThreadsOption = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Cores to use.", show_default="all available"),
]
RuntimeOption = Annotated[
    RuntimeName,
    typer.Option("--runtime", help="The inference engine; auto takes the fastest that is here."),
]
PrecisionOption = Annotated[
    PrecisionName | None,
    typer.Option(
        "--precision",
        help="What products are computed in; f32 scores alike on any processor.",
        show_default="the fastest here",
    ),
]


def complain(message: str) -> None:
    """Print a line to standard error, on one line whatever stands in it."""
    from clausemark._printable import printable

    typer.echo(f"clausemark: {printable(message)}", err=True)


class Ended(KeyboardInterrupt):
    """Another signal than Ctrl-C's asked the process to end; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def end_as_interrupted() -> None:
    """Let what schedulers and closed terminals send end a command as Ctrl-C does: tidily.

    By default these signals end Python on the spot, and drafts stay. One that is ignored, as under
    nohup, stays ignored.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _frame: object) -> NoReturn:
    raise Ended(number)


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
    except KeyboardInterrupt as stop:
        complain(interrupted)
        number = stop.number if isinstance(stop, Ended) else signal.SIGINT
        raise typer.Exit(128 + number) from None  # as a shell says it


def load(
    model: Path | None,
    threads: int | None,
    runtime: RuntimeName,
    precision: PrecisionName | None,
) -> Classifier:
    """Load the model that the command line names, into the engine that it names."""
    from clausemark.classifier import Classifier

    wish = precision and precision.value
    return Classifier.load(model, threads=threads, engine=runtime.value, precision=wish)


def label_one(classifier: Classifier, document: Document) -> list[LabelledClause]:
    """Label a document, with a meter where a person waits."""
    from clausemark._progress import Meter

    meter = Meter(document.name)
    try:
        return classifier.label_document(document, progress=meter)
    finally:
        meter.close()


def open_output(output: Path | None) -> AbstractContextManager[IO[str]]:
    """Open the output that the command line names; standard output for None."""
    from clausemark._output import sink

    return sink(output)


class Troubles:
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
