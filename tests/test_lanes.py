"""Calls side by side: in order, dropped when left, made one by one where no thread can begin."""

from __future__ import annotations

import threading
import time

import pytest

from clausemark._lanes import Lanes


@pytest.mark.parametrize("count", [1, 2, 5])
def test_results_come_in_the_order_of_what_was_given(count: int) -> None:
    with Lanes(count) as lanes:
        assert list(lanes.map(str, range(50))) == [str(n) for n in range(50)]


def test_calls_are_side_by_side() -> None:
    meeting = threading.Barrier(3, timeout=20)
    with Lanes(3) as lanes:
        assert sorted(lanes.map(lambda _: meeting.wait(), range(3))) == [0, 1, 2]


def test_one_lane_needs_no_thread() -> None:
    with Lanes(1) as lanes:
        assert set(lanes.map(lambda _: threading.get_ident(), range(3))) == {threading.get_ident()}


def test_what_has_not_begun_is_dropped_when_a_call_fails() -> None:
    begun = []

    def call(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("the first")
        # All of them would take five seconds: however the threads take turns, the failure is
        # noticed long before. Calls that do nothing can all be through by then.
        time.sleep(0.01)

    with pytest.raises(ValueError, match="the first"), Lanes(2) as lanes:
        for _ in lanes.map(call, range(1_000)):
            pass
    assert len(begun) < 1_000


def test_where_no_thread_can_begin_calls_are_made_one_by_one() -> None:
    with Lanes(2) as lanes:
        assert lanes._pool is not None
        lanes._pool.shutdown()  # as the interpreter does at its end
        assert list(lanes.map(str, range(3))) == ["0", "1", "2"]
