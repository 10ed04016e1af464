"""APPCorp (Liu et al.): paragraphs of 231 app policies, one of eleven labels each.

The labels are nearly OPP-115's. Two are not: cookies are first party here whoever sets them, and
one label stands for both choice and access. A paragraph has one label only, so it says nothing
about choice, access, Do Not Track and what is not covered.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from clausemark.errors import RecordError
from data.detokenise import detokenise
from data.overlap import NONE, Overlap
from data.records import Loaded, Record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["LABELS", "load"]

CORPUS: Final = "appcorp"
_FIRST: Final = "First Party Collection/Use"
_THIRD: Final = "Third Party Sharing/Collection"
_AUDIENCES: Final = "International and Specific Audiences"
#: The corpus's labels in OPP-115's terms; None: it may be either of two, so neither is known.
LABELS: Final[dict[str, str | None]] = {
    "First_Party_Collection_and_Use": _FIRST,
    "Third_Party_Share_and_Collection": _THIRD,
    "User_Right_and_Control": None,
    "Policy_Introductory": "Introductory/Generic",
    "Cookies_and_Similar_Technologies": _FIRST,
    "Data_Security": "Data Security",
    "Specific_Audiences": _AUDIENCES,
    "Policy_Contact_Information": "Privacy contact information",
    "Policy_Change": "Policy Change",
    "Data_Retention": "Data Retention",
    "International_Data_Transfer": _AUDIENCES,
}
_KNOWN: Final = tuple(dict.fromkeys(label for label in LABELS.values() if label))
#: A cookie paragraph is first party even where others set the cookies.
_UNSURE: Final = {"Cookies_and_Similar_Technologies": (_THIRD,)}
_BLANK: Final = re.compile(r"\n\s*\n")
#: Addresses were masked; the masks stand in no policy.
_MASKS: Final = {"-url-": "www.example.com", "-email-": "privacy@example.com"}


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read raw/privacypolicy.test_*; equal texts count once, and not at all if labels conflict."""
    files = sorted(raw.glob("privacypolicy.test_*"))
    if not files:
        raise RecordError(f"{raw}: no files privacypolicy.test_*.")
    blocks = [block for file in files for block in _blocks(file)]
    given: defaultdict[str, set[str]] = defaultdict(set)
    for _, label, text in blocks:
        given[text].add(label)
    loaded = Loaded()
    seen: set[str] = set()
    for name, label, text in blocks:
        if len(given[text]) > 1:
            loaded.dropped["conflicting labels"] += 1
        elif text in seen:
            loaded.dropped["repeated text"] += 1
        elif overlap.drops(text):
            loaded.dropped["overlaps a withheld segment"] += 1
        else:
            seen.add(text)
            loaded.records.append(_record(name, label, text))
    return loaded


def _blocks(file: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (file and number, label, text) of every block; raise RecordError at a wrong one."""
    for number, block in enumerate(_BLANK.split(file.read_text(encoding="utf-8").strip())):
        label, _, text = block.strip().partition("\n")
        if label.strip() not in LABELS or not text.strip():
            raise RecordError(
                f"{file}, block {number}: {label.strip()[:40]!r} is no label with a text below.",
                hint=f"Known labels: {', '.join(LABELS)}.",
            )
        lines = (detokenise(line) for line in _unmask(text).splitlines())
        yield f"{file.name}/{number}", label.strip(), "\n".join(line for line in lines if line)


def _unmask(text: str) -> str:
    for mask, address in _MASKS.items():
        text = text.replace(mask, address)
    return text


def _record(name: str, label: str, text: str) -> Record:
    document = f"{CORPUS}/{name.partition('/')[0]}"
    mapped = LABELS[label]
    return Record(
        id=f"{CORPUS}/{name}",
        corpus=CORPUS,
        document=document,
        family=document,
        text=text,
        labels=(mapped,) if mapped else (),
        known=tuple(name for name in _KNOWN if name not in _UNSURE.get(label, ())),
        extra={"label": label},
    )
