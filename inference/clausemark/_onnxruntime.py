"""ONNX Runtime: the engine that is always there, in int8 where the processor has the products."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from clausemark._engine import Feed

__all__ = ["OnnxRuntime", "precisions"]

_CPU_INFO: Final = Path("/proc/cpuinfo")
#: Sums of four 8-bit products in 32 bits. Without them x86 adds pairs in 16 bits, which overflow.
_PRODUCTS: Final = frozenset({"avx512_vnni", "avx_vnni", "asimddp"})


def precisions() -> tuple[str, ...]:
    """Return what ONNX Runtime computes in here, the fastest last.

    int8 needs a processor with products of 8-bit numbers that do not overflow: VNNI on x86, dot
    products on ARM. Linux tells; every Apple processor has them; elsewhere nobody is asked.
    """
    if platform.system() == "Darwin":
        capable = platform.machine() == "arm64"
    else:
        capable = bool(_PRODUCTS & _flags())
    return ("f32", "int8") if capable else ("f32",)


def _flags() -> set[str]:
    """Return the features that Linux lists of the first processor."""
    try:
        with _CPU_INFO.open(encoding="utf-8", errors="replace") as lines:
            listed = (line for line in lines if line.startswith(("flags", "Features")))
            return set(next(listed, "").partition(":")[2].split())
    except OSError:
        return set()


class OnnxRuntime:
    """A graph in ONNX Runtime, on the CPU.

    In f32, 8-bit weights become floats as it loads and the ranges of activations are left out; in
    int8, products that have ranges are computed in 8 bits, their sums kept in 32.

    Each of `threads` computes a batch of its own: 1.3 times the texts a second of two threads that
    share one (ONNX Runtime 1.32, int8, batches of 512 tokens), and scores do not hang on how many.
    A single window is the work of one.
    """

    def __init__(self, path: Path, threads: int, precision: str = "f32") -> None:
        import onnxruntime

        self.lanes = threads
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        # Plans for shapes that never come back: 60 MB, no time saved.
        options.enable_mem_pattern = False
        if precision == "f32":
            options.add_session_config_entry("session.disable_quant_qdq", "1")
            options.add_session_config_entry("session.enable_quant_qdq_cleanup", "1")
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
