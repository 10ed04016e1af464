"""Texts -> token batches -> logits: the only room that knows of inference engines.

Texts are cut into windows (`clausemark.tokens`), windows of like length share a batch of bounded
size, an engine (`clausemark._engine`) computes their logits on the CPU, and `combine` brings them
back to one row a text. Memory is bounded by the batches at work, one a thread, and by two rounds of
texts, not by the number of texts.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from clausemark._engine import (
    AUTO,
    ENGINES,
    PRECISIONS,
    Engine,
    choose,
    open_session,
    refused,
)
from clausemark._lanes import Lanes
from clausemark._strict import fault
from clausemark.tokens import Encoder, combine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clausemark._engine import Session
    from clausemark.artifact import Manifest, ModelFolder
    from clausemark.tokens import Windows

    #: Called with the number of distinct texts done and of all.
    Progress = Callable[[int, int], None]

__all__ = [
    "AUTO",
    "ENGINES",
    "PRECISIONS",
    "Engine",
    "Runtime",
    "available_cores",
    "batches",
    "choose",
]

#: Tokens of one batch, padding included. On a CPU a batch that stays in the caches is faster than a
#: large one (6 layers of 384 dimensions: 3,400 tokens a core-second at 512, 2,300 at 2,048) and
#: takes 90 MB less.
BUDGET: Final = 512
#: Few texts are cut into so many batches, of LEAST tokens or more, so that all threads have one.
#: Not as many as there are threads: scores may hang on the batch in their last digits.
SHARES: Final = 8
LEAST: Final = 128
#: Texts tokenised and sorted together: enough to find neighbours of like length.
ROUND: Final = 1024


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Group windows of like length, longest first, so that padded groups stay within `budget`.

    Yield lists of positions in `lengths`; a window longer than the budget stands alone.
    """
    order = sorted(range(len(lengths)), key=lambda k: -lengths[k])
    at = 0
    while at < len(order):
        rows = max(1, budget // lengths[order[at]])
        yield order[at : at + rows]
        at += rows


class Runtime:
    """A loaded model: texts in, logits out; not bound to labels, thresholds or calibration."""

    def __init__(self, encoder: Encoder, session: Session, columns: int, *, engine: Engine) -> None:
        self.encoder = encoder
        self.engine = engine
        self.columns = columns
        #: Tokens computed so far, padding not counted.
        self.tokens = 0
        self._session = session

    @classmethod
    def load(
        cls,
        folder: ModelFolder,
        manifest: Manifest,
        *,
        threads: int | None = None,
        engine: str = AUTO,
        precision: str | None = None,
    ) -> Self:
        """Load the engine and the tokenizer of a folder that `folder.read()` found sound.

        `threads` defaults to the available cores; `engine` and `precision` are those of `choose`.
        Raise ModelError if there is no such engine, if the engine or the tokenizer library refuses
        a file, or if the graph's inputs or outputs are not those of the manifest; a full window is
        computed to know, unless the folder says that it was.
        """
        chosen = choose(engine, precision, int8=manifest.int8)
        encoder = _encoder(folder.tokenizer, manifest)
        session = open_session(chosen, folder.weights, threads or available_cores())
        runtime = cls(encoder, session, len(manifest.labels), engine=chosen)
        if not folder.tried:
            runtime._probe(folder.weights)
        return runtime

    def logits(
        self,
        texts: Sequence[str],
        *,
        budget: int = BUDGET,
        progress: Progress | None = None,
    ) -> NDArray[np.float32]:
        """Return the logits of `texts`, computing equal texts once.

        *Shape:* (len(texts), labels). `progress` is called with the distinct texts done and all.
        """
        rows: dict[str, int] = {}
        inverse = [rows.setdefault(text, len(rows)) for text in texts]
        distinct = list(rows)
        result = np.empty((len(distinct), self.columns), dtype=np.float32)
        rounds = [distinct[at : at + ROUND] for at in range(0, len(distinct), ROUND)]
        at = 0
        with Lanes(self._session.lanes) as lanes:
            for part, windows in zip(rounds, self._encoded(rounds, lanes), strict=True):

                def report(share: float, at: int = at, size: int = len(part)) -> None:
                    if progress is not None:
                        progress(at + int(share * size), len(distinct))

                result[at : at + len(part)] = self._round(windows, lanes, budget, report)
                at += len(part)
        return result[inverse]

    def _encoded(self, rounds: list[list[str]], lanes: Lanes) -> Iterator[Windows]:
        """Yield the windows of each round; the next is tokenised while one is computed."""
        waiting: list[Callable[[], Windows]] = []
        for one in rounds:
            waiting.append(lanes.begin(self.encoder.encode, one))
            if len(waiting) > 1:
                yield waiting.pop(0)()
        for last in waiting:
            yield last()

    def _round(
        self, windows: Windows, lanes: Lanes, budget: int, report: Callable[[float], None]
    ) -> NDArray[np.float32]:
        lengths = [len(ids) for ids in windows.ids]
        groups = list(batches(lengths, min(budget, max(LEAST, sum(lengths) // SHARES))))
        logits = np.empty((len(lengths), self.columns), dtype=np.float32)
        computed = lanes.map(self._run, [[windows.ids[k] for k in batch] for batch in groups])
        done = 0
        for batch, found in zip(groups, computed, strict=True):
            logits[batch] = found
            done += len(batch)
            self.tokens += sum(lengths[k] for k in batch)
            report(done / len(lengths))
        return combine(logits, windows)

    def _run(self, ids: list[list[int]]) -> NDArray[np.float32]:
        computed: NDArray[np.float32] = self._session.run(_feed(ids))
        return computed

    def _probe(self, weights: Path) -> None:
        """Run one full window of the last token: ids, positions and columns must all fit."""
        last = self.encoder.tokenizer.get_vocab_size() - 1
        window = [self.encoder.first, *[last] * self.encoder.size, self.encoder.last]
        try:
            logits = self._session.probe(_feed([window]))
        except Exception as error:  # noqa: BLE001  (the engines' errors share no other base)
            raise refused(weights, error) from None
        if logits.shape != (1, self.columns):
            problem = f"logits of shape {logits.shape}, the manifest needs (1, {self.columns})"
            raise fault(str(weights), problem)


def _feed(ids: list[list[int]]) -> dict[str, NDArray[np.int64]]:
    """Return windows as an engine takes them, padded to the longest."""
    longest = max(map(len, ids))
    input_ids = np.zeros((len(ids), longest), dtype=np.int64)
    mask = np.zeros_like(input_ids)
    for row, window in enumerate(ids):
        input_ids[row, : len(window)] = window
        mask[row, : len(window)] = 1
    return {"input_ids": input_ids, "attention_mask": mask}


def _encoder(path: Path, manifest: Manifest) -> Encoder:
    window = manifest.window
    try:
        return Encoder.load(path, size=window.size, overlap=window.overlap)
    except Exception as error:  # noqa: BLE001  (the tokenizer library raises plain Exception)
        raise refused(path, error) from None
