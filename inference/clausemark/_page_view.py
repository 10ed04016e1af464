"""What a page shows of one clause's labels and scores, and the style that depends on the scheme."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clausemark._render import SHORT, categories_css

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clausemark.artifact import LabelSettings
    from clausemark.classifier import LabelledClause
    from clausemark.labels import Label

__all__ = ["UNLABELLED", "Chip", "View", "columns", "rules", "short", "tall", "view", "written"]

#: How a clause without a label is filtered by: no column has this number.
UNLABELLED: Final = -1
#: Widths and heights that chunks are guessed by before they are laid out: characters of a line,
#: pixels of a line and of the space around a clause.
_LINE: Final = (72, 28, 22)
_TALLEST: Final = 24


@dataclass(frozen=True, slots=True)
class Chip:
    """One label of a clause: its column, and its name for narrow places."""

    column: int
    name: str


@dataclass(frozen=True, slots=True)
class View:
    """One clause's labels, the strongest first, and its scores.

    `data` holds every column's score in hundredths, `words` those that are not nought in words.
    """

    chips: list[Chip]
    filters: str
    data: str
    words: str


def view(clause: LabelledClause, labels: Sequence[LabelSettings | Label]) -> View:
    """Return what is shown of `clause`; `labels` are the scores' columns, in order."""
    scores = clause.scores
    found = columns(clause, labels)
    ranked = sorted(labels, key=lambda label: -scores[label.name])
    said = [
        f"{short(label)} {written(scores[label.name])}"
        for label in ranked
        if _is_some(scores[label.name])
    ]
    rest = "the others" if said else "all"
    words = "; ".join([*said, f"{rest} below .01"] if len(said) < len(labels) else said)
    return View(
        chips=[Chip(column, short(labels[column])) for column in found],
        filters=" ".join(map(str, found or [UNLABELLED])),
        data=" ".join(str(round(100 * scores[label.name])) for label in labels),
        words=words,
    )


def columns(clause: LabelledClause, labels: Sequence[LabelSettings | Label]) -> list[int]:
    """Return the columns of the clause's labels, that of the highest score first."""
    place = {label.name: k for k, label in enumerate(labels)}
    return [place[name] for name in sorted(clause.labels, key=lambda name: -clause.scores[name])]


def short(label: LabelSettings | Label) -> str:
    """Return the label's name for narrow places."""
    return SHORT.get(label.id, label.name)


def written(score: float) -> str:
    """Return a probability as tables write it: .93, or 1.0."""
    return "1.0" if score >= 0.995 else f"{score:.2f}".removeprefix("0")


def _is_some(score: float) -> bool:
    return round(100 * score) > 0


def tall(size: int, clauses: int) -> int:
    """Return the class of height that a chunk of `size` characters is guessed to have."""
    line, high, around = _LINE
    pixels = max(100.0, size / line * high + clauses * around)
    return min(_TALLEST, round(2 * math.log2(pixels / 100)))


def rules(labels: Sequence[LabelSettings | Label]) -> str:
    """Return the style that depends on the scheme, and the heights that `tall` names."""
    heights = (
        f".tall-{k} {{ contain-intrinsic-size: auto {round(100 * 2 ** (k / 2))}px; }}"
        for k in range(_TALLEST + 1)
    )
    return "\n".join([categories_css(len(labels)), *heights])
