"""Logits of texts that a model did not train on, with what is needed to judge them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from clausemark.errors import RecordError
from training import examples, inputs
from training.config import parse_config
from training.files import write_array, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Logits of texts by the model that did not see their policy family.

    *Shape:* `logits` and `truth` (texts, labels) float32; `fold` (texts,).
    """

    ids: list[str]
    documents: list[str]
    splits: list[str | None]
    fold: NDArray[np.int64]
    logits: NDArray[np.float32]
    truth: NDArray[np.float32]

    def only(self, split: str | None) -> OutOfFold:
        """Return the part of one split; all of it for None."""
        keep = [k for k, s in enumerate(self.splits) if split is None or s == split]
        if not keep:
            raise RecordError(f"no out-of-fold text is of split {split!r}.")
        return OutOfFold(
            [self.ids[k] for k in keep],
            [self.documents[k] for k in keep],
            [self.splits[k] for k in keep],
            self.fold[keep],
            self.logits[keep],
            self.truth[keep],
        )

    def write(self, folder: Path) -> None:
        """Write arrays and rows into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("fold", "logits", "truth"):
            write_array(folder / f"{name}.npy", getattr(self, name))
        rows = zip(self.ids, self.documents, self.splits, strict=True)
        write_json(folder / "rows.json", [list(row) for row in rows])

    @classmethod
    def of_run(cls, folder: Path) -> OutOfFold:
        """Read the validation logits of a finished training.fit, as a single fold.

        Raises RecordError where the records have changed since, or leave labels open.
        """
        try:
            values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            ids = json.loads((folder / "validation_ids.json").read_text(encoding="utf-8"))
            logits = np.load(folder / "validation_logits.npy", allow_pickle=False)
        except FileNotFoundError as error:
            raise RecordError(f"{error.filename}: missing.", hint="Finish the run first.") from None
        config = parse_config(values, where=str(folder / "config.json"))
        if config.validation is None:
            raise RecordError(f"{folder}: its config names no validation records.")
        held = config.validation
        _check_unchanged(folder, held.path)
        data = examples.load_judgeable(held, fold=config.fold)
        if data.ids != ids:
            raise RecordError(
                f"{held.path}: {len(data)} records, others than the {len(ids)} that "
                f"{folder} was validated on.",
                hint="Build the records as they were, or train again.",
            )
        none = np.zeros(len(ids), dtype=np.int64)
        return cls(ids, data.documents, data.splits, none, logits, data.majority)

    @classmethod
    def read(cls, folder: Path) -> OutOfFold:
        """Read what `write` wrote; raise RecordError naming what is missing."""
        try:
            rows: list[Any] = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
            arrays = {
                name: np.load(folder / f"{name}.npy", allow_pickle=False)
                for name in ("fold", "logits", "truth")
            }
        except FileNotFoundError as error:
            raise RecordError(
                f"{error.filename}: missing.", hint="Run python -m training.crossval first."
            ) from None
        return cls([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows], **arrays)


def _check_unchanged(folder: Path, path: str) -> None:
    """Raise RecordError where the records at `path` are others than run.json says of `folder`."""
    data = inputs.written(folder / "run.json").get("data", {})
    if path in data and data[path] != examples.checksum(path):
        raise RecordError(
            f"{path}: has changed since {folder} was validated on it.",
            hint="Build the records as they were, or train again.",
        )
