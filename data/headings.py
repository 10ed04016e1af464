"""Section headings of 49,000 policies, as a free task to pretrain on: which heading stood here?

Two streams over the collection: the first counts headings and makes the most frequent ones
classes, the second draws the paragraphs that stand under them. Nothing is held but the counts and
the paragraphs kept.
"""

from __future__ import annotations

import heapq
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clausemark.errors import RecordError
from data.compressed import zst_lines
from data.overlap import NONE, Overlap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "Headings",
    "Limits",
    "Section",
    "build",
    "classes",
    "digest",
    "key",
    "policies",
    "sections",
]

FILE: Final = "policies.jsonl.zst"
_NUMBERING: Final = re.compile(
    r"^(?:(?:section|article|part|chapter|clause)\s+)?"
    r"(?:\(?(?:\d{1,2}(?:\.\d{1,2})*|[ivx]{1,5}|[a-z])[.):]\s*|\d{1,2}(?:\.\d{1,2})*[\s–—-]+)+"
)
_NOT_WORDS: Final = re.compile(r"[^\w\s]|_")
_APOSTROPHES: Final = re.compile(r"['’‘`´]")
_STOPS: Final = (".", "!", ";", ",")
_BULLETS: Final = ("-", "•", "·", "–", "|", ">")
#: Lines that sites repeat around their policies, and scraps of tables: what stands under them is
#: whatever comes next.
_BOILERPLATE: Final = frozenset(
    (Path(__file__).parent / "boilerplate.txt").read_text(encoding="utf-8").splitlines()
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept: classes, paragraphs a section and a heading, words a paragraph."""

    classes: int = 1000
    per_section: int = 4
    per_heading: int = 2500
    shortest: int = 8
    longest: int = 600
    heading_words: int = 10
    heading_length: int = 80


@dataclass(frozen=True, slots=True)
class Section:
    """A heading in its normal form, the paragraphs under it, and its place in the policy."""

    place: int
    key: str
    paragraphs: tuple[str, ...]


@dataclass(slots=True)
class Headings:
    """The classes, most frequent first; the rows, {"id", "heading", "text"}; what was dropped."""

    classes: list[str]
    rows: list[dict[str, str]] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def key(line: str) -> str:
    """Return a heading's normal form: lower case, numbering and punctuation off."""
    text = _NUMBERING.sub("", line.strip().strip("#*_ ").lower())
    text = _APOSTROPHES.sub("", text).replace("&", " and ")
    return " ".join(_NOT_WORDS.sub(" ", text).split())


def sections(text: str, limits: Limits = Limits()) -> Iterator[Section]:
    """Yield the sections of `text` that have a heading and a paragraph.

    A heading is a short line without a final stop that stands alone between blank lines; a
    paragraph has `limits.shortest` to `limits.longest` words.
    """
    place, heading = 0, ""
    found: list[str] = []
    for number, block in enumerate(part.strip() for part in text.split("\n\n")):
        if _is_heading(block, limits):
            if heading and found:
                yield Section(place, heading, tuple(found))
            place, heading, found = number, key(block), []
        elif limits.shortest <= len(block.split()) <= limits.longest:
            found.append(block)
    if heading and found:
        yield Section(place, heading, tuple(found))


def _is_heading(block: str, limits: Limits) -> bool:
    return (
        0 < len(block) <= limits.heading_length
        and "\n" not in block
        and not block.endswith(_STOPS)
        and not block.startswith(_BULLETS)
        and len(block.split()) <= limits.heading_words
    )


def classes(found: Iterable[Section], limits: Limits = Limits()) -> list[str]:
    """Return the most frequent usable headings, most frequent first.

    A section counts once however many policies copy its first paragraph: the boilerplate of one
    template is no frequent heading.
    """
    distinct = {(section.key, digest(section.paragraphs[0])) for section in found}
    counts = Counter(name for name, _ in distinct)
    usable = (
        (-count, name)
        for name, count in counts.items()
        if len(name) > 1 and name not in _BOILERPLATE and not name.isdecimal()
    )
    return [name for _, name in sorted(usable)[: limits.classes]]


def digest(text: str, seed: int = 0) -> int:
    """Return a 64-bit hash of `text`, the same for texts that differ in case or white space."""
    words = " ".join(text.lower().split())
    salt = seed.to_bytes(16, "big")
    return int.from_bytes(blake2b(words.encode(), digest_size=8, salt=salt).digest(), "big")


def policies(path: Path) -> Iterator[dict[str, Any]]:
    """Stream the policies of the compressed collection; raise RecordError if it is damaged."""
    for number, line in enumerate(zst_lines(path), start=1):
        yield _policy(line, f"{path}, line {number}")


def _policy(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if not isinstance(row["text"], str) or not isinstance(row["id"], str):
            raise TypeError("id and text must be strings")
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{where}: no policy ({error!r}).") from None
    return row  # type: ignore[no-any-return]


def build(
    path: Path,
    *,
    overlap: Overlap = NONE,
    limits: Limits = Limits(),
    seed: int = 0,
) -> Headings:
    """Draw the classes and their paragraphs from the collection at `path`, in a seeded order."""
    names = classes(
        (s for policy in policies(path) for s in sections(policy["text"], limits)), limits
    )
    result = Headings(names)
    draw = _Draw({name: [] for name in names}, limits, seed)
    for policy in policies(path):
        for section in sections(policy["text"], limits):
            draw.add(policy["id"], section, result.dropped)
    for _, row in draw.kept():
        if overlap.drops(row["text"]):
            result.dropped["overlaps a withheld segment"] += 1
        else:
            result.rows.append(row)
    return result


@dataclass(slots=True)
class _Draw:
    """A bounded random draw: of each heading the paragraphs with the lowest seeded hashes."""

    heaps: dict[str, list[tuple[int, str, str]]]
    limits: Limits
    seed: int
    seen: set[int] = field(default_factory=set)

    def add(self, policy: str, section: Section, dropped: Counter[str]) -> None:
        heap = self.heaps.get(section.key)
        if heap is None:
            return
        taken = 0
        for number, text in enumerate(section.paragraphs):
            rank = digest(text, self.seed)
            if rank in self.seen:
                dropped["repeated paragraph"] += 1
            elif taken == self.limits.per_section:
                dropped["more than enough in the section"] += 1
            else:
                taken += 1
                self.seen.add(rank)
                self._push(heap, (-rank, f"{policy}#{section.place}.{number}", text), dropped)

    def _push(
        self, heap: list[tuple[int, str, str]], item: tuple[int, str, str], dropped: Counter[str]
    ) -> None:
        if len(heap) < self.limits.per_heading:
            heapq.heappush(heap, item)
        else:
            heapq.heappushpop(heap, item)
            dropped["more than enough of the heading"] += 1

    def kept(self) -> list[tuple[int, dict[str, str]]]:
        rows = [
            (-rank, {"id": name, "heading": heading, "text": text})
            for heading, heap in self.heaps.items()
            for rank, name, text in heap
        ]
        return sorted(rows, key=lambda row: row[0])
