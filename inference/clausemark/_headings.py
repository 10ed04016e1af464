"""Headings and lists that a document shows by their words alone, not by its markup.

All kinds of document pass through `refine`, so that a policy has the same clauses as plain text,
where a heading is only a short line, and as HTML, where it may be an <h2> or a bold paragraph.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from clausemark._blocks import Block, Document, collapse, word_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["heading_text", "is_dated", "is_statement", "refine", "resembles_heading"]

_NUMBER: Final = r"(?:\d{1,2}(?:\.\d{1,2}){0,3}[.):]?|[A-Z][.)]|[IVX]{1,5}[.)]|\([a-z0-9]{1,3}\))"
_NUMBERED = re.compile(rf"(?:{_NUMBER}|(?:Section|Article|Part|Chapter)\s+\w{{1,4}}[.:]?)\s+(?=\S)")
_MARKS = re.compile(r"^(?:#{1,6}\s+)|^[*_]{1,3}(?=\S)|(?:\s*#+|[*_]{1,3})$|\s*\n\s*[=-]{3,}$")
_SMALL: Final = word_set(
    "a an and as at by de etc for from how if in into is of on or our per than that the their "
    "to under upon us via vs we what when with without you your it this be do are not its & - "
    "– —"
)
_OPENERS: Final = word_set(
    "what how why when who whom where which your our changes contact use uses using "
    "collection sharing disclosure security cookies children information personal data "
    "privacy access links third your updates questions opting opt legal international notice "
    "rights do does can types sources purposes retention transfer"
)
_UNFINISHED: Final = word_set("the a an and or is are our your of")
_DATED = re.compile(r"(?i)\b(?:updated?|revised|modified|effective|date|reviewed|version)\b.*\d")
_DATE_LINE = re.compile(
    r"(?i)\W*(?:(?:last\s+)?(?:updated?|revised|modified|reviewed)|effective|version|date"
    r"|(?:this|our|the)\b[^.]{0,60}\b(?:updated|revised|modified|effective|reviewed))\b.*\d"
)
#: How a sentence begins, or a verb that titles seldom have.
_SAYS = re.compile(
    r"(?i)(?:we|you|they|it|if|please|no)\b"
    r"|.*\b(?:may|will|do|does|is|are|can|cannot|must|shall|has|have|never)\b"
)
_LINKED = re.compile(r"[@|»]|\s/\s|://|\bwww\.|\d{5}|(?:\d[\s().-]*){7}")
#: More short lines in a row than this are a table of contents or an address, not headings.
_RUN: Final = 3
#: The number of a section, and those of its paragraphs.
_PLAIN_NUMBER = re.compile(r"(?:\d{1,2}|[IVX]{1,5})[.)]?\Z|(?:Section|Article|Part|Chapter)\b")
_LETTERED = re.compile(r"\([a-z0-9]{1,3}\)\Z")
#: Fewer words than this in an item are a title, or a part of a sentence.
_FEW: Final = 6
#: More characters than this are no line of a date, and no title.
_LONGEST_LINE: Final = 160
#: More words than this with a stop are a sentence, if they have no other sign of a title.
_LONGEST_LABEL: Final = 3
#: A list without bullets is looked for in this many paragraphs after a colon.
_LONGEST_LIST: Final = 60
_LIST_END = re.compile(r"(?:;|,|;\s*(?:and|or)(?:/or)?|,\s*(?:and|or))$", re.I)


def heading_text(text: str) -> str:
    """Return a heading's words on one line, without Markdown's marks; its number stays."""
    return collapse(_MARKS.sub("", _MARKS.sub("", text.strip())))


def resembles_heading(text: str) -> int:
    """Say how much a paragraph's `text` looks like a heading: 0 not, 1 perhaps, 2 by its form."""
    # Most lines are sentences: the cheap signs come first.
    ended = len(text) > 120 or text[-1:] in ("", ",", ";", "!")
    if ended or _is_stopped(text) or _LINKED.search(text) or _DATED.search(text):
        return 0
    line = heading_text(text)
    body = _NUMBERED.sub("", line, count=1)
    words = body.split()
    if not words or len(words) > 14 or not (words[0][0].isupper() or body[0] in "\"'“‘("):
        return 0
    letters = [c for c in body if c.isalpha()]
    numeric = sum(any(c.isdigit() for c in word) for word in words)
    if numeric * 3 >= len(words) or words[-1].lower() in _UNFINISHED:
        return 0
    if len(letters) < 3 or (body[-1] in ".;,!" and body[-4:].lower() != "inc."):
        return 0
    if body[-1] == "?" or (body.isupper() and len(letters) * 2 > len(body)):
        return 2
    return _by_case(words, numbered=body != line)


def is_dated(line: str) -> bool:
    """Tell a line such as "Last updated: 1 March 2024", which stands over nothing."""
    return len(line) < _LONGEST_LINE and _DATE_LINE.match(line) is not None


def is_statement(line: str) -> bool:
    """Tell a sentence of its own in bold from a title that a stop ends ("Who we are.")."""
    if len(line) >= _LONGEST_LINE or not _is_stopped(line) or not _SAYS.match(line):
        return False
    return len(line.split()) > _LONGEST_LABEL and not resembles_heading(line[:-1])


def _is_stopped(text: str) -> bool:
    return text[-1:] == "." and text[-4:].lower() != "inc."


def _by_case(words: Sequence[str], *, numbered: bool) -> int:
    if words[-1][-1] == ":":
        return 2 if len(words) <= 4 and _titled(words) else 0
    if numbered or (len(words) <= 10 and _titled(words)):
        return 2
    return int(len(words) <= 9 and words[0].lower() in _OPENERS)


def _titled(words: Sequence[str]) -> bool:
    return all(not w.islower() or w.lower().strip("()") in _SMALL for w in words)


def refine(document: Document) -> Document:
    """Return `document` with headings and lists found by their words; spans stay as they are."""
    return replace(document, blocks=tuple(_Finder(document).found()))


def _level(text: str) -> int:
    number = re.match(r"\d{1,2}((?:\.\d{1,2})+)", text)
    return min(6, 2 + number[1].count(".")) if number else (2 if text.isupper() else 3)


class _Finder:
    """The blocks of a document with how each begins and ends."""

    def __init__(self, document: Document) -> None:
        text = document.text
        self.blocks = list(document.blocks)
        self.texts = [text[b.start : min(b.end, b.start + 400)].strip() for b in self.blocks]
        self.ends = [text[max(b.start, b.end - 40) : b.end].rstrip() for b in self.blocks]
        gaps = [text[a.end : b.start] for a, b in pairwise(self.blocks)]
        #: Whether a block stands right under the one before it, where others have blank lines.
        self.tight = [False, *(_is_tight(gap) for gap in gaps)] if self.blocks else []
        if all(self.tight[1:]):
            self.tight = [False] * len(self.blocks)

    def found(self) -> list[Block]:
        """Return the blocks, some of them now headings or items."""
        for index in list(self._headings()):
            level = _level(self.texts[index])
            self.blocks[index] = replace(self.blocks[index], kind="heading", level=level)
        for index in list(self._listed()):
            self.blocks[index] = replace(self.blocks[index], kind="item", level=1)
        return self.blocks

    def _headings(self) -> Iterator[int]:
        """Yield the blocks that read as headings and stand over something."""
        run: list[int] = []
        for index, block in enumerate(self.blocks):
            if self._candidate(index):
                run.append(index)
            elif run:
                yield from self._kept(run, block, self.texts[index])
                run = []

    def _kept(self, run: list[int], block: Block, text: str) -> list[int]:
        """Of a run of candidates, those that are headings of the block that follows the run."""
        if block.kind == "paragraph" and len(text.split()) < 4 and text[-1] not in ".:":
            return []
        if self._introduced(run[0]):
            # Short lines after a colon are a list; only the last may stand over what follows.
            loose = not self.tight[run[-1]] and len(text.split()) >= 8
            run = [k for k in run if self._stands_out(k) or (k == run[-1] != run[0] and loose)]
        return run if len(run) <= _RUN else run[-1:]

    def _introduced(self, index: int) -> bool:
        return index > 0 and self.ends[index - 1].endswith((":", ";", ","))

    def _stands_out(self, index: int) -> bool:
        """Tell whether a line is a heading even after a colon: in capitals, or a question."""
        text = self.texts[index]
        return text.isupper() or text[-1] == "?"

    def _candidate(self, index: int) -> bool:
        block = self.blocks[index]
        if block.kind in ("heading", "cell") or block.end - block.start > 130:
            return False
        grade = resembles_heading(self.texts[index])
        if block.kind == "item":
            return grade == 2 and self._is_alone(index)
        return grade > 0

    def _is_alone(self, index: int) -> bool:
        """Tell a numbered heading from an item: it is alone, and stands over text."""
        if index + 1 == len(self.blocks):
            return False
        numbered = _NUMBERED.match(self.texts[index])
        after, below = self.blocks[index + 1], self.texts[index + 1]
        if after.kind == "item":
            return numbered is not None and _is_over(numbered[0].strip(), below)
        listed = index > 0 and self.blocks[index - 1].kind == "item"
        if listed and (numbered is None or self._goes_on(index - 1, numbered[0].strip())):
            return False
        return after.kind == "heading" or (after.kind != "cell" and len(below.split()) >= _FEW)

    def _goes_on(self, index: int, number: str) -> bool:
        """Tell whether `number` may go on the list, or table of contents, of the item above it."""
        above = _NUMBERED.match(self.texts[index])
        if above is None:
            return False
        title = len(self.texts[index].split()) < _FEW and not self.ends[index].endswith(".")
        return title or _form(above[0].strip()) == _form(number)

    def _listed(self) -> Iterator[int]:
        """Yield the paragraphs that are items of a list whose bullets are lost.

        After a colon: up to the last that ends in a semicolon ("to bill you;", "to help you."),
        or short lines without a stop ("Name", "Address").
        """
        index = 0
        while index < len(self.blocks):
            index += 1
            if self.blocks[index - 1].kind == "paragraph" and self.ends[index - 1][-1:] == ":":
                stop = self._list_end(index)
                yield from range(index, stop)
                index = max(index, stop)

    def _list_end(self, index: int) -> int:
        stop = index
        most = min(len(self.blocks), index + _LONGEST_LIST)
        while stop < most and self.blocks[stop].kind == "paragraph":
            stop += 1
        marked = [k for k in range(index, stop) if _is_listed(self.ends[k])]
        if marked:
            return min(marked[-1] + 2, stop)
        short = index
        while short < stop and _is_short(self.texts[short]):
            short += 1
        return short if short - index > 1 else index


def _form(number: str) -> str:
    """Return what the numbers of one list share: 1.1 for "2.1" and "2.2", (a) for "(b)"."""
    return re.sub(r"[a-z]+", "a", re.sub(r"[A-Z]+", "A", re.sub(r"\d+", "1", number)))


def _is_over(number: str, below: str) -> bool:
    """Tell whether a numbered line heads the item below it: text on the next level, or bullets."""
    match = _NUMBERED.match(below)
    if match is None:
        return True
    inner = match[0].strip()
    deeper = inner.startswith(number.rstrip(".)") + ".") and _form(inner) != _form(number)
    lettered = _PLAIN_NUMBER.match(number) is not None and _LETTERED.match(inner) is not None
    return (deeper or lettered) and len(below.split()) >= _FEW


def _is_tight(gap: str) -> bool:
    return gap.count("\n") == 1 or (gap.count("\r") == 1 and "\n" not in gap)


def _is_listed(end: str) -> bool:
    return end[-1] in ";,rRdD" and _LIST_END.search(end) is not None


def _is_short(text: str) -> bool:
    return len(text.split()) <= 12 and text[-1] not in ".!?:"
