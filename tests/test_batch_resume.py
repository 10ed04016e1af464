"""A batch that is killed, interrupted or refused disk: what is whole stays, nothing comes twice."""

from __future__ import annotations

import errno
import gzip
import itertools
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from batch_fixtures import batch, contents, rejects, write_jsonl
from batch_runs import entries
from cli_fixtures import POLICY, objects
from conftest import KEYWORDS

import clausemark
from clausemark import Classifier
from clausemark._parts import Ledger
from clausemark.batch import Options, label_tables
from clausemark.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(clausemark.__file__).parents[1])}
WAITED = 60


@pytest.fixture(scope="module")
def classifier(tiny: Path) -> Classifier:
    return Classifier.load(tiny, threads=1)


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk: it is processes that stop here, not machines."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)


class Killed(BaseException):
    """The end of a process, wherever it is."""


class Mortal:
    """Calls of the operating system that change files, the last of which never returns.

    After it, none does any more: the process is dead, and cannot tidy up. A file that was about to
    be brought to the disk is there in half.
    """

    NAMES = ("fsync", "replace", "unlink", "mkdir", "rmdir")

    def __init__(self, patch: pytest.MonkeyPatch, calls: int | None = None) -> None:
        self.left = calls
        self.count = 0
        for name in self.NAMES:
            patch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **options: Any) -> Any:
            if self.left is not None and self.count >= self.left:
                if name == "fsync" and stat.S_ISREG(os.fstat(args[0]).st_mode):
                    os.ftruncate(args[0], os.fstat(args[0]).st_size // 2)
                raise Killed
            self.count += 1
            return call(*args, **options)

        return watched


@pytest.mark.parametrize("name", ["out", "out.jsonl", "out.parquet"])
@pytest.mark.parametrize("earlier", [False, True], ids=["fresh", "overwriting"])
def test_a_kill_before_any_change_of_a_file_leaves_no_trace_once_resumed(
    classifier: Classifier, tables: Path, tmp_path: Path, name: str, earlier: bool
) -> None:
    options = Options(rows_per_part=12)

    def label(place: Path, existing: Any) -> None:
        label_tables(classifier, [str(tables)], place / name, options, existing=existing)

    def prepared(place: Path) -> Path:
        place.mkdir()
        if earlier:
            label_tables(classifier, [str(tables)], place / name, Options(labels_only=True))
        return place

    how = "overwrite" if earlier else "refuse"
    whole = prepared(tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        calls = Mortal(patch)
        label(whole, how)
    assert calls.count > 20
    expected = contents(whole)
    for n in range(calls.count):
        place = prepared(tmp_path / str(n))
        with pytest.MonkeyPatch.context() as patch:
            Mortal(patch, n)
            with pytest.raises(Killed):
                label(place, how)
        if refused(label, place):  # the earlier output, which is not given up yet
            assert earlier, n
            label(place, "overwrite")
        assert contents(place) == expected, n


def refused(label: Callable[[Path, Any], None], place: Path) -> bool:
    """Resume; return whether that is refused."""
    try:
        label(place, "resume")
    except OutputError:
        return True
    return False


def start(*args: object) -> subprocess.Popen[bytes]:
    """Start `clausemark batch` as a process of its own."""
    command = [sys.executable, "-m", "clausemark.cli", "batch", *map(str, args)]
    # A shell lets its background jobs ignore Ctrl-C, nohup a hang-up; their children inherit that.
    before = {sign: signal.signal(sign, signal.SIG_DFL) for sign in (signal.SIGINT, signal.SIGHUP)}
    try:
        return subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE)
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)


def stop_at(process: subprocess.Popen[bytes], out: Path, parts: int, sign: int) -> bytes:
    """Send `sign` once so many parts are written; return what the process says."""
    until = time.monotonic() + WAITED
    while entries(out) < parts and process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(sign)
    return process.communicate(timeout=WAITED)[1]


def test_a_process_killed_at_random_moments_resumes_to_the_same_bytes(
    tiny: Path, classifier: Classifier, tmp_path: Path
) -> None:
    draw = random.Random(11)
    texts = [f"We {draw.choice(KEYWORDS)} number {k}" for k in range(3_000)]
    table = write_jsonl(tmp_path / "in.jsonl", [{"id": k, "text": t} for k, t in enumerate(texts)])
    whole, out = tmp_path / "whole", tmp_path / "out"
    label_tables(classifier, [str(table)], whole, Options(rows_per_part=10))
    args = (table, "--model", tiny, "--rows-per-part", 10, "--output", out)
    done = [0]
    for _ in range(4):
        process = start(*args, "--resume")
        stop_at(process, out, done[-1] + draw.randint(1, 40), signal.SIGKILL)
        done.append(entries(out))
    assert 0 < done[1] < 300
    assert batch(*[tiny, *args, "--resume"]).exit_code == 0
    assert contents(out) == contents(whole)
    ids = [row["id"] for path in sorted(out.glob("part-*")) for row in objects(path.read_text())]
    assert ids == list(range(3_000))


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_keeps_the_parts_and_says_how_to_go_on(
    tiny: Path, tmp_path: Path, sign: signal.Signals
) -> None:
    rows = [{"text": f"We share number {k}"} for k in range(30_000)]
    table, out = write_jsonl(tmp_path / "in.jsonl", rows), tmp_path / "out"
    process = start(table, "--model", tiny, "--rows-per-part", 10, "--output", out)
    said = stop_at(process, out, 3, sign).decode()
    assert process.returncode == 128 + sign
    assert said.startswith("clausemark: interrupted. ")
    assert "--resume" in said
    assert said.count("\n") == 1
    assert entries(out) >= 3
    assert not list(out.glob(".*"))


def inputs(folder: Path) -> None:
    """Write a file of each kind, and one that is truncated."""
    rows = [{"id": k, "text": f"We share {k}" if k % 4 else None} for k in range(9)]
    write_jsonl(folder / "a.jsonl", rows)
    pq.write_table(pa.Table.from_pylist(rows), folder / "b.parquet", row_group_size=4)
    lines = [f'{row["id"]},"We retain\n{row["text"] or ""}"\n' for row in rows]
    (folder / "c.csv").write_text("id,text\n" + "".join(lines) + "9,,,\n")
    noise = random.Random(1).randbytes(90_000).hex().encode()
    data = b"".join(
        b'{"text": "share %s"}\n' % noise[at : at + 9_000] for at in range(0, 90_000, 9_000)
    )
    (folder / "d.jsonl.gz").write_bytes(gzip.compress(data)[:-30_000])
    (folder / "e.jsonl").touch()
    (folder / "f.md").write_text(POLICY)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_any_input_is_resumed_after_any_part(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    inputs(tmp_path)
    args = [*sorted(tmp_path.iterdir()), "--rows-per-part", size, "--output"]
    whole, out = tmp_path / "whole", tmp_path / "out"
    result = batch(tiny, *args, whole)
    assert result.exit_code == 1, result.stderr  # for the truncated file
    assert "rejected" in result.stderr
    assert [one.get("line") for one in rejects(whole)].count(None) == 3
    add, asked = Ledger.add, itertools.count()

    def halting(self: Ledger, *given: Any) -> None:
        if next(asked) % 2:
            raise KeyboardInterrupt
        add(self, *given)

    monkeypatch.setattr(Ledger, "add", halting)
    codes = [batch(tiny, *args, out, "--resume").exit_code for _ in range(60)]
    assert set(codes[: codes.index(1)]) == {130}
    assert contents(out) == contents(whole)


def test_resuming_computes_what_is_missing_and_nothing_else(
    begun: Path, tiny: Path, classifier: Classifier, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    label_texts = Classifier.label_texts

    def recorded(self: Classifier, texts: Any, **options: Any) -> Any:
        seen.extend(texts)
        return label_texts(self, texts, **options)

    monkeypatch.setattr(Classifier, "label_texts", recorded)
    assert batch(tiny, tables, "--output", begun, "--rows-per-part", 5, "--resume").exit_code == 0
    missing = [objects(part.read_text()) for part in sorted(begun.glob("part-*"))[2:]]
    assert seen == [text for part in missing for text in dict.fromkeys(r["text"] for r in part)]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("name", ["out", "out.parquet", "out.jsonl.zst"])
def test_a_full_disk_is_one_line_and_the_run_goes_on_later(
    tiny: Path, tables: Path, monkeypatch: pytest.MonkeyPatch, call: str, name: str
) -> None:
    out, place = tables.with_name(name), tables.with_name("whole") / name
    works, left = getattr(os, call), iter(range(7))

    def full(*args: Any, **options: Any) -> Any:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return works(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        result = batch(tiny, tables, "--output", out, "--rows-per-part", 5)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith(f"clausemark: {out} cannot be written (No space left on")
    assert "rows are safe. Free the disk or open the folder, then add --resume." in result.stderr
    batch(tiny, tables, "--output", out, "--rows-per-part", 5, "--resume")
    place.parent.mkdir()
    batch(tiny, tables, "--output", place, "--rows-per-part", 5)
    assert {n: c for n, c in contents(tables.parent).items() if n.startswith("out")} == contents(
        place.parent
    )


@pytest.mark.parametrize("kind", ["jsonl", "csv.gz", "parquet", "jsonl.zst"])
def test_a_disk_that_fills_amid_a_part_is_one_line(tiny: Path, tmp_path: Path, kind: str) -> None:
    rows = [{"text": f"We share {os.urandom(300).hex()}"} for _ in range(300)]
    table = write_jsonl(tmp_path / "in.jsonl", rows)
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
    script = f"{limited}from clausemark.cli import app; app(sys.argv[1:])"
    args = ["batch", table, "--model", tiny, "--output", tmp_path / f"out.{kind}"]
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, args)],
        env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"clausemark: {tmp_path}/out.{kind} cannot be written (File too")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / f"out.{kind}").exists()


def test_a_folder_that_cannot_be_made_is_one_line(tiny: Path, tables: Path) -> None:
    result = batch(tiny, tables, "--output", tables / "a.jsonl" / "out")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "cannot be written (Not a directory)" in result.stderr
