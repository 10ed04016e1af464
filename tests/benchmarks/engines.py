"""Which engine, precision, thread count and token budget labels the most texts on this machine.

    python tests/benchmarks/engines.py                    # six to eight minutes on two cores
    python tests/benchmarks/engines.py --texts 60 --output /tmp/out   # a first look

Every engine that the package has, and some in 8 bits that it does not offer (activations rounded as
they come, or by the package's own ranges in OpenVINO), each in a process of its own, on the same
texts: clauses of the policies of this project, and paragraphs of OPP-115's validation places where
the corpus is. A ratio is to ONNX Runtime in f32 with one thread at its default budget, in the same
run. Time of the processor stands beside time on the clock: the first is the fairer where something
else runs. Writes results/engines-<processor>.json and .md.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "inference"), str(ROOT / "tests")]

from clausemark.artifact import Manifest, bundled_model
from clausemark.classifier import decide
from clausemark.runtime import BUDGET, Engine, Runtime, available_cores, choose

if TYPE_CHECKING:
    from collections.abc import Iterator

RESULTS = Path(__file__).with_name("results")
BUDGETS = (512, 1024, 2048, 4096, 8192, 16384)
#: Engines of the package by name and precision, then those that are measured only.
OFFERED = {
    "ONNX Runtime f32": ("onnxruntime", "f32"),
    "ONNX Runtime int8": ("onnxruntime", "int8"),
    "OpenVINO f32": ("openvino", "f32"),
    "OpenVINO bf16": ("openvino", "bf16"),
}
OTHERS = {
    "ONNX Runtime int8, dynamic, per tensor": False,
    "ONNX Runtime int8, dynamic, per channel": True,
    "OpenVINO int8, dynamic, group 32": 32,
    "OpenVINO int8, dynamic, group 128": 128,
    "OpenVINO int8, static": None,
}
FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
#: Texts whose scores are computed alone, too: what neighbours in a batch change.
ALONE = 40


@dataclass(frozen=True, slots=True)
class Job:
    """One engine with so many threads, to be measured at some budgets."""

    name: str
    threads: int
    budgets: tuple[int, ...]
    texts: str
    scores: str


def texts(most: int) -> dict[str, list[str]]:
    """Return at most so many distinct texts of each set, as the model reads them, evenly drawn."""
    import quality_gate  # here, for what it imports is not to count as an engine's memory

    found = {}
    for name, every, _ in quality_gate.sets(headings=bundled_model().read().headings):
        distinct = list(dict.fromkeys(every))
        picked = np.linspace(0, len(distinct) - 1, min(most, len(distinct))).astype(int)
        found[name] = [distinct[k] for k in picked]
    return found


def work(job: Job) -> dict[str, Any]:
    """Measure a job in this process; the scores go to a file, the figures are returned."""
    given = json.loads(Path(job.texts).read_text(encoding="utf-8"))
    start = time.perf_counter()
    runtime = loaded(job)
    figures: dict[str, Any] = {"load_seconds": time.perf_counter() - start, "loaded_mb": memory()}
    manifest = bundled_model().read()
    every = [text for part in given.values() for text in part]
    runtime.logits(every[:ALONE])
    figures["runs"] = []
    for budget in job.budgets:
        for name, part in given.items():
            row, logits = timed(runtime, part, budget)
            figures["runs"].append({"set": name, "budget": budget, **row, "peak_mb": memory()})
            if budget == BUDGET:
                np.save(f"{job.scores}.{name}.npy", calibrated(logits, manifest))
    alone = np.concatenate([runtime.logits([text]) for text in every[:ALONE]])
    moved = calibrated(runtime.logits(every), manifest)[:ALONE] - calibrated(alone, manifest)
    return figures | {"neighbours": float(np.abs(moved).max())}


def timed(runtime: Runtime, part: list[str], budget: int) -> tuple[dict[str, Any], np.ndarray]:
    """Return the times of the fastest of two passes, each time by itself, and the logits."""
    clocks, used, before = [], [], runtime.tokens
    for _ in range(2):
        clock, cpu = time.perf_counter(), time.process_time()
        logits = runtime.logits(part, budget=budget)
        clocks.append(time.perf_counter() - clock)
        used.append(time.process_time() - cpu)
    row = {"texts": len(part), "tokens": (runtime.tokens - before) // 2}
    return row | {"seconds": min(clocks), "cpu_seconds": min(used)}, logits


def loaded(job: Job) -> Runtime:
    """Return the bundled model in the job's engine."""
    folder = bundled_model()
    manifest = folder.read()
    if job.name in OFFERED:
        engine, precision = OFFERED[job.name]
        return Runtime.load(
            folder, manifest, threads=job.threads, engine=engine, precision=precision
        )
    runtime = Runtime.load(folder, manifest, threads=1, engine="onnxruntime", precision="f32")
    opened = rounding_openvino if job.name.startswith("OpenVINO") else rounding_onnxruntime
    session = opened(folder.weights, job.threads, OTHERS[job.name])
    engine_facts = Engine(job.name, "int8", "")
    return Runtime(runtime.encoder, session, runtime.columns, engine=engine_facts)


def rounding_openvino(path: Path, threads: int, group: int | None) -> Any:
    """Return OpenVINO with weights left in 8 bits, activations rounded in groups.

    Without a group, activations are rounded by the graph's own ranges, the rest is in bf16 where
    the processor multiplies in it.
    """
    import openvino

    from clausemark._openvino import _leave_activations

    class Session:
        lanes = 1

        def __init__(self) -> None:
            settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
            settings |= {
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": group or 0,
                "ENABLE_CPU_PINNING": False,
            }
            core = openvino.Core()
            graph = core.read_model(str(path))
            if group:
                settings["INFERENCE_PRECISION_HINT"] = "f32"
                _leave_activations(graph)
            compiled = core.compile_model(graph, "CPU", settings)
            self.request = compiled.create_infer_request()

        def run(self, feed: Any) -> Any:
            return self.request.infer(feed, share_inputs=True)[0]

    return Session()


def rounding_onnxruntime(path: Path, threads: int, per_channel: bool) -> Any:
    """Return ONNX Runtime over a graph whose products are rounded to 8 bits as they come."""
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from clausemark._onnxruntime import OnnxRuntime

    with tempfile.TemporaryDirectory() as room:
        floats, whole = Path(room, "floats.onnx"), Path(room, "whole.onnx")
        options = onnxruntime.SessionOptions()
        basic = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.graph_optimization_level = basic  # folds the stored weights into floats
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        options.optimized_model_filepath = str(floats)
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        _without_ranges(floats)
        quantize_dynamic(floats, whole, per_channel=per_channel, weight_type=QuantType.QInt8)
        return OnnxRuntime(whole, threads)


def _without_ranges(path: Path) -> None:
    """Take the pairs that round activations out of the graph at `path`."""
    import onnx

    proto = onnx.load(str(path))
    read = {n.output[0]: n.input[0] for n in proto.graph.node if n.op_type == "QuantizeLinear"}
    pairs = {n.output[0]: n for n in proto.graph.node if n.op_type == "DequantizeLinear"}
    for node in proto.graph.node:
        for k, name in enumerate(node.input):
            if name in pairs and pairs[name].input[0] in read:
                node.input[k] = read[pairs[name].input[0]]
    kept = [n for n in proto.graph.node if n.output[0] not in read and n.output[0] not in pairs]
    del proto.graph.node[:]
    proto.graph.node.extend(kept)
    onnx.save(proto, str(path))


def calibrated(logits: np.ndarray, manifest: Manifest) -> np.ndarray:
    """Return scores as a classifier gives them."""
    slopes, intercepts, _ = lines(manifest)
    return np.asarray(1 / (1 + np.exp(-(slopes * logits + intercepts))))


def lines(manifest: Manifest) -> np.ndarray:
    """Return slopes, intercepts and thresholds. *Shape:* (3, labels)."""
    return np.array([(one.slope, one.intercept, one.threshold) for one in manifest.labels]).T


def memory() -> float:
    """Return the most memory that this process has held, in MB; 0 where Linux does not tell.

    Not by `getrusage`: there a process inherits the peak of the one that started it.
    """
    status = Path("/proc/self/status")
    text = status.read_text(encoding="utf-8") if status.exists() else ""
    peak = re.search(r"^VmHWM:\s*(\d+)", text, re.MULTILINE)
    return int(peak[1]) / 1e3 if peak else 0.0


def jobs(room: Path, threads: tuple[int, ...]) -> Iterator[Job]:
    """Yield what is to be measured; first that which all else is compared with."""
    int8 = bundled_model().read().int8
    for name in (*OFFERED, *OTHERS):
        if name in OFFERED:
            try:
                choose(*OFFERED[name], int8=int8)
            except Exception as error:  # noqa: BLE001  (an engine that is not here is left out)
                print(f"{name}: left out ({error})")
                continue
        for number in threads if name in OFFERED else threads[:1]:
            budgets = BUDGETS if name in OFFERED else (BUDGET,)
            scores = room / f"{name}-{number}"
            yield Job(name, number, budgets, str(room / "texts.json"), str(scores))


def measured(job: Job) -> dict[str, Any] | None:
    """Measure a job in a fresh process; None if it failed."""
    call = [sys.executable, __file__, "--job", json.dumps(asdict(job))]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{job.name}, {job.threads} threads: failed\n{done.stderr[-500:]}")
        return None
    return {"engine": job.name, "threads": job.threads, **json.loads(done.stdout.splitlines()[-1])}


def compared(found: list[dict[str, Any]], room: Path) -> None:
    """Add to every engine what its scores and decisions differ from those of the first."""
    manifest = bundled_model().read()
    limits = lines(manifest)[2]

    def decided(scores: np.ndarray) -> np.ndarray:
        return decide(scores, limits, manifest.fallback)

    exact = found[0]
    for one in found:
        one["against_f32"] = {}
        for path in sorted(room.glob(f"{one['engine']}-{one['threads']}.*.npy")):
            name = path.name.split(".")[-2]
            base = np.load(room / f"{exact['engine']}-{exact['threads']}.{name}.npy")
            scores = np.load(path)
            one["against_f32"][name] = {
                "largest_difference": float(np.abs(scores - base).max()),
                "flips": int((decided(scores) != decided(base)).sum()),
            }


def machine() -> dict[str, Any]:
    """Return the processor, those of its abilities that matter here, and the versions."""
    listing = Path("/proc/cpuinfo")
    text = listing.read_text(encoding="utf-8") if listing.exists() else ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*:\s*(.+)$", text, re.MULTILINE)
    has = set(flags[1].split()) if flags else set()
    return {
        "cpu": named[1].strip() if named else platform.processor() or "unknown",
        "flags": [flag for flag in FLAGS if flag in has],
        "cores": available_cores(),
        "versions": {name: _version(name) for name in ("onnxruntime", "openvino", "tokenizers")},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except ImportError:
        return "not installed"


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown: engines at the default budget, then budgets."""
    about = result["machine"]
    versions = ", ".join(f"{name} {value}" for name, value in about["versions"].items())
    parts = [
        f"# Engines on {about['cpu']} ({about['cores']} cores; {', '.join(about['flags'])})",
        f"{versions}. By `python tests/benchmarks/engines.py`. Ratios of texts a CPU-second to"
        f" those of the first row, in one run. Peak memory is that of the whole process. Where"
        " texts a second fall short of texts a CPU-second times the threads, something else was"
        " running.",
    ]
    for name in result["sets"]:
        count = result["sets"][name]
        parts += [f"## {name}: {count} texts", *_by_engine(result, name), *_by_budget(result, name)]
    return "\n\n".join(parts) + "\n"


def _by_engine(result: dict[str, Any], name: str) -> list[str]:
    head = (
        "| engine, budget 512 | threads | texts a CPU-second | ratio | texts a second | load, s"
        " | peak, MB | largest difference | flips | neighbours |\n|---|" + "---:|" * 9
    )
    base = _rate(_run(result["engines"][0], name, BUDGET))
    rows = [head]
    for one in result["engines"]:
        run, apart = _run(one, name, BUDGET), one["against_f32"][name]
        rows.append(
            f"| {one['engine']} | {one['threads']} | {_rate(run):.1f} | {_rate(run) / base:.2f} "
            f"| {run['texts'] / run['seconds']:.1f} | {one['load_seconds']:.2f} "
            f"| {run['peak_mb']:.0f} | {apart['largest_difference']:.4f} | {apart['flips']} "
            f"| {one['neighbours']:.4f} |"
        )
    return ["\n".join(rows)]


def _by_budget(result: dict[str, Any], name: str) -> list[str]:
    rows = [
        "| texts a CPU-second (a second) | threads | "
        + " | ".join(f"{budget:,}" for budget in BUDGETS)
        + " |\n|---|---:|"
        + "---:|" * len(BUDGETS)
    ]
    for one in result["engines"]:
        if one["engine"] in OFFERED:
            runs = [_run(one, name, budget) for budget in BUDGETS]
            cells = [f"{_rate(run):.1f} ({run['texts'] / run['seconds']:.1f})" for run in runs]
            rows.append(f"| {one['engine']} | {one['threads']} | {' | '.join(cells)} |")
    return ["\n".join(rows)]


def _run(one: dict[str, Any], name: str, budget: int) -> dict[str, Any]:
    return next(run for run in one["runs"] if (run["set"], run["budget"]) == (name, budget))


def _rate(run: dict[str, Any]) -> float:
    return float(run["texts"] / run["cpu_seconds"])


def main() -> int:
    """Measure everything and write both files."""
    parser = argparse.ArgumentParser(description="Measure the inference engines on this machine.")
    parser.add_argument("--texts", type=int, default=60, help="of each set, at most")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--output", type=Path, default=RESULTS)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if wish.job:
        job = json.loads(wish.job)
        print(json.dumps(work(Job(**job | {"budgets": tuple(job["budgets"])}))))
        return 0
    with tempfile.TemporaryDirectory() as name:
        room, given = Path(name), texts(wish.texts)
        (room / "texts.json").write_text(json.dumps(given), encoding="utf-8")
        found = []
        for job in jobs(room, tuple(wish.threads)):
            start = time.perf_counter()
            if (one := measured(job)) is not None:
                found.append(one)
            print(f"{job.name}, {job.threads}: {time.perf_counter() - start:.0f} s", flush=True)
        compared(found, room)
    sets = {name: len(part) for name, part in given.items()}
    result = {"machine": machine(), "sets": sets, "engines": found}
    able = [flag for flag in FLAGS if flag in result["machine"]["flags"]][-1:]
    words = re.findall(r"[a-z0-9]+", f"{result['machine']['cpu']} {' '.join(able)}".lower())
    wish.output.mkdir(parents=True, exist_ok=True)
    target = wish.output / f"engines-{'-'.join(words)}"
    target.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    target.with_suffix(".md").write_text(table(result), encoding="utf-8")
    print(table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
