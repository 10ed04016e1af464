"""OpenVINO: an extra engine, in bf16 where the processor multiplies in it, else in f32.

In bf16 the scores of a text depend on the batch that it is computed in, by up to .003. Dynamic
quantisation, OpenVINO's default for weights in 8 bits, is off: it rounds activations, too.
"""

from __future__ import annotations

import sys
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from clausemark._engine import Feed

__all__ = ["OpenVino", "precisions"]

#: OpenVINO's import reports itself to its makers through this module, unless it is missing.
_TELEMETRY: Final = "openvino_telemetry"
#: What OpenVINO keeps of shapes it has seen, in entries of each kind; undocumented. With its own
#: 5,000 the process is at 757 MB after 812 shapes of batch, and not at an end; with 300 at 368 MB,
#: no slower. A round of texts has 60 shapes. At 0 it computes otherwise: logits move by up to .1.
_KEPT: Final = {"CPU_RUNTIME_CACHE_CAPACITY": 300}


def precisions() -> tuple[str, ...]:
    """Return what OpenVINO computes in here, the fastest last; nothing if it is not installed."""
    try:
        openvino = _module()
    except ImportError:
        return ()
    core = openvino.Core()
    capable = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    # Its own choice, too: bf16 that is only emulated is slower than f32.
    native = core.get_property("CPU", "INFERENCE_PRECISION_HINT") == openvino.Type.bf16
    return ("f32", "bf16") if capable and native else ("f32",)


def _module() -> Any:
    """Import OpenVINO as if its telemetry were not installed: nothing is written or sent."""
    before = sys.modules.get(_TELEMETRY)
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]  # Python's sign for "not there"
    try:
        import openvino
    finally:
        del sys.modules[_TELEMETRY]
        if before is not None:
            sys.modules[_TELEMETRY] = before
    return openvino


def _leave_activations(graph: Any) -> None:
    """Take out the pairs that round activations for products in 8 bits: here they are floats."""
    for op in graph.get_ops():
        if op.get_type_name() == "FakeQuantize":
            end = op
            while end.get_type_name() != "Multiply":  # by the scale, the last step of a pair
                (reader,) = end.output(0).get_target_inputs()
                end = reader.get_node()
            end.output(0).replace(op.input_value(0))


class OpenVino:
    """A graph in OpenVINO, on the CPU, its 8-bit weights folded to floats once."""

    def __init__(self, path: Path, threads: int, precision: str) -> None:
        openvino = _module()
        from openvino.passes import ConstantFolding, Manager

        self.lanes = 1  # its threads share a batch
        self._core = openvino.Core()
        self._graph = self._core.read_model(str(path))
        _leave_activations(self._graph)
        folding = Manager()
        folding.register_pass(ConstantFolding())
        folding.run_passes(self._graph)
        self._settings = {
            "INFERENCE_PRECISION_HINT": precision,
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            # Several processes would be pinned to the same cores.
            "ENABLE_CPU_PINNING": False,
        }
        self._request = self._compiled(self._graph).create_infer_request()
        self._lock = Lock()  # a request serves one thread at a time

    @property
    def names(self) -> tuple[set[str], set[str]]:
        """The names of the graph's inputs and of its outputs."""
        ports = self._graph.inputs, self._graph.outputs
        inputs, outputs = ({port.get_any_name() for port in side} for side in ports)
        return inputs, outputs

    def run(self, feed: Feed) -> NDArray[Any]:
        """Return the logits of a batch. *Shape:* (windows, labels)."""
        with self._lock:
            logits: NDArray[Any] = self._request.infer(feed, share_inputs=True)[0]
        return logits

    def probe(self, feed: Feed) -> NDArray[Any]:
        """Do as `run`; raise an exception if the batch reads past the end of a table.

        OpenVINO itself would read zeros there, or broadcast, without a word.
        """
        graph = self._graph.clone()
        graph.reshape({name: list(array.shape) for name, array in feed.items()})
        look_ups = [op for op in graph.get_ops() if op.get_type_name() == "Gather"]
        for op, rows in zip(look_ups, self._places(graph, look_ups, feed), strict=True):
            table = op.input_value(0).get_shape()
            size = table[int(op.input_value(2).get_node().get_data())]
            if rows.max() >= size or rows.min() < -size:
                raise ValueError(f"row {rows.max()} of a table of {size}: {op.get_friendly_name()}")
        return self.run(feed)

    def _compiled(self, graph: Any) -> Any:
        """Return the graph, ready to compute, with a bound on what is kept if OpenVINO knows it."""
        try:
            return self._core.compile_model(graph, "CPU", {**self._settings, **_KEPT})
        except RuntimeError:
            return self._core.compile_model(graph, "CPU", self._settings)

    def _places(self, graph: Any, look_ups: list[Any], feed: Feed) -> list[NDArray[Any]]:
        """Return the rows that each look-up reads: the graph, cut off before its tables."""
        if not look_ups:
            return []
        places = [op.input_value(1) for op in look_ups]
        cut = _module().Model(places, graph.get_parameters())
        request = self._compiled(cut).create_infer_request()
        request.infer(feed)
        return [np.array(tensor.data) for tensor in request.output_tensors]
