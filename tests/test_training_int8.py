"""Products in 8 bits: ranges that cost no exactness in floats, and little where they are used."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from cli_fixtures import run
from hypothesis import given
from hypothesis import strategies as st
from test_training_export import FACTS, calibration, exported, loaded
from training_fixtures import learnt, rows

from clausemark import Classifier, _onnxruntime
from clausemark._engine import Engine
from clausemark._onnxruntime import OnnxRuntime
from clausemark.artifact import ModelFolder
from clausemark.errors import ModelError, RecordError
from clausemark.runtime import Runtime
from training import export, onnx_graph, onnx_int8, ranges

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = [row["text"] for row in rows()[:40]]
#: Two layers of four groups, the last layer's query apart from its keys and values.
PRODUCTS = 9


def runtime(precision: str) -> Runtime:
    """Return the tiny BERT in ONNX Runtime, whatever this processor is good at."""
    folder = ModelFolder(exported("bert")[0])
    made = Runtime.load(folder, folder.read(), threads=1, engine="onnxruntime", precision="f32")
    session = OnnxRuntime(folder.weights, 1, precision)
    return Runtime(made.encoder, session, 12, engine=Engine("onnxruntime", precision, "1"))


def operators(tmp_path: Path, precision: str, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count the operators of the graph that ONNX Runtime makes of the tiny BERT's."""
    path = tmp_path / "made.onnx"
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(path)
    monkeypatch.setattr(onnxruntime, "SessionOptions", lambda: options)
    OnnxRuntime(exported("bert")[0] / "model.onnx", 1, precision)
    return Counter(node.op_type for node in onnx.load(str(path)).graph.node)


def test_in_floats_nothing_is_left_of_the_ranges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = operators(tmp_path, "f32", monkeypatch)
    assert found["QuantizeLinear"] == found["DequantizeLinear"] == 0


def test_in_int8_every_product_of_a_layer_is_one_of_integers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = operators(tmp_path, "int8", monkeypatch)
    assert found["QGemm"] == PRODUCTS
    assert found["MatMul"] + found["FusedMatMul"] == 2 * 2, "what is left is attention's own"
    assert found["DequantizeLinear"] == 0, "a product that was not fused is slower than in floats"


@pytest.mark.skipif(
    "int8" not in _onnxruntime.precisions(), reason="sums of two 8-bit products may overflow here"
)
def test_int8_is_near_floats_and_not_the_same() -> None:
    exact, found = runtime("f32").logits(TEXTS), runtime("int8").logits(TEXTS)
    spread = exact.std()
    assert 1e-4 * spread < np.abs(found - exact).max() < 0.2 * spread


def test_in_int8_neighbours_and_budget_change_nothing() -> None:
    model = runtime("int8")
    together = model.logits(TEXTS, budget=2048)
    alone = np.concatenate([model.logits([text]) for text in TEXTS])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(together, model.logits(TEXTS, budget=64))


def test_openvino_computes_the_same_model_in_floats() -> None:
    pytest.importorskip("openvino")
    folder = exported("bert")[0]
    theirs = Classifier.load(folder, engine="openvino", precision="f32").predict_proba(TEXTS)
    ours = Classifier.load(folder, engine="onnxruntime", precision="f32").predict_proba(TEXTS)
    assert theirs == pytest.approx(ours, abs=1e-4)


@pytest.mark.parametrize(("kind", "known"), [("bert", True), ("roberta", True), ("distilbert", 0)])
def test_the_manifest_says_whether_there_are_ranges(kind: str, *, known: bool) -> None:
    assert Classifier.load(exported(kind)[0]).manifest.int8 == bool(known)


def test_without_ranges_int8_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, output = calibration(tmp_path / "calibration.json"), tmp_path / "model"
    export.export(learnt().folder, output, calibration=lines, facts=FACTS, int8=False)
    monkeypatch.setattr(_onnxruntime, "precisions", lambda: ("f32", "int8"))
    with pytest.raises(ModelError, match=r"does not compute in int8 with this model\. Known: f32"):
        Classifier.load(output, engine="onnxruntime", precision="int8")
    assert Classifier.load(output, engine="onnxruntime").engine.precision == "f32"


def planned() -> tuple[Any, ranges.Plan, torch.Tensor, torch.Tensor]:
    """Return the tiny BERT with uneven channels, its ranges, and logits before and after."""
    model = loaded(learnt())
    with torch.no_grad():
        for layer in model.bert.encoder.layer:
            layer.attention.self.value.weight[3] *= 40
            layer.output.LayerNorm.weight[5] = 20
            layer.intermediate.dense.weight[7] *= 30
        ids = torch.arange(5, 45)[None]
        before = model(input_ids=ids).logits
        plan = ranges.plan(model, [list(range(5, 45)), list(range(60, 90))])
        return model, plan, before, model(input_ids=ids).logits


def test_a_plan_leaves_the_model_what_it_was_and_evens_its_channels() -> None:
    model, plan, before, after = planned()
    assert torch.allclose(before, after, atol=1e-4)
    assert len(plan) == 2 * len(ranges.GROUPS)
    assert plan[0, "output.dense"].copies[7] > 1, "the largest channel is computed again"
    assert plan[1, "attention.self.query"].divisor[5] > 1
    rows_of_values = model.bert.encoder.layer[0].attention.self.value.weight.detach().norm(dim=1)
    assert rows_of_values[3] < 10 * rows_of_values.median()


def test_floats_are_exact_where_channels_are_divided_and_copied(tmp_path: Path) -> None:
    model, plan, *_ = planned()
    onnx_graph.round_weights(model, plan)
    onnx_graph.trace(model, tmp_path / "model.onnx")
    onnx_int8.insert(tmp_path / "model.onnx", plan)
    onnx_graph.compress(tmp_path / "model.onnx")
    ids = np.arange(5, 65, dtype=np.int64).reshape(2, 30)
    feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    with torch.no_grad():
        expected = model(input_ids=torch.from_numpy(ids)).logits.numpy()
    found = OnnxRuntime(tmp_path / "model.onnx", 1, "f32").run(feed)
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_bias_is_on_the_levels_of_its_sums() -> None:
    model, plan, *_ = planned()
    exact = model.bert.encoder.layer[0].attention.output.dense.bias.detach().clone()
    onnx_graph.round_weights(model, plan)
    linear = model.bert.encoder.layer[0].attention.output.dense
    scale = plan[0, "attention.output.dense"].scale * linear.weight.abs().amax(dim=1) / 127
    whole = linear.bias / scale
    assert torch.allclose(whole, whole.round(), atol=0.01)
    assert ((linear.bias - exact).abs() <= 0.51 * scale).all()


def test_a_range_without_its_product_is_refused(tmp_path: Path) -> None:
    _, plan, *_ = planned()
    onnx_graph.trace(loaded(learnt()), tmp_path / "model.onnx")
    with pytest.raises(ValueError, match="not all products of the plan"):
        onnx_int8.insert(tmp_path / "model.onnx", {(9, "output.dense"): plan[0, "output.dense"]})


@given(low=st.floats(-1e4, 0), high=st.floats(0, 1e4), share=st.floats(0, 1))
def test_levels_hold_zero_exactly_and_the_rest_to_half_a_step(
    low: float, high: float, share: float
) -> None:
    scale, zero = ranges._levels(low, high)
    assert 0 <= zero <= 255
    value = low + share * (high - low)
    level = np.clip(np.round(value / scale) + zero, 0, 255)
    # The bounds themselves may lie half a step off: 0 has to be a level.
    assert abs((level - zero) * scale - value) <= scale * (1 + 1e-5)


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=50))
def test_copies_bring_down_the_largest_and_no_other(peaks: list[float]) -> None:
    array = np.array(peaks, np.float32)
    copies = ranges._copies(array)
    assert copies.sum() == len(peaks) + 32
    again = copies > 1
    one_less = array[again] / (copies[again] - 1)
    assert (one_less >= (array / copies).max() * 0.999).all()


CPU = "processor : 0\nvendor_id : x\nflags\t\t: fpu sse2 {}\nbugs : none\n\nprocessor : 1\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CPU.format("avx2 avx512_vnni"), ("f32", "int8")),
        (CPU.format("avx2 avx_vnni"), ("f32", "int8")),
        ("processor : 0\nFeatures : fp asimd asimddp\n", ("f32", "int8")),
        (CPU.format("avx2 avx512f"), ("f32",)),
        ("", ("f32",)),
    ],
)
def test_int8_needs_products_that_do_not_overflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: tuple[str, ...]
) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(_onnxruntime, "_CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr("platform.system", lambda: "Linux")
    assert _onnxruntime.precisions() == expected


@pytest.mark.parametrize(("machine", "capable"), [("arm64", True), ("x86_64", False)])
def test_apples_own_processors_have_them(
    monkeypatch: pytest.MonkeyPatch, machine: str, *, capable: bool
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert ("int8" in _onnxruntime.precisions()) == capable


def test_where_nobody_tells_it_is_floats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_onnxruntime, "_CPU_INFO", tmp_path / "missing")
    monkeypatch.setattr("platform.system", lambda: "Windows")
    assert _onnxruntime.precisions() == ("f32",)


def test_a_batch_goes_on_in_the_precision_it_began_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_onnxruntime, "precisions", lambda: ("f32", "int8"))
    (tmp_path / "rows.jsonl").write_text('{"text": "We share data."}\n')
    out = tmp_path / "out.jsonl"
    command = ("batch", tmp_path / "rows.jsonl", "--output", out, "--model", exported("bert")[0])
    assert run(*command, "--precision", "f32").exit_code == 0
    manifest = json.loads(out.with_name("out.jsonl.manifest.json").read_text())
    assert manifest["runtime"]["precision"] == "f32"
    other = run(*command, "--resume")
    assert other.exit_code == 1
    assert "precision was f32, is int8" in other.stderr
    assert run(*command, "--resume", "--precision", "f32").exit_code == 0


def test_records_that_are_gone_name_the_way_without_ranges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise RecordError("rows.jsonl: no such record file.", hint="Build the corpora first.")

    monkeypatch.setattr(ranges, "windows", gone)
    lines = calibration(tmp_path / "calibration.json")
    with pytest.raises(RecordError, match=r"no such record file\. .* --no-int8"):
        export.export(learnt().folder, tmp_path / "m", calibration=lines, facts=FACTS)
