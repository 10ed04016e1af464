"""Other people's text on a terminal: shown, never obeyed."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["printable"]

#: Format characters that reorder or hide what is beside them.
_HIDDEN: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def printable(text: str) -> str:
    """Return `text` on one line, controls replaced by their pictures, so that none is obeyed."""
    text = " ".join(_HIDDEN.sub("", text).split())
    if text.isprintable():
        return text
    return "".join(c if unicodedata.category(c) not in {"Cc", "Cs"} else _picture(c) for c in text)


def _picture(control: str) -> str:
    return chr(0x2400 + ord(control)) if control < " " else "\ufffd"
