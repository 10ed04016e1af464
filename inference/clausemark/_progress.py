"""A line on the terminal's error stream that says how far a long document is; gone when done."""

from __future__ import annotations

import sys
import time
from typing import Final

from clausemark._printable import printable

__all__ = ["Meter"]

#: Seconds before the line appears, and between its changes: most documents never see it.
_PATIENCE: Final = 1.0
_CLEAR: Final = "\r\x1b[K"


class Meter:
    """Called with the clauses done and all; silent unless a person watches and has to wait.

    `unit` is what is counted, if it is not clauses.
    """

    def __init__(self, name: str, *, unit: str = "clauses") -> None:
        self._name = printable(name)
        self._unit = unit
        self._next = time.monotonic() + _PATIENCE
        self._shown = False
        self._watched = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Show how far the document is, if it is time to."""
        if not self._watched or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PATIENCE
        self._shown = True
        sys.stderr.write(f"{_CLEAR}{self._name[-40:]}: {done:,} of {total:,} {self._unit}")
        sys.stderr.flush()

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
