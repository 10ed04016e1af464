"""The pipeline of a batch, without files: parts, order, bounds, equal texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch_fixtures import Echo, Kept, Listed

from clausemark import batch
from clausemark._rows import Position
from clausemark.batch import Moment, Options, label_table

if TYPE_CHECKING:
    import pytest

TEXTS = [f"share {k % 7}" for k in range(25)]


def test_parts_are_of_equal_rows_and_hold_every_row_once_in_order() -> None:
    sink = Kept()
    label_table(Echo(), Listed(TEXTS), sink, Options(rows_per_part=10))
    assert [len(part) for part in sink.parts] == [10, 10, 5]
    rows = [row for part in sink.parts for row in part]
    assert rows == [(k, tuple(text.split())) for k, text in enumerate(TEXTS)]
    assert sink.finished


def test_equal_texts_are_computed_once_a_part() -> None:
    labeller = Echo()
    label_table(labeller, Listed(TEXTS), Kept(), Options(rows_per_part=10))
    parts = [TEXTS[:10], TEXTS[10:20], TEXTS[20:]]
    assert labeller.seen == [text for part in parts for text in dict.fromkeys(part)]
    assert len(labeller.seen) < len(TEXTS)


def test_a_run_begins_where_the_sink_ends() -> None:
    whole, rest = Kept(), Kept(Position(0, 10))
    label_table(Echo(), Listed(TEXTS), whole, Options(rows_per_part=10))
    label_table(Echo(), Listed(TEXTS), rest, Options(rows_per_part=10))
    assert rest.parts == whole.parts[1:]


def test_no_more_rows_are_read_than_a_part_holds() -> None:
    source = Listed(TEXTS)

    class Watchful(Kept):
        def add(self, rows: object, results: object, rejects: object, after: Position) -> None:
            super().add(rows, results, rejects, after)
            assert source.drawn == after.items

    label_table(Echo(), source, Watchful(), Options(rows_per_part=4))
    assert source.drawn == len(TEXTS)


def test_large_rows_make_small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "PART_BYTES", 300)
    sink = Kept()
    label_table(Echo(), Listed(TEXTS, size=100), sink, Options(rows_per_part=10))
    assert [len(part) for part in sink.parts] == [3] * 8 + [1]


def test_the_labeller_gets_a_bounded_number_of_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CALL_CHARACTERS", 30)
    calls: list[int] = []

    class Measured(Echo):
        def label_texts(self, texts: object, *, progress: object = None) -> object:
            calls.append(sum(map(len, texts)))
            return super().label_texts(texts, progress=progress)

    sink = Kept()
    label_table(Measured(), Listed([f"share {k}" for k in range(25)]), sink, Options())
    assert len(calls) > 5
    assert max(calls) <= 30
    assert [labels for _, labels in sink.parts[0]] == [("share", str(k)) for k in range(25)]


def test_a_watcher_sees_rows_and_fractions_grow_to_the_end() -> None:
    moments: list[Moment] = []
    label_table(Echo(), Listed(TEXTS), Kept(), Options(rows_per_part=10), watch=moments.append)
    assert [m.rows for m in moments] == sorted(m.rows for m in moments)
    assert [m.fraction for m in moments] == sorted(m.fraction for m in moments)
    assert (moments[-1].rows, moments[-1].fraction) == (25, 1.0)
    assert moments[-1].tokens == 38  # two a distinct text of a part


def test_no_rows_still_finish() -> None:
    empty = Kept(Position(0, 1))
    assert label_table(Echo(), Listed(["x"]), empty, Options()).rows == 0
    assert empty.finished
