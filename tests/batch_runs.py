"""A batch begun and not ended: fixtures, known to every test by conftest.py."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from batch_fixtures import BAD, batch, write_jsonl

from clausemark._parts import Ledger

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Rows good and bad, some of them alike, in two files of a folder."""
    from conftest import KEYWORDS

    draw = random.Random(4)
    rows: list[Any] = [
        {"id": k, "text": f"We {draw.choice(KEYWORDS)} {draw.choice('abcdef')}"} for k in range(30)
    ]
    rows[3:3] = [line for line, reason in BAD if reason != "column name taken"]
    folder = tmp_path / "in"
    folder.mkdir()
    write_jsonl(folder / "a.jsonl", rows[:17])
    write_jsonl(folder / "b.jsonl", rows[17:])
    return folder


def entries(out: Path) -> int:
    """Return how many parts are in the ledger."""
    return len(list((out / "_ledger").glob("[0-9]*.json")))


@pytest.fixture
def begun(tiny: Path, tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An output with some parts, its run interrupted."""
    add = Ledger.add

    def interrupted(self: Ledger, *args: Any) -> None:
        if self.number == 2:
            raise KeyboardInterrupt
        add(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "add", interrupted)
        out = tmp_path / "out"
        result = batch(tiny, tables, "--output", out, "--rows-per-part", 5)
    assert result.exit_code == 130
    assert entries(out) == 2
    return out
