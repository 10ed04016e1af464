"""Silver labels: paragraphs of the policy collection, labelled by a large language model.

The model followed the annotators' guide and gave each class the probability that OPP-115's
majority would give it; those probabilities become the votes. Junk (menus, news, broken pieces) is
dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from data.overlap import NONE, Overlap
from data.records import Loaded, Record, read_jsonl

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["load"]

CORPUS: Final = "silver"


def load(raw: Path, *, overlap: Overlap = NONE) -> Loaded:
    """Read raw/silver.jsonl; texts that are no policy are dropped."""
    loaded = Loaded()
    path = raw / "silver.jsonl"
    for row in read_jsonl(path):
        try:
            reason = _reason(row, overlap)
            if reason:
                loaded.dropped[reason] += 1
            else:
                loaded.records.append(_record(row))
        except (KeyError, TypeError, AttributeError) as error:
            raise RecordError(f"{path}: a row lacks a field ({error!r}).") from error
    return loaded


def _reason(row: dict[str, Any], overlap: Overlap) -> str | None:
    if not row["text"].strip():
        return "empty text"
    if row["junk"]:
        return "junk"
    return "overlaps a withheld segment" if overlap.drops(row["text"]) else None


def _record(row: dict[str, Any]) -> Record:
    if strange := sorted(set(row["p"]) - set(OPP115.names)):
        raise RecordError(
            f"record {row['id']!r}: unknown label {strange[0]!r}.",
            hint=f"Known labels: {', '.join(OPP115.names)}.",
        )
    return Record(
        id=row["id"],
        corpus=CORPUS,
        document=row["document"],
        family=row["document"],
        text=row["text"],
        labels=tuple(label for label in OPP115.names if label in _given(row)),
        votes={label: float(row["p"].get(label, 0.0)) for label in OPP115.names},
        heading=row["heading"] or None,
        extra={"stratum": row["stratum"]},
    )


def _given(row: dict[str, Any]) -> set[str]:
    given = set(row["labels"])
    if strange := sorted(given - set(OPP115.names)):
        raise RecordError(
            f"record {row['id']!r}: unknown label {strange[0]!r}.",
            hint=f"Known labels: {', '.join(OPP115.names)}.",
        )
    return given
