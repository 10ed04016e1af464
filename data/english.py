"""Is a text English? Pages in several languages stand in corpora that call themselves English."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_english"]

_WORD: Final = re.compile(r"[^\W\d_]+")
_ENGLISH: Final = (
    "the of to and your you we or in for is are this that with not our by on be any use"
)
#: Frequent words of other languages that are none of English.
_OTHERS: Final = (
    "der das und ist nicht mit für wir sie werden oder von zu "  # German
    "le les des et vous nos vos pour dans sur nous une "  # French
    "los las el una por para que su sus "  # Spanish
    "di che della il gli sono nel dati "  # Italian
    "het een wij van voor zijn en de "  # Dutch, and Romance "de"
    "não uma os dos seus você em "  # Portuguese
    "och att som är på av "  # Swedish
    "ve bir için ile"  # Turkish
)
_LANGUAGE: Final = {
    **dict.fromkeys(_ENGLISH.split(), 1),
    **dict.fromkeys(_OTHERS.split(), -1),
}
_LATIN: Final = re.compile(r"[a-zA-ZÀ-ɏ]")


def is_english(text: str) -> bool:
    """Say whether `text` reads as English; a list of names, which no language owns, does."""
    letters = [character for character in text if character.isalpha()]
    if sum(bool(_LATIN.match(letter)) for letter in letters) * 5 < len(letters) * 4:
        return False
    return sum(_LANGUAGE.get(word, 0) for word in _WORD.findall(text.lower())) >= 0
