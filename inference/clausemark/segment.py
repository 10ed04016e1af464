"""A document's blocks become clauses: the stretches of text that are labelled one by one.

Every character of the text that is not blank stands in exactly one clause. A heading belongs to
the clause that follows it, as in OPP-115's segments ("Data Security <br> We use ..."); every list
item is a clause, however short, read in the light of its lead-in; a table's row is one clause; a
paragraph of more than 250 words is cut at line or sentence ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clausemark._blocks import collapse
from clausemark._headings import heading_text, is_dated, refine
from clausemark._plain import plain_blocks, unbulleted
from clausemark._sentences import cuts, last_sentence
from clausemark.document import Block, Document

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Clause", "headed", "model_text", "segment", "split_text"]

#: A lead-in has at most this many words, those nearest to the item.
_LEAD: Final = 60
#: Parents of an item that its lead-in names at most.
_DEPTH: Final = 4
#: A heading of more words is a paragraph in a heading's clothes.
_LONGEST_HEADING: Final = 60
#: What Markdown writes before the words of a heading.
_MARKS: Final = "#*_ \t"


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of a document: `text` is `document.text[start:end]`, offsets in code points.

    `heading` is the nearest heading above, or the one that the clause opens with; `lead_in` is what
    introduces the list or table that the clause stands in.
    """

    index: int
    start: int
    end: int
    text: str
    heading: str | None = None
    lead_in: str | None = None


def segment(document: Document) -> list[Clause]:
    """Return the clauses of `document`, in order."""
    return _Segmenter(document).run()


def split_text(text: str) -> list[Clause]:
    """Return the clauses of a plain string, as those of a .txt file; none if it is blank."""
    return segment(refine(Document("", text, tuple(plain_blocks(text)))))


def model_text(clause: Clause, *, headings: bool = False) -> str:
    """Return what the encoder reads: the lead-in, if there is one, and the clause.

    The clause begins a line of its own, so that `normalise` knows its bullet for one. A model that
    was trained with `headings` reads the section's heading first.
    """
    text = f"{clause.lead_in}\n{clause.text}" if clause.lead_in else clause.text
    return headed(text, clause.heading) if headings else text


def headed(text: str, heading: str | None) -> str:
    """Return `text` under its section's heading, unless there is none or the text begins with it.

    Training puts headings in front of its texts through this function too.
    """
    if not heading or text.lstrip(_MARKS).lower().startswith(heading.lower()):
        return text
    return f"{heading}\n{text}"


class _Segmenter:
    """Goes through the blocks once, with what stands above the block at hand."""

    def __init__(self, document: Document) -> None:
        self.text = document.text
        self.blocks = document.blocks
        self.clauses: list[Clause] = []
        self.pending: int | None = None
        self.heading: str | None = None
        self.intro: str | None = None
        #: The paragraph that `intro` is to be found in, once an item asks for it.
        self.opener: Block | None = None
        self.header: str | None = None
        #: What the rows at hand have in common, by a row of one cell above them.
        self.group: str | None = None
        #: Whether the row just above was such a one.
        self.named = False
        self.parents: list[tuple[int, str]] = []

    def run(self) -> list[Clause]:
        """Return the clauses of all blocks."""
        index = 0
        while index < len(self.blocks):
            index = self._take(index)
        if self.pending is not None:
            self._close()
        return self.clauses

    def _take(self, index: int) -> int:
        """Emit the block at `index`, or the row that begins there; return the next."""
        block = self.blocks[index]
        if self._is_marks(block):
            self._hold(block.start)
        elif block.kind == "heading" and self._is_short(block):
            self._head(block)
        elif block.kind == "item":
            self._item(block)
        elif block.kind == "cell":
            return self._row(index)
        else:
            self.parents = []
            self.header = self.group = None
            self._emit(block.start, block.end, None)
            self.opener = block
        return index + 1

    def _is_marks(self, block: Block) -> bool:
        """Tell a ruling line and the like, which belongs to the clause below it."""
        size = block.end - block.start
        return size < 200 and not any(c.isalnum() for c in self.text[block.start : block.end])

    def _is_short(self, block: Block) -> bool:
        return len(self.text[block.start : block.end].split()) <= _LONGEST_HEADING

    def _hold(self, start: int) -> None:
        if self.pending is None:
            self.pending = start

    def _head(self, block: Block) -> None:
        self.heading = heading_text(self.text[block.start : block.end])
        # A list right under its heading is introduced by it.
        self.intro, self.opener = self.heading, None
        self.parents = []
        self.header = self.group = None
        self._hold(block.start)

    def _introduction(self, block: Block) -> str | None:
        """Return the sentence that introduces what follows, if the paragraph ends in one."""
        sentence = last_sentence(self.text[block.start : block.end], words=_LEAD)
        opens = not sentence.endswith((".", "!", "?")) or "following" in sentence.lower()
        if is_dated(sentence) and not sentence.endswith(":"):
            return None
        return sentence if opens else None

    def _item(self, block: Block) -> None:
        if self.opener is not None:
            self.intro, self.opener = self._introduction(self.opener), None
        while self.parents and self.parents[-1][0] >= block.level:
            self.parents.pop()
        chain = [self.intro or "", *(text for _, text in self.parents[-_DEPTH:])]
        lead = " ".join(" ".join(chain).split()[-_LEAD:]) or None
        # The first item under a heading holds the heading itself.
        glued = self.pending is not None and self.intro == self.heading and not self.parents
        self._emit(block.start, block.end, None if glued else lead)
        self.parents.append((block.level, self._parent(block)))

    def _parent(self, block: Block) -> str:
        text = unbulleted(self.text[block.start : block.end])
        return last_sentence(text, words=_LEAD // 2)

    def _row(self, index: int) -> int:
        """Emit one clause for the cells of a row; a header row leads the rows below it."""
        first = self.blocks[index]
        stop = index + 1
        grouped = self._is_group(index)
        while not grouped and stop < len(self.blocks) and self._same_row(stop, first):
            stop += 1
        end = self.blocks[stop - 1].end
        self.parents = []
        lead = " ".join(part for part in (self.header, first.level and self.group) if part)
        self._emit(first.start, end, lead or None)
        if first.level == 0:
            row = collapse(self.text[first.start : end]).strip("|-: ")
            words = " ".join(row.replace("|", " ").split()[:_LEAD])
            if grouped:
                self.group = words
            else:
                self.header, self.group = words, self.group if self.named else None
        self.named = grouped
        return stop

    def _is_group(self, index: int) -> bool:
        """Tell a header over several columns that has its row to itself."""
        block, *rest = self.blocks[index : index + 2]
        alone = not rest or rest[0].kind != "cell" or rest[0].level == 1
        alone = alone or rest[0].column < block.span
        return block.level == 0 and block.column == 0 and block.span > 1 and alone

    def _same_row(self, index: int, first: Block) -> bool:
        block = self.blocks[index]
        if block.kind != "cell":
            return False
        return block.level > 1 if first.level else block.level == 0 and not self._is_group(index)

    def _emit(self, start: int, end: int, lead_in: str | None) -> None:
        """Add the clauses of a stretch, the first of them with what was held back for it."""
        for left, right in self._merged(start, end):
            opening, self.pending = self.pending, None
            self._add(left if opening is None else opening, right, lead_in)

    def _merged(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for left, right in cuts(self.text, start, end):
            part = self.text[left:right]
            if part.strip():
                yield left + len(part) - len(part.lstrip()), right - len(part) + len(part.rstrip())

    def _close(self) -> None:
        """Add what no clause follows: a last heading of its own, or marks to the last clause."""
        start, end = self.pending or 0, self.blocks[-1].end
        if self.clauses and not any(c.isalnum() for c in self.text[start:end]):
            last = self.clauses.pop()
            self._add(last.start, end, last.lead_in, heading=last.heading)
        else:
            self._add(start, end, None)

    def _add(self, start: int, end: int, lead_in: str | None, heading: str | None = None) -> None:
        text = self.text[start:end]
        head = heading or self.heading
        self.clauses.append(Clause(len(self.clauses), start, end, text, head, lead_in))
