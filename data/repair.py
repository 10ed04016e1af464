"""Text that was decoded wrongly on its way into a corpus made right.

UTF-8 that somebody read as Latin-1 or Windows-1252 shows "â€™" for an apostrophe. Such a group is
decoded again; one that is no UTF-8 stays as it is. Invisible characters are taken out.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["repair"]


def _byte(character: str) -> bytes | None:
    """Return the one byte that `character` was read from, or None if it can be none."""
    if ord(character) < 256:
        return character.encode("latin-1")
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return None


_CP1252: Final = "".join(bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0))
_TAIL: Final = f"[\u0080-\u00bf{_CP1252}]"
_GROUP: Final = re.compile(
    rf"[\u00c2-\u00df]{_TAIL}|[\u00e0-\u00ef]{_TAIL}{{2}}|[\u00f0-\u00f4]{_TAIL}{{3}}"
)
#: A closing quote whose last byte was replaced by a question mark.
_CUT_QUOTE: Final = re.compile("â[\u0080€]\\?")
_UNSEEN: Final = re.compile("[\u0080-\u009f\u00ad\u200b-\u200f\u2060\ufeff\ufffd]")


def repair(text: str) -> str:
    """Return `text` decoded right, without invisible characters, white space collapsed."""
    text = _CUT_QUOTE.sub("”", _GROUP.sub(_decoded, text))
    return " ".join(_UNSEEN.sub("", text).split())


def _decoded(group: re.Match[str]) -> str:
    read = b"".join(_byte(character) or b"" for character in group[0])
    try:
        return read.decode("utf-8")
    except UnicodeDecodeError:
        return group[0]
