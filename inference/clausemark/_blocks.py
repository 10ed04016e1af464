"""What every reader of documents hands on: text with blocks that cover it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Block", "Document", "Kind", "Piece", "assemble", "collapse", "word_set"]

#: Hints where a line may break and byte order marks: nobody sees them. Editors of web pages leave
#: whole paragraphs of them. Not the joiners, which shape letters, nor what turns text around.
_UNSEEN: Final = re.compile("[\u00ad\u200b\u2060\ufeff]+")

Kind = Literal["heading", "paragraph", "item", "cell"]


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a document's text, `start` to `end` in code points, half open.

    `level` is a heading's 1 to 6, an item's nesting from 1; of a table's cells, 0 is a column's
    header, 1 opens a row, 2 continues it. A cell begins in the table's `column`, from 0, and goes
    over `span` columns.
    """

    kind: Kind
    start: int
    end: int
    level: int = 0
    column: int = 0
    span: int = 1


@dataclass(frozen=True, slots=True)
class Document:
    """A policy's name, its text, and blocks that hold every non-blank character of it, in order."""

    name: str
    text: str
    blocks: tuple[Block, ...]


class Piece(NamedTuple):
    """A block before it has a place: what readers of HTML, PDF and DOCX yield."""

    kind: Kind
    text: str
    level: int = 0
    column: int = 0
    span: int = 1


def collapse(text: str) -> str:
    """Return `text` on one line, single spaces between its words."""
    return " ".join(text.split())


def word_set(words: str) -> frozenset[str]:
    """Return the words of a list written as one string."""
    return frozenset(words.split())


def assemble(name: str, pieces: Iterable[Piece]) -> Document:
    """Lay `pieces` out as one text: blank lines between blocks, line ends inside lists and rows.

    Characters that nobody sees are left out, and so are pieces of nothing else.
    """
    parts: list[str] = []
    blocks: list[Block] = []
    at = 0
    for piece in pieces:
        text = _UNSEEN.sub("", piece.text).strip()
        if not text:
            continue
        if blocks:
            gap = _gap(blocks[-1], piece)
            parts.append(gap)
            at += len(gap)
        end = at + len(text)
        blocks.append(Block(piece.kind, at, end, piece.level, piece.column, piece.span))
        parts.append(text)
        at = end
    return Document(name, "".join(parts), tuple(blocks))


def _gap(before: Block, piece: Piece) -> str:
    return "\n" if before.kind == piece.kind and piece.kind in ("item", "cell") else "\n\n"
