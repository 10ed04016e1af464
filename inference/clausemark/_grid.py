"""Where the cells of a web page's table stand: columns, counted past the cells that span them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from clausemark._markup import Node

__all__ = ["Grid"]

#: A browser's own limit of `colspan`; many pages write 100 and mean all.
_WIDEST: Final = 1000
#: Columns in which a cell may reach into the rows below it: a bound for hostile tables.
_HELD: Final = 200
_DIGITS: Final = re.compile(r"\s*(\d{1,5})", re.ASCII)


class Grid:
    """Deals out a table's columns, row by row, left to right (HTML, forming a table)."""

    def __init__(self) -> None:
        self.group: Node | None = None
        self.row = -1
        self.column = 0
        self.held: dict[int, int] = {}

    def next_row(self, group: Node | None) -> None:
        """Begin a row of `group`; no cell reaches out of the group that it stands in."""
        if group is not self.group:
            self.group, self.held = group, {}
        self.row += 1
        self.column = 0

    def place(self, cell: Node) -> tuple[int, int]:
        """Return the next cell's first column, from 0, and how many columns it spans."""
        while self.held.get(self.column, 0) > self.row:
            self.column += 1
        column, span = self.column, min(_number(cell, "colspan") or 1, _WIDEST)
        if (rows := _rows(cell)) != 1:
            below = range(column, min(column + span, _HELD))
            self.held.update(dict.fromkeys(below, self.row + rows))
        self.column += span
        return column, span


def _rows(cell: Node) -> int:
    """Return how many rows a cell spans; 0 in the page means all that follow."""
    rows = _number(cell, "rowspan")
    return 1 if rows is None else rows or 100_000


def _number(cell: Node, name: str) -> int | None:
    match = _DIGITS.match(cell.get(name))
    return int(match[1]) if match else None
