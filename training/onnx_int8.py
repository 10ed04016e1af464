"""The ranges of activations in the graph: pairs of QuantizeLinear and DequantizeLinear.

An engine that computes in 8 bits fuses a pair with the product behind it; one that computes in
floats drops the pair, and what is left is the model exactly. Products that read the same input
become one, for a pair is dropped only where a single product reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from training.ranges import GROUPS, HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from training.ranges import Plan

#: The product that computes the largest channels behind GELU again.
WIDENED = "intermediate.dense"
_BIAS = re.compile(r"\.encoder\.layer\.(\d+)\.(?:layer\.)?([a-z.]+)\.bias")


@dataclass(frozen=True, slots=True)
class _Product:
    """A Gemm: x @ weight + bias."""

    layer: int
    part: str
    gemm: Any
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


def insert(path: Path, plan: Plan) -> None:
    """Put the ranges of `plan` before the products of the graph at `path`.

    Raises ValueError where a range of the plan has no product.
    """
    proto = onnx.load(str(path))
    graph = proto.graph
    groups = _groups(graph, plan)
    if {key for key, _ in groups} != set(plan):
        raise ValueError(f"{path}: not all products of the plan are in the graph")
    made: dict[str, list[Any]] = {}
    for number, ((key, _), products) in enumerate(groups.items()):
        made |= {one.gemm.output[0]: [] for one in products}
        stand_in = _rounded(graph, f"rounded_{number}", products, plan, key)
        made[products[0].gemm.output[0]] = list(stand_in)
    nodes = [new for node in graph.node for new in made.get(node.output[0], [node])]
    del graph.node[:], graph.value_info[:]
    graph.node.extend(nodes)
    _forget_unused(graph)
    onnx.checker.check_model(proto)
    onnx.save(proto, str(path))


def _groups(graph: Any, plan: Plan) -> dict[tuple[tuple[int, str], str], list[_Product]]:
    """Return the products that read the same rounded input, by range and name of the input."""
    first = {part: group[0] for group in GROUPS for part in group}
    groups: dict[tuple[tuple[int, str], str], list[_Product]] = {}
    for one in _products(graph):
        key = one.layer, first.get(one.part, one.part)
        if key in plan:
            groups.setdefault((key, one.gemm.input[0]), []).append(one)
    return groups


def _products(graph: Any) -> Iterator[_Product]:
    """Yield the products of the layers, known by the names of their biases."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        found = node.op_type == "Gemm" and _BIAS.search(node.input[2])
        if found:
            weight, bias = (numpy_helper.to_array(constants[name]) for name in node.input[1:])
            yield _Product(int(found[1]), found[2], node, weight.T, bias)


def _rounded(
    graph: Any, name: str, products: list[_Product], plan: Plan, key: tuple[int, str]
) -> Iterator[Any]:
    """Yield the nodes that stand in for `products`: Mul, pair, one Gemm, Split."""
    span, node = plan[key], helper.make_node
    weight = np.concatenate([one.weight for one in products], axis=1)
    weight = (weight * span.divisor[:, None])[span.index]
    bias = np.concatenate([one.bias for one in products])
    if key[1] == WIDENED:
        behind = plan[key[0], HIDDEN].index
        weight, bias = weight[:, behind], bias[behind]

    def put(part: str, value: Any) -> str:
        value = np.ascontiguousarray(value) if np.ndim(value) else value
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), f"{name}.{part}"))
        return f"{name}.{part}"

    read = products[0].gemm.input[0]
    if (span.inverse != 1).any():
        yield node("Mul", [read, put("inverse", span.inverse)], [f"{name}.divided"])
        read = f"{name}.divided"
    levels = [put("scale", np.float32(span.scale)), put("zero", np.uint8(span.zero))]
    yield node("QuantizeLinear", [read, *levels], [f"{name}.levels"])
    yield node("DequantizeLinear", [f"{name}.levels", *levels], [f"{name}.read"])
    given = [one.gemm.output[0] for one in products]
    whole = given[0] if len(given) == 1 else f"{name}.all"
    operands = [f"{name}.read", put("weight", weight), put("bias", bias)]
    yield node("Gemm", operands, [whole])
    if len(given) > 1:
        sizes = np.array([len(one.bias) for one in products])
        yield node("Split", [whole, put("sizes", sizes)], given, axis=-1)


def _forget_unused(graph: Any) -> None:
    used = {name for node in graph.node for name in node.input}
    for tensor in list(graph.initializer):
        if tensor.name not in used:
            graph.initializer.remove(tensor)
