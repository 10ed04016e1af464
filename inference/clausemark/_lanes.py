"""Calls side by side: a few threads, for as long as they are needed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Lanes"]

Given = TypeVar("Given")
Made = TypeVar("Made")


class Lanes:
    """So many threads, or none for one lane; left early, what has not begun is dropped.

    They live as long as the `with` block: a process forked outside it has none to wait for. Where
    threads cannot begin, as the interpreter ends, calls are made one after the other.
    """

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, "clausemark") if count > 1 else None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop what has not begun, and wait for what has."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def begin(self, call: Callable[[Given], Made], given: Given) -> Callable[[], Made]:
        """Begin a call; return what waits for its result."""
        if self._pool is not None:
            try:
                return self._pool.submit(call, given).result
            except RuntimeError:  # the interpreter ends
                self._pool = None
        return partial(call, given)

    def map(self, call: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[Made]:
        """Begin all calls; yield their results in order."""
        waiting = [self.begin(call, one) for one in given]
        return (result() for result in waiting)
