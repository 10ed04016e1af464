"""What an evaluation leaves behind for later ones: scores, truth and decisions of named texts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from clausemark.errors import RecordError
from training.files import write_array, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scored:
    """Texts with their true labels and a model's calibrated scores.

    *Shape:* `truth` and `scores` (texts, labels) float32.
    """

    ids: list[str]
    documents: list[str]
    truth: NDArray[np.float32]
    scores: NDArray[np.float32]

    def write(self, folder: Path, decided: NDArray[np.bool_]) -> None:
        """Write scores, truth, decisions and rows into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {"scores": self.scores, "truth": self.truth, "decided": decided}
        for name, array in arrays.items():
            write_array(folder / f"{name}.npy", array)
        rows = [list(row) for row in zip(self.ids, self.documents, strict=True)]
        write_json(folder / "rows.json", rows)


def read_scored(folder: Path) -> tuple[Scored, NDArray[np.bool_]]:
    """Read what `Scored.write` wrote; raise RecordError naming what is missing."""
    try:
        rows = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
        arrays = [
            np.load(folder / f"{name}.npy", allow_pickle=False)
            for name in ("truth", "scores", "decided")
        ]
    except FileNotFoundError as error:
        raise RecordError(
            f"{error.filename}: missing.", hint="Evaluate that model first, on the same records."
        ) from None
    except (ValueError, EOFError) as error:
        raise RecordError(
            f"{folder}: its scores are damaged ({error}).", hint="Evaluate that model again."
        ) from None
    return Scored([r[0] for r in rows], [r[1] for r in rows], arrays[0], arrays[1]), arrays[2]
