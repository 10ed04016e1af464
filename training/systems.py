"""Systems to compare: each the evaluations of one or more trainings, on the same texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clausemark.errors import RecordError
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


def read_systems(arguments: Sequence[str]) -> list[System]:
    """Read systems given as FOLDER or NAME=FOLDER,FOLDER; the first is what others are set against.

    Raise RecordError for fewer than two, for a name given twice, and for folders that were scored
    on other records, naming both.
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
    systems = [_read(name, own) for name, own in zip(names, folders, strict=True)]
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


def _read(name: str, folders: tuple[Path, ...]) -> System:
    read = [read_scored(folder) for folder in folders]
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
