"""Headings and lists that a document shows by their words alone, not by its markup.

All kinds of document pass through `refine`, so that a policy has the same clauses as plain text,
where a heading is only a short line, and as HTML, where it may be an <h2> or a bold paragraph.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from clausemark._blocks import Block, Document, collapse, word_set

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["heading_text", "refine", "resembles_heading"]

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
_DATED = re.compile(r"(?i)\b(?:updated?|revised|modified|effective|date|reviewed|version)\b.*\d")
_LINKED = re.compile(r"@|://|\bwww\.|\d{5}|(?:\d[\s().-]*){7}")
#: More short lines in a row than this are a table of contents or an address, not headings.
_RUN: Final = 3
_LIST_END = re.compile(r"(?:;|,|;\s*(?:and|or)(?:/or)?|,\s*(?:and|or))$", re.I)


def heading_text(text: str) -> str:
    """Return a heading's words on one line, without Markdown's marks; its number stays."""
    return collapse(_MARKS.sub("", _MARKS.sub("", text.strip())))


def resembles_heading(text: str) -> int:
    """Say how much a paragraph's `text` looks like a heading: 0 not, 1 perhaps, 2 by its form."""
    if len(text) > 120 or _LINKED.search(text) or _DATED.search(text):
        return 0
    line = heading_text(text)
    body = _NUMBERED.sub("", line, count=1)
    words = body.split()
    if not words or len(words) > 14 or not (words[0][0].isupper() or body[0] in "\"'“‘("):
        return 0
    letters = [c for c in body if c.isalpha()]
    if len(letters) < 3 or (body[-1] in ".;,!" and body[-4:].lower() != "inc."):
        return 0
    if body[-1] == "?" or (body.isupper() and len(letters) * 2 > len(body)):
        return 2
    return _by_case(words, numbered=body != line)


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
    texts = [document.text[b.start : min(b.end, b.start + 400)].strip() for b in document.blocks]
    ends = [document.text[max(b.start, b.end - 40) : b.end].rstrip() for b in document.blocks]
    blocks = list(document.blocks)
    for index in _headings(blocks, texts, ends):
        blocks[index] = replace(blocks[index], kind="heading", level=_level(texts[index]))
    for index in _listed(blocks, ends):
        blocks[index] = replace(blocks[index], kind="item", level=1)
    return replace(document, blocks=tuple(blocks))


def _level(text: str) -> int:
    number = re.match(r"\d{1,2}((?:\.\d{1,2})+)", text)
    return min(6, 2 + number[1].count(".")) if number else (2 if text.isupper() else 3)


def _headings(blocks: list[Block], texts: list[str], ends: list[str]) -> Iterator[int]:
    """Yield the blocks that read as headings and stand over something."""
    run: list[int] = []
    for index in range(len(blocks)):
        if _candidate(index, blocks, texts, ends):
            run.append(index)
        elif run:
            yield from _kept(run, blocks[index], texts[index])
            run = []


def _kept(run: list[int], block: Block, text: str) -> list[int]:
    """Of a run of candidates, those that are headings of the block that follows the run."""
    if block.kind == "paragraph" and len(text.split()) < 4 and not text.endswith((".", ":")):
        return []
    return run if len(run) <= _RUN else run[-1:]


def _candidate(index: int, blocks: list[Block], texts: list[str], ends: list[str]) -> bool:
    block = blocks[index]
    grade = 0 if block.kind in ("heading", "cell") else resembles_heading(texts[index])
    if not grade or block.end - block.start > 130:
        return False
    if block.kind == "item":
        return grade == 2 and _lone_item(index, blocks, texts)
    introduced = index > 0 and ends[index - 1].endswith((":", ";", ","))
    return not introduced or (grade == 2 and (texts[index].isupper() or ends[index] == "?"))


def _lone_item(index: int, blocks: list[Block], texts: list[str]) -> bool:
    """Tell a numbered heading from an item: it is alone, and stands over text."""
    if index + 1 == len(blocks):
        return False
    before, after = blocks[max(index - 1, 0)], blocks[index + 1]
    numbered = _NUMBERED.match(texts[index]) is not None
    if after.kind == "item":
        return numbered and not _NUMBERED.match(texts[index + 1])
    if before.kind == "item" and index and not (numbered and not _NUMBERED.match(texts[index - 1])):
        return False
    return after.kind != "cell" and (after.kind == "heading" or len(texts[index + 1].split()) >= 6)


def _listed(blocks: list[Block], ends: list[str]) -> Iterator[int]:
    """Yield the paragraphs that are items: after a colon, up to the last that ends in a semicolon.

    A list whose bullets are lost reads "for these purposes:", "to bill you;", "to help you.".
    """
    index = 0
    while index < len(blocks):
        index += 1
        if not ends[index - 1].endswith(":") or blocks[index - 1].kind != "paragraph":
            continue
        stop = index
        while stop < len(blocks) and blocks[stop].kind == "paragraph":
            stop += 1
        marked = [k for k in range(index, stop) if _LIST_END.search(ends[k])]
        if marked:
            last = min(marked[-1] + 1, stop - 1)
            yield from range(index, last + 1)
            index = last + 1
