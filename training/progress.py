"""A run's progress: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType


class Bar:
    """Shows steps, loss, tokens per second and the time left; a `quiet` one shows nothing."""

    def __init__(
        self, name: str, total: int, done: int, *, every: float = 30.0, quiet: bool = False
    ) -> None:
        self.name, self.total, self.done, self.quiet = name, total, done, quiet
        self.every = 0.2 if sys.stderr.isatty() else every
        self.began = self.shown = time.monotonic()
        self.first = done
        self.tokens = 0
        self.loss: float | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if sys.stderr.isatty() and not self.quiet:
            sys.stderr.write("\n")

    def advance(self, *, loss: float, tokens: int) -> None:
        """Count one step of `tokens` tokens."""
        self.done += 1
        self.tokens += tokens
        self.loss = loss if self.loss is None else 0.98 * self.loss + 0.02 * loss
        if time.monotonic() - self.shown >= self.every:
            self.shown = time.monotonic()
            self._write(self._line())

    def say(self, what: str, figures: dict[str, float]) -> None:
        """Write a line that stays."""
        if self.quiet:
            return
        text = "  ".join(f"{k} {v:.4f}" for k, v in figures.items())
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
        sys.stderr.write(f"{self.name}: {what}: {text}\n")
        sys.stderr.flush()

    def _line(self) -> str:
        seconds = time.monotonic() - self.began
        left = seconds / max(1, self.done - self.first) * max(0, self.total - self.done)
        filled = int(24 * min(1.0, self.done / max(1, self.total)))
        return (
            f"{self.name} [{'#' * filled}{'.' * (24 - filled)}] {self.done}/{self.total} steps, "
            f"loss {self.loss or 0:.4f}, {self.tokens / max(1e-9, seconds):,.0f} tokens/s, "
            f"{int(left) // 60}:{int(left) % 60:02d} left"
        )

    def _write(self, line: str) -> None:
        if self.quiet:
            return
        sys.stderr.write(f"\r\x1b[K{line}" if sys.stderr.isatty() else f"{line}\n")
        sys.stderr.flush()
