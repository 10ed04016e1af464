"""Bytes become text: byte order mark, declared charset, UTF-8, then a guess."""

from __future__ import annotations

import codecs
import re
from typing import Final

from clausemark.errors import DocumentError

__all__ = ["decode"]

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?([\w.:-]+)""", re.I
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
#: Browsers read these names as Windows-1252 (WHATWG Encoding Standard, section 4.2).
_LATIN: Final = {"iso8859-1", "ascii", "latin-1", "latin1"}
_SAMPLE: Final = 1 << 16


def decode(data: bytes, *, name: str, declared: bool = False) -> str:
    """Return the text of `data`; `declared` looks for a charset that the markup declares.

    Raises DocumentError if `data` is empty, blank or not text.
    """
    if not data:
        raise DocumentError(f"{name} is empty.", hint="Give a file that holds a policy.")
    text = _decoded(data, name, declared)
    if not text.strip("\ufeff\x00 \t\r\n\x0b\x0c\x85\xa0"):
        raise DocumentError(f"{name} is blank.", hint="Give a file that holds a policy.")
    controls = sum(1 for _ in _CONTROL.finditer(text[:_SAMPLE]))
    if controls > max(8, 0.02 * min(len(text), _SAMPLE)):
        raise _not_text(name)
    return text


def _decoded(data: bytes, name: str, declared: bool) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    # What is valid UTF-8 is UTF-8: pages that declare another charset by mistake are common,
    # text in another charset that is valid UTF-8 by chance is not.
    candidates = [_wide(data), "utf-8", _declared(data) if declared else None]
    for candidate in candidates:
        if candidate and (text := _strictly(data, candidate)) is not None:
            return text
    return _guess(data, name)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):  # "undefined" is a codec, and fails by itself.
        return None


def _declared(data: bytes) -> str | None:
    match = _DECLARED.search(data[:4096])
    if match is None:
        return None
    try:
        name = codecs.lookup(match[1].decode("ascii")).name
    except (LookupError, UnicodeDecodeError):
        return None
    # A charset declared in ASCII markup cannot be a wide one, nor a codec that is no charset.
    if name.startswith(("utf-16", "utf-32", "utf-8")):
        return None
    return "cp1252" if name in _LATIN else name


def _wide(data: bytes) -> str | None:
    """Name UTF-16 without a mark by the zeros in every second place of western text."""
    head = data[:4096]
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 8 and odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    if half >= 8 and even > 0.6 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _guess(data: bytes, name: str) -> str:
    if data.count(0) > len(data) // 100:
        raise _not_text(name)
    high = re.findall(rb"[\x80-\xff]", data)
    lenient = data.decode("utf-8", errors="replace")
    # A UTF-8 file with a few damaged bytes stays a UTF-8 file.
    if lenient.count("\ufffd") * 10 < len(high):
        return lenient
    # English has few letters beyond ASCII; a guess from so few of them is often a neighbour of
    # Windows-1252 that shares its quotes and dashes.
    western = _strictly(data, "cp1252") if len(high) * 8 < len(data) else None
    if western is not None:
        return western
    from charset_normalizer import from_bytes

    best = from_bytes(_sample(data)).best()
    if best is None:
        raise _not_text(name)
    return data.decode(best.encoding, errors="replace")


def _sample(data: bytes) -> bytes:
    """The stretch around the first byte that is not ASCII: what a guess has to explain."""
    first = re.search(rb"[\x80-\xff]", data)
    start = max(0, first.start() - _SAMPLE // 2) if first else 0
    return data[start : start + _SAMPLE]


def _not_text(name: str) -> DocumentError:
    return DocumentError(
        f"{name} is not text.", hint="Give a .txt, .md, .html, .pdf or .docx file of a policy."
    )
