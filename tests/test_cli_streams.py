"""The command line as a process: its standard streams closed or full, a signal to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import clausemark
from clausemark._output import sink

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(clausemark.__file__).parents[1])}


def shell(redirection: str, *args: object) -> subprocess.CompletedProcess[str]:
    """Run `clausemark ARGS REDIRECTION` in a shell."""
    script = f'exec "$@" {redirection}'
    command = [sys.executable, "-m", "clausemark.cli", *map(str, args)]
    return subprocess.run(
        ["sh", "-c", script, "sh", *command],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
    )


def test_a_closed_standard_input_is_one_line(tiny: Path) -> None:
    done = shell("<&-", "label", "--model", tiny)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "clausemark: <stdin> is closed. Name a file instead.\n"


def test_a_closed_standard_output_is_one_line_and_no_bar_to_a_file(
    tiny: Path, policy: Path
) -> None:
    done = shell(">&-", "label", "--model", tiny, policy)
    assert done.returncode == 1
    assert done.stderr.startswith("clausemark: Standard output is closed.")
    assert done.stderr.count("\n") == 1
    out = policy.with_name("out.jsonl")
    assert shell(">&-", "label", "--model", tiny, policy, "--output", out).returncode == 0
    assert out.read_text().count("\n") == 4


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("name", ["label", "labels"])
def test_a_full_disk_is_one_line(tiny: Path, policy: Path, name: str) -> None:
    args = [policy, "--model", tiny] if name == "label" else []
    done = shell(">/dev/full", name, *args)
    assert done.returncode == 1
    assert done.stderr.startswith("clausemark: Standard output cannot be written (No space left")
    assert done.stderr.count("\n") == 1


def test_a_run_that_is_terminated_leaves_no_draft(tiny: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "clausemark.cli", "label", "-", "--model", tiny]
    pipe = subprocess.PIPE
    args = [*command, "--output", tmp_path / "out.jsonl"]
    with subprocess.Popen(args, stdin=pipe, stderr=pipe, env=ENVIRONMENT) as waiting:
        until = time.monotonic() + 60
        while not any(tmp_path.iterdir()) and waiting.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
        waiting.terminate()
        said = waiting.communicate(timeout=60)[1]
    assert (waiting.returncode, said) == (128 + signal.SIGTERM, b"clausemark: interrupted.\n")
    assert not any(tmp_path.iterdir())


def test_two_outputs_of_one_name_and_process_id_do_not_meet(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with sink(out) as first:
        first.write("first\n")
        with sink(out) as second:
            second.write("second\n")
        assert out.read_text() == "second\n"
    assert out.read_text() == "first\n"
    assert list(tmp_path.iterdir()) == [out]


def test_an_output_that_fails_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    with pytest.raises(TypeError), sink(out) as stream:
        stream.writelines(["half\n", 1])  # type: ignore[list-item]
    assert not list(tmp_path.iterdir())
