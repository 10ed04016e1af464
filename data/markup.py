"""The minimal markup of OPP-115's segments made plain, with the way back for its spans.

Tags go, character references are decoded, white space collapses. A tag is what stands between "<"
and the next ">" with no other "<" before it: one policy holds a half-written tag whose text must
not be lost.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from html import unescape
from typing import Final

__all__ = ["Plain", "plain"]

_TOKEN: Final = re.compile(r"(?P<gap>(?:</?[a-zA-Z!][^<>]*>|\s)+)|(?P<ref>&#?\w+;)|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Plain:
    """A text, and for each of its characters the place of its source in the markup."""

    text: str
    origin: tuple[int, ...]
    source_length: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Move the half-open span [start, end) of the markup to the text, white space off."""
        first, last = bisect_left(self.origin, start), bisect_left(self.origin, end)
        while first < last and self.text[first] == " ":
            first += 1
        while first < last and self.text[last - 1] == " ":
            last -= 1
        return first, last


def plain(markup: str) -> Plain:
    """Return the text of `markup` with the origin of every character."""
    text: list[str] = []
    origin: list[int] = []
    for token in _TOKEN.finditer(markup):
        if token["gap"] is not None:
            piece = " " if text and token.end() < len(markup) else ""
        else:
            piece = unescape(token[0])
        text.extend(piece)
        origin.extend([token.start()] * len(piece))
    return Plain("".join(text), tuple(origin), len(markup))
