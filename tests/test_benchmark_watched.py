"""Processes watched from outside: memory, CPU seconds of whole families, ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).with_name("benchmarks")))

import workers
from batch_fixtures import ROWS, table
from watched import Family, Watched

#: A process whose child works for a third of a second of CPU, then says so, and waits.
PARENT = """
import subprocess, sys
child = "import time\\nwhile time.process_time() < .33: pass\\nprint(1, flush=True); time.sleep(60)"
process = subprocess.Popen([sys.executable, "-c", child, "a-worker"])
process.wait()
"""


def test_a_process_is_found_again_by_number_and_birth(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "held = b'x' * 60_000_000; import time; time.sleep(60)"]
    process = Watched.start(command, tmp_path / "log")
    found = Watched(process.pid, process.born)
    until = time.monotonic() + 10
    while (look := found.look()) and look.peak < 60 and time.monotonic() < until:
        time.sleep(0.01)
    assert look is not None
    assert look.peak >= look.rss > 60
    assert Watched(process.pid, process.born + 1).look() is None
    assert found.follow(lambda *_: None, lambda _: True, tick=1)
    assert process.look() is None


def test_a_family_s_time_is_that_of_the_children_too(tmp_path: Path) -> None:
    process = Watched.start([sys.executable, "-c", PARENT], tmp_path / "log")
    family = Family(process.pid)
    until = time.monotonic() + 20
    while not (tmp_path / "log").stat().st_size and time.monotonic() < until:
        family.look()
        time.sleep(0.02)
    family.look()
    own = process.look()
    os.killpg(process.pid, signal.SIGKILL)
    assert own is not None
    assert family.cpu() >= own.cpu + 0.3
    assert 0 < family.cpu("python") <= family.cpu()
    assert family.cpu("no such name") == 0


def test_a_batch_is_measured_with_its_outputs_checksum(tiny: Path, tmp_path: Path) -> None:
    rows = table(tmp_path / "rows.jsonl", ROWS)
    options = ("--model", str(tiny), "--threads", "1")
    one, other = (workers.measured(rows, tmp_path / name, options) for name in "ab")
    assert one["sha256"] == other["sha256"]
    assert 0.1 < one["cpu_seconds"] == one["labelling_cpu_seconds"]
    with pytest.raises(SystemExit, match="failed"):
        workers.measured(rows, tmp_path / "c", ("--model", str(tmp_path)))
