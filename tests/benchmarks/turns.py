"""Systems at work, each in a process of its own on so many cores, timed in turns.

In turns, so that whatever else the machine does falls on all of them alike: a ratio is of two
systems in the same round, and what is told is the median over the rounds.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from systems import System

#: How the libraries in use are told their number of threads, where they do not count cores.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")


class Worker:
    """A process that has loaded one system."""

    def __init__(self, system: System, threads: int) -> None:
        self.system = system
        self.threads = threads
        self._talk, theirs = get_context("spawn").Pipe()
        with confined(threads):
            self._process = get_context("spawn").Process(target=serve, args=(theirs, system))
            self._process.start()
        theirs.close()
        self.load_seconds = float(self._answer())

    def run(self, given: Any, at_least: float) -> dict[str, float]:
        """Label `given` for so many CPU-seconds, again and again, once at least; return the times.

        Passes and peak memory in MB are of all, `seconds` and `cpu_seconds` of one pass.
        """
        self._talk.send((given, at_least))
        return dict(self._answer())

    def close(self) -> None:
        """End the process."""
        if self._process.is_alive():
            self._talk.send(None)
        self._process.join()

    def _answer(self) -> Any:
        try:
            return self._talk.recv()
        except EOFError:
            raise RuntimeError(f"{self.system.name}: its process ended, see above") from None


@contextmanager
def confined(threads: int) -> Iterator[None]:
    """Let the processes that are started within have so many cores, the last that we may use."""
    settings = dict.fromkeys(THREADS, str(threads)) | {"HF_HUB_OFFLINE": "1"}
    before = {name: os.environ.get(name) for name in settings}
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else None
    os.environ |= settings
    try:
        if cores:
            os.sched_setaffinity(0, sorted(cores)[-threads:])
        yield
    finally:
        if cores:
            os.sched_setaffinity(0, cores)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def at_work(systems: Sequence[System], threads: int) -> Iterator[list[Worker]]:
    """Start a worker a system, one after the other; end them all."""
    workers: list[Worker] = []
    try:
        for system in systems:
            workers.append(Worker(system, threads))  # noqa: PERF401  (those before it must end)
        yield workers
    finally:
        for worker in workers:
            worker.close()


def in_turns(
    work: Sequence[tuple[Worker, Any]], *, rounds: int, at_least: float = 0.5
) -> list[dict[str, Any]]:
    """Run each worker on what is given to it, round by round, every other round backwards.

    Return a row a worker: system, threads, seconds to load, and the times of its rounds. A first
    pass counts for nothing: engines plan, memory comes.
    """
    rows: list[dict[str, Any]] = [
        {
            "system": worker.system.name,
            "threads": worker.threads,
            "load_seconds": worker.load_seconds,
            "rounds": [],
        }
        for worker, _ in work
    ]
    for worker, given in work:
        worker.run(given[:8] if isinstance(given, list) else given, 0.0)
    for k in range(rounds):
        for row, (worker, given) in list(zip(rows, work, strict=True))[:: -1 if k % 2 else 1]:
            row["rounds"].append(worker.run(given, at_least))
    return rows


def serve(talk: Connection, system: System) -> None:
    """Load a system, then label what comes until None comes."""
    start = time.perf_counter()
    run = system.load()
    talk.send(time.perf_counter() - start)
    while (asked := talk.recv()) is not None:
        given, at_least = asked
        talk.send(timed(run, given, at_least))


def timed(run: Any, given: Any, at_least: float) -> dict[str, float]:
    """Return passes, peak memory, and the seconds and CPU-seconds of one pass."""
    from engines import memory

    passes, clock, cpu = 0, time.perf_counter(), time.process_time()
    while passes == 0 or time.process_time() - cpu < at_least:
        run(given)
        passes += 1
    used, gone = time.process_time() - cpu, time.perf_counter() - clock
    return {
        "passes": passes,
        "seconds": gone / passes,
        "cpu_seconds": used / passes,
        "peak_mb": memory(),
    }
