"""Clauses of the policy collection, cut as the package cuts them and labelled for this project.

annotations/clauses.csv holds the labels without a word of the texts: policy, offsets, a hash of the
text, and the probability of each label. The texts come from the collection, through the package's
own segmentation, so that the model learns on exactly what it will read. How they were drawn and
labelled stands in annotations/README.md.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clausemark.document import parse_document
from clausemark.errors import RecordError
from clausemark.labels import OPP115
from clausemark.segment import Clause, model_text, segment
from data.headings import digest, policies
from data.overlap import NONE, Overlap
from data.records import Loaded, Record
from data.tables import annotation_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "ANNOTATIONS",
    "SECOND",
    "Annotation",
    "clauses",
    "load",
    "read_annotations",
    "read_votes",
    "text_hash",
]

ANNOTATIONS: Final = Path(__file__).parent / "annotations" / "clauses.csv"
#: Drawn later, from the same candidates; a corpus of its own, as models were trained without it.
SECOND: Final = ANNOTATIONS.with_name("clauses2.csv")
_COLUMNS: Final = ["policy", "start", "end", "text", "stratum", "labels"]
_NAMES: Final = {label.id: label.name for label in OPP115.labels}
_JUNK: Final = "junk"


@dataclass(frozen=True, slots=True)
class Annotation:
    """The labels of one clause; `votes` maps label names to probabilities, None for junk."""

    start: int
    end: int
    text: str
    stratum: str
    votes: Mapping[str, float] | None


def load(raw: Path, *, overlap: Overlap = NONE, annotations: Path = ANNOTATIONS) -> Loaded:
    """Join the annotations with the collection at `raw`; junk and overlaps are dropped.

    The corpus has the name of the annotations' file.
    A clause that the segmentation no longer cuts as it was annotated is dropped and counted.
    """
    wanted = read_annotations(annotations)
    loaded = Loaded()
    for policy in policies(raw):
        rows = wanted.pop(policy["id"], None)
        if rows:
            found = {clause.start: clause for clause in clauses(policy["text"])}
            for row in rows:
                _add(loaded, (annotations.stem, policy["id"]), row, found.get(row.start), overlap)
    if wanted:
        loaded.dropped["policy not in the collection"] = sum(map(len, wanted.values()))
    return loaded


def clauses(text: str) -> list[Clause]:
    """Return the clauses of a policy's plain text, as the package would label them."""
    return segment(parse_document(text.encode(), name="policy.txt"))


def text_hash(text: str) -> str:
    """Return the 64-bit hash by which an annotation knows its text again, 16 hexadecimal digits."""
    return f"{digest(text):016x}"


def read_annotations(path: Path) -> dict[str, list[Annotation]]:
    """Read the labels by policy; raise RecordError naming the line that breaks the format."""
    found: dict[str, list[Annotation]] = defaultdict(list)
    for where, row in annotation_rows(path, _COLUMNS):
        annotation = _annotation(row, where)
        found[row[0]].append(annotation)
    return dict(found)


def read_votes(text: str, where: str) -> dict[str, float]:
    """Return probabilities by label name from "id=probability ..."; `where` names the place."""
    try:
        return dict(map(_vote, text.split()))
    except (ValueError, KeyError) as error:
        raise RecordError(
            f"{where}: no annotation ({error}).",
            hint=f"Labels are written id=probability; known ids: {', '.join(_NAMES)}.",
        ) from None


def _annotation(row: Sequence[str], where: str) -> Annotation:
    try:
        _, start, end, text, stratum, labels = row
        place = int(start), int(end)
    except ValueError as error:
        raise RecordError(
            f"{where}: no annotation ({error}).", hint=f"Columns: {', '.join(_COLUMNS)}."
        ) from None
    votes = None if labels == _JUNK else read_votes(labels, where)
    return Annotation(*place, text, stratum, votes)


def _vote(word: str) -> tuple[str, float]:
    label, _, share = word.partition("=")
    return _NAMES[label], float(share)


def _add(
    loaded: Loaded, place: tuple[str, str], row: Annotation, clause: Clause | None, overlap: Overlap
) -> None:
    text = model_text(clause) if clause else ""
    if clause is None or clause.end != row.end or text_hash(text) != row.text:
        loaded.dropped["no longer cut as it was annotated"] += 1
    elif row.votes is None:
        loaded.dropped["junk"] += 1
    elif overlap.drops(text):
        loaded.dropped["overlaps a withheld segment"] += 1
    else:
        loaded.records.append(_record(place, row, row.votes, text, clause.heading))


def _record(
    place: tuple[str, str],
    row: Annotation,
    votes: Mapping[str, float],
    text: str,
    heading: str | None,
) -> Record:
    corpus, policy = place
    return Record(
        id=f"{corpus}/{policy}@{row.start}",
        corpus=corpus,
        document=policy,
        family=policy,
        text=text,
        labels=tuple(name for name in OPP115.names if votes.get(name, 0.0) >= 0.5),
        votes={name: votes.get(name, 0.0) for name in OPP115.names},
        heading=heading,
        extra={"stratum": row.stratum},
    )
