"""The results as drawings.

    python tests/benchmarks/plots.py            # draws results/*.svg again from results/*.json

A result that is not there, or has another form than a drawing knows, is left out and named.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lengths
import rates
from drawing import Bar, Line, bars, lines
from engines import RESULTS
from program import BASE

from training.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = "Clausemark"


def ratios(result: dict[str, Any]) -> str:
    """Return how many times as fast as the baseline all are, with the fewest threads."""
    threads = min(row["threads"] for row in result["rows"])
    rows = [row for row in result["rows"] if row["threads"] == threads]
    base = rates.named(rows, BASE)
    return bars(
        [_bar(row["system"], rates.ratio(row, base).middle) for row in rows],
        name="ratios",
        title=f"Texts a CPU-second, against transformers' {BASE}",
        axis=f"times as many, {rates.plural(threads, 'thread')}",
        log=True,
    )


def cold(result: dict[str, Any]) -> str:
    """Return the seconds from start to end of the process, of the longest policy."""
    policy = max(result["policies"], key=lambda one: one["words"])
    return bars(
        [_bar(row["system"], rates.seconds(row, clock="seconds")) for row in policy["cold"]],
        name="cold",
        title=f"A policy of {policy['words']:,} words, from a cold start",
        axis=f"seconds, {rates.plural(result['threads'], 'core')}",
    )


def by_length(result: dict[str, Any]) -> str:
    """Return texts a CPU-second over their length."""
    across = lengths.lengths(result)
    drawn = [
        Line(name, across, [lengths.rate(result, name, n) for n in across], name.startswith(OURS))
        for name in lengths.names(result)
    ]
    return lines(
        drawn,
        name="lengths",
        title="Texts a CPU-second by their length",
        axes=("tokens in a text", "texts a CPU-second"),
    )


def memory(result: dict[str, Any]) -> str:
    """Return the memory of a batch of very many rows over its time: million.json's first run."""
    run = result["runs"]["distinct"]
    at = {name: k for k, name in enumerate(run["legs"][0]["columns"])}
    samples = run["legs"][-1]["samples"]
    minutes = [sample[at["seconds"]] / 60 for sample in samples]
    held = [sample[at["rss_mb"]] for sample in samples]
    return lines(
        [
            Line("resident memory", minutes, held, ours=True),
            Line("600 MB", [0, minutes[-1]], [600, 600], ours=False),
        ],
        name="memory",
        title=f"{run['rows']:,} rows through clausemark batch",
        axes=("minutes", "MB"),
        log=False,
    )


def workers(result: dict[str, Any]) -> str:
    """Return rows a second on threads and on Ray's workers: workers.json."""
    count = result["rows"]
    return bars(
        [
            Bar(name, count / run[str(count)]["seconds"], ours=True)
            for name, run in result["runs"].items()
        ],
        name="workers",
        title=f"{count:,} rows, here and on Ray",
        axis="rows a second, start and end included",
    )


DRAWN: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "ratios": ("pipelines", ratios),
    "cold": ("latency", cold),
    "lengths": ("lengths", by_length),
    "memory": ("million", memory),
    "workers": ("workers", workers),
}


def _bar(name: str, value: float) -> Bar:
    return Bar(name, value, name.startswith(OURS))


def draw(folder: Path) -> list[str]:
    """Draw what there is in a folder of results; return the drawings' names."""
    made = []
    for name, (source, drawing) in DRAWN.items():
        result = rates.read(folder, source)
        try:
            if result is not None:
                write_text(folder / f"{name}.svg", drawing(result))
                made.append(name)
        except (KeyError, TypeError, IndexError) as error:
            print(f"{source}.json: not drawn, another form ({error!r})", file=sys.stderr)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Draw, and name what was drawn."""
    parser = argparse.ArgumentParser(description="Draw the results again.")
    parser.add_argument("folder", type=Path, nargs="?", default=RESULTS)
    print(*draw(parser.parse_args(arguments).folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
