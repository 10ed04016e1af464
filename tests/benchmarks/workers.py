"""The same batch on one thread and two, here and on Ray with one worker and two.

    python tests/benchmarks/workers.py               # some minutes on two cores
    python tests/benchmarks/workers.py --rows 300 --output /tmp/out

Every run is a process of its own, over the same rows (`million_rows.py`), and one row alone, which
tells what starting and ending cost. All outputs must be the same, byte for byte. CPU seconds are
those of all processes that the command starts, Ray's servers included; "labelling" are those of the
processes that hold the model and compute. Writes results/workers.json and .md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT), str(ROOT / "inference")]

from engines import RESULTS, machine
from million import files
from million_rows import write
from watched import Family, Watched

RUNS = {
    "local, 1 thread": ("--threads", "1"),
    "local, 2 threads": ("--threads", "2"),
    "Ray, 1 worker": ("--engine", "ray", "--workers", "1"),
    "Ray, 2 workers": ("--engine", "ray", "--workers", "2"),
}
#: In the names of Ray's processes that label.
LABELLING = "_Worker"
TICK = 0.1


def measured(rows: Path, out: Path, options: tuple[str, ...]) -> dict[str, Any]:
    """Run a batch; return its times and its files' checksums. Raise SystemExit if it fails."""
    log = out.with_name(f"{out.name}.log")
    batch = [sys.executable, "-m", "clausemark.cli", "batch", str(rows), "--output", str(out)]
    began = time.perf_counter()
    process = Watched.start([*batch, *options], log, PYTHONPATH=str(ROOT / "inference"))
    family = Family(process.pid)
    while process.look() is not None:
        family.look()
        time.sleep(TICK)
    seconds = time.perf_counter() - began
    if not (out / "_manifest.json").exists():
        raise SystemExit(f"{' '.join(options)}: failed\n{log.read_text(encoding='utf-8')[-2000:]}")
    everyone = family.cpu()
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(everyone, 1),
        "labelling_cpu_seconds": round(family.cpu(LABELLING) or everyone, 1),
        "load": round(os.getloadavg()[0], 1),
        "sha256": hashlib.sha256(json.dumps(files(out)).encode()).hexdigest(),
    }


def measure(room: Path, count: int, options: tuple[str, ...]) -> dict[str, Any]:
    """Measure all of RUNS, over one row and over `count`."""
    sizes = (1, count)
    for size in sizes:
        write(room / f"{size}.jsonl", size, seed=1)
    runs: dict[str, Any] = {}
    for name, more in RUNS.items():
        for size in sizes:
            out = room / f"{name.replace(', ', '-').replace(' ', '-')}-{size}"
            found = measured(room / f"{size}.jsonl", out, (*more, *options))
            runs.setdefault(name, {})[str(size)] = found
        print(f"{name}: {found['seconds']} s", flush=True)
    first = next(iter(runs.values()))
    same = all(
        run[size]["sha256"] == first[size]["sha256"] for run in runs.values() for size in run
    )
    about = machine()
    about["versions"]["ray"] = version("ray")
    return {"machine": about, "rows": count, "options": options, "same": same, "runs": runs}


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    about, count = result["machine"], str(result["rows"])
    versions = ", ".join(f"{name} {value}" for name, value in about["versions"].items())
    same = "were the same, byte for byte" if result["same"] else "DIFFERED"
    rows = [
        "| | wall, s | CPU, s | of it labelling | rows a second | one row: wall, s | CPU, s"
        " | load |\n|---|" + "---:|" * 7
    ]
    for name, run in result["runs"].items():
        one, many = run["1"], run[count]
        rows.append(
            f"| {name} | {many['seconds']:.0f} | {many['cpu_seconds']:.0f} "
            f"| {many['labelling_cpu_seconds']:.0f} | {result['rows'] / many['seconds']:.0f} "
            f"| {one['seconds']:.0f} | {one['cpu_seconds']:.0f} | {many['load']} |"
        )
    return (
        f"# {result['rows']:,} rows, here and on Ray\n\n{about['cpu']}, {about['cores']} cores"
        f" ({', '.join(about['flags'])}); {versions}. By `python tests/benchmarks/workers.py`. The"
        f" outputs {same}. The load is that of the machine at the end of the run, its own work"
        " included: above the number of threads or workers, the wall clock says little.\n\n"
        + "\n".join(rows)
        + "\n"
    )


def main() -> int:
    """Measure, write both files; 1 if outputs differ."""
    parser = argparse.ArgumentParser(description="Measure a batch here and on Ray.")
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("options", nargs="*", help="after --: options of clausemark batch")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        result = measure(Path(room), wish.rows, tuple(wish.options))
    wish.output.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1) + "\n"
    (wish.output / "workers.json").write_text(text, encoding="utf-8")
    (wish.output / "workers.md").write_text(table(result), encoding="utf-8")
    print(table(result))
    return 0 if result["same"] else 1


if __name__ == "__main__":
    sys.exit(main())
