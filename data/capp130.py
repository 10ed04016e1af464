"""CAPP-130: sentences of 130 Chinese app policies in English machine translation.

Only sentences that were given a topic are kept: the annotators marked what matters to a reader, so
that a sentence without one is no negative. One topic stands for both choice and access, and
retention holds the place of storage too: those are neither given nor denied.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from clausemark.errors import RecordError
from data.overlap import NONE, Overlap
from data.records import Loaded, Record, read_jsonl

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["TOPICS", "load"]

CORPUS: Final = "capp130"
_RETENTION: Final = "Data Retention"
#: The topics in OPP-115's terms; None: no label of ours, or of two which one is not said.
TOPICS: Final[dict[str, str | None]] = {
    "First Party Collection Information": "First Party Collection/Use",
    "Usage": "First Party Collection/Use",
    "Permission Acquisition": "First Party Collection/Use",
    "Third Party Sharing/ Disclosure": "Third Party Sharing/Collection",
    "Edit/Control": None,
    "Data Retention": None,
    "Data Security": "Data Security",
    "Specific Audiences": "International and Specific Audiences",
    "Policy Change": "Policy Change",
    "Contact Information": "Privacy contact information",
    "Cessation of Operations": None,
}
#: Marks of weight, not topics.
_MARKS: Final = frozenset({"Important", "Risk"})
_KNOWN: Final = tuple(dict.fromkeys(label for label in TOPICS.values() if label))
_CJK: Final = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_SHORTEST: Final = 4


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read raw/rw_*.jsonl; equal sentences with equal topics count once."""
    files = sorted(raw.glob("rw_*.jsonl"), key=lambda file: (len(file.stem), file.stem))
    if not files:
        raise RecordError(f"{raw}: no files rw_*.jsonl.")
    loaded = Loaded()
    seen: set[tuple[str, frozenset[str]]] = set()
    for file in files:
        for number, row in enumerate(read_jsonl(file), start=1):
            text, topics = _read(row, f"{file}, row {number}")
            reason = _reason(text, topics, overlap)
            if reason is None and (text, topics) in seen:
                reason = "repeated text"
            if reason:
                loaded.dropped[reason] += 1
            else:
                seen.add((text, topics))
                loaded.records.append(_record(file.stem, number, text, topics))
    return loaded


def _read(row: object, where: str) -> tuple[str, frozenset[str]]:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise RecordError(f"{where}: no text.")
    given = row.get("label")
    if not isinstance(given, list) or not all(isinstance(topic, str) for topic in given):
        raise RecordError(f"{where}: label must be a list of topics.")
    topics = frozenset(given) - _MARKS
    if strange := sorted(topics - set(TOPICS)):
        raise RecordError(
            f"{where}: unknown topic {strange[0]!r}.", hint=f"Known topics: {', '.join(TOPICS)}."
        )
    return " ".join(row["text"].split()), topics


def _reason(text: str, topics: frozenset[str], overlap: Overlap) -> str | None:
    if not topics:
        return "no topic"
    if _CJK.search(text):
        return "left in Chinese"
    if len(text.split()) < _SHORTEST:
        return "under four words"
    return "overlaps a withheld segment" if overlap.drops(text) else None


def _record(policy: str, number: int, text: str, topics: frozenset[str]) -> Record:
    document = f"{CORPUS}/{policy}"
    given = {TOPICS[topic] for topic in topics}
    known = _KNOWN if _RETENTION in topics else (*_KNOWN, _RETENTION)
    return Record(
        id=f"{document}/{number}",
        corpus=CORPUS,
        document=document,
        family=document,
        text=text,
        labels=tuple(label for label in _KNOWN if label in given),
        known=known,
        extra={"topics": sorted(topics)},
    )
