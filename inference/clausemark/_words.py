"""Text as words that can be compared: what counts as the same, and which words differ.

Typography is no difference: white space, line ends, kinds of quotes and dashes, bullets and number
marks at the start, Markdown's emphasis, invisible characters, and the stop, comma, colon or
semicolon at the very end of a text, which follows from its place in a list.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from clausemark._blocks import word_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["CLOSING", "Op", "Token", "content", "diff", "keys", "tokens", "unnumbered"]

Op = tuple[Literal["same", "removed", "added"], str]

_INVISIBLE: Final = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd"
_WORD: Final = rf"[\w\u0300-\u036f{_INVISIBLE}]"
#: A word, joined ones in one ("e-mail", "don't", "a.b@c.example"), or one other sign.
_CORE: Final = rf"{_WORD}+(?:[-‐‑'’.@/&]{_WORD}+)*|\.{{2,}}|''|``|\S"
#: What stands between words without a meaning of its own.
#: Bullets at a line's start that are an answer by themselves in a table's cell.
_ANSWER: Final = "●○■□✓"
_FILL: Final = (
    rf"(?:\n[ \t]*[{_ANSWER}](?=[ \t])|\s|[*`|•·▪▫◦‣⁃∙►▶➢]|[-=_]{{3,}}|(?<!\w)_+|_+(?!\w))*"
)
_TOKEN: Final = re.compile(rf"({_CORE})({_FILL})")
_BULLET: Final = rf"[-–—+>•·▪▫◦‣⁃∙►▶➢{_ANSWER}\uf0b7\uf0a7*]|\#{{1,6}}"
#: What makes an amount of a bare number before it ("1.5 years"), which is then no mark.
_UNIT: Final = (
    r"[\s-]*(?:%|(?:(?:second|minute|hour|hr|day|week|month|year|yr|quarter|met(?:er|re)|mile|dollar|"
    r"euro|pound|cent|[mb]illion)s?|times|feet|foot|k?m|k?g|[kmgt]i?b|per\s?cent|thousand|usd|eur|"
    r"gbp)\b)"
)
_NUMBER: Final = (
    r"\(?(?:\d{1,2}(?:\.\d{1,2})*|[a-zA-Z]|[ivxIVX]{1,5})[.)]"
    rf"|\d{{1,2}}(?:\.\d{{1,2}})+(?!(?i:{_UNIT}))"
)
_OPENING: Final = re.compile(rf"{_FILL}(?:(?:{_BULLET}|{_NUMBER})\s+)*{_FILL}")
#: Before a small letter a bare number is no mark: "13 and under".
_HEADING_NUMBER: Final = re.compile(
    rf"\A(?:\d{{1,2}}(?:\.\d{{1,2}}){{0,3}}(?:[.):]|(?!{_UNIT}|\s+(?-i:[a-z])))"
    r"|(?:section|article|part|chapter)\s+(?:\d{1,3}[a-z]?|[ivxlc]{1,5}|[a-z]|one|two|three|four|five|six|"
    r"seven|eight|nine|ten)\b[.:]?)"
    r"(?:\s*[-–—:]\s+|\s+)(?=\S)",
    re.I,
)
_ALIKE: Final = str.maketrans(
    dict.fromkeys("‘’‚‛`´‹›′＇", "'")
    | dict.fromkeys("“”„‟«»″＂", '"')
    | dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A),
                     0xFEFF, 0xFFFD])
)  # fmt: skip
#: Signs that end a text, or a part of it.
CLOSING: Final = frozenset(".,;:")
#: Words of the grammar; sentences that share them alone do not say the same thing.
_GRAMMAR: Final = word_set(
    "a about after all also an and any are as at be been before but by can could do does during "
    "each for from had has have how if in into is it its may might more must no not of on or other "
    "our own shall should so some such than that the their them then there these they this those "
    "through to under until up upon us was we were what when where which while who whom will with "
    "would you your yours"
)
_STEM: Final = 6
#: Two texts of more than so many pairs of words are compared by the faster method.
_PATIENCE: Final = 2_000_000
#: A run of so many equal words between two differences is too short to read by itself.
_ISLAND: Final = 2


class Token(NamedTuple):
    """A word with what follows it up to the next; texts with equal keys say the same."""

    raw: str
    key: str


def tokens(text: str) -> list[Token]:
    """Return the words of `text`; the raw parts together are the text."""
    start = match.end() if (match := _OPENING.match(text)) else 0
    found = [Token(m[0], _key(m[1])) for m in _TOKEN.finditer(text, start)]
    found = [*_merged(found)]
    if not found:
        return [Token(text, _key(text.strip()))] if text else []
    found[0] = found[0]._replace(raw=text[:start] + found[0].raw)
    while len(found) > 1 and found[-1].key in CLOSING:
        last = found.pop()
        found[-1] = found[-1]._replace(raw=found[-1].raw + last.raw)
    return found


def _merged(found: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens, those without a key as part of the one before them."""
    held: Token | None = None
    for token in found:
        if held is None:
            held = token
        elif not token.key or not held.key:
            held = Token(held.raw + token.raw, held.key or token.key)
        else:
            yield held
            held = token
    if held is not None:
        yield held


@lru_cache(maxsize=1 << 14)
def _key(core: str) -> str:
    return unicodedata.normalize("NFKC", core.translate(_ALIKE))


def keys(text: str) -> tuple[str, ...]:
    """Return what must be equal for two texts to count as the same."""
    return tuple(token.key for token in tokens(text))


def unnumbered(heading: str) -> str:
    """Return a heading in the form that is compared: without its number, capitals or marks."""
    words = " ".join(keys(heading))
    return _HEADING_NUMBER.sub("", words, count=1).casefold()


def content(key: Sequence[str]) -> tuple[str, ...]:
    """Return the words that bear a text's meaning, roughly stemmed; all if there are none."""
    folded = [word.casefold() for word in key]
    bearing = tuple(w[:_STEM] for w in folded if w[0].isalnum() and w not in _GRAMMAR)
    return bearing or tuple(folded)


def diff(old: str, new: str) -> list[Op]:
    """Return how `old` became `new`, word by word.

    "same" and "added" together are `new`; "same" and "removed" are `old`, but for typography.
    """
    before, after = tokens(old), tokens(new)
    ops: list[Op] = []
    for tag, left, right in _joined(_blocks([t.key for t in before], [t.key for t in after])):
        if tag == "equal":
            ops.append(("same", "".join(t.raw for t in after[right])))
            continue
        removed = "".join(t.raw for t in before[left])
        added = "".join(t.raw for t in after[right])
        if removed:
            ops.append(("removed", removed))
        if added:
            ops.append(("added", added))
    return ops


_Block = tuple[str, "slice[int, int, None]", "slice[int, int, None]"]


def _blocks(old: list[str], new: list[str]) -> Iterator[_Block]:
    if len(old) * len(new) <= _PATIENCE:
        for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield tag, slice(a, b), slice(c, d)
        return
    from rapidfuzz.distance import Indel

    for op in Indel.opcodes(old, new):
        yield op.tag, slice(op.src_start, op.src_end), slice(op.dest_start, op.dest_end)


def _joined(blocks: Iterable[_Block]) -> list[_Block]:
    """Return the blocks, differences joined across what is too short between them."""
    found: list[_Block] = []
    for tag, left, right in blocks:
        if tag != "equal" and found and found[-1][0] != "equal":
            found[-1] = _across(found[-1], (tag, left, right))
        elif tag != "equal" and len(found) > 1 and _is_island(found):
            found.pop()
            found[-1] = _across(found[-1], (tag, left, right))
        else:
            found.append((tag, left, right))
    return found


def _is_island(found: list[_Block]) -> bool:
    """Tell whether the last block is equal, short, and shorter than the change before it."""
    size = _length(found[-1][1])
    changed = max(_length(found[-2][1]), _length(found[-2][2]))
    return size <= _ISLAND and changed > 2 * size


def _length(part: slice[int, int, None]) -> int:
    return part.stop - part.start


def _across(first: _Block, last: _Block) -> _Block:
    return "replace", slice(first[1].start, last[1].stop), slice(first[2].start, last[2].stop)
