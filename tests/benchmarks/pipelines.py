"""How many times as many texts as transformers' pipeline, on the same cores, in one run.

    python tests/benchmarks/pipelines.py                       # ten minutes on two cores
    python tests/benchmarks/pipelines.py --texts 8 --rounds 1 --threads 1 --output /tmp/out

Ours, in each engine that is installed, beside the pipeline over a model of BERT-base's size (f32,
random weights: speed does not hang on them), the pipeline over our own weights, and TF-IDF with a
linear model. Texts are OPP-115's validation places where the corpus is, else clauses of
data/fictional: a sample drawn evenly over length, the same for all. Systems take turns, round by
round. Writes results/pipelines.json and .md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rates
import systems
from program import BASE, bert_base, options, own_folder, run, whose, with_records
from sample import places
from systems import Pipeline
from turns import at_work, in_turns

from clausemark.runtime import available_cores

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

BATCHED = Pipeline("BERT-base", "", batch=32).name


def contenders(room: Path, own: Path | None, records: Path) -> Iterator[systems.System]:
    """Yield what is measured; the pipelines' folders are written into `room`."""
    yield from systems.ours()
    yield from pipelines("BERT-base", bert_base(room))
    yield from pipelines("our model", own_folder(room, own))
    yield systems.Linear(str(records))


def pipelines(model: str, folder: str) -> Iterator[Pipeline]:
    """Yield the pipeline over a folder: one by one, in batches as they come, in sorted batches."""
    yield Pipeline(model, folder)
    yield Pipeline(model, folder, batch=32)
    yield Pipeline(model, folder, batch=32, by_length=True)


def measure(wish: argparse.Namespace) -> dict[str, Any]:
    """Run all systems on the same texts, with each number of threads in turn."""
    sample = places(wish.records, wish.texts)
    about, rows = rates.machine(), []
    with tempfile.TemporaryDirectory() as name:
        competing = list(contenders(Path(name), wish.own, wish.records))
        for threads in wish.threads:
            with at_work(competing, threads) as workers:
                work = [(worker, sample.texts) for worker in workers]
                rows += in_turns(work, rounds=wish.rounds)
            print(f"{rates.plural(threads, 'thread')}: done", flush=True)
    facts = {"machine": about, "sample": sample.to_json(), "own": whose(wish.own)}
    return facts | {"rounds": wish.rounds, "rows": rows}


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown, a table for each number of threads."""
    about = result["sample"]
    parts = [
        "# Beside transformers' pipeline",
        f"{about['texts']} of {about['source']}, evenly drawn over length:"
        f" {about['mean_words']:.0f} words and {about['mean_tokens']:.0f} tokens in the mean,"
        f" {about['longer_than_the_window']} longer than the window. Ratios are of texts"
        f" a CPU-second, the median over {rates.plural(result['rounds'], 'round')}, in brackets"
        f" their range. The pipeline's weights of our model: {result['own']}. By"
        " `python tests/benchmarks/pipelines.py`.",
        rates.told(result["machine"]),
    ]
    for threads in sorted({row["threads"] for row in result["rows"]}):
        parts += [f"## {rates.plural(threads, 'thread')}", _table(result, threads)]
    return "\n\n".join(parts) + "\n"


def _table(result: dict[str, Any], threads: int) -> str:
    same = [row for row in result["rows"] if row["threads"] == threads]
    count = result["sample"]["texts"]
    one, many = (rates.named(same, name) for name in (BASE, BATCHED))
    head = ["", "texts a CPU-second", "x BERT-base, batch 1", "x BERT-base, batch 32"]
    head += ["texts a second", "x batch 1, by the clock", "peak, MB"]
    lines = [
        [
            row["system"],
            rates.short(count / rates.seconds(row)),
            str(rates.ratio(row, one)),
            rates.short(rates.ratio(row, many).middle),
            rates.short(count / rates.seconds(row, clock="seconds")),
            rates.short(rates.ratio(row, one, clock="seconds").middle),
            f"{rates.peak_mb(row):.0f}",
        ]
        for row in same
    ]
    return rates.markdown(head, lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure and write both files."""
    made = with_records(options("Measure this package beside others."))
    both = [count for count in (1, 2) if count <= available_cores()]
    made.add_argument("--threads", type=int, nargs="+", default=both, help="how many cores")
    return run("pipelines", made, arguments, measure, table)


if __name__ == "__main__":
    sys.exit(main())
