"""All benchmarks of the README's performance page, one after the other, then its drawings.

    python tests/benchmarks                     # half an hour on two quiet cores
    python tests/benchmarks --own runs/opp115/export-transformers
    python tests/benchmarks --quick --output /tmp/out       # that they run, no figures to keep
    python tests/benchmarks --only pipelines peak

Results go to tests/benchmarks/results, and from there into README.md here and at the root; with
another --output the pages stay as they are. `million.py` (hours) and `workers.py` are commands of
their own, after which `plots.py` and `readme.py` bring in what they found.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import plots
import readme
from engines import RESULTS

HERE = Path(__file__).parent
#: The programs, which of the options they take, and what makes them quick.
PROGRAMS: dict[str, tuple[tuple[str, ...], str]] = {
    "pipelines": (("own", "records"), "--texts 4 --rounds 1 --threads 1"),
    "latency": (("own",), "--words 200 --rounds 1"),
    "lengths": (("own",), "--tokens 8 64 --rounds 1"),
    "peak": (("records",), "--texts 8 --rounds 1"),
    "engines": ((), "--texts 4 --threads 1"),
}


def command(name: str, wish: argparse.Namespace) -> list[str]:
    """Return the process of one program."""
    taken, quick = PROGRAMS[name]
    call = [sys.executable, str(HERE / f"{name}.py"), "--output", str(wish.output)]
    for option in taken:
        if (value := getattr(wish, option)) is not None:
            call += [f"--{option}", str(value)]
    return call + (quick.split() if wish.quick else [])


def main() -> int:
    """Measure, draw, fill the pages; stop where a program fails."""
    parser = argparse.ArgumentParser(description="Run the benchmarks.")
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=list(PROGRAMS))
    parser.add_argument("--quick", action="store_true", help="a few texts, one round")
    parser.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--own", type=Path, help="the transformers folder of training.export")
    parser.add_argument("--records", type=Path, help="OPP-115 by data.build")
    wish = parser.parse_args()
    for name in wish.only:
        print(f"== {name}", flush=True)
        subprocess.run(command(name, wish), check=True)
    plots.draw(wish.output)
    if wish.output.resolve() == RESULTS.resolve():
        readme.fill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
