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
from typing import TYPE_CHECKING, Any, Final

from clausemark._blocks import Piece, collapse, word_set
from clausemark._plain import Wrapping, plain_pieces
from clausemark.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["pdf_pieces"]

_OCR: Final = "Run OCR first, for example `ocrmypdf in.pdf out.pdf`."
_PAGE_NUMBER = re.compile(r"(?i)[\s|–—-]*(?:page\s*)?\d{1,3}(?:\s*(?:of|/)\s*\d{1,3})?[\s|–—-]*\Z")
_HYPHEN = re.compile(r"(?<=[a-z])[-\u00ad\u2010]\n *(?=[a-z])")
#: Words that keep their hyphen at a line's end: "third-" + "party".
_COMPOUND: Final = word_set(
    "third first second opt non self long short real e co cross high low well re pre post "
    "multi on off one two end up so cloud user web data"
)


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
    edges = {page: _edges(content) for page, content in pages.items()}
    counts = Counter(key for content in edges.values() for key in {_key(e) for e in content})
    often = max(2, -(-len(pages) * 2 // 5))
    gone = {
        id(line)
        for content in edges.values()
        for line in content
        if (len(pages) > 1 and counts[_key(line)] >= often) or _PAGE_NUMBER.match(line.text)
    }
    return [line for line in lines if id(line) not in gone]


def _edges(lines: list[_Line]) -> list[_Line]:
    """The three highest and three lowest lines of a page."""
    order = sorted(lines, key=lambda line: line.y)
    return order[:3] + order[max(3, len(order) - 3) :]


def _key(line: _Line) -> tuple[str, int]:
    """What makes two lines of different pages the same: words without numbers, and height."""
    return re.sub(r"\d+", "0", " ".join(line.text.split())), round(line.y / 4)


def _pieces(lines: list[_Line]) -> Iterator[Piece]:
    body = _common_size(lines)
    leading = _leading(lines)
    widths = sorted(len(line.text.strip()) for line in lines)
    wrapping = Wrapping(max(40, widths[int(0.9 * (len(widths) - 1))]), slack=0.75)
    left = min(line.x for line in lines)
    titled = False
    chunk: list[str] = []
    for k, line in enumerate(lines):
        title = _is_title(line, body)
        apart = k > 0 and _apart(lines[k - 1], line, leading)
        if title != titled or (title and apart):
            yield from _flushed(chunk, wrapping, titled=titled)
            chunk, titled = [], title
        elif apart:
            chunk.append("")
        # The indent tells how deep an item is nested.
        chunk.append(" " * min(40, int((line.x - left) / 4)) + line.text.strip())
    yield from _flushed(chunk, wrapping, titled=titled)


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
    return line.size >= body * 1.1 or (line.bold and text[-1] != ":")


def _apart(before: _Line, line: _Line, leading: float) -> bool:
    """Tell whether a paragraph ends between two lines of the same kind."""
    step = before.y - line.y
    if before.page != line.page or step < 0:
        goes_on = line.text.strip()[:1].islower() or before.text.strip()[-1] not in ".:;!?"
        return not (goes_on and before.size == line.size)
    if before.size != line.size:
        return step > 1.6 * max(before.size, line.size)
    return step > max(1.25 * leading, 1.5 * line.size)


def _flushed(chunk: list[str], wrapping: Wrapping, *, titled: bool) -> Iterator[Piece]:
    if titled:
        yield Piece("heading", collapse(" ".join(chunk)), 2)
    else:
        yield from plain_pieces(_HYPHEN.sub(_joined, "\n".join(chunk)), wrapping)


def _joined(match: re.Match[str]) -> str:
    """Join a word broken at a line's end; a compound keeps its hyphen."""
    text = match.string
    first = re.split(r"[\s-]", text[max(0, match.start() - 30) : match.start()])[-1]
    return "-" if first.lower() in _COMPOUND else ""
