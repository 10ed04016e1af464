"""Texts -> token batches -> logits: the only room that knows the inference engine.

Texts are cut into windows (`clausemark.tokens`), windows of like length share a batch of bounded
size, ONNX Runtime computes their logits on the CPU, and `combine` brings them back to one row a
text. Memory is bounded by the batch and by the round of texts, not by the number of texts.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from clausemark._strict import fault
from clausemark.tokens import Encoder, combine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from clausemark.artifact import Manifest, ModelFolder
    from clausemark.errors import ModelError

    #: Called with the number of distinct texts done and of all.
    Progress = Callable[[int, int], None]

__all__ = ["Runtime", "available_cores", "batches"]

#: Tokens of one batch, padding included. On a CPU a batch that stays in the caches is faster than a
#: large one (6 layers of 384 dimensions: 3,400 tokens a core-second at 512, 2,300 at 2,048) and
#: takes 90 MB less.
BUDGET: Final = 512
#: Texts tokenised and sorted together: enough to find neighbours of like length.
ROUND: Final = 1024

_INPUTS: Final = {"input_ids", "attention_mask"}
_OUTPUT: Final = "logits"


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

    def __init__(self, encoder: Encoder, session: Any, columns: int) -> None:
        self.encoder = encoder
        self.columns = columns
        #: Tokens computed so far, padding not counted.
        self.tokens = 0
        self._session = session

    @classmethod
    def load(cls, folder: ModelFolder, manifest: Manifest, *, threads: int | None = None) -> Self:
        """Load the engine and the tokenizer of a folder that `folder.read()` found sound.

        `threads` defaults to the available cores. Raise ModelError if the engine or the tokenizer
        library refuses a file, or if the graph's inputs or outputs are not those of the manifest.
        """
        encoder = _encoder(folder.tokenizer, manifest)
        session = _session(folder.weights, threads or available_cores())
        runtime = cls(encoder, session, len(manifest.labels))
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
        for at in range(0, len(distinct), ROUND):

            def report(done: int, at: int = at) -> None:
                if progress is not None:
                    progress(at + done, len(distinct))

            result[at : at + ROUND] = self._round(distinct[at : at + ROUND], budget, report)
        return result[inverse]

    def _round(
        self, texts: list[str], budget: int, report: Callable[[int], None]
    ) -> NDArray[np.float32]:
        windows = self.encoder.encode(texts)
        logits = np.empty((len(windows.ids), self.columns), dtype=np.float32)
        done = 0
        for batch in batches([len(ids) for ids in windows.ids], budget):
            logits[batch] = self._run([windows.ids[k] for k in batch])
            done += len(batch)
            self.tokens += sum(len(windows.ids[k]) for k in batch)
            report(done * len(texts) // len(windows.ids))
        return combine(logits, windows)

    def _run(self, ids: list[list[int]]) -> NDArray[np.float32]:
        longest = max(map(len, ids))
        input_ids = np.zeros((len(ids), longest), dtype=np.int64)
        mask = np.zeros_like(input_ids)
        for row, window in enumerate(ids):
            input_ids[row, : len(window)] = window
            mask[row, : len(window)] = 1
        (logits,) = self._session.run([_OUTPUT], {"input_ids": input_ids, "attention_mask": mask})
        computed: NDArray[np.float32] = logits
        return computed

    def _probe(self, weights: Path) -> None:
        """Run one full window of the last token: ids, positions and columns must all fit."""
        last = self.encoder.tokenizer.get_vocab_size() - 1
        window = [self.encoder.first, *[last] * self.encoder.size, self.encoder.last]
        try:
            logits = self._run([window])
        except Exception as error:  # noqa: BLE001  (the engine's errors share no other base)
            raise _refused(weights, error) from None
        if logits.shape != (1, self.columns):
            problem = f"logits of shape {logits.shape}, the manifest needs (1, {self.columns})"
            raise fault(str(weights), problem)


def _encoder(path: Path, manifest: Manifest) -> Encoder:
    window = manifest.window
    try:
        return Encoder.load(path, size=window.size, overlap=window.overlap)
    except Exception as error:  # noqa: BLE001  (the tokenizer library raises plain Exception)
        raise _refused(path, error) from None


def _session(path: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Plans for shapes that never come back: 60 MB, no time saved.
    options.enable_mem_pattern = False
    # Threads that wait in a loop halve the speed when anything else runs on the machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # noqa: BLE001  (the engine's errors share no other base)
        raise _refused(path, error) from None
    _check_names(path, "inputs", {node.name for node in session.get_inputs()}, _INPUTS)
    _check_names(path, "outputs", {node.name for node in session.get_outputs()}, {_OUTPUT})
    return session


def _check_names(path: Path, what: str, found: set[str], wanted: set[str]) -> None:
    if found != wanted:
        problem = f"{what} {', '.join(sorted(found))}, not {', '.join(sorted(wanted))}"
        raise fault(str(path), problem)


def _refused(path: Path, error: Exception) -> ModelError:
    reason = " ".join(str(error).split())[:200]
    return fault(str(path), f"not usable ({reason})")
