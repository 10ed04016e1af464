"""A batch on Ray: the same bytes as here, whatever dies on the way."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from batch_fixtures import BAD, Echo, Kept, Listed, batch, contents, rejects, table, write_jsonl
from cli_fixtures import objects
from conftest import KEYWORDS

from clausemark import Classifier
from clausemark import batch as batches
from clausemark._rows import Position
from clausemark.batch import Options, calls, label_table, label_tables, maker
from clausemark.errors import ClausemarkError, RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clausemark.batch import Crew, Moment

pytest.importorskip("ray", reason="ray is not installed: pip install 'clausemark[ray]'")

from clausemark import distributed
from clausemark.distributed import ray_crew

ROWS = [
    {"id": k, "text": f"We {KEYWORDS[k % 12]} {'abcdefg'[k % 7]} {k}", "x": [k, None]}
    for k in range(60)
]


@pytest.fixture(scope="module")
def classifier(tiny: Path) -> Classifier:
    return Classifier.load(tiny, threads=1)


@pytest.fixture(scope="module")
def crew(classifier: Classifier, tiny: Path) -> Iterator[Crew]:
    """Two workers, on a Ray of their own."""
    with ray_crew(classifier, tiny, workers=2) as hired:
        yield hired


def labelled(classifier: Classifier, source: Path, place: Path, **how: Any) -> dict[str, bytes]:
    """Label a table into a folder of parts of seven; return what stands there then."""
    label_tables(classifier, [str(source)], place, Options(rows_per_part=7), **how)
    return contents(place)


@pytest.mark.parametrize("name", ["in.csv.gz", "in.parquet"])
def test_every_file_is_the_local_engine_s_inputs_being_relative_to_the_start(
    classifier: Classifier, crew: Crew, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    table(tmp_path / name, ROWS)
    monkeypatch.chdir(tmp_path)
    here = labelled(classifier, Path(name), Path("here"))
    assert len(here) == 11  # nine parts, rejects, manifest
    assert labelled(classifier, Path(name), Path("there"), crew=crew) == here


def test_bad_rows_are_rejected_with_the_same_lines_and_reasons(
    classifier: Classifier, crew: Crew, tmp_path: Path
) -> None:
    bad = [(line, reason) for line, reason in BAD if reason != "column name taken"]
    source = write_jsonl(
        tmp_path / "in.jsonl", [*ROWS[:20], *(line for line, _ in bad), *ROWS[20:]]
    )
    here = labelled(classifier, source, tmp_path / "here")
    assert labelled(classifier, source, tmp_path / "there", crew=crew) == here
    found = [(one["line"], one["reason"]) for one in rejects(tmp_path / "there")]
    assert found == [(21 + k, reason) for k, (_, reason) in enumerate(bad)]


def test_a_run_goes_on_there_and_here_again(
    classifier: Classifier, crew: Crew, tmp_path: Path
) -> None:
    source, out = table(tmp_path / "in.jsonl", ROWS), tmp_path / "out"
    for rows, engine in [(20, None), (40, crew)]:
        with pytest.raises(KeyboardInterrupt):
            labelled(classifier, source, out, crew=engine, existing="resume", watch=after(rows))
        assert len(list(out.glob("part-*"))) == rows // 7
    here = labelled(classifier, source, tmp_path / "here")
    assert labelled(classifier, source, out, existing="resume") == here


def after(rows: int) -> Callable[[Moment], None]:
    """Press Ctrl-C once more than so many rows are done."""

    def stop(moment: Moment) -> None:
        if moment.rows > rows and moment.rows % 7 == 0:
            raise KeyboardInterrupt

    return stop


def test_what_is_asked_is_what_was_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CALL_CHARACTERS", 30)
    asked: list[list[str]] = []

    class Listening(Echo):
        def label_texts(self, texts: Any, *, progress: Any = None) -> Any:
            asked.append(list(texts))
            return super().label_texts(texts, progress=progress)

    texts = [f"share {k % 9}" for k in range(25)]
    label_table(Listening(), Listed(texts), Kept(Position(0, 3)), Options(rows_per_part=10))
    announced = calls(Listed(texts), Position(0, 3), Options(rows_per_part=10))
    assert list(announced) == asked
    assert len(asked) > 5


@pytest.mark.skipif(sys.platform != "linux", reason="finds the workers in /proc")
def test_a_worker_that_is_killed_leaves_no_trace(
    classifier: Classifier, crew: Crew, tmp_path: Path
) -> None:
    source = table(tmp_path / "in.jsonl", ROWS * 5)
    killed: list[int] = []

    def kill(_: Moment) -> None:
        if not killed:
            killed.extend(workers())
            os.kill(killed[0], signal.SIGKILL)

    here = labelled(classifier, source, tmp_path / "here")
    there = labelled(classifier, source, tmp_path / "there", crew=crew, watch=kill)
    assert len(killed) == 2
    assert there == here


def workers() -> list[int]:
    """Return the processes of Ray's actors that this process has brought about."""
    names = {int(p.name): command(p) for p in Path("/proc").iterdir() if p.name.isdecimal()}
    return [pid for pid, name in names.items() if "MapWorker" in name and os.getpid() in above(pid)]


def command(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


def above(pid: int) -> Iterator[int]:
    while pid > 1:
        yield pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_worker_with_another_model_is_refused(
    classifier: Classifier, tiny_copy: Path, tmp_path: Path, crew: Crew
) -> None:
    path = tiny_copy / "manifest.json"
    facts = json.loads(path.read_text()) | {"version": "9"}
    path.write_text(json.dumps(facts))
    with (
        ray_crew(classifier, tiny_copy, workers=1) as other,
        pytest.raises(ClausemarkError, match=r"model version is 9 on .*, 0\.0\.1 here"),
    ):
        labelled(classifier, table(tmp_path / "in.jsonl", ROWS), tmp_path / "out", crew=other)


def test_a_model_that_a_worker_lacks_is_named(classifier: Classifier, tmp_path: Path) -> None:
    worker = distributed._Worker(lambda: Classifier.load(tmp_path / "absent"), maker(classifier))
    answer = worker(pa.table({"texts": [["We share."]], "problem": [""]})).to_pylist()
    assert "absent" in answer[0]["problem"]
    assert answer[0]["scores"] == []


def test_scores_of_another_text_are_refused(classifier: Classifier) -> None:
    row = {"digest": distributed._digest(["a"]), "labels": [[]], "scores": [[0.5] * 12]}
    answers = (one for one in [{**row, "tokens": 3, "problem": ""}] * 2)
    labeller = distributed._Awaited(answers, classifier.labels)
    assert labeller.label_texts(["a"])[0].scores == dict.fromkeys(classifier.labels, 0.5)
    with pytest.raises(RecordError, match="changed while they were read"):
        labeller.label_texts(["b"])


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a process that has joined a Ray forget that it has."""
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nonsense"])
@pytest.mark.usefixtures("apart")
def test_a_cluster_that_cannot_be_reached_is_one_line_and_no_output(
    tiny: Path, tmp_path: Path, address: str
) -> None:
    source, out = table(tmp_path / "in.jsonl", ROWS), tmp_path / "out"
    result = batch(tiny, source, "--output", out, "--engine", "ray", "--address", address)
    assert result.exit_code == 1
    assert f"No Ray cluster can be joined at {address}" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.usefixtures("apart")
def test_a_cluster_that_asks_for_a_token_is_told_as_such(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    import ray

    missing = ray.exceptions.AuthenticationError("Unauthenticated")

    def refuse(**_: Any) -> None:
        """Fail as ray.init does with no token (known to it), or with the cluster's answer."""
        if known:
            raise missing
        raise ConnectionError("Failed to connect") from RuntimeError(str(missing))

    monkeypatch.setattr(ray, "init", refuse)
    monkeypatch.setattr(distributed, "_check_reachable", lambda address: None)
    source, place = table(tmp_path / "in.jsonl", ROWS), "192.0.2.1:6379"
    result = batch(
        tiny, source, "--output", tmp_path / "out", "--engine", "ray", "--address", place
    )
    assert result.exit_code == 1
    assert f"joined at {place} (it asks for a token). Set RAY_AUTH_MODE=token" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_ray_that_does_not_start_is_one_line(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    def late(**_: Any) -> None:
        raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", late)
    source = table(tmp_path / "in.jsonl", ROWS)
    result = batch(tiny, source, "--output", tmp_path / "out", "--engine", "ray")
    assert result.exit_code == 1
    assert result.stderr == (
        "clausemark: Ray does not start on this machine (The current node timed out during"
        " startup.).\n"
    )


def test_without_the_extra_the_cure_is_named(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    result = batch(
        tiny, table(tmp_path / "in.jsonl", ROWS), "--output", tmp_path / "out", "--engine", "ray"
    )
    assert result.exit_code == 1
    assert "pip install 'clausemark[ray]'" in result.stderr


@pytest.mark.parametrize("option", [("--workers", 2), ("--address", "auto")])
def test_options_of_ray_need_ray(tiny: Path, tmp_path: Path, option: tuple[str, object]) -> None:
    result = batch(tiny, tmp_path / "in.jsonl", "--output", tmp_path / "out", *option)
    assert result.exit_code == 2
    assert "need --engine ray" in result.stderr


def test_the_command_labels_on_ray(tiny: Path, tmp_path: Path, crew: Crew) -> None:
    source, out = table(tmp_path / "in.jsonl", ROWS), tmp_path / "out.jsonl"
    result = batch(tiny, source, "--output", out, "--engine", "ray", "--workers", 1)
    assert result.stderr == "clausemark: 60 rows: 60 labelled, none rejected.\n"
    assert [one["id"] for one in objects(out.read_text())] == list(range(60))
