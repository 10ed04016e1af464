"""Plain text and Markdown become blocks whose offsets are places in the file itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from clausemark._blocks import Block, Piece, collapse
from clausemark._headings import is_dated, is_statement, resembles_heading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["plain_blocks", "plain_pieces", "unbulleted"]

_BULLET: Final = r"(?:[-–—*+•·▪▫●○■□◦‣⁃∙►▶➢✓\uf0b7\uf0a7\x7f]|o(?=\s{2}|\t))"
_NUMBER: Final = (
    r"(?:\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-zA-Z]|[ivxIVX]{1,5})[.)]|\d{1,2}(?:\.\d{1,2})+)"
)
_MARKER = re.compile(rf"(?:{_BULLET}|{_NUMBER})(?=\s+\S)|[•●▪■‣](?=\S)")
_NUMBERED = re.compile(rf"{_NUMBER}(?=\s)")
_LONE_BULLET = re.compile(rf"{_BULLET}\Z")
_ATX = re.compile(r"(#{1,6})\s+\S")
_SETEXT = re.compile(r"(?:={3,}|-{3,})\Z")
_BOLD = re.compile(r"(\*\*|__)(?!\s)[^*_]{1,120}\1:?\Z")
_RULING: Final = frozenset(" \t|:+=-")
_STOPS: Final = ".:;!?"


@dataclass(slots=True)
class _Line:
    """A line that is not blank: its place without margins, its indent, what stands before it."""

    start: int
    end: int
    indent: int
    apart: bool


@dataclass(frozen=True, slots=True)
class Wrapping:
    """How lines were broken: the column they were broken at (0: they were not), and its slack."""

    width: int
    slack: float = 1.0


def plain_blocks(text: str, wrapping: Wrapping | None = None) -> list[Block]:
    """Return the blocks of plain or Markdown `text`; together they hold all that is not blank.

    A text broken at a fixed column is joined into paragraphs; else every line is a paragraph.
    Bullets, numbers, `#` and `|` belong to the blocks that they mark.
    """
    lines = list(_lines(text))
    wrapping = wrapping or _wrapping(text, lines)
    return _Reader(text, lines, wrapping).read()


def plain_pieces(text: str, wrapping: Wrapping | None = None) -> Iterator[Piece]:
    """Yield the blocks of `text` as pieces, each on one line and without its bullet."""
    for block in plain_blocks(text, wrapping):
        body = text[block.start : block.end]
        yield Piece(block.kind, unbulleted(collapse(body)), block.level)


def unbulleted(text: str) -> str:
    """Return `text` without the bullet that it begins with; a number stays."""
    match = _MARKER.match(text)
    if match is None or match[0][-1] in ".)" or match[0][0].isdigit():
        return text
    return text[match.end() :].lstrip()


def _lines(text: str) -> Iterator[_Line]:
    at, apart = 0, True
    for line in text.splitlines(keepends=True):
        body = line.strip()
        if body:
            lead = len(line) - len(line.lstrip())
            indent = len(line[:lead].expandtabs(4))
            yield _Line(at + lead, at + lead + len(body), indent, apart)
        apart = not body
        at += len(line)


def _wrapping(text: str, lines: Sequence[_Line]) -> Wrapping:
    """Find the column that lines are broken at, from lines that have a neighbour below."""
    inner = [a for a, b in pairwise(lines) if not b.apart]
    lengths = sorted(line.end - line.start + line.indent for line in inner)
    if not lengths:
        return Wrapping(0)
    width = lengths[int(0.95 * (len(lengths) - 1))]
    long = [line for line in inner if line.end - line.start > width // 2]
    # A text that is broken at a column has hardly any line beyond it.
    beyond = sum(line.end - line.start > 1.3 * width for line in lines)
    ended = sum(text[line.end - 1] in _STOPS for line in long)
    if not 40 <= width <= 140 or ended * 2 >= len(long) or beyond * 20 > len(lines):
        return Wrapping(0)
    return Wrapping(width)


class _Reader:
    """Goes through the lines once; a line opens a block or belongs to the one before."""

    def __init__(self, text: str, lines: Sequence[_Line], wrapping: Wrapping) -> None:
        self.text = text
        self.lines = lines
        self.wrapping = wrapping
        self.blocks: list[Block] = []
        self.indents: list[int] = []

    def read(self) -> list[Block]:
        """Return the blocks of all lines."""
        index = 0
        while index < len(self.lines):
            stop = index + 1
            while stop < len(self.lines) and self._continues(index, stop):
                stop += 1
            self._add(index, stop)
            index = stop
        return self.blocks

    def _line(self, index: int) -> str:
        line = self.lines[index]
        return self.text[line.start : line.end]

    def _head(self, index: int) -> str:
        line = self.lines[index]
        return self.text[line.start : min(line.end, line.start + 200)]

    def _continues(self, first: int, index: int) -> bool:
        """Tell whether line `index` belongs to the block that line `first` opened."""
        before, line = self.lines[index - 1], self.lines[index]
        head = self._head(index)
        if line.apart:
            return _LONE_BULLET.match(self._head(first)) is not None and index == first + 1
        if index == first + 1 and _SETEXT.match(head) and before.end - before.start < 120:
            return True
        if self._runs_into(index):
            return True
        if _opens(head) or _ATX.match(self._head(first)) or _BOLD.match(self._head(first)):
            return _LONE_BULLET.match(self._head(first)) is not None and index == first + 1
        if _SETEXT.match(self._head(index - 1)):
            return False
        return self._wrapped(index) or self._short_lines(first, index)

    def _runs_into(self, index: int) -> bool:
        """Tell a number that a sentence goes on with ("are over" / "18. We") from an item's."""
        number = _NUMBERED.match(self._head(index))
        ends = self.text[self.lines[index - 1].end - 1] in _STOPS + ",)"
        return (
            number is not None and not ends and bool(self.wrapping.width) and self._wrapped(index)
        )

    def _wrapped(self, index: int) -> bool:
        """Tell whether line `index` goes on where the line before it was broken."""
        before = self.lines[index - 1]
        if _LONE_BULLET.match(self._head(index - 1)):
            return True
        word = self._head(index).split(maxsplit=1)[0]
        length = before.indent + before.end - before.start
        # A brand such as "eBay" may begin a paragraph, a word all in small letters seldom.
        goes_on = word.islower() and not resembles_heading(self._head(index - 1))
        if not self.wrapping.width:
            return goes_on and length >= 20 and self.text[before.end - 1] not in _STOPS + ",-–"
        if length + 1 + len(word) > self.wrapping.slack * self.wrapping.width:
            return True
        # Where lines are told by their height on the page, a line in capitals has few characters.
        unended = self.wrapping.slack < 1 and self.text[before.end - 1] not in _STOPS
        return (goes_on or unended) and length > 0.5 * self.wrapping.width

    def _short_lines(self, first: int, index: int) -> bool:
        """Tell whether the lines around are an address: short, no stops, blank lines around."""
        start = index
        while start > 0 and not self.lines[start].apart and index - start < 8:
            start -= 1
        stop = index + 1
        while stop < len(self.lines) and not self.lines[stop].apart and stop - start < 9:
            stop += 1
        group = self.lines[start:stop]
        whole = start != 0 or stop != len(self.lines)
        return (
            3 <= len(group) <= 8
            and whole
            and self.lines[start].apart
            and start == first
            and all(b.end - b.start <= 50 and self.text[b.end - 1] not in ":;?" for b in group)
        )

    def _add(self, index: int, stop: int) -> None:
        start, end = self.lines[index].start, self.lines[stop - 1].end
        head = self._head(index)
        if match := _ATX.match(head):
            self._block("heading", start, end, len(match[1]))
        elif stop > index + 1 and _SETEXT.match(self._head(stop - 1)):
            self._block("heading", start, end, 1 if self.text[end - 1] == "=" else 2)
        elif end - start < 130 and _is_bold_title(head):
            self._block("heading", start, end, 4)
        elif head.startswith("|") and head.rstrip().endswith("|"):
            self._row(start, end)
        elif _MARKER.match(head) or (_LONE_BULLET.match(head) and stop > index + 1):
            self._block("item", start, end, self._depth(self.lines[index]))
        elif self._within_item(index):
            self._block("item", start, end, len(self.indents))
        else:
            self._block("paragraph", start, end)

    def _block(self, kind: str, start: int, end: int, level: int = 0) -> None:
        if kind != "item":
            self.indents = []
        self.blocks.append(Block(kind, start, end, level))  # type: ignore[arg-type]

    def _depth(self, line: _Line) -> int:
        """Nest an item by its indent: deeper than the items still open."""
        while self.indents and self.indents[-1] >= line.indent:
            self.indents.pop()
        self.indents.append(line.indent)
        return len(self.indents)

    def _within_item(self, index: int) -> bool:
        """Tell whether an indented paragraph goes on an item, as Markdown has it."""
        return bool(self.indents) and self.lines[index].indent >= self.indents[-1] + 2

    def _row(self, start: int, end: int) -> None:
        """Add a Markdown table's row, cell by cell; the ruling row closes the header."""
        row = self.text[start:end]
        if "--" in row and _RULING.issuperset(row):
            self._rule(start, end)
            return
        at, level, column = start, 1, 0
        for bar in re.finditer(r"\|(?=[^|]*\S[^|]*\|)", row):
            if start + bar.start() > at:
                self.blocks.append(Block("cell", at, start + bar.start(), level, column))
                column += self.text.count("|", at, start + bar.start())
                at, level = start + bar.start(), 2
        self.blocks.append(Block("cell", at, end, level, column))

    def _rule(self, start: int, end: int) -> None:
        """Make the row above the ruling its header."""
        self._block("cell", start, end, 0)
        for k in range(len(self.blocks) - 2, -1, -1):
            block = self.blocks[k]
            if block.kind != "cell":
                break
            self.blocks[k] = replace(block, level=0)
            if block.level == 1:
                break


def _is_bold_title(head: str) -> bool:
    """Tell a line that is all bold and a title, not a sentence or a date."""
    words = head.strip("*_:")
    return _BOLD.match(head) is not None and not (is_dated(words) or is_statement(words))


def _opens(head: str) -> bool:
    """Tell whether a line opens a block whatever stands before it."""
    return bool(
        _MARKER.match(head)
        or _ATX.match(head)
        or _LONE_BULLET.match(head)
        or _BOLD.match(head)
        or head.startswith("|")
    )
