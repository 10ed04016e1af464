"""The same batch on Ray Data: one machine reads and writes, the labelling spreads over a cluster.

A Ray task reads the inputs with the batch's own readers, `map_batches` takes the texts, call by
call, through actors that each load the model once, and the scores come back in order to the ledger
of `clausemark.batch`; back-pressure, retries and placement are Ray's. Ray's own readers would lose
what the batch promises (a bad row's line number, a line of JSON as it stood), and parts written by
workers would need a folder that all machines share: here parts, rejects, manifest and --resume are
the local engine's, byte for byte, and a worker needs the model alone. A call is labelled for about
ten seconds and read in milliseconds, so that one reader feeds a hundred cores and more.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import logging
import os
import socket
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clausemark._extra import pyarrow
from clausemark.batch import calls, maker
from clausemark.classifier import Classifier, LabelledText
from clausemark.errors import ClausemarkError, RecordError
from clausemark.runtime import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from clausemark._rows import Position
    from clausemark.batch import Crew, Labeller, Options, Source
    from clausemark.runtime import Progress

    Rows = Generator[dict[str, Any], None, None]

__all__ = ["ray_crew"]

#: What Ray may hold in shared memory on this machine: a call is a few megabytes.
_STORE_BYTES: Final = 200_000_000
#: Calls that a worker has before it: the one it computes and the next.
_AHEAD: Final = 2
_PATIENCE: Final = 5.0
#: Ray reads these when it is imported: nothing reported to its makers, no logs of its own.
_QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
}


@contextlib.contextmanager
def ray_crew(
    classifier: Classifier,
    model: Path | None = None,
    *,
    workers: int | None = None,
    threads: int = 1,
    address: str | None = None,
) -> Iterator[Crew]:
    """Join a Ray cluster: a crew for `clausemark.batch.label_tables`.

    `model` is the classifier's folder, None for the bundled one; every machine must have it at the
    same place. `address` is auto for the cluster that this machine is of; None starts Ray on this
    machine, unless the process has joined one. `workers` defaults to as many as there are cores
    for, each of `threads`. Raise ClausemarkError if Ray is missing, the cluster cannot be reached,
    or, when labelling, work fails there.
    """
    ray = _ray()
    with _joined(ray, address, (workers or max(1, available_cores() // threads)) * threads):
        cores = int(ray.cluster_resources().get("CPU", 1))
        workers = workers or max(1, cores // threads)
        yield _Crew(ray, classifier, model and model.absolute(), workers, threads)


@dataclass(frozen=True, slots=True)
class _Crew:
    """Workers on Ray, each with the classifier's model."""

    ray: Any
    classifier: Classifier
    model: Path | None
    workers: int
    threads: int

    @contextlib.contextmanager
    def __call__(
        self, source: Source, position: Position, options: Options, /
    ) -> Iterator[Labeller]:
        """Have the calls from `position` on labelled, ahead of being asked."""
        read = partial(
            _read,
            source=copy.copy(source),  # as it is before anything is read here
            position=position,
            options=options,
            folder=Path.cwd(),
        )
        with contextlib.closing(self._rows(read)) as rows:
            yield _Awaited(rows, self.classifier.labels)

    def _rows(self, read: Callable[..., Any]) -> Rows:
        """Yield the labelled calls in their order, as Ray Data brings them."""
        engine = self.classifier.engine
        load = partial(
            Classifier.load,
            self.model,
            threads=self.threads,
            engine=engine.name,
            precision=engine.precision,
        )
        here = {"ray.io/node-id": self.ray.get_runtime_context().get_node_id()}
        data = (
            self.ray.data.from_items([{"reader": 0}])
            .map_batches(read, batch_format="pyarrow", num_cpus=0, label_selector=here)
            .map_batches(
                _Worker,
                fn_constructor_args=(load, maker(self.classifier)),
                batch_size=1,
                batch_format="pyarrow",
                compute=self.ray.data.ActorPoolStrategy(
                    size=self.workers, max_tasks_in_flight_per_actor=_AHEAD
                ),
                num_cpus=self.threads,
            )
        )
        context = data.context
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        context.target_max_block_size = 1  # a call is a block, so that calls spread over workers
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        with _told(self.ray):
            for block in data.iter_batches(batch_size=None, batch_format="pyarrow"):
                yield from block.to_pylist()


def _ray() -> Any:
    """Return the module `ray`; raise ClausemarkError with the cure if it is not installed."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError:
        raise ClausemarkError(
            "--engine ray needs Ray Data, which is not installed.",
            hint="pip install 'clausemark[ray]'",
        ) from None
    return ray


@contextlib.contextmanager
def _joined(ray: Any, address: str | None, cores: int) -> Iterator[None]:
    """Join a cluster, or start Ray here, for as long as it is needed."""
    if ray.is_initialized():
        yield
        return
    limits = {"num_cpus": cores, "object_store_memory": _STORE_BYTES, "include_dashboard": False}
    try:
        if address is not None:
            _check_reachable(address)
        with _hushed():
            ray.init(
                address=address or "local",
                logging_level="ERROR",
                log_to_driver=False,
                **({} if address else limits),
            )
    except Exception as error:  # noqa: BLE001  (on a busy machine Ray raises nothing more precise)
        raise _unreachable(address, error) from None
    try:
        yield
    finally:
        ray.shutdown()


@contextlib.contextmanager
def _hushed() -> Iterator[None]:
    """Keep from the error stream what Ray's core says of itself when it starts."""
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _check_reachable(address: str) -> None:
    """Raise an error at once where Ray itself would try for a minute."""
    if address.startswith("ray://"):
        raise ValueError("a client's address")
    host, colon, port = address.rpartition(":")
    if colon:
        socket.create_connection((host, int(port)), _PATIENCE).close()


def _unreachable(address: str | None, error: Exception) -> ClausemarkError:
    reason = " ".join(str(error).split())[:200]
    if address is None:
        return ClausemarkError(f"Ray does not start on this machine ({reason}).")
    if "RAY_AUTH_TOKEN" in f"{error} {error.__cause__}":
        # Ray sends its token by itself to auto alone, and to an address only where it is told to.
        return ClausemarkError(
            f"No Ray cluster can be joined at {address} (it asks for a token).",
            hint="Set RAY_AUTH_MODE=token, with its token on this machine (ray get-auth-token).",
        )
    return ClausemarkError(
        f"No Ray cluster can be joined at {address} ({reason}).",
        hint="Run this on a machine of the cluster (ray start) with --address auto.",
    )


@contextlib.contextmanager
def _told(ray: Any) -> Iterator[None]:
    """Tell what Ray gives up for in one line; what is safe stays safe."""
    try:
        yield
    except (ray.exceptions.RayError, ray.data.exceptions.SystemException) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise ClausemarkError(
            f"Ray has given up ({reason[:300]}).",
            hint="Is clausemark installed on every machine? Finished parts are safe: --resume.",
        ) from error


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256(json.dumps(list(texts)).encode()).hexdigest()


def _read(
    _: Any, *, source: Source, position: Position, options: Options, folder: Path
) -> Iterator[Any]:
    """Yield a table of one row a call, its texts; runs on the machine that has the inputs."""
    table = pyarrow().table
    with contextlib.chdir(folder):
        try:
            for texts in calls(source, position, options):
                yield table({"texts": [texts], "problem": [""]})
        except ClausemarkError as error:
            yield table({"texts": [[""]], "problem": [str(error)]})


class _Worker:
    """Labels calls; Ray makes one an actor. What is wrong travels as a value, not as a crash."""

    def __init__(self, load: Callable[[], Classifier], expected: dict[str, Any]) -> None:
        self._problem = ""
        try:
            self._classifier = load()
            self._problem = _difference(expected, maker(self._classifier))
        except ClausemarkError as error:
            self._problem = f"{socket.gethostname()}: {error}"

    def __call__(self, batch: Any) -> Any:
        [call] = batch.to_pylist()
        problem = call["problem"] or self._problem
        texts = [] if problem else call["texts"]
        before = 0 if problem else self._classifier.tokens
        found = self._classifier.label_texts(texts) if texts else []
        arrow = pyarrow()
        schema = arrow.schema(
            {
                "digest": arrow.string(),
                "labels": arrow.list_(arrow.list_(arrow.string())),
                "scores": arrow.list_(arrow.list_(arrow.float64())),
                "tokens": arrow.int64(),
                "problem": arrow.string(),
            }
        )
        row = {
            "digest": _digest(texts),
            "labels": [list(one.labels) for one in found],
            "scores": [list(one.scores.values()) for one in found],
            "tokens": self._classifier.tokens - before if texts else 0,
            "problem": problem,
        }
        return arrow.Table.from_pylist([row], schema)


def _difference(expected: dict[str, Any], found: dict[str, Any]) -> str:
    """Say how a worker's model or libraries are not those of the machine that began the batch."""
    for group, facts in expected.items():
        for name in facts | found[group]:
            here, there = facts.get(name), found[group].get(name)
            if here != there:
                where = f"{group.rstrip('s')} {name} is {there} on {socket.gethostname()}"
                return f"{where}, {here} here. Install the same on every machine."
    return ""


class _Awaited:
    """A labeller whose answers are on their way already, in the order of the questions."""

    def __init__(self, rows: Rows, labels: tuple[str, ...]) -> None:
        self.tokens = 0
        self._rows = rows
        self._labels = labels

    def label_texts(
        self, texts: Iterable[str], *, progress: Progress | None = None
    ) -> list[LabelledText]:
        """Return labels and scores of each text; raise ClausemarkError if a worker could not."""
        asked = list(texts)
        row = next(self._rows, None)
        if row and row["problem"]:
            raise ClausemarkError(row["problem"])
        if row is None or row["digest"] != _digest(asked):
            raise RecordError(
                "The inputs have changed while they were read.",
                hint="Start again with --overwrite once they are at rest.",
            )
        self.tokens += row["tokens"]
        if progress is not None:
            progress(len(asked), len(asked))
        return [
            LabelledText(tuple(names), dict(zip(self._labels, scores, strict=True)))
            for names, scores in zip(row["labels"], row["scores"], strict=True)
        ]
