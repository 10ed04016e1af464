"""One normalisation between text and tokens, for training and inference alike.

OPP-115 was released in pure ASCII: curly quotes, dashes and accents were deleted, so that "a
website's computer" stands there as "a websites computer". Modern policies keep them. Both are
brought to one form here: quotes and apostrophes of every kind go, dashes become spaces, accents
are folded, list markers and invisible characters go, white space collapses.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["AFTER_FOLDING", "BEFORE_FOLDING", "normalise"]

_QUOTES = "['\"`´‘’‚‛“”„‟‹›«»′″＇＂]"
_DASHES = "[‐‑‒–—―−]"
_INVISIBLE = "[\\u00ad\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff\\ufffd]"
_BULLETS = "[•·▪▫●○■□◦‣⁃∙►▶➢✓|]"
_MARKER = (
    r"(?m)^[ \t]*(?:[•·▪▫●○■□◦‣⁃∙►▶➢✓*+-]|#{1,6}|\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,4})[.)])[ \t]+"
)
_BLANKS = r"[\x00-\x1f\x7f-\x9f\s]+"

#: What is replaced by what, in order, before accents are folded (NFKD without combining marks) and
#: after it, which brings some quotes and dashes to light. The exported tokenizer does the same.
BEFORE_FOLDING = ((_INVISIBLE, ""), (_MARKER, ""), (_QUOTES, ""), (_DASHES, " "), (_BULLETS, " "))
AFTER_FOLDING = ((_QUOTES, ""), (_DASHES, " "), (_BLANKS, " "))

_BEFORE = tuple((re.compile(pattern), to) for pattern, to in BEFORE_FOLDING)
_AFTER = tuple((re.compile(pattern), to) for pattern, to in AFTER_FOLDING)


def normalise(text: str) -> str:
    """Return `text` in the form that the model is trained on."""
    for pattern, to in _BEFORE:
        text = pattern.sub(to, text)
    if not text.isascii():
        folded = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in folded if unicodedata.category(c) != "Mn")
    for pattern, to in _AFTER:
        text = pattern.sub(to, text)
    return text.strip()
