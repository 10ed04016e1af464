"""PolicyIE (Ahmad et al., as released in PLUE): sentences of app policies with their intents.

A sentence with several intents stands there once for each. "Other" is no clean negative and says
nothing; storage, retention and deletion are one intent, which is no one of OPP-115's labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clausemark.errors import RecordError
from data.detokenise import detokenise
from data.overlap import NONE, Overlap
from data.records import Loaded, Record, read_jsonl

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["INTENTS", "load"]

CORPUS: Final = "policyie"
#: The intents in OPP-115's terms; None: no label of ours.
INTENTS: Final[dict[str, str | None]] = {
    "data-collection-usage": "First Party Collection/Use",
    "data-sharing-disclosure": "Third Party Sharing/Collection",
    "data-security-protection": "Data Security",
    "data-storage-retention-deletion": None,
    "Other": None,
}
_OTHER: Final = "Other"
_PARTS: Final = ("train", "valid", "test")


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read raw/intent_classification_*.json, one record a distinct sentence."""
    files = [raw / f"intent_classification_{part}.json" for part in _PARTS]
    if not any(file.exists() for file in files):
        raise RecordError(f"{raw}: no files intent_classification_*.json.")
    intents: dict[str, set[str]] = {}
    for file in (file for file in files if file.exists()):
        for number, row in enumerate(read_jsonl(file), start=1):
            sentence, intent = _read(row, f"{file}, row {number}")
            intents.setdefault(sentence, set()).add(intent)
    loaded = Loaded()
    for number, (sentence, given) in enumerate(intents.items()):
        if _OTHER in given:
            loaded.dropped["intent Other says nothing"] += 1
        elif overlap.drops(sentence):
            loaded.dropped["overlaps a withheld segment"] += 1
        else:
            loaded.records.append(_record(number, sentence, given))
    return loaded


def _read(row: object, where: str) -> tuple[str, str]:
    if not isinstance(row, dict) or not isinstance(row.get("sentence"), str):
        raise RecordError(f"{where}: no sentence.")
    intent = row.get("label")
    if intent not in INTENTS:
        raise RecordError(
            f"{where}: unknown intent {intent!r}.", hint=f"Known intents: {', '.join(INTENTS)}."
        )
    return detokenise(row["sentence"]), intent


def _record(number: int, sentence: str, given: set[str]) -> Record:
    known = tuple(label for label in INTENTS.values() if label)
    return Record(
        id=f"{CORPUS}/{number}",
        corpus=CORPUS,
        document=CORPUS,
        family=CORPUS,
        text=sentence,
        labels=tuple(label for intent, label in INTENTS.items() if label and intent in given),
        known=known,
        extra={"intents": sorted(given)},
    )
