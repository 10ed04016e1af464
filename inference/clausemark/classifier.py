"""Classifier: logits -> calibrated scores -> labels.

Calibration, thresholds and fallback come from the model's manifest and are applied here and only
here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from clausemark.artifact import Manifest, ModelFolder, bundled_model
from clausemark.document import Document, read_document
from clausemark.runtime import AUTO, Runtime
from clausemark.segment import model_text, segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from clausemark.runtime import Engine, Progress

__all__ = ["Classifier", "LabelledClause", "LabelledText", "decide"]

#: Decimals of a score as it is decided on and written: the labels follow from the written scores.
_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class LabelledText:
    """The labels of a text and every label's calibrated probability."""

    labels: tuple[str, ...]
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class LabelledClause:
    """A clause with its labels and every label's calibrated probability.

    `start` and `end` are offsets in code points into the document's text, half open.
    """

    document: str
    index: int
    start: int
    end: int
    heading: str | None
    text: str
    labels: tuple[str, ...]
    scores: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the clause as the object that `clausemark label --format jsonl` writes."""
        return {
            "document": self.document,
            "index": self.index,
            "start": self.start,
            "end": self.end,
            "heading": self.heading,
            "text": self.text,
            "labels": list(self.labels),
            "scores": dict(self.scores),
        }


class Classifier:
    """A model ready to label texts and documents."""

    def __init__(self, manifest: Manifest, runtime: Runtime) -> None:
        self.manifest = manifest
        self.labels = tuple(label.name for label in manifest.labels)
        self.thresholds = {label.name: label.threshold for label in manifest.labels}
        self.fallback = manifest.fallback
        self._runtime = runtime
        self._slopes = np.array([label.slope for label in manifest.labels], dtype=np.float32)
        self._intercepts = np.array([label.intercept for label in manifest.labels], np.float32)
        self._limits = np.array([label.threshold for label in manifest.labels])

    @classmethod
    def load(
        cls,
        folder: Path | str | None = None,
        *,
        threads: int | None = None,
        engine: str = AUTO,
        precision: str | None = None,
    ) -> Self:
        """Load a model folder, or the bundled model; raise ModelError if it is not sound.

        `threads` defaults to the available cores. `engine` is onnxruntime, openvino (an extra), or
        auto: ONNX Runtime in int8 where processor and model allow, else OpenVINO where it is
        installed and computes in bf16 on this processor, else ONNX Runtime. `precision` is f32,
        bf16 or int8, by default the fastest that the engine has here; f32 gives the same scores on
        any processor but for the last digits. Raise ModelError for an engine or a precision that is
        not there, too.
        """
        model = bundled_model() if folder is None else ModelFolder(folder)
        manifest = model.read()
        runtime = Runtime.load(model, manifest, threads=threads, engine=engine, precision=precision)
        return cls(manifest, runtime)

    def predict_proba(
        self, texts: Iterable[str], *, progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Return calibrated probabilities, columns in the order of `labels`.

        *Shape:* (len(texts), labels), float32. Raise TypeError if `texts` is one string or
        holds anything but strings. `progress` gets the number of distinct texts done and of all.
        """
        logits = self._runtime.logits(_checked(texts), progress=progress)
        return _sigmoid(self._slopes * logits + self._intercepts)

    def predict(self, texts: Iterable[str]) -> list[list[str]]:
        """Return the names of the labels of each text, as `decide` gives them."""
        return [list(names) for names in self._names(self.predict_proba(texts))]

    def decide(self, scores: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Return which labels are given, at the manifest's thresholds and fallback.

        *Shape:* (texts, labels), both.
        """
        return decide(scores, self._limits, self.fallback)

    def label_texts(
        self, texts: Iterable[str], *, progress: Progress | None = None
    ) -> list[LabelledText]:
        """Return the labels and scores of each text; errors and `progress` as `predict_proba`."""
        scores = self.predict_proba(texts, progress=progress)
        return [
            LabelledText(names, dict(zip(self.labels, row.tolist(), strict=True)))
            for names, row in zip(self._names(scores), _rounded(scores), strict=True)
        ]

    @property
    def engine(self) -> Engine:
        """The inference engine: its name, what it computes in, its version."""
        return self._runtime.engine

    @property
    def tokens(self) -> int:
        """The tokens that the model has read so far."""
        return self._runtime.tokens

    def label_document(
        self,
        document: Document | Path | str,
        *,
        progress: Progress | None = None,
    ) -> list[LabelledClause]:
        """Read a policy (unless it is read already), cut it into clauses and label each.

        Raise DocumentError if it cannot be read.
        """
        if not isinstance(document, Document):
            document = read_document(Path(document))
        clauses = segment(document)
        texts = [model_text(clause, headings=self.manifest.headings) for clause in clauses]
        read = self.label_texts(texts, progress=progress)
        return [
            LabelledClause(
                document=document.name,
                index=clause.index,
                start=clause.start,
                end=clause.end,
                heading=clause.heading,
                text=clause.text,
                labels=one.labels,
                scores=one.scores,
            )
            for clause, one in zip(clauses, read, strict=True)
        ]

    def _names(self, scores: NDArray[np.float32]) -> list[tuple[str, ...]]:
        """Return the names of each row's labels."""
        given = self.decide(scores)
        return [tuple(self.labels[k] for k in np.flatnonzero(row)) for row in given]


def decide(
    scores: NDArray[np.floating[Any]],
    limits: NDArray[np.floating[Any]],
    fallback: float | None,
) -> NDArray[np.bool_]:
    """Return which labels are given: those whose score, as it is written, reaches its limit.

    Where none does, the label of the highest score is given, if that reaches `fallback`: a clause
    is about something. *Shapes:* `scores` (texts, labels), `limits` (labels), out as `scores`.
    """
    scores = _rounded(scores)
    found: NDArray[np.bool_] = scores >= limits
    if fallback is not None:
        bare = np.flatnonzero(~found.any(axis=1) & (scores.max(axis=1) >= fallback))
        found[bare, scores[bare].argmax(axis=1)] = True
    return found


def _sigmoid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(1 / (1 + np.exp(-values)), dtype=np.float32)


def _rounded(scores: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return np.asarray(np.round(scores.astype(np.float64), _DECIMALS), dtype=np.float64)


def _checked(texts: Iterable[str]) -> list[str]:
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"texts is one {type(texts).__name__}, a list of strings is needed")
    checked = list(texts)
    for k, text in enumerate(checked):
        if not isinstance(text, str):
            raise TypeError(f"texts[{k}] is of type {type(text).__name__}, a string is needed")
    return checked
