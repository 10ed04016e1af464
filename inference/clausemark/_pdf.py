"""PDF files: lines with their places on the page become paragraphs again.

Running headers, footers and page numbers go; words hyphenated at a line's end are joined;
paragraphs go on over pages; larger or bold lines are headings.
"""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar

from clausemark._blocks import Piece, collapse, word_set
from clausemark._headings import is_dated
from clausemark._plain import Wrapping, plain_pieces
from clausemark.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["pdf_pieces"]

_OCR: Final = "Run OCR first, for example `ocrmypdf in.pdf out.pdf`."
_PAGE_NUMBER = re.compile(
    r"(?i)[\s|–—-]*(?:page\s*\d{1,3}(?:\s*(?:of|/)\s*\d{1,3})?|\d{1,3}\s*(?:of|/)\s*\d{1,3})[\s|–—-]*\Z"
)
_SET_OFF = re.compile(r"(?i)\bpage\s*\d|[|·–—-]\s*\d{1,4}\Z|\A\d{1,4}\s*[|·–—-]")
_BARE_NUMBER = re.compile(r"[\s|–—-]*\d{1,3}[\s|–—-]*\Z")
_NUMBERS = re.compile(r"(?<!\d)\d{1,4}(?!\d)")
_HYPHEN = re.compile(r"(?<=[a-z])[-\u00ad\u2010]\n *(?=[a-z])")
#: Words that keep their hyphen at a line's end, "third-" + "party", where the rest of the document
#: does not tell. Syllables that words are broken after ("re", "so", "web") are none of them.
_COMPOUND: Final = word_set(
    "third first second opt non self long short real cross high low well post multi off one two "
    "end cloud user data"
)
#: How many times the size of most text a heading has at least.
_LARGE: Final = 1.1
_PHRASE = re.compile(r"[a-z]+(?:-[a-z]+)*")

_T = TypeVar("_T")


@dataclass(slots=True)
class _Line:
    """A line of a page: text, place of its baseline and of its start, size, boldness, page."""

    text: str
    x: float
    y: float
    size: float
    bold: bool
    page: int


def pdf_pieces(data: bytes, *, name: str) -> list[Piece]:
    """Return the pieces of the PDF file `data`.

    Raises DocumentError if the file is broken, encrypted, or has pictures of text only.
    """
    with _quiet():
        lines = _read(data, name)
    body = _without_running_lines(lines)
    if not any(c.isalnum() for line in body for c in line.text):
        raise DocumentError(f"{name} has no text layer, only pictures.", hint=_OCR)
    return list(_pieces(body))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pypdf's notes on faults that it mends to itself."""
    logger = logging.getLogger("pypdf")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _read(data: bytes, name: str) -> list[_Line]:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError(f"{name} is encrypted.", hint="Save a copy without a password.")
        return [line for k, page in enumerate(reader.pages) for line in _page(page, k)]
    except DependencyError:
        raise DocumentError(
            f"{name} is encrypted with AES.",
            hint="Install `cryptography` to read it, or save a copy without a password.",
        ) from None
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        OSError,
        RecursionError,
        OverflowError,
        AssertionError,
        NotImplementedError,
    ) as error:
        raise DocumentError(
            f"{name} is a broken PDF ({type(error).__name__}).",
            hint="Get the file again, or print it to a new PDF.",
        ) from None


def _page(page: Any, number: int) -> list[_Line]:
    """Return the lines of a page in reading order as the file gives it."""
    lines: list[_Line] = []

    def visit(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = abs(tm[3] * cm[3]) or 1.0
        bold = "bold" in str((font or {}).get("/BaseFont", "")).lower()
        _append(lines, text, _Line("", x, y, round(size * scale, 1), bold, number))

    page.extract_text(visitor_text=visit)
    return [line for line in lines if line.text.strip()]


def _append(lines: list[_Line], text: str, at: _Line) -> None:
    """Add a run of text to the line it stands on."""
    for k, part in enumerate(text.split("\n")):
        fresh = k > 0 or not lines
        if fresh:
            lines.append(_Line("", at.x, at.y, at.size, True, at.page))
        line = lines[-1]
        if not part.strip():
            line.text += part
            continue
        if not line.text.strip():
            line.x, line.y, line.size, line.bold = at.x, at.y, at.size, at.bold
        line.text += part
        line.size = max(line.size, at.size)
        line.bold = line.bold and at.bold


def _without_running_lines(lines: list[_Line]) -> list[_Line]:
    """Drop what stands at the top or bottom of page after page, and page numbers there."""
    pages: dict[int, list[_Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    large = _LARGE * _common_size(lines) if lines else 0
    edges = [_edges(content) for content in pages.values()]
    keys = _counted(edges, lambda line: _keys(line, large))
    shifts = _counted(edges, _shifts)
    often = max(2, -(-len(pages) * 2 // 5))

    def runs(line: _Line, edge: list[_Line]) -> bool:
        if _PAGE_NUMBER.match(line.text) or any(keys[key] >= often for key in _keys(line, large)):
            return True
        if not _BARE_NUMBER.match(line.text):
            return False
        (shift,) = _shifts(line)
        return shifts[shift] >= often or (shift == 1 and line in (edge[0], edge[-1]))

    gone = {id(line) for edge in edges for line in edge if runs(line, edge)}
    return [line for line in lines if id(line) not in gone]


def _counted(edges: list[list[_Line]], marks: Callable[[_Line], set[_T]]) -> Counter[_T]:
    """Count on how many pages each mark of a line stands."""
    return Counter(mark for edge in edges for mark in set().union(*map(marks, edge)))


def _edges(lines: list[_Line]) -> list[_Line]:
    """The three highest and three lowest lines of a page."""
    order = sorted(lines, key=lambda line: line.y)
    return order[:3] + order[max(3, len(order) - 3) :]


def _keys(line: _Line, large: float) -> set[tuple[str, int, int | None]]:
    """What makes two lines of different pages the same: words and height.

    But for a number that follows the page's; in large type it is a heading's ("Annex 2"), unless
    it is set off as a page's.
    """
    text, height = " ".join(line.text.split()), round(line.y / 4)
    found: set[tuple[str, int, int | None]] = {(text, height, None)}
    if line.size < large or _SET_OFF.search(text):
        found.update((_NUMBERS.sub("0", text), height, shift) for shift in _shifts(line))
    return found


def _shifts(line: _Line) -> set[int]:
    """How far the numbers of a line are from the page's place in the file."""
    return {int(number) - line.page for number in _NUMBERS.findall(line.text)}


def _pieces(lines: list[_Line]) -> Iterator[Piece]:
    body = _common_size(lines)
    leading = _leading(lines)
    widths = sorted(len(line.text.strip()) for line in lines)
    wrapping = Wrapping(max(40, widths[int(0.9 * (len(widths) - 1))]), slack=0.75)
    left = min(line.x for line in lines)
    known = Counter(_PHRASE.findall("\n".join(line.text for line in lines).lower()))
    titled = False
    chunk: list[str] = []
    for k, line in enumerate(lines):
        title = _is_title(line, body)
        apart = k > 0 and _apart(lines[k - 1], line, leading)
        if title != titled or (title and apart):
            yield from _flushed(chunk, wrapping, known, titled=titled)
            chunk, titled = [], title
        elif apart:
            chunk.append("")
        # The indent tells how deep an item is nested.
        chunk.append(" " * min(40, int((line.x - left) / 4)) + line.text.strip())
    yield from _flushed(chunk, wrapping, known, titled=titled)


def _common_size(lines: list[_Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0]


def _leading(lines: list[_Line]) -> float:
    """The usual distance of one line from the next, in points."""
    steps = Counter(
        round((a.y - b.y) * 2) / 2
        for a, b in pairwise(lines)
        if a.page == b.page and 4 < a.y - b.y < 60 and a.size == b.size and len(a.text) > 50
    )
    return steps.most_common(1)[0][0] if steps else 0.0


def _is_title(line: _Line, body: float) -> bool:
    text = line.text.strip()
    if len(text) > 110 or text[-1] in ".;," or not any(map(str.isalpha, text)):
        return False
    return line.size >= _LARGE * body or (line.bold and text[-1] != ":" and not is_dated(text))


def _apart(before: _Line, line: _Line, leading: float) -> bool:
    """Tell whether a paragraph ends between two lines of the same kind."""
    step = before.y - line.y
    if before.page != line.page or step < 0:
        goes_on = line.text.strip()[:1].islower() or before.text.strip()[-1] not in ".:;!?"
        return not (goes_on and before.size == line.size)
    if before.size != line.size:
        return step > 1.6 * max(before.size, line.size)
    return step > max(1.25 * leading, 1.5 * line.size)


def _flushed(
    chunk: list[str], wrapping: Wrapping, known: Counter[str], *, titled: bool
) -> Iterator[Piece]:
    if titled:
        yield Piece("heading", collapse(" ".join(chunk)), 2)
    else:
        whole = _HYPHEN.sub(lambda match: _hyphen(match, known), "\n".join(chunk))
        yield from plain_pieces(whole, wrapping)


def _hyphen(match: re.Match[str], known: Counter[str]) -> str:
    """Return what stays of a hyphen at a line's end: a broken word has none, a compound its own.

    The document's other lines tell which it is, else the first part.
    """
    text = match.string
    before = text[max(0, match.start() - 30) : match.start()].lower()
    first = re.split(r"[\s-]", before)[-1]
    rest = re.match(r"[a-z]*", text[match.end() : match.end() + 30])
    last = rest[0] if rest else ""
    apart, whole = known[f"{first}-{last}"], known[first + last]
    compound = apart > whole if apart != whole else first in _COMPOUND
    return "-" if compound else ""
