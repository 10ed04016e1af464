"""The heading that an OPP-115 segment stands under, read off the release's markup.

A heading is a run of bold text that opens a segment. It holds for the segments below it until the
next one. Behind a withheld (blank) segment nobody knows what stands above, so nothing is claimed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from data.markup import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["headings"]

_OPENING: Final = re.compile(r"\s*(?:<br>\s*)*<strong>(.*?)</strong>", re.DOTALL)
#: Bold text of more words is a paragraph that its authors wanted to be read.
_LONGEST: Final = 12


def headings(segments: Iterable[str]) -> Iterator[str | None]:
    """Yield, for each segment's HTML, the heading above it; None if it opens with its own."""
    above: str | None = None
    for segment in segments:
        own = _own(segment)
        if own is not None or not plain(segment).text:
            above = own
            yield None
        else:
            yield above


def _own(segment: str) -> str | None:
    found = _OPENING.match(segment)
    text = " ".join(plain(found[1]).text.split()) if found else ""
    return text if 0 < len(text.split()) <= _LONGEST else None
