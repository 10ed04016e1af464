"""The engines: chosen by name, alike in what they compute and refuse, silent to the outside."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from cli_fixtures import POLICY
from conftest import files, manifest, position_graph
from typer.testing import CliRunner

import clausemark
from clausemark import Classifier, _engine, artifact
from clausemark._shell import PrecisionName, RuntimeName
from clausemark.cli import app
from clausemark.errors import ModelError
from clausemark.runtime import AUTO, ENGINES, PRECISIONS, choose

if TYPE_CHECKING:
    from clausemark._engine import Session

needs_openvino = pytest.mark.skipif(
    importlib.util.find_spec("openvino") is None, reason="pip install 'clausemark[openvino]'"
)
SENTENCES = (
    "We keep call records for 18 months, then erase them.",
    "We never sell your personal information to advertisers.",
    "You may opt out of marketing mail at any time in your account's settings, or write to us.",
    "This policy was last changed on 3 May 2024.",
    "Contact our privacy office by post.",
)


@pytest.mark.parametrize(
    ("here", "precision", "expected"),
    [
        ((), None, ("onnxruntime", "f32")),
        (("f32",), None, ("onnxruntime", "f32")),
        (("f32", "bf16"), None, ("openvino", "bf16")),
        (("f32", "bf16"), "f32", ("onnxruntime", "f32")),
    ],
)
def test_auto_is_openvino_only_where_it_computes_in_bf16(
    monkeypatch: pytest.MonkeyPatch,
    here: tuple[str, ...],
    precision: str | None,
    expected: tuple[str, str],
) -> None:
    monkeypatch.setattr("clausemark._openvino.precisions", lambda: here)
    monkeypatch.setattr(_engine, "version", lambda name: "1")
    found = choose(AUTO, precision)
    assert (found.name, found.precision) == expected


@pytest.mark.parametrize(
    ("ort", "openvino", "precision", "expected"),
    [
        (("f32", "int8"), ("f32", "bf16"), None, ("onnxruntime", "int8")),
        (("f32", "int8"), (), None, ("onnxruntime", "int8")),
        (("f32", "int8"), ("f32", "bf16"), "bf16", ("openvino", "bf16")),
        (("f32", "int8"), ("f32", "bf16"), "f32", ("onnxruntime", "f32")),
        (("f32",), ("f32", "bf16"), None, ("openvino", "bf16")),
        (("f32",), ("f32",), None, ("onnxruntime", "f32")),
    ],
)
def test_auto_is_int8_first_where_model_and_processor_allow(
    monkeypatch: pytest.MonkeyPatch,
    ort: tuple[str, ...],
    openvino: tuple[str, ...],
    precision: str | None,
    expected: tuple[str, str],
) -> None:
    monkeypatch.setattr("clausemark._onnxruntime.precisions", lambda: ort)
    monkeypatch.setattr("clausemark._openvino.precisions", lambda: openvino)
    monkeypatch.setattr(_engine, "version", lambda name: "1")
    found = choose(AUTO, precision, int8=True)
    assert (found.name, found.precision) == expected


def test_int8_is_refused_on_a_machine_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clausemark._onnxruntime.precisions", lambda: ("f32",))
    with pytest.raises(ModelError, match=r"onnxruntime does not compute in int8 on this machine"):
        choose("onnxruntime", "int8", int8=True)


def test_an_engine_that_is_not_installed_names_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelError, match=r"not installed\. pip install 'clausemark\[openvino\]'"):
        choose("openvino")
    assert choose().name == "onnxruntime"


def test_an_unknown_engine_or_precision_lists_the_known(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match=r"'tensorrt'\. Known: auto, onnxruntime, openvino"):
        choose("tensorrt")
    with pytest.raises(ModelError, match=r"onnxruntime does not compute in bf16\. Known: f32"):
        choose("onnxruntime", "bf16")
    with pytest.raises(ModelError, match=r"openvino does not compute in int8\. Known: f32"):
        choose("openvino", "int8")
    monkeypatch.setattr("clausemark._openvino.precisions", lambda: ("f32",))
    with pytest.raises(ModelError, match=r"openvino does not compute in bf16 on this machine"):
        choose("openvino", "bf16")


def test_bf16_without_the_extra_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelError, match=r"For bf16: pip install 'clausemark\[openvino\]'"):
        choose(AUTO, "bf16", int8=True)


def test_the_command_line_knows_every_engine() -> None:
    assert [name.value for name in RuntimeName] == [AUTO, *ENGINES]
    assert [name.value for name in PrecisionName] == list(PRECISIONS)


@needs_openvino
def test_the_engines_agree_on_the_bundled_model() -> None:
    exact = Classifier.load(threads=1, engine="onnxruntime", precision="f32")
    exact = exact.predict_proba(SENTENCES)
    theirs = Classifier.load(threads=1, engine="openvino", precision="f32")
    assert theirs.predict_proba(SENTENCES) == pytest.approx(exact, abs=1e-4)
    default = Classifier.load(threads=1, engine="openvino")
    found = default.predict_proba(SENTENCES)
    assert found == pytest.approx(exact, abs=0.03)
    assert (default.engine.precision == "f32") == bool(np.abs(found - exact).max() < 1e-4)


@pytest.mark.parametrize("engine", ENGINES)
def test_weights_with_fewer_places_than_the_window_are_refused(tmp_path: Path, engine: str) -> None:
    pytest.importorskip(engine)
    for places in (14, 13):
        room = tmp_path / str(places)
        artifact.write(room, manifest(), files(weights=position_graph(places)))
    assert Classifier.load(tmp_path / "14", engine=engine).predict(["x"]) != []
    with pytest.raises(ModelError, match=r"model\.onnx: not usable"):
        Classifier.load(tmp_path / "13", engine=engine)


@pytest.fixture(params=ENGINES)
def session(tiny: Path, request: pytest.FixtureRequest) -> Session:
    pytest.importorskip(request.param)
    weights = artifact.ModelFolder(tiny).weights
    return _engine.open_session(choose(request.param, "f32"), weights, 2)


def batch(token: int) -> dict[str, np.ndarray]:
    """Twenty windows of one token, repeated."""
    ids = np.full((20, 12), token, dtype=np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def test_a_result_outlives_the_next_batch(session: Session) -> None:
    first = session.run(batch(5))
    kept = first.copy()
    assert not np.array_equal(session.run(batch(6)), kept)
    np.testing.assert_array_equal(first, kept)


def test_threads_may_share_a_session(session: Session) -> None:
    alone = {token: session.run(batch(token)) for token in range(1, 30)}
    with ThreadPoolExecutor(8) as pool:
        tokens = [1 + k % 29 for k in range(600)]
        together = list(pool.map(lambda token: session.run(batch(token)), tokens))
    for token, found in zip(tokens, together, strict=True):
        np.testing.assert_array_equal(found, alone[token])


QUIET = """
import socket, sys, time
def refuse(*_): raise SystemExit("a connection was tried")
socket.socket.connect = socket.getaddrinfo = refuse
from clausemark import Classifier
Classifier.load({model!r}, engine="openvino").predict(["We share data."])
assert "openvino" in sys.modules
assert not [name for name in sys.modules if name.startswith("openvino_telemetry")]
"""


@needs_openvino
@pytest.mark.skipif(
    importlib.util.find_spec("openvino_telemetry") is None, reason="no telemetry to keep out"
)
def test_openvino_reports_to_nobody(tiny: Path, tmp_path: Path) -> None:
    env = {"PYTHONPATH": str(Path(clausemark.__file__).parents[1]), "HOME": str(tmp_path)}
    call = [sys.executable, "-c", QUIET.format(model=str(tiny))]
    subprocess.run(call, check=True, env=env)
    assert list(tmp_path.iterdir()) == [], "its telemetry leaves files in the home folder"


def call(*args: str) -> tuple[int, str, str]:
    """Run the command line; return exit code, output and errors."""
    result = CliRunner().invoke(app, args)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("engine", ENGINES)
def test_the_command_line_says_and_uses_the_engine_asked_for(
    tiny: Path, tmp_path: Path, engine: str
) -> None:
    pytest.importorskip(engine)
    options = ("--model", str(tiny), "--runtime", engine)
    code, output, _ = call("info", "--format", "json", *options)
    assert code == 0
    assert json.loads(output)["runtime"] == choose(engine).to_json()
    (tmp_path / "a.md").write_text(POLICY)
    table = tmp_path / "labelled.jsonl"
    assert call("batch", str(tmp_path / "a.md"), "--output", str(table), *options)[0] == 0
    made = json.loads((tmp_path / "labelled.jsonl.manifest.json").read_text())
    assert made["runtime"] == {"name": engine, "precision": choose(engine).precision}
    assert made["versions"][engine] == choose(engine).version
    assert not made["versions"].keys() & ({*ENGINES} - {engine})


#: Prints by how many MB 150 shapes of batch make a process grow that may keep so much of them.
GROWTH = """
import re, sys
from pathlib import Path
from clausemark import _openvino
from clausemark.artifact import bundled_model
from clausemark.runtime import Runtime
_openvino._KEPT = dict.fromkeys(_openvino._KEPT, int(sys.argv[1]))
folder = bundled_model()
runtime = Runtime.load(folder, folder.read(), threads=1, engine="openvino")
def memory():
    text = Path("/proc/self/status").read_text()
    return int(re.search("VmRSS:\\s*([0-9]+)", text)[1]) / 1e3
before = memory()
for length in range(2, 49):
    for rows in range(1, 48 // length + 1):
        runtime._run([[5] * length] * rows)
print(memory() - before)
"""


@needs_openvino
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_openvino_keeps_no_more_of_the_shapes_it_has_seen_than_it_is_told() -> None:
    env = {"PYTHONPATH": str(Path(clausemark.__file__).parents[1])}
    most, few = (
        float(subprocess.check_output([sys.executable, "-c", GROWTH, kept], env=env))
        for kept in ("5000", "20")
    )
    assert most > 20
    assert few < 0.75 * most


@needs_openvino
def test_openvino_does_without_an_option_it_does_not_know(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clausemark import _openvino

    monkeypatch.setattr(_openvino, "_KEPT", {"NO_SUCH_OPTION": 1})
    assert Classifier.load(tiny, engine="openvino").predict(["We share"]) != [[]]


@needs_openvino
def test_a_batch_is_not_resumed_in_another_engine(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "We share data."}\n')
    given = ("batch", str(tmp_path / "a.jsonl"), "--output", str(tmp_path / "b.jsonl"))
    assert call(*given, "--model", str(tiny), "--runtime", "onnxruntime")[0] == 0
    again = (*given, "--model", str(tiny), "--resume", "--runtime")
    assert call(*again, "onnxruntime")[0] == 0
    code, _, errors = call(*again, "openvino")
    assert code == 1
    assert "runtime name was onnxruntime, is openvino" in errors


@pytest.mark.parametrize(
    "given",
    [
        ("label", "{policy}"),
        ("page", "{policy}", "--output", "{room}/page.html"),
        ("compare", "{policy}", "{policy}"),
        ("batch", "{rows}", "--output", "{room}/out.jsonl"),
    ],
    ids=lambda given: given[0],
)
def test_every_command_passes_on_runtime_and_precision(
    tmp_path: Path, policy: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...]
) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "We share data."}\n')
    seen: dict[str, object] = {}

    def load(folder: object, **wishes: object) -> None:
        seen.update(wishes)
        raise ModelError("seen")

    monkeypatch.setattr(Classifier, "load", load)
    places = {"policy": policy, "room": tmp_path, "rows": tmp_path / "rows.jsonl"}
    options = ("--runtime", "openvino", "--precision", "bf16")
    code, _, errors = call(*(part.format(**places) for part in given), *options)
    assert (code, errors) == (1, "clausemark: seen\n")
    assert (seen["engine"], seen["precision"]) == ("openvino", "bf16")
    assert type(seen["precision"]) is str


def test_info_names_the_precision_asked_for() -> None:
    code, output, _ = call("info", "--format", "json", "--precision", "f32")
    assert (code, json.loads(output)["runtime"]["precision"]) == (0, "f32")


def test_a_missing_engine_is_one_line_and_exit_code_1(
    tiny: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    code, output, errors = call("label", str(policy), "--model", str(tiny), "--runtime", "openvino")
    assert (code, output) == (1, "")
    assert errors == (
        "clausemark: The engine OpenVINO is not installed. pip install 'clausemark[openvino]'\n"
    )
