"""How many texts of so many tokens are labelled in a CPU-second, by us and by the pipeline.

    python tests/benchmarks/lengths.py                # five minutes
    python tests/benchmarks/lengths.py --tokens 8 64 --rounds 1 --output /tmp/out

Texts of exactly so many tokens, cut from data/fictional, none twice: padding plays no part, so that
what is left is how long a text is. Special tokens come on top. Writes results/lengths.json and .md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rates
import systems
from program import BASE, bert_base, options, own_folder, run, whose
from sample import of_length
from systems import Pipeline
from turns import at_work, in_turns

if TYPE_CHECKING:
    import argparse

LENGTHS = (8, 16, 32, 64, 128, 254)
#: Tokens of one pass: two of our batches of 512, so that a pass of the slowest takes two seconds.
TOKENS = 1024


def measure(wish: argparse.Namespace) -> dict[str, Any]:
    """Measure every length with every system."""
    about, rows = rates.machine(), []
    given = {length: of_length(length, max(1, TOKENS // length)) for length in wish.tokens}
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        bert, own = bert_base(room), own_folder(room, wish.own)
        competing: list[systems.System] = [
            *systems.ours(),
            *(Pipeline("BERT-base", bert, batch=batch) for batch in (1, 32)),
            Pipeline("our model", own),
        ]
        with at_work(competing, wish.threads) as workers:
            for length, texts in given.items():
                made = in_turns([(w, texts) for w in workers], rounds=wish.rounds)
                rows += [row | {"tokens": length, "texts": len(texts)} for row in made]
                print(f"{length} tokens: done", flush=True)
    facts = {"machine": about, "threads": wish.threads, "rounds": wish.rounds}
    return facts | {"own": whose(wish.own), "rows": rows}


def rate(result: dict[str, Any], system: str, length: int) -> float:
    """Return the texts that a system labels in a CPU-second."""
    row = _row(result, system, length)
    return float(row["texts"] / rates.seconds(row))


def names(result: dict[str, Any]) -> list[str]:
    """Return the systems in the order of the run."""
    return list(dict.fromkeys(row["system"] for row in result["rows"]))


def lengths(result: dict[str, Any]) -> list[int]:
    """Return the lengths in the order of the run."""
    return list(dict.fromkeys(row["tokens"] for row in result["rows"]))


def _row(result: dict[str, Any], system: str, length: int) -> rates.Row:
    return rates.named([row for row in result["rows"] if row["tokens"] == length], system)


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown: texts a CPU-second, and how many times the baseline."""
    every = lengths(result)
    lines = []
    for name in names(result):
        cells = []
        for length in every:
            base = _row(result, BASE, length)
            times = rates.ratio(_row(result, name, length), base).middle
            cells.append(f"{rates.short(rate(result, name, length))} ({rates.short(times)})")
        lines.append([name, *cells])
    threads = rates.plural(result["threads"], "thread")
    parts = [
        "# By length",
        f"Texts of so many tokens a CPU-second with {threads}, the median over"
        f" {rates.plural(result['rounds'], 'round')}; in brackets, how many times as many as the"
        f" pipeline over BERT-base, batch 1. The pipeline's weights of our model: {result['own']}."
        " By `python tests/benchmarks/lengths.py`.",
        rates.told(result["machine"]),
        rates.markdown(["tokens", *(f"{length}" for length in every)], lines),
    ]
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Measure and write both files."""
    made = options("Time texts by their length.")
    made.add_argument("--tokens", type=int, nargs="+", default=list(LENGTHS))
    made.add_argument("--threads", type=int, default=1, help="how many cores")
    return run("lengths", made, arguments, measure, table)


if __name__ == "__main__":
    sys.exit(main())
