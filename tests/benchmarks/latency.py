"""How long one policy takes: from a cold start to the end of the process, and in a running one.

    python tests/benchmarks/latency.py                # three minutes on two cores
    python tests/benchmarks/latency.py --words 300 --rounds 1 --threads 1 --output /tmp/out

Cold is `clausemark label` as a process from its start to its exit, with reading, cutting and
labelling, beside a process that loads transformers' pipeline and labels the same clauses, which it
is given as they are. The files lie in the system's cache: a first start of each is not counted.
Warm is `label_document`, and the pipeline, in a process that has done it before. The policies are
put together from those of data/fictional. Writes results/latency.json and .md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rates
import systems
from engines import ROOT
from program import BASE, bert_base, options, own_folder, run, whose
from sample import policy
from systems import Ours, Pipeline
from turns import at_work, confined, in_turns

from clausemark.artifact import bundled_model
from clausemark.document import read_document
from clausemark.runtime import available_cores
from clausemark.segment import model_text, segment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

PATHS = os.pathsep.join([str(ROOT / "inference"), os.environ.get("PYTHONPATH", "")])
CLAUSEMARK = "from clausemark.cli import main; main()"


def command(system: Ours | Pipeline, path: Path, clauses: Path) -> list[str]:
    """Return the process that a user of the system starts."""
    if isinstance(system, Ours):
        call = [sys.executable, "-c", CLAUSEMARK, "label", "--format", "jsonl"]
        return [*call, "--runtime", system.engine, str(path)]
    once = Path(__file__).with_name("pipeline_once.py")
    return [sys.executable, str(once), system.folder, str(clauses)]


def cold(call: Sequence[str]) -> dict[str, float]:
    """Run a process to its end; return its seconds and CPU-seconds.

    Raise RuntimeError with the end of what it said if it fails.
    """
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            call, stdout=subprocess.DEVNULL, stderr=said, env=os.environ | {"PYTHONPATH": PATHS}
        )
        _, status, usage = os.wait4(process.pid, 0)
        gone = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{call}: {said.read()[-500:].decode()}")
    used = usage.ru_utime + usage.ru_stime
    return {"seconds": gone, "cpu_seconds": used}


def cold_rows(
    competing: Sequence[Ours | Pipeline], path: Path, clauses: Path, wish: argparse.Namespace
) -> list[dict[str, Any]]:
    """Start each system's process in turn, so many rounds and one before them."""
    rows: list[dict[str, Any]] = [{"system": one.name, "rounds": []} for one in competing]
    with confined(wish.threads):
        for k in range(wish.rounds + 1):
            for row, system in zip(rows, competing, strict=True):
                times = cold(command(system, path, clauses))
                row["rounds"] += [times] if k else []
    return rows


def measure(wish: argparse.Namespace) -> dict[str, Any]:
    """Measure every policy, cold, then warm."""
    about, found = rates.machine(), []
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        competing: list[Ours | Pipeline] = [
            *systems.ours(),
            Pipeline("BERT-base", bert_base(room)),
            Pipeline("our model", own_folder(room, wish.own)),
        ]
        for words in wish.words:
            path, clauses, texts = written(room, words)
            facts = {"words": len(path.read_text(encoding="utf-8").split()), "clauses": len(texts)}
            starts = cold_rows(competing, path, clauses, wish)
            with at_work(competing, wish.threads) as workers:
                work = [(w, path if isinstance(w.system, Ours) else texts) for w in workers]
                running = in_turns(work, rounds=wish.rounds, at_least=0)
            found.append(facts | {"cold": starts, "warm": running})
            print(f"{facts['words']:,} words: done", flush=True)
    run = {"machine": about, "threads": wish.threads, "rounds": wish.rounds}
    return run | {"own": whose(wish.own), "policies": found}


def written(room: Path, words: int) -> tuple[Path, Path, list[str]]:
    """Write a policy, and its clauses as the model reads them; return files and clauses."""
    path, clauses = room / f"policy-{words}.md", room / f"clauses-{words}.json"
    path.write_text(policy(words), encoding="utf-8")
    headings = bundled_model().read().headings
    texts = [model_text(clause, headings=headings) for clause in segment(read_document(path))]
    clauses.write_text(json.dumps(texts), encoding="utf-8")
    return path, clauses, texts


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown, a table for each policy."""
    parts = [
        "# One policy",
        "Seconds by the clock, the median of"
        f" {rates.plural(result['rounds'], 'run')} on {rates.plural(result['threads'], 'core')};"
        " CPU-seconds beside them; how many times as fast as the pipeline over a model of"
        f" BERT-base's size, with the range. The pipeline's weights of our model:"
        f" {result['own']}. By `python tests/benchmarks/latency.py`.",
        rates.told(result["machine"]),
    ]
    for one in result["policies"]:
        parts += [f"## {one['words']:,} words, {one['clauses']} clauses", _table(one)]
    return "\n\n".join(parts) + "\n"


def _table(one: dict[str, Any]) -> str:
    head = ["", "cold, s", "CPU", "times", "warm, s", "CPU", "times", "peak, MB"]
    bases = [rates.named(one[kind], BASE) for kind in ("cold", "warm")]
    lines = []
    for pair in zip(one["cold"], one["warm"], strict=True):
        cells = [_cells(row, base) for row, base in zip(pair, bases, strict=True)]
        lines.append([pair[0]["system"], *cells[0], *cells[1], f"{rates.peak_mb(pair[1]):.0f}"])
    return rates.markdown(head, lines)


def _cells(row: rates.Row, base: rates.Row) -> list[str]:
    clock, cpu = rates.seconds(row, clock="seconds"), rates.seconds(row)
    return [f"{clock:.2f}", f"{cpu:.2f}", str(rates.ratio(row, base, clock="seconds"))]


def main(arguments: list[str] | None = None) -> int:
    """Measure and write both files."""
    made = options("Time one policy, cold and warm.", rounds=7)
    made.add_argument("--words", type=int, nargs="+", default=[1000, 2000])
    made.add_argument("--threads", type=int, default=available_cores(), help="how many cores")
    return run("latency", made, arguments, measure, table)


if __name__ == "__main__":
    sys.exit(main())
