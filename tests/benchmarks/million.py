"""A million rows through `clausemark batch`: speed, memory over time, kills and resumption.

    python tests/benchmarks/million.py -- --threads 1        # 1,000,000 rows, all four runs
    python tests/benchmarks/million.py --rows 20000 --kills 3 --output /tmp/out      # a first look
    python tests/benchmarks/million.py --only distinct -- --runtime onnxruntime
    python tests/benchmarks/million.py --only killed --against tests/benchmarks/results/million.json

Four runs of the command, each in a process of its own, with what stands after -- as its options:
rows of which no two are alike (`million_rows.py`), the same with a SIGKILL at random moments and
--resume after each; rows drawn from the plain clauses, which repeat themselves, and these with
kills, too. Memory is looked at from outside. A killed run's files must be the unbroken one's, byte
for byte, and hold every row once and in order.

What is done stands in state.json of the room, so that the same command goes on where it was
stopped; a batch that runs meanwhile is found again. If an unbroken run itself was lost, it starts
over: what the other is held against must be in one piece. With --against, that is the digest of an
earlier result, whose other runs are kept; manifests hold the room's name and the model's checksum,
so they are told apart from the rows. Writes results/million.json and .md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT), str(ROOT / "inference")]

from engines import RESULTS, machine
from million_report import dumped, summary, table
from million_rows import ROWS, facts_path, write
from watched import Look, Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The runs, those that are killed behind the unbroken ones that they are held against.
RUNS = ("distinct", "killed", "repeated", "repeated-killed")
UNBROKEN = {"killed": "distinct", "repeated-killed": "repeated"}
#: Seconds between two samples that are kept.
SAMPLED = 10.0

#: Kill once so many parts are safe and so many more CPU seconds have passed.
Kill = tuple[int, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured; a room holds one plan."""

    rows: int
    seed: int
    kills: int
    options: tuple[str, ...]


class State:
    """What is done so far, in a file that is whole at any moment."""

    def __init__(self, path: Path, plan: Plan) -> None:
        self._path = path
        made = {"plan": json.loads(json.dumps(asdict(plan))), "runs": {}}
        self._held: dict[str, Any] = json.loads(path.read_text()) if path.exists() else made
        if self._held["plan"] != made["plan"]:
            raise SystemExit(
                f"{path} is of another plan, {self._held['plan']}: name another --room."
            )

    def run(self, name: str) -> dict[str, Any]:
        """Return a run: its legs, which are the processes that it took, and its lost beginnings."""
        run: dict[str, Any] = self._held["runs"].setdefault(name, {"legs": [], "restarts": 0})
        return run

    def save(self) -> None:
        """Bring the file up to date."""
        draft = self._path.with_suffix(".draft")
        draft.write_text(json.dumps(self._held), encoding="utf-8")
        draft.replace(self._path)


class Batch:
    """One run of the command, in as many legs as it takes."""

    def __init__(self, rows: Path, out: Path, options: tuple[str, ...], state: State) -> None:
        self.out = out
        self.legs: list[dict[str, Any]] = state.run(out.name)["legs"]
        self._command = [sys.executable, "-m", "clausemark.cli", "batch", str(rows)]
        self._command += ["--output", str(out), *options, "--resume"]
        self._state = state

    def finish(self, kills: list[Kill], *, restart: bool, tick: float) -> None:
        """Bring the run to its end, through those of `kills` that are still to come.

        If a leg was lost while nobody looked, the run goes on, or begins anew with `restart`.
        Raise SystemExit if the command itself gives up.
        """
        while not self.legs or self.legs[-1]["end"] != "done":
            if not self.legs or self.legs[-1]["end"]:
                self._begin(restart)
            process = Watched(self.legs[-1]["pid"], self.legs[-1]["born"])
            seen = process.look() is not None
            done = sum(leg["end"] == "killed" for leg in self.legs)
            due = self._due(*kills[done]) if done < len(kills) else lambda _: False
            self._conclude(process.follow(self._see, due, tick=tick))
            if seen and self.legs[-1]["end"] == "lost":
                raise SystemExit(f"The batch has given up; see {self._log}.")

    def manifest(self) -> dict[str, Any] | None:
        """Return the output's manifest, None before there is one."""
        path = self.out / "_manifest.json"
        if not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    @property
    def _log(self) -> Path:
        return self.out.with_name(f"{self.out.name}.log")

    def _parts(self) -> int:
        """Return how many parts are safe: those of the manifest, until then of the ledger."""
        listed = len(list((self.out / "_ledger").glob("[0-9]*.json")))
        # The manifest comes before the ledger goes, so that it is asked for last.
        manifest = self.manifest()
        return len(manifest["files"]) if manifest else listed

    def _begin(self, restart: bool) -> None:
        if self.legs and restart:
            shutil.rmtree(self.out, ignore_errors=True)
            self.legs.clear()
            self._state.run(self.out.name)["restarts"] += 1
        process = Watched.start(self._command, self._log, PYTHONPATH=str(ROOT / "inference"))
        facts = {"pid": process.pid, "born": process.born, "began": time.time(), "end": ""}
        self.legs.append({**facts, "seconds": 0.0, "cpu": 0.0, "peak": 0.0, "samples": []})
        self._state.save()

    def _see(self, look: Look, now: float) -> None:
        leg = self.legs[-1]
        leg["seconds"], leg["cpu"], leg["peak"] = now - leg["began"], look.cpu, look.peak
        if leg["seconds"] >= SAMPLED * len(leg["samples"]):
            facts = (leg["seconds"], look.cpu, look.rss, self._parts(), os.getloadavg()[0])
            leg["samples"].append([round(fact, 2) for fact in facts])
            self._state.save()

    def _due(self, parts: int, later: float) -> Callable[[Look], bool]:
        reached: list[float] = []

        def due(look: Look) -> bool:
            if not reached and self._parts() >= parts:
                reached.append(look.cpu)
            return bool(reached) and look.cpu >= reached[0] + later

        return due

    def _conclude(self, killed: bool) -> None:
        leg = self.legs[-1]
        leg["end"] = "killed" if killed else "done" if self.manifest() else "lost"
        leg["safe"] = self._parts()
        leg["drafts"] = [path.name for path in self.out.rglob(".*.draft")]
        self._state.save()


def moments(count: int, parts: int, cpu: float, seed: int) -> list[Kill]:
    """Draw moments to kill at, one in each of `count` equal stretches of a run."""
    draw = random.Random(f"{seed} kills")
    places = [draw.uniform(k, k + 1) / count * parts for k in range(count)]
    return [(int(place), place % 1 * cpu / parts) for place in places]


def rows_path(room: Path, plan: Plan, *, repeat: bool) -> Path:
    """Return a table of the plan, written if it is not there yet."""
    path = room / f"{'repeated' if repeat else 'distinct'}.jsonl"
    if not facts_path(path).exists():
        print(f"{path}: writing {plan.rows:,} rows", flush=True)
        write(path, plan.rows, seed=plan.seed, repeat=repeat)
    return path


def files(out: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of an output by its name."""
    found = {}
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        with path.open("rb") as stream:
            found[str(path.relative_to(out))] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def ids(out: Path) -> Iterator[int]:
    """Yield the rows' numbers as they stand in an output."""
    for part in sorted(out.glob("part-*.jsonl")):
        with part.open(encoding="utf-8") as stream:
            for line in stream:
                yield json.loads(line)["id"]


def whole(digests: dict[str, str]) -> str:
    """Return the SHA-256 of an output's digests."""
    return hashlib.sha256(json.dumps(sorted(digests.items())).encode()).hexdigest()


def recorded(path: Path, plan: Plan) -> dict[str, Any]:
    """Return the runs of an earlier result; SystemExit if they were of another plan or machine."""
    earlier = json.loads(path.read_text(encoding="utf-8"))
    for key, here in (("plan", asdict(plan)), ("machine", machine())):
        if earlier[key] != json.loads(json.dumps(here)):
            raise SystemExit(f"{path} is of another {key}, {earlier[key]}: measure all runs.")
    runs: dict[str, Any] = earlier["runs"]
    return runs


def measured(
    room: Path,
    name: str,
    plan: Plan,
    state: State,
    *,
    tick: float,
    unbroken: dict[str, Any] | None,
) -> dict[str, Any]:
    """Bring one of RUNS to its end; return its figures, held against the unbroken run's."""
    rows = rows_path(room, plan, repeat=name.startswith("repeated"))
    batch = Batch(rows, room / name, plan.options, state)
    kills = []
    if unbroken:
        kills = moments(plan.kills, unbroken["parts"], unbroken["cpu_seconds"], plan.seed)
    print(f"{name}: begun", flush=True)
    batch.finish(kills, restart=name not in UNBROKEN, tick=tick)
    facts = json.loads(facts_path(rows).read_text(encoding="utf-8"))
    digests = files(batch.out)
    manifest = batch.manifest()
    assert manifest, "a run that came to its end has one"
    found = {"runtime": manifest["runtime"], "files": len(digests), "sha256": whole(digests)}
    found["parts"] = len(manifest["files"])
    del digests["_manifest.json"]
    found["rows_sha256"] = whole(digests)
    found["every_row_once_in_order"] = list(ids(batch.out)) == list(range(plan.rows))
    if unbroken:
        found["same_bytes"] = found["sha256"] == unbroken["sha256"]
        rows_too = found["rows_sha256"] == unbroken.get("rows_sha256")  # older results lack it
        found["same_rows"] = found["same_bytes"] or rows_too
    return summary(state.run(name), facts) | found


def measure(
    room: Path,
    plan: Plan,
    names: list[str],
    *,
    tick: float = 0.2,
    earlier: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Bring the named runs to their ends, the first before the second; return all figures."""
    room.mkdir(parents=True, exist_ok=True)
    state = State(room / "state.json", plan)
    runs = dict(earlier or {})
    for name in (name for name in RUNS if name in names):
        held = runs[UNBROKEN[name]] if name in UNBROKEN else None
        runs[name] = measured(room, name, plan, state, tick=tick, unbroken=held)
    ordered = {name: runs[name] for name in RUNS if name in runs}
    return {"machine": machine(), "plan": asdict(plan), "runs": ordered}


def main() -> int:
    """Measure, write both files; 1 if rows are missing or files differ."""
    parser = argparse.ArgumentParser(description="Measure a batch of a million rows.")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--only", nargs="+", choices=RUNS, default=list(RUNS), metavar="RUN")
    parser.add_argument("--room", type=Path, default=ROOT / "runs" / "million", help="work folder")
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--name", default="million", help="of both files there")
    parser.add_argument("--against", type=Path, metavar="JSON", help="an earlier result")
    parser.add_argument("options", nargs="*", help="after --: options of clausemark batch")
    wish = parser.parse_args()
    plan = Plan(wish.rows, wish.seed, wish.kills, tuple(wish.options))
    earlier = recorded(wish.against, plan) if wish.against else {}
    needed = {UNBROKEN[name] for name in wish.only if name in UNBROKEN} - earlier.keys()
    result = measure(wish.room.resolve(), plan, [*wish.only, *needed], earlier=earlier)
    wish.output.mkdir(parents=True, exist_ok=True)
    (wish.output / f"{wish.name}.json").write_text(dumped(result), encoding="utf-8")
    (wish.output / f"{wish.name}.md").write_text(table(result), encoding="utf-8")
    print(table(result))
    runs = result["runs"].values()
    complete = all(run["every_row_once_in_order"] for run in runs)
    same = "same_rows" if wish.against else "same_bytes"
    return 0 if complete and all(run.get(same, True) for run in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
