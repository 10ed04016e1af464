"""GDPR-Transparency-200: passages of 200 app policies with the GDPR requirements that they meet.

A requirement is marked where a passage says that the practice is done or that it is not: both are
about it. Passages that stand under a list's lead-in keep it in `extra`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from clausemark.errors import RecordError
from data.overlap import NONE, Overlap
from data.records import Loaded, Record

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["REQUIREMENTS", "load"]

CORPUS: Final = "gt200"
_FIRST: Final = "First Party Collection/Use"
_CHOICE: Final = "User Choice/Control"
_ACCESS: Final = "User Access, Edit and Deletion"
_CONTACT: Final = "Privacy contact information"
#: The requirements in OPP-115's terms; None: none of ours, or of one of ours a part only.
REQUIREMENTS: Final[dict[str, str | None]] = {
    "Data Categories": _FIRST,
    "Processing Purpose": _FIRST,
    "Source of Data": _FIRST,
    "Data Recipients": "Third Party Sharing/Collection",
    "Right to Object": _CHOICE,
    "Right to Restrict": _CHOICE,
    "Right to Withdraw Consent": _CHOICE,
    "Right to Access": _ACCESS,
    "Right to Rectification": _ACCESS,
    "Right to Erasure": _ACCESS,
    "Data Retention Period": "Data Retention",
    "Third-country Transfers": "International and Specific Audiences",
    "Controller Contact": _CONTACT,
    "DPO Contact": _CONTACT,
    **dict.fromkeys(
        (
            "Controller Name",
            "Legal Basis for Processing",
            "Legitimate Interests for Processing",
            "Mandatory Data Disclosure",
            "Right to Portability",
            "Right to Lodge Complaint",
            "Automated Decision-Making",
        )
    ),
}
#: Labels of which the requirements cover a part only (transfers, but not children): never denied.
_PARTIAL: Final = frozenset({_CHOICE, "International and Specific Audiences"})
#: Where a requirement is near a label without being it, the label is neither given nor denied.
_UNSURE: Final = {
    "Controller Name": (_CONTACT,),
    "Right to Lodge Complaint": (_CONTACT, _ACCESS),
    "Right to Portability": (_ACCESS,),
    **dict.fromkeys(
        (
            "Legal Basis for Processing",
            "Legitimate Interests for Processing",
            "Mandatory Data Disclosure",
            "Automated Decision-Making",
        ),
        (_FIRST,),
    ),
}
_MAPPED: Final = tuple(dict.fromkeys(label for label in REQUIREMENTS.values() if label))
_LEAD_IN: Final = "list_intro"


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read raw/*.json; invalid files are dropped and noted, repeated passages count once."""
    files = sorted(raw.glob("*.json"))
    if not files:
        raise RecordError(f"{raw}: no files *.json.")
    loaded = Loaded()
    seen: set[tuple[str, frozenset[str]]] = set()
    for file in files:
        for number, row in enumerate(_passages(file, loaded)):
            text, given = _read(row, f"{file}, passage {number}")
            if not text or not given:
                loaded.dropped["no requirement"] += 1
            elif (text, given) in seen:
                loaded.dropped["repeated text"] += 1
            elif overlap.drops(text):
                loaded.dropped["overlaps a withheld segment"] += 1
            else:
                seen.add((text, given))
                above = _above(row, f"{file}, passage {number}")
                place = f"{CORPUS}/{file.stem}", number
                loaded.records.append(_record(place, text, given, above))
    return loaded


def _passages(file: Path, loaded: Loaded) -> list[Any]:
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        loaded.problem("file that is no JSON", f"{file.name}: no JSON ({error}).", strict=False)
        return []
    if not isinstance(rows, list):
        raise RecordError(f"{file}: no list of passages.")
    return rows


def _read(row: Any, where: str) -> tuple[str, frozenset[str]]:
    try:
        text = " ".join(row["passage"].split())
        given = frozenset(annotation["requirement"] for annotation in row["annotations"])
    except (KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"{where}: a field is missing ({error!r}).") from error
    if strange := sorted(given - set(REQUIREMENTS)):
        raise RecordError(
            f"{where}: unknown requirement {strange[0]!r}.",
            hint=f"Known requirements: {', '.join(REQUIREMENTS)}.",
        )
    return text, given


def _above(row: Any, where: str) -> dict[str, str]:
    """Return the texts that stand above a passage, by what they are, the nearest last."""
    try:
        return {item["type"]: item["text"] for item in row.get("context", [])}
    except (KeyError, TypeError) as error:
        raise RecordError(f"{where}: a field of its context is missing ({error!r}).") from error


def _record(
    place: tuple[str, int], text: str, given: frozenset[str], above: dict[str, str]
) -> Record:
    document, number = place
    mapped = {REQUIREMENTS[name] for name in given}
    labels = tuple(label for label in _MAPPED if label in mapped)
    unsure = {label for name in given for label in _UNSURE.get(name, ())} | _PARTIAL
    lead_in = above.pop(_LEAD_IN, None)
    return Record(
        id=f"{document}/{number}",
        corpus=CORPUS,
        document=document,
        family=CORPUS,  # two templates make up 91 of the policies
        text=text,
        labels=labels,
        known=tuple(label for label in _MAPPED if label in labels or label not in unsure),
        heading=list(above.values())[-1] if above else None,
        extra={"requirements": sorted(given), **({"lead_in": lead_in} if lead_in else {})},
    )
