"""ONNX Runtime: the engine that is always there, in f32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from clausemark._engine import Feed

__all__ = ["OnnxRuntime"]


class OnnxRuntime:
    """A graph in ONNX Runtime, on the CPU; 8-bit weights become floats as it loads."""

    def __init__(self, path: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # Plans for shapes that never come back: 60 MB, no time saved.
        options.enable_mem_pattern = False
        # Threads that wait in a loop halve the speed when anything else runs on the machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Add and LayerNormalization fused into one node are slower than the two: 1.1 times the
        # CPU time of the bundled model (ONNX Runtime 1.32, one thread, batches of 512 tokens).
        self._session = onnxruntime.InferenceSession(
            str(path),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=["SkipLayerNormFusion"],
        )

    @property
    def names(self) -> tuple[set[str], set[str]]:
        """The names of the graph's inputs and of its outputs."""
        session = self._session
        return {n.name for n in session.get_inputs()}, {n.name for n in session.get_outputs()}

    def run(self, feed: Feed) -> NDArray[Any]:
        """Return the logits of a batch. *Shape:* (windows, labels)."""
        (logits,) = self._session.run(["logits"], feed)
        computed: NDArray[Any] = logits
        return computed

    def probe(self, feed: Feed) -> NDArray[Any]:
        """Do as `run`: ONNX Runtime raises by itself where a batch reads past a table's end."""
        return self.run(feed)
