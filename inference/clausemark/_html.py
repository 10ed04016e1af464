"""Web pages: a walk that keeps their structure, every list item and table cell of the body."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from clausemark._blocks import Piece, collapse, word_set
from clausemark._furniture import body_of, is_furniture, is_mute
from clausemark._grid import Grid
from clausemark._headings import is_dated, is_statement
from clausemark._markup import Node, parse
from clausemark._plain import Wrapping, plain_pieces, unbulleted

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["html_pieces"]

_BLOCKS: Final = word_set(
    "#root address article aside blockquote body caption center col colgroup dd details "
    "dialog dir div dl dt fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 "
    "head header hgroup hr html legend li main menu nav ol p pre search section summary table "
    "tbody td tfoot th thead tr ul noframes"
)
_LISTS: Final = frozenset({"ul", "ol", "menu", "dir", "dl"})
#: What the parts of a table may stand in, and the parts that hold no text of their own.
_FRAME: Final = frozenset({"table", "thead", "tbody", "tfoot", "tr", "colgroup"})
_NESTING: Final = {
    **dict.fromkeys(("caption", "colgroup", "thead", "tbody", "tfoot"), frozenset({"table"})),
    **dict.fromkeys(("td", "th"), frozenset({"tr"})),
    "tr": {"table", "thead", "tbody", "tfoot"},
    "col": {"table", "colgroup"},
}
_BOLD: Final = frozenset({"b", "strong"})
#: Elements that the name in an item may have, and characters that a group of rows' name may have.
_NAME: Final = 20
_TITLE: Final = 60
_WEIGHT = re.compile(r"font-weight\s*:\s*(?:(bold|[6-9]00)|normal|lighter|[1-5]00)", re.I)
#: What Word writes into its items' style, and into that of their bullets.
_WORD_ITEM = re.compile(r"mso-list\s*:\s*l\d+\s+level(\d)", re.I)
_WORD_BULLET = re.compile(r"mso-list\s*:\s*ignore", re.I)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk stands: heading level, list depth, item level, bold, preformatted.

    `bare` tells an item that is all bold, as its neighbour is: a list of names, not of sections.
    """

    heading: int = 0
    depth: int = 0
    item: int = 0
    bold: bool = False
    pre: bool = False
    bare: bool = False


def html_pieces(markup: str) -> list[Piece]:
    """Return the pieces of the policy on a page; the whole page if nothing else is left."""
    body = body_of(parse(markup))
    return _Walk(body).pieces() or _Walk(body, whole=True).pieces()


class _Walk:
    """One pass through the tree; text gathers until an element ends the block."""

    def __init__(self, body: Node, *, whole: bool = False) -> None:
        self.body = body
        self.whole = whole
        self.found: list[Piece] = []
        self.buffer: list[tuple[str, bool]] = []
        self.place = _Place()

    def pieces(self) -> list[Piece]:
        """Walk the body without recursion, however deep it is nested."""
        stack = [(self.body, iter(self.body.children), self.place)]
        while stack:
            node, children, outer = stack[-1]
            child = next(children, None)
            if child is None:
                self._leave(node, outer)
                stack.pop()
            elif isinstance(child, str):
                self._text(child)
            elif not self._dropped(child):
                before = self.place
                if self._enter(child):
                    stack.append((child, iter(child.children), before))
        return self.found

    def _dropped(self, node: Node) -> bool:
        return not self.whole and is_furniture(node, self.body)

    def _text(self, text: str) -> None:
        flat = text if self.place.pre else _SPACES.sub(" ", text)
        self.buffer.append((flat, self.place.bold))

    def _enter(self, node: Node) -> bool:
        """Take note of an element; return whether its children are to be walked."""
        if node.tag == "br":
            self.buffer.append(("\n", self.place.bold))
            return False
        if _WORD_BULLET.search(node.get("style")) and _is_sign(node):
            return False
        if _is_block(node):
            self._flush()
        if node.tag == "table" and (rows := _data_rows(node)):
            self._table(node, rows)
            return False
        self.place = self._inside(node)
        return True

    def _inside(self, node: Node) -> _Place:
        place = self.place
        if node.tag in _LISTS:
            return replace(place, depth=place.depth + 1)
        if node.tag in ("li", "dt", "dd"):
            level = max(1, place.depth) + (node.tag == "dd")
            return replace(place, item=level, heading=0, bare=_is_bare(node))
        if level := _heading(node):
            return replace(place, heading=level)
        if node.tag == "pre":
            return replace(place, pre=True)
        if (bold := _weight(node)) is not None:
            place = replace(place, bold=bold)
        if match := _WORD_ITEM.search(node.get("style")):
            return replace(place, item=int(match[1]))
        return place

    def _leave(self, node: Node, outer: _Place) -> None:
        if _is_block(node):
            self._flush()
        self.place = outer

    def _flush(self) -> None:
        """Make blocks of the text gathered so far."""
        text = "".join(part for part, _ in self.buffer)
        bold = all(weight or not part.strip() for part, weight in self.buffer)
        buffer, self.buffer = self.buffer, []
        line = collapse(text)
        if not line:
            return
        if self.place.heading and len(line.split()) <= 40:
            self.found.append(Piece("heading", line, self.place.heading))
        elif bold and not self.place.bare and _is_title(line):
            self.found.append(Piece("heading", line, 5))
        elif self.place.item:
            self.found.append(Piece("item", unbulleted(line), self.place.item))
        elif "\n" in text.strip():
            self.found.extend(_broken(buffer, pre=self.place.pre))
        else:
            self.found.extend(plain_pieces(line))

    def _table(self, table: Node, rows: list[Node]) -> None:
        for node in table.descendants():
            if node.tag == "caption" and (text := self._cell_text(node)):
                self.found.append(Piece("heading", text, 5))
        grid = Grid()
        for row in rows:
            grid.next_row(row.parent)
            self.found.extend(self._cells(row, grid, first=row is rows[0]))

    def _cells(self, row: Node, grid: Grid, *, first: bool) -> Iterator[Piece]:
        cells = [c for c in row.children if isinstance(c, Node) and c.tag in ("td", "th")]
        titles = cells if cells and cells[0].size else cells[1:]
        header = (
            all(c.tag == "th" for c in titles)
            or (row.parent is not None and row.parent.tag == "thead")
            or (first and all(_is_bold(c) for c in cells))
            or _is_group(cells)
        )
        level = 0 if header else 1
        for cell in cells:
            column, span = grid.place(cell)
            if text := self._cell_text(cell):
                yield Piece("cell", text, level, column, span)
                level = 2 if level else 0

    def _cell_text(self, cell: Node) -> str:
        """Return a cell's words on one line, blocks within it set apart; else its pictures'."""
        parts: list[str] = []
        stack: list[Node | str] = [cell]
        while stack:
            part = stack.pop()
            if isinstance(part, str):
                parts.append(part)
            elif not self._dropped(part):
                if part.tag in _BLOCKS or part.tag == "br":
                    parts.append(" ")
                    stack.append(" ")
                stack.extend(reversed(part.children))
        return collapse("".join(parts)) or _alternative(cell)


def _alternative(cell: Node) -> str:
    """Return what stands for the pictures of a cell: a tick says yes as well as the word.

    That is text for screen readers, else the pictures' labels.
    """
    shown = [cell]
    for node in shown:
        shown.extend(c for c in node.children if isinstance(c, Node) and not is_mute(c))
    words = (part for node in shown for part in node.children if isinstance(part, str))
    # A cell's own label is its column's name.
    named = (n.get("aria-label") or n.get("alt") or n.get("title") for n in shown[1:])
    return collapse(" ".join(words)) or collapse(" ".join(named))


def _weight(node: Node) -> bool | None:
    """Return whether an element makes its text bold, or plain again; None if it does neither."""
    if match := _WEIGHT.search(node.get("style")):
        return match[1] is not None
    return True if node.tag in _BOLD else None


def _is_sign(node: Node) -> bool:
    """Tell a bullet of Word's, one letter of a symbol font, from a number."""
    if node.size != 1:
        return False
    within = (node, *islice(node.descendants(), _NAME))
    words = "".join(c for n in within for c in n.children if isinstance(c, str))
    return words.strip() != "" and not words.strip().isdigit()


def _is_bare(item: Node) -> bool:
    """Tell an item that is all bold as the one before or after it is."""
    beside = [n for n in (item.before, item.after) if n and n.tag == item.tag]
    # Lists may be nested by the thousand: only a few elements of each are looked at.
    return any(_is_bold(n, most=_NAME) for n in beside) and _is_bold(item, most=_NAME)


def _is_group(cells: list[Node]) -> bool:
    """Tell a row that names the rows below it: one bold cell over several columns."""
    if len(cells) != 1 or cells[0].get("colspan") in ("", "0", "1") or cells[0].size > _TITLE:
        return False
    return cells[0].tag == "th" or _is_bold(cells[0])


def _is_block(node: Node) -> bool:
    """Tell whether an element stands on lines of its own.

    Of an element with a name made up by the page, nobody knows; among text it is taken for inline.
    """
    among_text = node.parent is not None and node.parent.spoken
    return node.tag in _BLOCKS or _heading(node) > 0 or ("-" in node.tag and not among_text)


def _heading(node: Node) -> int:
    """Return the level of a heading element, 0 for any other."""
    if len(node.tag) == 2 and node.tag[0] == "h" and node.tag[1] in "123456":
        return int(node.tag[1])
    if node.get("role") == "heading":
        level = node.get("aria-level")
        if not (level.isascii() and level.isdecimal() and level.strip("0")):
            return 2
        return min(int(level), 6) if len(level) < 3 else 6
    if node.tag in ("summary", "caption", "legend"):
        return 5
    if node.tag == "button":
        return 5
    return 0


def _is_title(line: str) -> bool:
    """Tell whether a line that is all bold stands as a heading."""
    return (
        len(line.split()) <= 15
        and line[-1] not in ",;"
        and line[-2:] != "::"
        and (line[-1] != ":" or len(line.split()) <= 4)
        and not is_dated(line)
        and not is_statement(line)
    )


def _broken(buffer: list[tuple[str, bool]], *, pre: bool) -> Iterator[Piece]:
    """Yield the pieces of a text broken by <br>: as in a plain text, bold lines being headings."""
    lines: list[tuple[str, bool]] = []
    for part, bold in buffer:
        for k, line in enumerate(part.split("\n")):
            if k or not lines:
                lines.append(("", True))
            text, weight = lines[-1]
            lines[-1] = (text + line, weight and (bold or not line.strip()))
    plain: list[str] = []
    wrapping = None if pre else Wrapping(0)
    for line, bold in lines:
        if bold and line.strip() and _is_title(line.strip()):
            yield from plain_pieces("\n".join(plain), wrapping)
            plain = []
            yield Piece("heading", collapse(line), 5)
        else:
            plain.append(line if pre else collapse(line))
    yield from plain_pieces("\n".join(plain), wrapping)


def _is_bold(node: Node, most: int | None = None) -> bool:
    """Tell whether a cell or an item holds nothing but bold text, in its first elements."""
    within = islice(node.descendants(), most)
    return node.size == sum(n.size for n in within if n.tag in _BOLD and _weight(n))


def _is_regular(table: Node, inner: list[Node]) -> bool:
    """Tell whether all that is in a table stands in a cell or a caption, and cells in rows."""
    for node in inner:
        within = node.parent.tag if node.parent else ""
        if within not in _NESTING.get(node.tag, {within} - _FRAME):
            return False
    frame = [table, *(node for node in inner if node.tag in _FRAME)]
    return not any(isinstance(c, str) and c.strip() for part in frame for c in part.children)


def _data_rows(table: Node) -> list[Node]:
    """Return the rows of a table of data; none for one that only places text on the page."""
    placing = ("table", "h1", "h2", "h3", "h4")
    if any(node.tag in placing for node in table.descendants()):
        return []
    inner = list(table.descendants())
    rows = [n for n in inner if n.tag == "tr"]
    cells = [n for n in inner if n.tag in ("td", "th")]
    several = sum(sum(isinstance(c, Node) for c in row.children) > 1 for row in rows)
    long = any(cell.size > 1500 for cell in cells)
    return [] if len(rows) < 2 or several < 2 or long or not _is_regular(table, inner) else rows
