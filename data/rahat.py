"""Rahat et al. (WPES 2022): fragments of website policies with the GDPR requirements they meet.

One fragment was copied out for one requirement, seldom for several: it may well meet others. So a
requirement gives its label and denies none. Where a fragment's table row numbers its pieces
("<10<...>>"), the numbers go.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from clausemark.errors import RecordError
from data.families import families
from data.overlap import NONE, Overlap
from data.records import Loaded, Record
from data.repair import repair
from data.tables import csv_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["REQUIREMENTS", "load"]

CORPUS: Final = "rahat"
_FILE: Final = "gdpr_dataset_*.csv"
_FIRST: Final = "First Party Collection/Use"
_CHOICE: Final = "User Choice/Control"
_ACCESS: Final = "User Access, Edit and Deletion"
_CONTACT: Final = "Privacy contact information"
#: The requirements in OPP-115's terms; None: none of ours, or of one of ours a part only.
REQUIREMENTS: Final[dict[str, str | None]] = {
    # What is collected: the core of first-party collection.
    "Data Categories": _FIRST,
    # What for: OPP-115's attribute "Purpose" of first-party use.
    "Processing Purpose": _FIRST,
    # Where from: the user, cookies or others, all actions of first-party collection.
    "Source of Data": _FIRST,
    # To whom: sharing with third parties.
    "Data Recipients": "Third Party Sharing/Collection",
    # Objecting to a use is a choice on it.
    "Right to Object": _CHOICE,
    # Annotated as opting out, unsubscribing, refusing cookies: choice throughout.
    "Right to Restrict": _CHOICE,
    # Consent taken back is opting out.
    "Withdraw Consent": _CHOICE,
    # Seeing and correcting data: two of OPP-115's access types.
    "Right to Access": _ACCESS,
    # Deleting data or the account: an access type.
    "Right to Erase": _ACCESS,
    # A copy of one's data: OPP-115's access type "Export".
    "Right to Portability": _ACCESS,
    # How long data are kept.
    "Storage Period": "Data Retention",
    # Transfers out of the EEA: OPP-115's international audiences are those of its transfers too.
    "Adequacy Decision": "International and Specific Audiences",
    # How to reach the controller, or its officer, about privacy.
    "Controller Contact": _CONTACT,
    "DPO Contact": _CONTACT,
    # Named for the safeguards of transfers abroad, used for measures of security as well (two in
    # three fragments): it is of either.
    "Safeguards Copy": None,
    # A complaint to an authority: neither contact with the company nor access.
    "Lodge Complaint": None,
    # Data that must be given to use the service: part choice (refuse cookies), part none.
    "Provision Requirement": None,
    # Automated decisions: use, if said to be made, choice, if said to be refused.
    "Profiling": None,
}
_MAPPED: Final = tuple(dict.fromkeys(label for label in REQUIREMENTS.values() if label))
_PIECE: Final = re.compile(r"<\d+(?:,\s*\d+)*<|>>")
_SHORTEST: Final = 5


@dataclass(slots=True)
class _Fragment:
    """A distinct text: the number and site of its first row, the requirements of all."""

    number: int
    site: str
    requirements: set[str] = field(default_factory=set)


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read raw/gdpr_dataset_*.csv; equal texts count once, with the requirements of all."""
    files = sorted(raw.glob(_FILE))
    if not files:
        raise RecordError(f"{raw}: no file {_FILE}.")
    loaded = Loaded()
    sites: defaultdict[str, list[str]] = defaultdict(list)
    fragments: dict[str, _Fragment] = {}
    for number, site, text, given in _rows(files[-1]):
        if text in fragments:
            loaded.dropped["repeated text"] += 1
        sites[site].append(text)
        fragments.setdefault(text, _Fragment(number, site)).requirements |= given
    family = families(sites)
    for text, fragment in fragments.items():
        reason = _reason(text, fragment, overlap)
        if reason:
            loaded.dropped[reason] += 1
        else:
            loaded.records.append(_record(text, fragment, family[fragment.site]))
    return loaded


def _rows(file: Path) -> Iterator[tuple[int, str, str, set[str]]]:
    """Yield number, site, text and requirements; raise RecordError at a wrong row."""
    for where, (number, site, text, listed) in csv_rows(file, 4):
        if not number.isdigit():
            raise RecordError(f"{where}: {number!r} is no number.")
        yield int(number), site.strip(), repair(_PIECE.sub(" ", text)), _given(listed, where)


def _given(listed: str, where: str) -> set[str]:
    try:
        given = {str(name) for name in ast.literal_eval(listed)}
    except (ValueError, SyntaxError, TypeError):
        raise RecordError(f"{where}: no list of requirements: {listed!r}.") from None
    if strange := sorted(given - set(REQUIREMENTS)):
        raise RecordError(
            f"{where}: unknown requirement {strange[0]!r}.",
            hint=f"Known requirements: {', '.join(REQUIREMENTS)}.",
        )
    return given


def _reason(text: str, fragment: _Fragment, overlap: Overlap) -> str | None:
    if len(text.split()) < _SHORTEST:
        return "under five words"
    if not any(REQUIREMENTS[name] for name in fragment.requirements):
        return "requirement that is no label"
    return "overlaps a withheld segment" if overlap.drops(text) else None


def _record(text: str, fragment: _Fragment, family: str) -> Record:
    given = {REQUIREMENTS[name] for name in fragment.requirements}
    labels = tuple(label for label in _MAPPED if label in given)
    return Record(
        id=f"{CORPUS}/{fragment.number}",
        corpus=CORPUS,
        document=f"{CORPUS}/{fragment.site}",
        family=f"{CORPUS}/{family}",
        text=text,
        labels=labels,
        known=labels,
        extra={"requirements": sorted(fragment.requirements)},
    )
