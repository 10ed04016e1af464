"""The overlap check: no auxiliary text may repeat a withheld segment of OPP-115.

The list holds a hash of every 8-word shingle of the withheld segments, never their text. OPP-115
was released with curly quotes, dashes and accents deleted, so a text is looked up as it stands and
in the forms in which OPP-115 would have written it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from clausemark.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["LIST_NAME", "NONE", "Overlap", "fingerprint", "shingles", "words"]

LIST_NAME: Final = "withheld_shingles.txt"
_SIZE: Final = 8
_SHORTEST: Final = 5
_WORD: Final = re.compile(r"[a-z0-9]+")
_APOSTROPHES: Final = str.maketrans("", "", "'’‘`´")
_LINE: Final = re.compile(r"[0-9a-f]{16}")


def words(text: str) -> list[str]:
    """Return the words of `text`: runs of a-z and 0-9, lower-cased."""
    return _WORD.findall(text.lower())


def fingerprint(shingle: str) -> str:
    """Return the BLAKE2b-64 of `shingle` as 16 hexadecimal digits."""
    return blake2b(shingle.encode(), digest_size=8).hexdigest()


def shingles(tokens: list[str]) -> set[str]:
    """Return the distinct 8-word shingles of `tokens`.

    A text of 5 to 7 words is one shingle; a shorter one has none.
    """
    if len(tokens) < _SHORTEST:
        return set()
    return {" ".join(tokens[at : at + _SIZE]) for at in range(max(1, len(tokens) - _SIZE + 1))}


@dataclass(frozen=True, slots=True)
class Overlap:
    """The fingerprints of the withheld shingles; a text is dropped at `share` listed ones."""

    listed: frozenset[str]
    share: float = 0.5

    @classmethod
    def load(cls, path: Path) -> Overlap:
        """Read the list, one fingerprint a line; raise RecordError at a line that is none."""
        try:
            lines = path.read_text(encoding="ascii").split()
        except FileNotFoundError:
            raise RecordError(
                f"{path}: the list of withheld shingles is missing.",
                hint="Auxiliary corpora are not built without it.",
            ) from None
        for number, line in enumerate(lines, start=1):
            if not _LINE.fullmatch(line):
                raise RecordError(f"{path}, line {number}: {line!r} is no BLAKE2b-64 fingerprint.")
        return cls(frozenset(lines))

    def of(self, text: str) -> float:
        """Return the largest share of shingles listed, over the forms of `text`; 0 to 1."""
        return max((self._share(tokens) for tokens in _forms(text)), default=0.0)

    def drops(self, text: str) -> bool:
        """Say whether `text` repeats a withheld segment and must not be trained on."""
        return self.of(text) >= self.share

    def _share(self, tokens: list[str]) -> float:
        found = shingles(tokens)
        hits = sum(fingerprint(shingle) in self.listed for shingle in found)
        return hits / len(found) if found else 0.0


NONE: Final = Overlap(frozenset())


def _forms(text: str) -> Iterator[list[str]]:
    """Yield the words of `text` as it stands, in ASCII alone, and without apostrophes."""
    seen: list[list[str]] = []
    ascii_only = text.encode("ascii", "ignore").decode()
    for form in (text, ascii_only, ascii_only.translate(_APOSTROPHES)):
        tokens = words(form)
        if tokens not in seen:
            seen.append(tokens)
            yield tokens
