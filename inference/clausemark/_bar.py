"""A bar on the terminal's error stream that says how far a batch is; absent where nobody looks."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from clausemark.batch import Moment

__all__ = ["Bar"]

_EVERY: Final = 0.5


class Bar:
    """Called with the moments of a run; shows rows, rows and tokens a second, the time left."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._task: Any = None
        self._first: tuple[float, Moment] | None = None

    def __enter__(self) -> Self:
        if sys.stderr is not None and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn

            self._progress = Progress(
                BarColumn(bar_width=24),
                TextColumn("{task.description}"),
                console=Console(stderr=True),
                refresh_per_second=1 / _EVERY,
                transient=True,
            )
            self._progress.start()
            self._task = self._progress.add_task("reading the inputs", total=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, moment: Moment) -> None:
        """Show how far the run is; rates and the time left are of this run alone."""
        if self._progress is None:
            return
        now = time.monotonic()
        if self._first is None:
            self._first = (now, moment)
        begun, first = self._first
        self._progress.update(
            self._task,
            completed=moment.fraction,
            total=1.0,
            description=line(moment, first, now - begun),
        )


def line(moment: Moment, first: Moment, seconds: float) -> str:
    """Return what stands beside the bar: rates and the time left since the `first` moment."""
    seconds = max(seconds, 1e-9)
    rows, tokens = moment.done - first.done, moment.tokens - first.tokens
    parts = [f"{moment.rows:,} rows", f"{rows / seconds:,.0f} rows/s"]
    parts.append(f"{tokens / seconds:,.0f} tokens/s")
    gained = moment.fraction - first.fraction
    if gained > 0:
        parts.append(f"{_clock((1 - moment.fraction) / gained * seconds)} left")
    return "  ".join(parts)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
