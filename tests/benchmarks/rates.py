"""Times of rounds become rates and ratios, and a result becomes files."""

from __future__ import annotations

import json
import os
from statistics import median
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import engines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Clock = Literal["cpu_seconds", "seconds"]
Row = dict[str, Any]
#: Beside those that `engines.machine` names.
PACKAGES = ("torch", "transformers", "scikit-learn", "numpy")


class Ratio(NamedTuple):
    """How many times as fast as a baseline: the median over the rounds, and the ends."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        """Return it as a table has it: `12.3 (11.9 to 12.8)`."""
        return f"{short(self.middle)} ({short(self.low)} to {short(self.high)})"


def ratio(row: Row, base: Row, *, clock: Clock = "cpu_seconds") -> Ratio:
    """Return how many times as fast as `base` a row is, round by round, for the same work."""
    each = [
        theirs[clock] / mine[clock]
        for mine, theirs in zip(row["rounds"], base["rounds"], strict=True)
    ]
    return Ratio(median(each), min(each), max(each))


def seconds(row: Row, *, clock: Clock = "cpu_seconds") -> float:
    """Return the median seconds of one pass."""
    return float(median(one[clock] for one in row["rounds"]))


def peak_mb(row: Row) -> float:
    """Return the most memory that the row's process has held, in MB."""
    return float(max(one["peak_mb"] for one in row["rounds"]))


def short(value: float) -> str:
    """Return a figure with three digits that count, none of them after a comma from 100 on."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.3g}"


def named(rows: Sequence[Row], system: str) -> Row:
    """Return the row of a system; raise KeyError if there is none."""
    for row in rows:
        if row["system"] == system:
            return row
    raise KeyError(system)


def plural(count: int, what: str) -> str:
    """Return `1 thread`, `2 threads`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table; all columns but the first are figures."""
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def machine() -> dict[str, Any]:
    """Return the processor, its abilities, the versions, and how busy the machine is."""
    about = engines.machine()
    about["versions"] |= {name: engines._version(name) for name in PACKAGES}
    return about | {"load": round(os.getloadavg()[0], 1)}


def told(about: dict[str, Any]) -> str:
    """Return a machine in words."""
    versions = ", ".join(f"{name} {value}" for name, value in about["versions"].items())
    flags = ", ".join(about["flags"]) or "no vector flags"
    return (
        f"{about['cpu']}, {plural(about['cores'], 'core')}, {flags};"
        f" load {about['load']} as it began. {versions}."
    )


def write(folder: Path, name: str, result: dict[str, Any], table: str) -> None:
    """Write name.json and name.md, each whole or not at all."""
    from training.files import write_json, write_text

    write_json(folder / f"{name}.json", result)
    write_text(folder / f"{name}.md", table)


def read(folder: Path, name: str) -> dict[str, Any] | None:
    """Return a result, or None if it is not there."""
    path = folder / f"{name}.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None
