"""Batches: a few shapes, every window once, padding that is told apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.batches import LENGTHS, epoch, fill, plan

windows = st.lists(st.integers(1, LENGTHS[-1]), max_size=60)


@settings(max_examples=60, deadline=None)
@given(lengths=windows, tokens=st.integers(256, 4096), seed=st.none() | st.integers(0, 9))
def test_every_window_stands_in_one_batch_that_holds_it(
    lengths: list[int], tokens: int, seed: int | None
) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    rows = []
    for padded, members in plan(lengths, tokens=tokens, rng=rng):
        assert padded in LENGTHS
        assert members.size == max(1, tokens // padded)
        real = members[members >= 0].tolist()
        assert all(lengths[row] <= padded for row in real)
        rows += real
    assert sorted(rows) == list(range(len(lengths)))


def test_the_plan_follows_its_seed() -> None:
    lengths = [int(n) for n in np.random.default_rng(1).integers(1, 200, 50)]
    plans = [
        [rows.tolist() for _, rows in plan(lengths, tokens=512, rng=np.random.default_rng(seed))]
        for seed in (3, 3, 4)
    ]
    assert plans[0] == plans[1] != plans[2]


def test_a_window_too_long_for_every_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="513 tokens is over 512"):
        plan([12, 513], tokens=512, rng=None)


def test_a_batch_holds_its_windows_and_masks_the_rest() -> None:
    batch = fill([[7, 8, 9], [5]], 4, np.array([1, -1, 0]))
    assert batch.ids.tolist() == [[5, 0, 0, 0], [0, 0, 0, 0], [7, 8, 9, 0]]
    assert batch.mask.tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]]
    assert batch.tokens == 5


def test_skipped_batches_leave_the_rest_of_the_epoch() -> None:
    ids = [[1] * n for n in (3, 40, 40, 90, 200)]

    def rows(skip: int) -> list[list[int]]:
        rng = np.random.default_rng(0)
        return [batch.rows.tolist() for batch in epoch(ids, tokens=256, rng=rng, skip=skip)]

    assert len(rows(0)) > 2
    assert rows(2) == rows(0)[2:]
