"""C3PA: spans found in their page, judged by most of its annotators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data.c3pa import Span, judge, load
from data.overlap import Overlap, fingerprint
from tests.data_fixtures import FIRST, THIRD
from tests.data_fixtures_partial import COLLECTED, DELETE, METHODS, SOLD, c3pa_release, write_csv

if TYPE_CHECKING:
    from pathlib import Path

ACCESS = "User Access, Edit and Deletion"
COUNT = "We count the maps that you open."
SELL = "We sell them to the hills."
ERASE = "You may have your maps erased."
PAGE = f"Maps & Hills {COUNT} {SELL} {ERASE} Write to us."


def marks(duty: str, text: str, *annotators: str) -> list[tuple[str, str, str]]:
    return [(annotator, text, duty) for annotator in annotators]


def test_what_most_annotators_mark_is_given(tmp_path: Path) -> None:
    rows = [*marks(COLLECTED, COUNT, "ra1", "ra2"), *marks(DELETE, ERASE, "ra1", "ra2", "ra3")]
    first, second = load(c3pa_release(tmp_path, PAGE, *rows)).records
    assert (first.text, first.labels, first.known) == (COUNT, (FIRST,), (FIRST, ACCESS))
    assert (second.text, second.labels) == (ERASE, (ACCESS,))
    assert (first.id, first.family) == ("c3pa/DB/1/0", "c3pa/DB/1")
    assert first.extra == {"annotators": 3, "marked": {FIRST: 2}}


def test_a_longer_span_takes_in_those_within_it(tmp_path: Path) -> None:
    rows = [
        *marks(COLLECTED, COUNT, "ra1", "ra2"),
        *marks(SOLD, f"{COUNT}\\n\\n{SELL}", "ra1", "ra2"),
    ]
    loaded = load(c3pa_release(tmp_path, PAGE, *rows))
    (record,) = loaded.records
    assert record.text == f"{COUNT} {SELL}"
    assert record.labels == (FIRST, THIRD)
    assert loaded.dropped == {"half within another span": 3}


def span(duty: str, start: int, end: int, annotator: str = "ra1") -> Span:
    return Span(annotator, duty, "maps", start, end)


@pytest.mark.parametrize(
    ("other", "given"),
    [
        (span(DELETE, 15, 40, "ra2"), True),  # half of the span
        (span(DELETE, 18, 22, "ra2"), True),  # half in the span
        (span(DELETE, 18, 60, "ra2"), False),  # only touches it
        (span(DELETE, 0, 240, "ra2"), True),
        (span(DELETE, 0, 241, "ra2"), False),  # too long to say where
        (span(SOLD, 10, 20, "ra2"), False),  # is about something else
    ],
)
def test_a_second_annotator_agrees_by_half_a_span(other: Span, *, given: bool) -> None:
    own = span(DELETE, 10, 20, "ra1")
    assert (ACCESS in judge(own, [own, other], 2)[0]) == given


@pytest.mark.parametrize(
    ("other", "denied"),
    [
        (span(DELETE, 18, 60, "ra2"), False),  # touches the span
        (span(DELETE, 0, 300, "ra2"), False),  # may be there
        (span(METHODS, 5, 15, "ra2"), False),  # may be about access
        (span(DELETE, 20, 60, "ra2"), True),  # begins after it
        (span(SOLD, 5, 15, "ra2"), True),  # is about something else
    ],
)
def test_access_is_denied_where_nobody_saw_it(other: Span, *, denied: bool) -> None:
    own = span(COLLECTED, 10, 20)
    labels, known, _ = judge(own, [own, other], 2)
    assert ACCESS not in labels
    assert (ACCESS in known) == denied


def test_one_annotator_alone_denies_nothing_and_half_of_two_is_not_most() -> None:
    subject = span(COLLECTED, 0, 10)
    assert judge(subject, [subject], 1)[:2] == ((FIRST,), (FIRST,))
    assert judge(subject, [subject], 2)[:2] == ((), (ACCESS,))


def test_what_cannot_be_placed_is_dropped_and_counted(tmp_path: Path) -> None:
    long = " ".join(f"word{number}" for number in range(130))
    rows = [
        *marks(COLLECTED, COUNT, "ra1", "ra1"),
        *marks(COLLECTED, " \\n", "ra1"),
        *marks(COLLECTED, "We count hills.", "ra1"),
        *marks(COLLECTED, "Write to us", "ra1"),
        *marks(COLLECTED, long, "ra1"),
        *marks(METHODS, "and at last we say", "ra1"),
    ]
    loaded = load(c3pa_release(tmp_path, f"{PAGE} {long} And at last we say", *rows))
    assert [record.text for record in loaded.records] == [COUNT]
    assert loaded.dropped == {
        "repeated span": 1,
        "empty span": 1,
        "span not in the page's text": 1,
        "under five words": 1,
        "over 120 words": 1,
        "no label that most annotators gave": 1,
    }


def test_equal_and_overlapping_texts_go(tmp_path: Path) -> None:
    c3pa_release(tmp_path, PAGE, *marks(COLLECTED, COUNT, "ra1"))
    rows = [*marks(COLLECTED, COUNT, "ra1"), *marks(SOLD, SELL, "ra1")]
    c3pa_release(tmp_path, PAGE, *rows, name="WS/1")
    overlap = Overlap(frozenset([fingerprint("we sell them to the hills")]))
    loaded = load(tmp_path, overlap=overlap)
    assert [record.id for record in loaded.records] == ["c3pa/DB/1/0"]
    assert loaded.dropped == {"repeated text": 1, "overlaps a withheld segment": 1}


def test_broken_rows_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"1\.csv, line 3: unknown label 'Maps'"):
        load(c3pa_release(tmp_path, PAGE, ("ra1", COUNT, COLLECTED), ("ra1", COUNT, "Maps")))
    path = tmp_path / "Annotations" / "DB" / "1.csv"
    write_csv(path, [("RANumb", "Text", "Label"), ("ra1", COUNT)])
    with pytest.raises(RecordError, match=r"1\.csv, line 2: 2 columns, 3 are needed"):
        load(tmp_path)
    write_csv(path, [("ra1", COUNT, COLLECTED)])
    with pytest.raises(RecordError, match=r"1\.csv: begins with \['ra1'"):
        load(tmp_path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"no files Annotations/\*/\*\.csv"):
        load(tmp_path)
    c3pa_release(tmp_path, PAGE, ("ra1", COUNT, COLLECTED))
    (tmp_path / "texts" / "DB" / "1.txt").unlink()
    with pytest.raises(RecordError, match=r"DB/1\.txt: the page's text is missing"):
        load(tmp_path)
