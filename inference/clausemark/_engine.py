"""The inference engines by name: which of them is here, in what it computes, how it is called.

ONNX Runtime is always installed, and fastest in int8; OpenVINO is an extra, for models without
ranges for int8 on processors that multiply in bf16. Each is known to one module alone,
`_onnxruntime` and `_openvino`, behind `Session`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, Protocol

from clausemark._strict import fault
from clausemark.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    #: The arrays of one batch by name: `input_ids` and `attention_mask`, int64, (windows, tokens).
    Feed = dict[str, NDArray[Any]]

__all__ = [
    "AUTO",
    "ENGINES",
    "PRECISIONS",
    "Engine",
    "Session",
    "choose",
    "open_session",
    "refused",
]

AUTO: Final = "auto"
ENGINES: Final = ("onnxruntime", "openvino")
#: What products are computed in; their sums have 32 bits in any case.
PRECISIONS: Final = ("f32", "bf16", "int8")

#: What each engine computes in on some machine.
_ABLE: Final = {"onnxruntime": ("f32", "int8"), "openvino": ("f32", "bf16")}
_INSTALL: Final = "pip install 'clausemark[openvino]'"

_INPUTS: Final = frozenset({"input_ids", "attention_mask"})
_OUTPUTS: Final = frozenset({"logits"})


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that is installed, and what it computes in: the same again gives the same bytes."""

    name: str
    precision: str
    version: str

    def to_json(self) -> dict[str, str]:
        """Return name, precision and version by name."""
        return {"name": self.name, "precision": self.precision, "version": self.version}


class Session(Protocol):
    """A graph that an engine holds ready."""

    lanes: int
    """How many batches threads may compute at a time, each as fast as alone."""

    @property
    def names(self) -> tuple[set[str], set[str]]:
        """The names of the graph's inputs and of its outputs."""

    def run(self, feed: Feed) -> NDArray[Any]:
        """Return the logits of a batch. *Shape:* (windows, labels)."""

    def probe(self, feed: Feed) -> NDArray[Any]:
        """Do as `run`, and raise an exception if the batch reads past the end of a table."""


def choose(name: str = AUTO, precision: str | None = None, *, int8: bool = False) -> Engine:
    """Return the engine of a name, or the one that `auto` stands for on this machine.

    `int8` says whether the model has ranges for products in int8. `auto` is ONNX Runtime in int8
    where model and processor allow, else OpenVINO where it is installed and the processor
    multiplies in bf16, for there alone it is much faster, else ONNX Runtime. `precision` is f32,
    bf16 or int8; without it, it is the fastest of the engine. Raise ModelError for an unknown
    name, an engine that is not installed, or a precision that it does not compute in.
    """
    if name == AUTO:
        name = _fastest(precision, int8=int8)
    if name not in ENGINES:
        raise ModelError(f"Unknown engine {name!r}.", hint=f"Known: {', '.join((AUTO, *ENGINES))}.")
    known = _computed(name, int8=int8)
    if not known:
        raise ModelError("The engine OpenVINO is not installed.", hint=_INSTALL)
    chosen = precision or known[-1]
    if chosen not in known:
        raise _lacks(name, chosen, known)
    return Engine(name, chosen, version(name))


def _lacks(name: str, precision: str, known: tuple[str, ...]) -> ModelError:
    """Return the error for a precision that an engine does not compute in, here or at all."""
    hint = f"Known: {', '.join(known)}."
    if precision not in _ABLE[name]:
        where = ""
        if precision == "bf16" and not _computed("openvino"):
            hint += f" For bf16: {_INSTALL}"
    elif precision in _computed(name, int8=True):
        where = " with this model"
    else:
        where = " on this machine"
        hint += " f32 is everywhere."
    return ModelError(f"The engine {name} does not compute in {precision}{where}.", hint=hint)


def _fastest(precision: str | None, *, int8: bool) -> str:
    """Return the engine that is fastest here, in `precision` if one is asked for."""
    exact, other = ENGINES
    if precision in {None, "int8"} and "int8" in _computed(exact, int8=int8):
        return exact
    if precision in {None, "bf16"} and "bf16" in _computed(other):
        return other
    return exact


def _computed(name: str, *, int8: bool = False) -> tuple[str, ...]:
    """Return what an engine computes in here, the fastest last; nothing if it is not installed."""
    if name == "onnxruntime":
        from clausemark import _onnxruntime

        return _onnxruntime.precisions() if int8 else PRECISIONS[:1]
    from clausemark import _openvino

    return _openvino.precisions()


def open_session(engine: Engine, path: Path, threads: int) -> Session:
    """Load the graph at `path`; raise ModelError if the engine refuses it or its names differ."""
    try:
        session = _opened(engine, path, threads)
    except Exception as error:  # noqa: BLE001  (the engines' errors share no other base)
        raise refused(path, error) from None
    for what, found, wanted in zip(
        ("inputs", "outputs"), session.names, (_INPUTS, _OUTPUTS), strict=True
    ):
        if found != wanted:
            problem = f"{what} {', '.join(sorted(found))}, not {', '.join(sorted(wanted))}"
            raise fault(str(path), problem)
    return session


def _opened(engine: Engine, path: Path, threads: int) -> Session:
    if engine.name == "openvino":
        from clausemark import _openvino

        return _openvino.OpenVino(path, threads, engine.precision)
    from clausemark import _onnxruntime

    return _onnxruntime.OnnxRuntime(path, threads, engine.precision)


def refused(path: Path, error: Exception) -> ModelError:
    """Return the error for a file that an engine or a library does not take."""
    reason = " ".join(str(error).split())[:200]
    return fault(str(path), f"not usable ({reason})")
