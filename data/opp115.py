"""OPP-115 (Wilson et al., ACL 2016), in its authors' release format.

115 policies in segments, each read by three annotators, who gave it practices: a category, and
values of the category's attributes with the words that show them. Votes, majority and spans are
all kept; "Other" is split by its "Other Type" as in PrivacyGLUE.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from data.markup import Plain, plain
from data.opp115_headings import headings
from data.records import Loaded, Record, check_span
from data.splits import family_of, folds, read_folds, read_places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ANNOTATORS", "FOLDS", "Opp115", "label_of", "load"]

CORPUS: Final = "opp115"
ANNOTATORS: Final = 3
MAJORITY: Final = 2
FOLDS: Final = Path(__file__).parent / "splits" / "opp115_folds.json"
_COLUMNS: Final = 9
_SEPARATOR: Final = "|||"
#: The category "Other" has four types; the fourth, "Other" itself, says nothing: it is no label.
_UNLABELLED: Final = "Other"

Place = tuple[str, int]


@dataclass(slots=True)
class Opp115(Loaded):
    """Records and, beside them, the practices: one row an annotation, with attributes and spans."""

    practices: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Annotation:
    """One row of annotations/*.csv: what one annotator said of one segment."""

    id: str
    annotator: str
    place: Place
    category: str
    attributes: Mapping[str, Mapping[str, Any]]

    @property
    def where(self) -> str:
        """Name the segment as people do."""
        policy, segment = self.place
        return f"policy {policy.partition('_')[0]}, segment {segment}"


def label_of(annotation: Annotation) -> str | None:
    """Return the label among the twelve that `annotation` votes for, or None if it is none."""
    name = annotation.category
    if name == "Other":
        kind = annotation.attributes.get("Other Type", {}).get("value")
        if kind == _UNLABELLED:
            return None
        name = str(kind)
    if name not in OPP115.names:
        raise RecordError(
            f"{annotation.where}: annotation {annotation.id} has the unknown category {name!r}.",
            hint=f"Known labels: {', '.join(OPP115.names)}.",
        )
    return name


def load(raw: Path, *, strict: bool = False, folds_file: Path | None = FOLDS) -> Opp115:
    """Read the release under `raw` (its folders sanitized_policies and annotations).

    Faulty annotation rows and spans are noted and counted, the rest kept; `strict` raises them as
    RecordError. Without a `folds_file` the folds are dealt anew.
    """
    loaded = Opp115()
    segments = list(_segments(raw, loaded))
    texts = {place: text for place, text, _ in segments}
    above = {place: heading for place, _, heading in segments}
    votes: defaultdict[Place, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for annotation in _annotations(raw, loaded, strict=strict):
        try:
            text, label = _text_of(annotation, texts), label_of(annotation)
        except RecordError as error:
            loaded.problem("annotation that fits nothing", str(error), strict=strict)
            continue
        if label is not None:
            votes[annotation.place][label].add(annotation.annotator)
        loaded.practices.append(_practice(annotation, label, text, loaded, strict=strict))
    places = _places(raw)
    loaded.records = [
        replace(_record(place, text.text, votes[place], places.get(place)), heading=above[place])
        for place, text in texts.items()
    ]
    _deal(loaded, folds_file)
    return loaded


def _text_of(annotation: Annotation, texts: Mapping[Place, Plain]) -> Plain:
    try:
        return texts[annotation.place]
    except KeyError:
        raise RecordError(
            f"{annotation.where}: annotation {annotation.id} is of no text."
        ) from None


def _segments(raw: Path, loaded: Opp115) -> Iterator[tuple[Place, Plain, str | None]]:
    """Yield the text of every segment and the heading above it; withheld ones are only counted."""
    files = sorted((raw / "sanitized_policies").glob("*.html"))
    if not files:
        raise RecordError(
            f"{raw}: no policies.", hint="The release has them in sanitized_policies/*.html."
        )
    for file in files:
        segments = file.read_text(encoding="utf-8", errors="strict").split(_SEPARATOR)
        for number, (segment, above) in enumerate(zip(segments, headings(segments), strict=True)):
            text = plain(segment)
            if text.text:
                yield (file.stem, number), text, above
            else:
                loaded.dropped["segment withheld (blank)"] += 1


def _annotations(raw: Path, loaded: Opp115, *, strict: bool) -> Iterator[Annotation]:
    for file in sorted((raw / "annotations").glob("*.csv")):
        for number, row in enumerate(_rows(file), start=1):
            try:
                yield _annotation(row, file.stem)
            except RecordError as error:
                message = f"{file.name}, row {number}: {error}"
                loaded.problem("annotation row unreadable", message, strict=strict)


def _rows(file: Path) -> Iterator[list[str]]:
    """Yield the rows of a CSV file; behind a quote that is not closed there are none to keep."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines)
        try:
            yield from rows
        except csv.Error as error:
            raise RecordError(f"{file}, line {rows.line_num}: no CSV ({error}).") from None


def _annotation(row: list[str], policy: str) -> Annotation:
    if len(row) != _COLUMNS:
        raise RecordError(f"{len(row)} columns, expected {_COLUMNS}.")
    try:
        attributes = json.loads(row[6])
    except json.JSONDecodeError as error:
        raise RecordError(f"annotation {row[0]} holds no JSON ({error.msg}).") from None
    if not isinstance(attributes, dict) or not all(
        isinstance(value, dict) for value in attributes.values()
    ):
        raise RecordError(f"annotation {row[0]} holds no attributes.")
    if not row[4].isdecimal():
        raise RecordError(f"annotation {row[0]} names the segment {row[4]!r}.")
    return Annotation(row[0], row[2], (policy, int(row[4])), row[5], attributes)


def _practice(
    annotation: Annotation, label: str | None, text: Plain, loaded: Opp115, *, strict: bool
) -> dict[str, Any]:
    """Return the practice with its spans as offsets into the record's text."""
    attributes = []
    for name, value in sorted(annotation.attributes.items()):
        try:
            start, end = _span(annotation.where, value, text)
        except RecordError as error:
            loaded.problem("span outside its text", str(error), strict=strict)
            start, end = None, None
        attributes.append(
            {"attribute": name, "value": value.get("value"), "start": start, "end": end}
        )
    return {
        "record": _id(annotation.place),
        "annotation": annotation.id,
        "annotator": annotation.annotator,
        "category": annotation.category,
        "label": label,
        "attributes": attributes,
    }


def _span(where: str, value: Mapping[str, Any], text: Plain) -> tuple[int | None, int | None]:
    """Move a span from the segment's HTML to its text; (None, None) if none was selected.

    The annotation tool wrote -1 and -1, or 0 and 0, where nothing was selected.
    """
    start = value.get("startIndexInSegment", -1)
    end = value.get("endIndexInSegment", -1)
    if not isinstance(start, int) or not isinstance(end, int):
        raise RecordError(f"{where}: span from {start!r} to {end!r} is no span.")
    if end <= 0 and start <= 0:
        return None, None
    check_span(where, start, end, text.source_length)
    moved = text.span(start, end)
    return moved if moved[0] < moved[1] else (None, None)


def _places(raw: Path) -> dict[Place, str]:
    file = raw / "privacyglue_split.json"
    return read_places(file) if file.exists() else {}


def _id(place: Place) -> str:
    return f"{CORPUS}/{place[0]}/{place[1]}"


def _record(place: Place, text: str, votes: Mapping[str, set[str]], split: str | None) -> Record:
    given = {label: len(votes.get(label, ())) for label in OPP115.names}
    return Record(
        id=_id(place),
        corpus=CORPUS,
        document=place[0],
        family=family_of(place[0]),
        text=text,
        labels=tuple(label for label, count in given.items() if count >= MAJORITY),
        votes={label: round(count / ANNOTATORS, 4) for label, count in given.items()},
        split=split,
    )


def _deal(loaded: Opp115, folds_file: Path | None) -> None:
    families = sorted({record.family for record in loaded.records})
    if folds_file is not None and folds_file.exists():
        assigned = read_folds(folds_file, families)
    elif len(families) >= 5:
        assigned = folds(loaded.records)
    else:
        return
    loaded.records = [replace(record, fold=assigned[record.family]) for record in loaded.records]
