"""What share of the processor's own speed we reach: the model beside its bare matrix products.

    python tests/benchmarks/peak.py                   # a minute
    python tests/benchmarks/peak.py --texts 8 --rounds 1 --output /tmp/out

The peak is measured, not looked up: a layer's matrix products (tokens x 384 by 384 x 384, four
times, by 384 x 1536 and back) over as many tokens as a batch of ours has, in the same precision, by
torch (oneDNN, MKL), in f32 by NumPy (OpenBLAS), too, in int8 by ONNX Runtime; the fastest counts.
Ours is the whole way from text to labels, its operations counted by `shape.Shape.flops`: once those
of the tokens alone, once with the padding that batches bring. Writes results/peak.json and .md.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import rates
import systems
from program import options, run, with_records
from sample import encoder, places
from shape import BERT_BASE, OURS, checked
from systems import Gemm, Ours
from turns import at_work, in_turns

from clausemark.artifact import bundled_model
from clausemark.runtime import BUDGET, batches

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

LIBRARIES = {"f32": ("torch", "numpy"), "bf16": ("torch",), "int8": ("onnxruntime",)}


def padded(lengths: Sequence[int]) -> list[int]:
    """Return the length of each window in the engine: that of the longest of its batch."""
    return [max(lengths[k] for k in batch) for batch in batches(lengths, BUDGET) for _ in batch]


def measure(wish: argparse.Namespace) -> dict[str, Any]:
    """Measure engines and products in turns."""
    shape = checked(OURS, bundled_model().read())
    sample, about = places(wish.records, wish.texts), rates.machine()
    lengths = [len(ids) for ids in encoder().encode(sample.texts).ids]
    mine = systems.ours()
    products = [
        Gemm(library, kind, shape, BUDGET)
        for kind in dict.fromkeys(["f32", *(one.precision for one in mine)])
        for library in LIBRARIES[kind]
    ]
    competing: list[Ours | Gemm] = [*mine, *products]
    with at_work(competing, wish.threads) as workers:
        rows = in_turns([(worker, sample.texts) for worker in workers], rounds=wish.rounds)
    for row, system in zip(rows, competing, strict=True):
        row["precision"] = system.precision
        if isinstance(system, Gemm):
            row |= {"flops": system.flops, "products": True}
        else:
            row |= {"flops": shape.flops(lengths), "padded_flops": shape.flops(padded(lengths))}
    facts = {"machine": about, "sample": sample.to_json(), "threads": wish.threads}
    costs = BERT_BASE.flops(lengths) / shape.flops(lengths)
    return facts | {"rounds": wish.rounds, "bert_base_flops": costs, "rows": rows}


def speed(row: rates.Row, kind: str = "flops") -> float:
    """Return GFLOP a CPU-second, the median over the rounds."""
    return float(row[kind] / rates.seconds(row) / 1e9)


def peaks(result: dict[str, Any]) -> dict[str, float]:
    """Return the GFLOP a CPU-second of the fastest products by precision."""
    found: dict[str, float] = {}
    for row in result["rows"]:
        if row.get("products"):
            found[row["precision"]] = max(speed(row), found.get(row["precision"], 0.0))
    return found


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown: ours over the faster library's products."""
    about, limits = result["sample"], peaks(result)
    head = ["", "GFLOP a CPU-second", "share of the products'", "with padding", "share"]
    parts = [
        "# Share of the measured peak",
        f"{about['texts']} of {about['source']}, {about['mean_tokens']:.0f} tokens in the mean;"
        f" {rates.plural(result['threads'], 'thread')}, median of"
        f" {rates.plural(result['rounds'], 'round')}; products over {BUDGET} tokens."
        " A share is of the faster library's products in the same precision. By"
        " `python tests/benchmarks/peak.py`.",
        rates.told(result["machine"]),
        rates.markdown(head, [_line(row, limits) for row in result["rows"]]),
        _bound(result, limits),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _line(row: rates.Row, limits: dict[str, float]) -> list[str]:
    if row.get("products"):
        return [row["system"], rates.short(speed(row)), "", "", ""]
    bare, whole = speed(row), speed(row, "padded_flops")
    limit = limits[row["precision"]]
    cells = [rates.short(bare), f"{bare / limit:.0%}", rates.short(whole), f"{whole / limit:.0%}"]
    return [row["system"], *cells]


def _bound(result: dict[str, Any], limits: dict[str, float]) -> str:
    """Return what the arithmetic alone allows against a model of BERT-base's size in f32."""
    fewer, best = result["bert_base_flops"], max(limits, key=lambda kind: limits[kind])
    if best == "f32":
        return ""
    faster = limits[best] / limits["f32"]
    return (
        f"These texts cost a model of BERT-base's size {fewer:.1f} times the operations, and"
        f" products in {best} are {faster:.1f} times as fast as in f32: {fewer:.1f} x {faster:.1f}"
        f" = {fewer * faster:.0f} times is what lies between that model in f32 and ours in {best}"
        " where both run at the peak."
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure and write both files."""
    made = with_records(options("Measure the share of the processor's speed."))
    made.add_argument("--threads", type=int, default=1, help="how many cores")
    return run("peak", made, arguments, measure, table)


if __name__ == "__main__":
    sys.exit(main())
