"""Penn-Treebank tokens joined to running text again, as a policy would have been written."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["detokenise"]

_BRACKETS: Final = {
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "-LCB-": "{",
    "-RCB-": "}",
    "``": "“",
    "''": "”",
}
_STEPS: Final = (
    (re.compile(r"\s+([,.;:!?%)\]}”’])"), r"\1"),
    (re.compile(r"([(\[{“$£€])\s+"), r"\1"),
    (re.compile(r"\s+('(?:s|re|ve|ll|d|m)|n't)\b", re.IGNORECASE), r"\1"),
    (re.compile(r"(\w)\s+'(?=\s|$)"), r"\1'"),
    (re.compile(r"(?<=\w)\s+/\s+(?=\w)"), "/"),
    (re.compile(r"\"\s+([^\"]*?)\s+\""), r'"\1"'),
    (re.compile(r"\b([Cc]an)not\b|\b([Cc]an) not\b"), r"\1\2not"),
    (re.compile(r"[ \t]+"), " "),
)


def detokenise(text: str) -> str:
    """Return `text` with the spaces and signs that the Treebank tokeniser added taken out."""
    text = " ".join(_BRACKETS.get(token, token) for token in text.split(" "))
    for pattern, replacement in _STEPS:
        text = pattern.sub(replacement, text)
    return text.strip()
