"""APP-350 v1.1: segments of 350 app policies with 58 practices, each done or denied.

A practice is a kind of data and a party. Only some kinds are listed, so that a segment without one
says nothing, and a practice of one party says nothing about the other: labels are given, never
denied. Negated sentences that the authors wrote and put at the end of 142 policies are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from clausemark.errors import RecordError
from data.families import families
from data.overlap import NONE, Overlap
from data.records import Loaded, Record
from data.repair import repair

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["PARTIES", "labels_of", "load"]

CORPUS: Final = "app350"
_FIRST: Final = "First Party Collection/Use"
_THIRD: Final = "Third Party Sharing/Collection"
#: How a practice ends, in OPP-115's terms. A practice denied is about the label too: OPP-115 has
#: "Does Not" as a value of both categories.
PARTIES: Final[dict[str, str | None]] = {
    # The app's publisher collects data from the user: collection by the first party.
    "1stParty": _FIRST,
    # Advertisers or analysts get or collect it: sharing with or collection by a third party.
    "3rdParty": _THIRD,
    # All data go both ways between the publisher and a sign-on service, and the annotation does
    # not say which way a text tells: it is of either.
    "SSO": None,
}
#: Kinds of data that annotators marked wherever they are named: addresses that news of changes are
#: sent to, passwords in advice on security, age in statements on children, advertising identifiers
#: in opt-outs. Alone they give no label.
_NAMED: Final = (
    "Contact_E_Mail_Address",
    "Contact_Password",
    "Demographic_Age",
    "Identifier_Ad_ID",
)
_MODALITIES: Final = ("PERFORMED", "NOT_PERFORMED")
_SHORTEST: Final = 4


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read raw/annotations/policy_*.yml; equal texts count once, with the labels of all."""
    files = sorted((raw / "annotations").glob("policy_*.yml"), key=_number)
    if not files:
        raise RecordError(f"{raw}: no files annotations/policy_*.yml.")
    policies = {file.stem: _policy(file) for file in files}
    family = families({name: (row["text"] for row in rows) for name, rows in policies.items()})
    loaded = Loaded()
    kept: dict[str, tuple[str, int, set[str]]] = {}
    for name, rows in policies.items():
        for number, row in enumerate(rows):
            reason = _reason(row, overlap)
            if reason is None and row["text"] in kept:
                kept[row["text"]][2].update(row["practices"])
                reason = "repeated text"
            if reason:
                loaded.dropped[reason] += 1
            else:
                kept[row["text"]] = (name, number, set(row["practices"]))
    for text, (name, number, practices) in kept.items():
        place = f"{CORPUS}/{name}"
        labels = labels_of(practices)
        loaded.records.append(
            Record(
                id=f"{place}/{number}",
                corpus=CORPUS,
                document=place,
                family=f"{CORPUS}/{family[name]}",
                text=text,
                labels=labels,
                known=labels,
                extra={"practices": sorted(practices)},
            )
        )
    return loaded


def _number(file: Path) -> tuple[int, str]:
    return len(file.stem), file.stem


def _policy(file: Path) -> list[dict[str, Any]]:
    """Return the text, practices and whether it was made up of each segment of `file`."""
    policy = _yaml(file)
    try:
        segments = list(policy["segments"])
        made_up = len(segments) - _synthetic(segments) if policy["contains_synthetic"] else None
        return [
            {
                "text": repair(segment["segment_text"]),
                "practices": [_practice(row, f"{file}, segment {n}") for row in _given(segment)],
                "synthetic": made_up is not None and n >= made_up,
            }
            for n, segment in enumerate(segments)
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"{file}: a field is missing ({error!r}).") from error


def _yaml(file: Path) -> Any:
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError:
        raise RecordError(
            f"{file}: PyYAML is not installed.", hint="Install the extra: clausemark[train]."
        ) from None
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, in C where it is built
        return yaml.load(file.read_text(encoding="utf-8"), loader)  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise RecordError(f"{file}{line}: no YAML.") from None


def _given(segment: dict[str, Any]) -> list[dict[str, str]]:
    return list(segment["annotations"])


def _synthetic(segments: list[dict[str, Any]]) -> int:
    """Return how many segments at the end are one denied sentence each."""
    count = 0
    for segment in reversed(segments):
        given = _given(segment)
        denied = given and all(row["modality"] == "NOT_PERFORMED" for row in given)
        if not denied or len(segment["sentences"]) != 1:
            break
        count += 1
    return count


def _practice(row: dict[str, str], where: str) -> str:
    """Return the practice, after "not" where it is denied."""
    practice, modality = row["practice"], row["modality"]
    if practice.rpartition("_")[2] not in PARTIES:
        raise RecordError(
            f"{where}: practice {practice!r} has an unknown party.",
            hint=f"Known parties: {', '.join(PARTIES)}.",
        )
    if modality not in _MODALITIES:
        raise RecordError(
            f"{where}: unknown modality {modality!r}.", hint=f"Known: {', '.join(_MODALITIES)}."
        )
    return practice if modality == _MODALITIES[0] else f"not {practice}"


def _reason(row: dict[str, Any], overlap: Overlap) -> str | None:
    if not row["practices"]:
        return "no practice"
    if row["synthetic"]:
        return "negation made up by the authors"
    if not labels_of(row["practices"]):
        return "practice that is no label"
    if len(row["text"].split()) < _SHORTEST:
        return "under four words"
    return "overlaps a withheld segment" if overlap.drops(row["text"]) else None


def labels_of(practices: Iterable[str]) -> tuple[str, ...]:
    """Return the labels that `practices` stand for."""
    split = (practice.removeprefix("not ").rpartition("_") for practice in practices)
    given = {PARTIES[party] for kind, _, party in split if kind not in _NAMED}
    return tuple(label for label in (_FIRST, _THIRD) if label in given)
