"""Texts kept apart: corpora that label the same policies repeat what a model is judged on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[a-z0-9]+")
#: Words of a run; a shorter text is one run.
_SIZE = 8
#: A text repeats others if this share of its runs stands in them.
_SHARE = 0.5


class Apart:
    """The runs of eight words of some texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._runs = {run for text in texts for run in _runs(text)}

    def repeated(self, text: str) -> bool:
        """Say whether at least half of the runs of words of `text` stand in the others."""
        runs = _runs(text)
        return bool(runs) and len(runs & self._runs) >= _SHARE * len(runs)


def _runs(text: str) -> set[str]:
    words = _WORD.findall(text.lower())
    last = max(len(words) - _SIZE, 0)
    return {" ".join(words[at : at + _SIZE]) for at in range(last + 1)} if words else set()
