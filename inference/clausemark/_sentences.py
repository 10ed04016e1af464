"""Where a paragraph may be cut: sentence ends, and cuts of a sensible size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from clausemark._blocks import word_set

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cuts", "last_sentence", "sentences"]

#: A paragraph of more words than this is cut; a cut aims at the second number of words.
LONGEST: Final = 250
_AIM: Final = 110
#: A last cut of fewer words is none.
_CRUMB: Final = 30
#: No run of characters without a blank, however long, makes a clause longer than this.
_HARD: Final = 4000

# Pages that lost their breaks read "as we can.We share". The first look-behind and the possessive
# repeats keep a search linear in runs of dots or blanks.
_STOP = re.compile(
    r"""(?<![.!?…])[.!?…]++["'”’)\]]*+\s++"""
    r"""|[\r\n\x85\u2028\u2029]\s*+|(?<=[a-z]{3})[.;:?!](?=[A-Z][a-z])"""
)
_ABBREVIATIONS: Final = word_set(
    "pvt mr mrs ms dr prof st rev inc ltd co corp llc plc no nos art arts sec sect para par fig "
    "vs etc al approx dept est ext tel e.g i.e eg ie cf viz ca v p pp vol ed jr sr ave blvd "
    "rd jan feb mar apr jun jul aug sep sept oct nov dec"
)
_OPENER = re.compile(
    r"(?:We|You|Your|Our|If|The|This|These|Those|It|They|In|For|To|When|Please|However|Such|Any|All"
    r"|No|A|An|By|As|At|On|Some|Other)\b"
)


def sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield the sentences of `text[start:end]` as half-open ranges that leave nothing out."""
    end = len(text) if end is None else end
    at = start
    for stop in _STOP.finditer(text, start, end):
        if stop.end() < end and _ends(text, at, stop):
            yield at, stop.end()
            at = stop.end()
    if at < end:
        yield at, end


def _ends(text: str, start: int, stop: re.Match[str]) -> bool:
    """Tell whether the stop ends a sentence, rather than an abbreviation or an initial."""
    mark = stop[0]
    if "." not in mark or mark[0] in "!?…":
        return mark[0] in "!?…" or not text[stop.end()].islower()
    following = text[stop.end() : stop.end() + 10]
    if following[0].islower() or following[0] in ",;":
        return False
    words = text[max(start, stop.start() - 24) : stop.start()].split()
    word = words[-1].strip("(\"'“‘[").lower() if words else ""
    if word in ("no", "nos", "art", "arts", "sec", "sect", "para", "fig", "p", "pp", "vol"):
        return not following[0].isdigit()
    if word in _ABBREVIATIONS or "." in word or (len(word) == 1 and word.isalpha()):
        return _OPENER.match(following) is not None and word not in ("e.g", "i.e", "eg", "ie", "cf")
    return True


def last_sentence(text: str, *, words: int) -> str:
    """Return the last sentence of `text` on one line, no more than its last `words` words."""
    tail = text.rstrip()[-_HARD:]
    *_, (start, end) = [(0, 0), *sentences(tail)]
    return " ".join(tail[start:end].split()[-words:])


def cuts(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut `text[start:end]` into ranges of a clause's size; one range if it is short enough.

    Cuts lie at line or sentence ends; a sentence that is itself too long is cut at its
    semicolons, commas or blanks. Linear in the length of the text.
    """
    if _words(text, start, end) <= LONGEST and end - start <= _HARD:
        yield start, end
        return
    at, count = start, 0
    ready: tuple[int, int] | None = None
    for left, right in _units(text, start, end):
        size = _words(text, left, right)
        if count and (count + size // 2 >= _AIM or right - at > _HARD):
            if ready:
                yield ready
            ready, at, count = (at, left), left, 0
        count += size
    # A crumb at the end stays with the cut before it.
    if ready and count < _CRUMB and end - ready[0] <= _HARD:
        yield ready[0], end
        return
    if ready:
        yield ready
    yield at, end


def _units(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for left, right in sentences(text, start, end):
        at = left
        while right - at > _HARD or _words(text, at, min(right, at + _HARD)) > LONGEST:
            cut = _break(text, at, min(right, at + _HARD))
            yield at, cut
            at = cut
        if at < right:
            yield at, right


def _break(text: str, start: int, end: int) -> int:
    """Find a place to cut near the aimed size: after a semicolon, a comma, a blank, anywhere."""
    near = min(end, start + 8 * _AIM)
    for mark in ("; ", ": ", ", ", " "):
        cut = text.rfind(mark, start + 4 * _AIM, near)
        if cut >= 0:
            return cut + len(mark)
    return near


def _words(text: str, start: int, end: int) -> int:
    if end - start > _HARD:
        return LONGEST + 1
    return len(text[start:end].split())
