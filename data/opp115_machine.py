"""What a machine labeller says of OPP-115's train places, beside what the annotators said.

annotations/opp115.csv holds the probabilities without a word of the texts: the record's id, a hash
of its text, and the labels. On texts that have both, a recipe learns how far to trust either
(training.stacking). How they were labelled stands in annotations/README.md.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from data import opp115
from data.clauses import read_votes, text_hash
from data.records import Loaded, Record
from data.tables import annotation_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ANNOTATIONS", "beside", "load", "read_annotations"]

CORPUS: Final = "opp115_machine"
ANNOTATIONS: Final = Path(__file__).parent / "annotations" / "opp115.csv"
_COLUMNS: Final = ["id", "text", "labels"]

#: A record's id -> hash of its text, probabilities by label name.
Given = dict[str, tuple[str, dict[str, float]]]


def load(raw: Path, *, annotations: Path = ANNOTATIONS) -> Loaded:
    """Return OPP-115's records under `raw` that the machine labelled, with its probabilities."""
    return beside(opp115.load(raw), read_annotations(annotations))


def beside(corpus: Loaded, given: Mapping[str, tuple[str, dict[str, float]]]) -> Loaded:
    """Return the records of `corpus` named in `given`, under the same ids, with other votes.

    One whose text has changed since it was labelled is dropped and counted.
    """
    loaded = Loaded()
    found = {record.id: record for record in corpus.records}
    for name, (text, votes) in given.items():
        record = found.get(name)
        if record is None or text_hash(record.text) != text:
            loaded.dropped["no longer the text that was labelled"] += 1
        elif record.split != "train":
            raise RecordError(f"{name}: of split {record.split}; only train places may be learnt.")
        else:
            loaded.records.append(_relabelled(record, votes))
    return loaded


def read_annotations(path: Path) -> Given:
    """Read the labels by record; raise RecordError naming the line that breaks the format."""
    found: Given = {}
    for where, row in annotation_rows(path, _COLUMNS):
        if len(row) != len(_COLUMNS) or row[0] in found:
            raise RecordError(f"{where}: a new id, a hash, labels; no more.")
        found[row[0]] = row[1], read_votes(row[2], where)
    return found


def _relabelled(record: Record, votes: Mapping[str, float]) -> Record:
    return replace(
        record,
        corpus=CORPUS,
        labels=tuple(name for name in OPP115.names if votes.get(name, 0.0) >= 0.5),
        votes={name: votes.get(name, 0.0) for name in OPP115.names},
    )
