"""One normalisation between text and tokens, for training and inference alike.

OPP-115 was released in pure ASCII: curly quotes, dashes and accents were deleted, so that "a
website's computer" stands there as "a websites computer". Modern policies keep them. Both are
brought to one form here: quotes and apostrophes of every kind go, dashes become spaces, accents
are folded, list markers and invisible characters go, white space collapses.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["normalise"]

_QUOTES = "'\"`´‘’‚‛“”„‟‹›«»′″＇＂"
_DASHES = "‐‑‒–—―−"
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
_MARKER = re.compile(
    r"(?m)^[ \t]*(?:[•·▪▫●○■□◦‣⁃∙►▶➢✓*+-]|#{1,6}|\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{1,4})[.)])[ \t]+"
)
_BULLETS = str.maketrans(dict.fromkeys("•·▪▫●○■□◦‣⁃∙►▶➢✓|", " "))
_TABLE = str.maketrans({**dict.fromkeys(_QUOTES, ""), **dict.fromkeys(_DASHES, " ")})


def normalise(text: str) -> str:
    """Return `text` in the form that the model is trained on; idempotent on its own output."""
    if not text.isascii():
        text = _INVISIBLE.sub("", text)
    text = _MARKER.sub("", text).translate(_TABLE)
    if not text.isascii():
        folded = unicodedata.normalize("NFKD", text.translate(_BULLETS))
        text = "".join(c for c in folded if not unicodedata.combining(c)).translate(_TABLE)
    return _CONTROL.sub(" ", text).strip()
