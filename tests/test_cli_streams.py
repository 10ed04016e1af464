"""The command line as a process whose standard streams are closed or full."""

from __future__ import annotations

import os
import subprocess
import sys
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
