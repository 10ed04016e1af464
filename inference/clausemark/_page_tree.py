"""A policy's blocks and clauses as a tree to be shown: headings, paragraphs, lists, tables.

Blocks say how the policy reads, clauses what is labelled; a stretch is where one of each overlap.
Each clause is carried by one node, the first that is not a heading, so that the headings which
open a clause stand above it, plain, as in the policy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from clausemark._page_inline import headline, inline, opening, unmarked
from clausemark._plain import unbulleted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markupsafe import Markup

    from clausemark.classifier import LabelledClause
    from clausemark.document import Block, Document

__all__ = ["Cell", "Chunk", "Item", "Listing", "Passage", "Row", "Table", "Tree", "build"]

#: Clauses after which a chunk ends: before the next heading, or anywhere if need be.
_FULL: Final = 8
_OVERFULL: Final = 24
#: A heading of more words is shown as a paragraph.
_LONGEST_HEADING: Final = 60
_NUMBERED: Final = re.compile(
    r"\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-zA-Z]|[ivxIVX]{1,5})[.)]\s|\d{1,2}(?:\.\d{1,2})+\s"
)
_SHORT_LINE: Final = 50
#: A longer header is not said again with every cell.
_LONGEST_COLUMN_NAME: Final = 40


@dataclass(slots=True)
class Passage:
    """Text in one element; `clause` is the index of the clause that it carries, if it does.

    `level` is that of the element for a heading (2 to 6), 0 otherwise; `lines` keeps line ends.
    """

    html: Markup
    clause: int | None = None
    level: int = 0
    lines: bool = False
    kind: str = "text"


@dataclass(slots=True)
class Item:
    """A list's item: what it says, the lists within it, how it is marked."""

    passages: list[Passage]
    marker: Literal["bullet", "number", "bare"]
    lists: list[Listing] = field(default_factory=list)


@dataclass(slots=True)
class Listing:
    """A list of items on one level."""

    level: int
    items: list[Item] = field(default_factory=list)
    marked: bool = False
    kind: str = "list"


class Cell(NamedTuple):
    """A table's cell, with its first column, from 0, and the columns that it spans.

    `head` is what the column is called, for where the cells stand one below the other.
    """

    html: Markup | Literal[""]
    column: int
    span: int
    head: str = ""


@dataclass(slots=True)
class Row:
    """A table's row: the cells that say something."""

    cells: list[Cell]
    clause: int | None
    header: bool

    def laid(self, columns: int) -> Iterator[Cell]:
        """Yield the cells of all `columns`, gaps too; a lone first one spans."""
        at = 0
        ends = [*(cell.column for cell in self.cells[1:]), columns]
        for cell, end in zip(self.cells, ends, strict=True):
            if cell.column > at:
                yield Cell("", at, cell.column - at)
            room = end - cell.column
            span = room if cell.column == 0 and len(self.cells) == 1 else min(cell.span, room)
            yield cell._replace(span=span)
            at = cell.column + span
        if at < columns:
            yield Cell("", at, columns - at)


@dataclass(slots=True)
class Table:
    """A table."""

    rows: list[Row] = field(default_factory=list)
    heads: dict[int, str] = field(default_factory=dict)
    kind: str = "table"

    @property
    def columns(self) -> int:
        """The columns in which a cell begins, and those before them."""
        return max(row.cells[-1].column + 1 for row in self.rows)


@dataclass(slots=True)
class Chunk:
    """Neighbouring nodes that a browser lays out together; `size` is their text's characters."""

    nodes: list[Passage | Listing | Table] = field(default_factory=list)
    clauses: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """The policy in order: its chunks, and for each clause how the text that carries it begins."""

    chunks: list[Chunk]
    openings: dict[int, str]


class _Stretch(NamedTuple):
    block: Block
    clause: LabelledClause | None
    text: str
    role: Literal["heading", "rule", "body"]


def build(document: Document, clauses: Sequence[LabelledClause], *, skip: int = 0) -> Tree:
    """Return the tree of `document` but for its first `skip` blocks."""
    stretches = [
        s for s in _stretches(document, clauses) if s.block.start >= _after(document, skip)
    ]
    builder = _Builder(_carriers(stretches), document.name.lower().endswith((".md", ".markdown")))
    for place, stretch in enumerate(stretches):
        builder.add(place, stretch)
    return Tree(builder.chunks, builder.openings)


def _after(document: Document, skip: int) -> int:
    return document.blocks[skip].start if skip < len(document.blocks) else len(document.text)


def _stretches(document: Document, clauses: Sequence[LabelledClause]) -> Iterator[_Stretch]:
    """Yield what is not blank of every block, cut where clauses begin and end."""
    first = 0
    for block in document.blocks:
        while first < len(clauses) and clauses[first].end <= block.start:
            first += 1
        for clause, start, end in _cuts(block, clauses, first):
            if text := document.text[start:end].strip():
                yield _Stretch(block, clause, text, _role(block, text))


def _cuts(
    block: Block, clauses: Sequence[LabelledClause], first: int
) -> Iterator[tuple[LabelledClause | None, int, int]]:
    """Cut a block by the clauses from `first` on; what stands in none comes with None."""
    at = block.start
    for k in range(first, len(clauses)):
        clause = clauses[k]
        if clause.start >= block.end:
            break
        if clause.start > at:
            yield None, at, clause.start
        start, at = max(at, clause.start), min(clause.end, block.end)
        yield clause, start, at
    if at < block.end:
        yield None, at, block.end


def _role(block: Block, text: str) -> Literal["heading", "rule", "body"]:
    if len(text) < 200 and not any(c.isalnum() for c in text):
        return "rule"
    if block.kind == "heading" and len(text.split()) <= _LONGEST_HEADING:
        return "heading"
    return "body"


def _carriers(stretches: Sequence[_Stretch]) -> dict[int, int]:
    """Return the place of the stretch that carries each clause, by the clause's index."""
    rank = {"body": 0, "heading": 1, "rule": 2}
    best: dict[int, tuple[int, int]] = {}
    for place, stretch in enumerate(stretches):
        if stretch.clause is not None:
            mine = (rank[stretch.role], place)
            best[stretch.clause.index] = min(mine, best.get(stretch.clause.index, mine))
    return {index: place for index, (_, place) in best.items()}


class _Builder:
    """Takes the stretches in order; keeps the list or table that is still open."""

    def __init__(self, carriers: dict[int, int], markdown: bool) -> None:
        self.carriers = carriers
        self.markdown = markdown
        self.chunks: list[Chunk] = []
        self.openings: dict[int, str] = {}
        self.levels: list[int] = []
        self.lists: list[Listing] = []
        self.table: Table | None = None
        self.before: Block | None = None

    def add(self, place: int, stretch: _Stretch) -> None:
        """Add one stretch where it belongs."""
        clause = self._carried(place, stretch)
        in_table = stretch.block.kind == "cell"
        is_item = stretch.block.kind == "item" and stretch.role == "body"
        if in_table and stretch.role == "rule" and clause is None:
            return
        self.lists = self.lists if is_item else []
        self.table = self.table if in_table else None
        if in_table:
            self._cell(stretch, clause)
        elif is_item:
            self._item(stretch, clause)
        else:
            self._top(self._passage(stretch, clause), stretch)
        self.before = stretch.block
        self.chunks[-1].size += len(stretch.text)

    def _carried(self, place: int, stretch: _Stretch) -> int | None:
        if stretch.clause is None or self.carriers[stretch.clause.index] != place:
            return None
        index = stretch.clause.index
        self.openings[index] = opening(unbulleted(stretch.text))
        return index

    def _passage(self, stretch: _Stretch, clause: int | None) -> Passage:
        if stretch.role == "heading":
            text = self._inline(headline(stretch.text))
            return Passage(text, clause, self._level(stretch.block), kind="heading")
        kind = "rule" if stretch.role == "rule" and _is_ruling(stretch.text) else "text"
        return Passage(self._inline(stretch.text), clause, lines=_is_lines(stretch.text), kind=kind)

    def _inline(self, text: str) -> Markup:
        return inline(text, markdown=self.markdown)

    def _level(self, block: Block) -> int:
        """Return the element's level: one below the heading that it stands under, no leaps."""
        while self.levels and self.levels[-1] >= block.level:
            self.levels.pop()
        self.levels.append(block.level)
        return min(6, 1 + len(self.levels))

    def _top(self, node: Passage | Listing | Table, stretch: _Stretch) -> None:
        """Add a node to the last chunk, or to a new one if that is full."""
        begins = stretch.role == "heading" and (
            self.before is None or self.before.kind != "heading"
        )
        held = self.chunks[-1].clauses if self.chunks else _OVERFULL
        if held >= _OVERFULL or (begins and held >= _FULL):
            self.chunks.append(Chunk())
        self.chunks[-1].nodes.append(node)
        self.chunks[-1].clauses += isinstance(node, Passage) and node.clause is not None

    def _item(self, stretch: _Stretch, clause: int | None) -> None:
        if stretch.block is self.before and self.lists:
            passage = Passage(self._inline(stretch.text), clause)
            self.lists[-1].items[-1].passages.append(passage)
            return
        listing = self._listing(stretch)
        text = unbulleted(stretch.text)
        marker = _marker(stretch.text, text, listing)
        listing.marked |= marker == "number" or text != stretch.text
        passage = Passage(self._inline(text), clause, lines=_is_lines(text))
        listing.items.append(Item([passage], marker))
        self.chunks[-1].clauses += 1

    def _listing(self, stretch: _Stretch) -> Listing:
        """Return the list that the item belongs to; a new one if none is open on its level."""
        level = stretch.block.level
        while self.lists and self.lists[-1].level > level:
            self.lists.pop()
        if len(self.lists) == 1 and self.lists[0].level == level and self._is_overfull():
            self.lists = []
        if not self.lists or self.lists[-1].level < level:
            made = Listing(level)
            if self.lists:
                self.lists[-1].items[-1].lists.append(made)
            else:
                self._top(made, stretch)
            self.lists.append(made)
        return self.lists[-1]

    def _is_overfull(self) -> bool:
        return self.chunks[-1].clauses >= 2 * _OVERFULL

    def _cell(self, stretch: _Stretch, clause: int | None) -> None:
        if self.table is None or self._is_overfull():
            self.table = Table(heads=self.table.heads if self.table else {})
            self._top(self.table, stretch)
        text = stretch.text
        if text.startswith("|"):
            text = text.strip("| \t")
        rows = self.table.rows
        if not rows or self._opens_row(stretch, clause):
            rows.append(Row([], None, stretch.block.level == 0))
            self.chunks[-1].clauses += 1
        if clause is not None:
            rows[-1].clause = clause
        cells = rows[-1].cells
        column = max(stretch.block.column, cells[-1].column + 1 if cells else 0)
        heads = self.table.heads
        head = heads.get(column, "") if stretch.block.level else ""
        if not stretch.block.level and stretch.block.span == 1:
            name = unmarked(headline(text))
            heads[column] = name if len(name) <= _LONGEST_COLUMN_NAME else ""
        cells.append(Cell(self._inline(text), column, stretch.block.span, head))

    def _opens_row(self, stretch: _Stretch, clause: int | None) -> bool:
        header = stretch.block.level == 0
        was_header = self.before is not None and self.before.level == 0
        opens = clause is not None or stretch.block.level == 1 or header != was_header
        return opens or self._goes_back(stretch.block)

    def _goes_back(self, block: Block) -> bool:
        """Tell a second row of headers, which begins at a column that the first has filled."""
        before = self.before
        if before is None or before is block:
            return False
        return block.column < before.column or 0 < block.column == before.column


def _marker(written: str, text: str, listing: Listing) -> Literal["bullet", "number", "bare"]:
    """Tell how an item is marked; one without a mark among marked ones goes on the one before."""
    if _NUMBERED.match(text):
        return "number"
    return "bare" if text == written and listing.marked else "bullet"


def _is_ruling(text: str) -> bool:
    return not set(text) - set("-–—=*_~·•. \t\r\n")


def _is_lines(text: str) -> bool:
    """Tell an address and the like, whose line ends are to be kept."""
    lines = text.split("\n")
    return 3 <= len(lines) <= 8 and all(len(line) <= _SHORT_LINE for line in lines)
