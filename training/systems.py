"""Systems to compare: each the evaluations of one or more trainings, on the same texts.

A folder may be an evaluation, a finished run of training.fit (judged on its validation records at
0.5) or a cross-validation (each fold at the thresholds of the others and with the fallback, or at
0.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clausemark.errors import RecordError
from training import thresholds
from training.outoffold import OutOfFold
from training.scored import read_scored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.scored import Scored


@dataclass(frozen=True, slots=True)
class System:
    """One system's evaluations, a seed each, all on the same texts.

    *Shape:* `decided` (seeds, texts, labels).
    """

    name: str
    folders: tuple[Path, ...]
    scored: Scored
    decided: NDArray[np.bool_]

    @property
    def seeds(self) -> int:
        """How many trainings of the system were evaluated."""
        return len(self.decided)


def read_systems(arguments: Sequence[str], *, at_half: bool = False) -> list[System]:
    """Read systems given as FOLDER or NAME=FOLDER,FOLDER; the first is what others are set against.

    With `at_half` all decisions are those at 0.5, whatever thresholds were chosen. Raise
    RecordError for fewer than two, for a name given twice, and for folders that were scored on
    other records, naming both.
    """
    split = [argument.partition("=") for argument in arguments]
    folders = [tuple(map(Path, (after or before).split(","))) for before, _, after in split]
    names = [before if sign else "" for before, sign, _ in split]
    names = [name or _name(own, folders) for name, own in zip(names, folders, strict=True)]
    if len(names) < 2 or len(set(names)) < len(names):
        raise RecordError(
            f"systems {', '.join(map(repr, names))}: two or more are needed, each with its name.",
            hint="Name them: NAME=FOLDER,FOLDER.",
        )
    systems = [_read(name, own, at_half) for name, own in zip(names, folders, strict=True)]
    for system in systems[1:]:
        _check_same(systems[0].folders[0], systems[0].scored, system.folders[0], system.scored)
    return systems


def _name(own: tuple[Path, ...], others: Sequence[tuple[Path, ...]]) -> str:
    """Return the folder's name, with its parents' where another's is the same."""
    parts = own[0].absolute().parts
    rivals = [other[0].absolute().parts for other in others if other != own]
    for size in range(1, len(parts)):
        if all(rival[-size:] != parts[-size:] for rival in rivals):
            return "/".join(parts[-size:])
    return str(own[0])


def judged(folder: Path, *, at_half: bool = False) -> tuple[Scored, NDArray[np.bool_]]:
    """Return scores and decisions of an evaluation, a run or a cross-validation in `folder`."""
    run, crossval = folder / "validation_logits.npy", folder / "fold.npy"
    if run.exists() or crossval.exists():
        out = OutOfFold.of_run(folder) if run.exists() else OutOfFold.read(folder)
        return thresholds.judge(out, at_half=at_half or run.exists())
    scored, decided = read_scored(folder)
    return scored, scored.scores >= 0.5 if at_half else decided


def _read(name: str, folders: tuple[Path, ...], at_half: bool) -> System:
    read = [judged(folder, at_half=at_half) for folder in folders]
    first = read[0][0]
    for folder, (scored, _) in zip(folders, read, strict=True):
        _check_same(folders[0], first, folder, scored)
    return System(name, folders, first, np.stack([decided for _, decided in read]))


def _check_same(folder: Path, first: Scored, other: Path, second: Scored) -> None:
    """Raise RecordError, naming both folders, unless they hold the same texts and truth."""
    if first.ids != second.ids:
        counts = f"{len(first.ids)} in {folder}, {len(second.ids)} in {other}"
        raise RecordError(
            f"scored on other records: {counts}.", hint="Evaluate both on the same file and split."
        )
    if first.documents != second.documents or (first.truth != second.truth).any():
        raise RecordError(
            f"the records' labels in {folder} are not those in {other}.",
            hint="The corpus was built anew in between: evaluate both again.",
        )
