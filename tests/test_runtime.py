"""The runtime, in each engine: batches bounded, logits equal to the sum done by hand, damage named.

A test of what no engine has a part in is run once.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from conftest import EMBEDDING, KEYWORDS, WINDOW, files, graph, manifest, reference_logits
from hypothesis import given, settings
from hypothesis import strategies as st

from clausemark import artifact
from clausemark.artifact import ModelFolder
from clausemark.errors import ModelError
from clausemark.runtime import ENGINES, Runtime, available_cores, batches

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = [
    "We collect the data of children.",
    "",
    "share " * 40 + "delete",
    "contact us: 1-800-555",
    "We collect the data of children.",
    "“Retain” — naïve café ☃ \x07",
    "choice",
]


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param)
    return str(request.param)


def load(folder: Path, engine: str) -> Runtime:
    """Load a model folder's runtime on one thread, as exact as the engine is."""
    model = ModelFolder(folder)
    return Runtime.load(model, model.read(), threads=1, engine=engine, precision="f32")


@pytest.fixture(scope="module")
def runtime(tiny: Path, engine: str) -> Runtime:
    return load(tiny, engine)


@pytest.mark.parametrize("budget", [1, 14, 30, 512])
def test_logits_are_those_computed_by_hand_one_by_one(runtime: Runtime, budget: int) -> None:
    logits = runtime.logits(TEXTS, budget=budget)
    assert logits.dtype == np.float32
    expected = np.stack([reference_logits(text) for text in TEXTS])
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-4)


def test_order_is_kept_whatever_the_lengths(runtime: Runtime) -> None:
    texts = [f"{KEYWORDS[k % 12]} " + "x " * (k * 7 % 23) for k in range(60)]
    columns = runtime.logits(texts, budget=40).argmax(axis=1)
    assert columns.tolist() == [k % 12 for k in range(60)]


def test_a_long_text_is_read_to_its_end(runtime: Runtime) -> None:
    (logits,) = runtime.logits(["x " * 500 + "dispute"])
    assert logits.argmax() == KEYWORDS.index("dispute")
    assert logits[KEYWORDS.index("dispute")] > 3


def test_no_text_gives_no_row(runtime: Runtime) -> None:
    assert runtime.logits([]).shape == (0, len(KEYWORDS))


def test_equal_texts_are_computed_once(tiny: Path) -> None:
    runtime = load(tiny, "onnxruntime")
    windows: list[int] = []
    run = runtime._run
    runtime._run = lambda ids: windows.append(len(ids)) or run(ids)  # type: ignore[method-assign]
    logits = runtime.logits(["share", "choice", "share", "share"])
    assert sum(windows) == 2
    assert logits.argmax(axis=1).tolist() == [1, 2, 1, 1]


def test_progress_counts_up_to_all(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clausemark.runtime.ROUND", 3)
    seen: list[tuple[int, int]] = []
    texts = [f"share {k}" for k in range(8)]
    logits = runtime.logits(texts, budget=10, progress=lambda done, of: seen.append((done, of)))
    assert seen[-1] == (8, 8)
    assert seen == sorted(seen)
    np.testing.assert_allclose(logits, [reference_logits(text) for text in texts], atol=1e-4)


@given(lengths=st.lists(st.integers(2, 300), max_size=60), budget=st.integers(1, 2000))
@settings(deadline=None)
def test_batches_hold_every_window_once_within_the_budget(lengths: list[int], budget: int) -> None:
    made = list(batches(lengths, budget))
    assert sorted(k for batch in made for k in batch) == list(range(len(lengths)))
    for batch in made:
        padded = len(batch) * max(lengths[k] for k in batch)
        assert padded <= budget or len(batch) == 1


def test_cores_are_those_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 5, 8}, raising=False)
    assert available_cores() == 3


def test_weights_that_the_engine_refuses_are_named(tmp_path: Path, engine: str) -> None:
    garbage = files(weights=graph()[:-40])
    folder = artifact.write(tmp_path / "m", manifest(), garbage)
    with pytest.raises(ModelError, match=r"model\.onnx: not usable"):
        load(folder.path, engine)


@pytest.mark.parametrize("garbage", [b"", b"{}", b"\xff\xfe", b'{"model": 3}'])
def test_a_garbage_tokenizer_with_a_right_checksum_is_named(tmp_path: Path, garbage: bytes) -> None:
    folder = artifact.write(tmp_path / "m", manifest(), files(tokenizer=garbage))
    with pytest.raises(ModelError, match=r"tokenizer\.json: not usable"):
        load(folder.path, "onnxruntime")


def test_a_graph_with_other_names_is_refused(tmp_path: Path, engine: str) -> None:
    folder = artifact.write(tmp_path / "m", manifest(), files(weights=graph(output="scores")))
    with pytest.raises(ModelError, match="outputs scores, not logits"):
        load(folder.path, engine)


def test_a_graph_with_too_few_columns_is_refused(tmp_path: Path, engine: str) -> None:
    narrow = files(weights=graph(EMBEDDING[:, :5]))
    folder = artifact.write(tmp_path / "m", manifest(), narrow)
    with pytest.raises(ModelError, match=r"shape \(1, 5\), the manifest needs \(1, 12\)"):
        load(folder.path, engine)


def test_a_tokenizer_with_more_tokens_than_the_weights_is_refused(
    tmp_path: Path, engine: str
) -> None:
    short = files(weights=graph(EMBEDDING[:-1]))
    folder = artifact.write(tmp_path / "m", manifest(), short)
    with pytest.raises(ModelError, match=r"model\.onnx: not usable"):
        load(folder.path, engine)


def test_a_window_is_as_long_as_the_manifest_says(tmp_path: Path, engine: str) -> None:
    wide = manifest(window=artifact.Window(size=4 * WINDOW.size, overlap=0))
    folder = artifact.write(tmp_path / "m", wide, files())
    both = ["share " + "x " * 20 + "delete"]
    whole, cut = load(folder.path, engine).logits(both)[0], reference_logits(both[0])
    assert whole[[1, 3]].min() > 3
    assert not np.allclose(whole, cut)


def many(tiny: Path, engine: str, threads: int) -> Runtime:
    """Return a runtime of so many threads."""
    model = ModelFolder(tiny)
    return Runtime.load(model, model.read(), threads=threads, engine=engine, precision="f32")


def test_the_number_of_threads_changes_no_score(tiny: Path, engine: str) -> None:
    texts = [f"we collect {n} and share {n * 7} data " * (n % 9) for n in range(300)]
    alone = many(tiny, engine, 1).logits(texts, budget=64)
    np.testing.assert_array_equal(many(tiny, engine, 4).logits(texts, budget=64), alone)


def test_batches_are_computed_side_by_side_and_reported_in_order(tiny: Path) -> None:
    runtime = many(tiny, "onnxruntime", 2)
    meeting = threading.Barrier(2, timeout=20)
    run, first = runtime._session.run, threading.Event()

    def together(feed: dict[str, Any]) -> Any:
        if not first.is_set():
            meeting.wait()  # breaks if no second batch is at work meanwhile
            first.set()
        return run(feed)

    runtime._session.run = together  # type: ignore[method-assign]
    seen: list[int] = []
    runtime.logits(
        [f"share {n}" for n in range(200)], budget=64, progress=lambda n, _: seen.append(n)
    )
    assert first.is_set()
    assert seen == sorted(seen)
    assert seen[-1] == 200


def test_an_interrupted_round_is_not_computed_to_its_end(tiny: Path) -> None:
    runtime = many(tiny, "onnxruntime", 2)
    run, computed = runtime._session.run, []

    def slow(feed: dict[str, Any]) -> Any:
        computed.append(1)
        time.sleep(0.01)
        return run(feed)

    def interrupt(done: int, _: int) -> None:
        raise KeyboardInterrupt

    runtime._session.run = slow  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        runtime.logits([f"share {n}" for n in range(1000)], budget=14, progress=interrupt)
    assert len(computed) < 100


def test_a_round_is_tokenised_while_the_one_before_is_computed(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clausemark.runtime.ROUND", 50)
    runtime = many(tiny, "onnxruntime", 2)
    encode, run, seen = runtime.encoder.encode, runtime._session.run, []

    def encoding(texts: Any) -> Any:
        seen.append("encode")
        return encode(texts)

    def running(feed: dict[str, Any]) -> Any:
        seen.append("run")
        return run(feed)

    runtime.encoder.encode = encoding  # type: ignore[method-assign]
    runtime._session.run = running  # type: ignore[method-assign]
    texts = [f"share {n}" for n in range(150)]
    np.testing.assert_array_equal(
        runtime.logits(texts, budget=64), many(tiny, "onnxruntime", 1).logits(texts, budget=64)
    )
    runs = seen.count("run") // 3
    assert [seen[: k * runs].count("encode") for k in (1, 2)] == [2, 3]


def test_a_child_process_computes_what_its_parent_did(tiny: Path) -> None:
    runtime = many(tiny, "onnxruntime", 2)
    texts = [f"share {n}" for n in range(200)]
    expected = runtime.logits(texts, budget=64)

    def work(pipe: Any) -> None:
        pipe.send(np.array_equal(runtime.logits(texts, budget=64), expected))

    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    child = fork.Process(target=work, args=(there,))
    child.start()
    assert here.poll(60)
    assert here.recv()
    child.join(20)
    assert child.exitcode == 0


@pytest.mark.parametrize(("texts", "fewest"), [(3, 1), (100, 4)])
def test_few_texts_make_batches_for_several_threads(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, texts: int, fewest: int
) -> None:
    monkeypatch.setattr("clausemark.runtime.LEAST", 30)
    runtime = many(tiny, "onnxruntime", 2)
    run, seen = runtime._session.run, []

    def running(feed: dict[str, Any]) -> Any:
        seen.append(feed["input_ids"].size)
        return run(feed)

    runtime._session.run = running  # type: ignore[method-assign]
    runtime.logits([f"share {n}" for n in range(texts)])
    assert len(seen) >= fewest
