"""From a transformers model to a small ONNX file: traced, its weights in 8 bits.

Of the last layer, the graph computes only the row that the head reads: the same scores, sooner.

Weights are rounded to 8-bit integers with one scale a channel, in the transformers model itself, so
that it and the graph hold the same numbers. In the graph they are stored as integers, which ONNX
Runtime brings back to floats when it loads: a quarter of the size on disk. Those of products whose
inputs have ranges (`training.onnx_int8`) stand behind a DequantizeLinear, which an engine that
computes in 8 bits leaves as it is; the others behind a Cast and a Mul.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

from training.ranges import GROUPS, KNOWN

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from training.ranges import Plan

#: Smaller matrices stay in floats: they cost nothing, and rounding them could.
_SMALL = 16_384


def round_weights(model: Any, plan: Plan | None = None) -> None:
    """Round every large matrix of `model` in place to 255 levels a row (an output channel).

    Products of `plan` are rounded whatever their size, on the levels that their weights have once
    the plan has multiplied them, and their biases on those of the sums.
    """
    groups = {group[0]: group for group in GROUPS}
    planned = {
        model.base_model.encoder.layer[layer].get_submodule(part): span
        for (layer, name), span in (plan or {}).items()
        for part in groups[name]
    }
    weights = {linear.weight for linear in planned}
    with torch.no_grad():
        for parameter in model.parameters():
            large = parameter.ndim == 2 and parameter.numel() >= _SMALL
            if large and parameter not in weights:
                _round(parameter)
        for linear, span in planned.items():
            scale = sums(np.float32(span.scale), _round(linear.weight, span.divisor))
            bias = to_int32(linear.bias.detach().cpu().numpy(), scale)
            linear.bias.copy_(torch.from_numpy(bias * scale))


def _round(matrix: Any, divisor: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Round the rows of `matrix` times `divisor`; return their scales. *Shape:* (rows,)."""
    factor = np.ones(1, np.float32) if divisor is None else divisor
    whole, scale = to_int8(matrix.detach().cpu().numpy() * factor, axis=0)
    matrix.copy_(torch.from_numpy(whole.astype(np.float32) * scale / factor))
    return scale[:, 0]


def to_int8(
    weight: NDArray[np.float32], *, axis: int
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return integers and the scale of each channel along `axis`: weight = integers * scale."""
    peak = np.abs(weight).max(axis=1 - axis, keepdims=True)
    scale = np.where(peak > 0, peak / 127, 1).astype(np.float32)
    return np.round(weight / scale).astype(np.int8), scale


def sums(step: np.float32 | NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the scales of sums of products: of the inputs' `step` and the weights' `scale`."""
    return (step * scale).astype(np.float32)


def to_int32(bias: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.int32]:
    """Return the integers of a bias on `scale`: bias = integers * scale."""
    bound = 2.0**30
    return np.clip(np.round(bias / scale), -bound, bound).astype(np.int32)


class _Rows(torch.nn.Module):
    """A layer of BERT over the rows of all texts, one below the other; of the last, the first rows.

    A product of two dimensions takes its bias along in 8 bits, too, where one of three leaves it to
    an addition of its own. Who may be read is the same for every row of a text.

    *Shapes:* rows (batch, length, width) or (batch x length, width), mask (batch, 1, length,
    length), out (batch x length, width), of the last layer (batch, 1, width).
    """

    def __init__(self, layer: Any, *, last: bool) -> None:
        super().__init__()
        self.layer = layer
        self.last = last

    def forward(self, rows: torch.Tensor, mask: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        attention, texts = self.layer.attention, mask.shape[0]
        rows, mask = rows.flatten(0, -2), mask[:, :, :1]
        asking = rows.reshape(texts, -1, rows.shape[-1])[:, 0] if self.last else rows
        inner = attention.self
        heads = inner.num_attention_heads, inner.attention_head_size
        query, key, value = (
            linear(read).reshape(texts, -1, *heads).transpose(1, 2)
            for linear, read in ((inner.query, asking), (inner.key, rows), (inner.value, rows))
        )
        weights = (query @ key.transpose(2, 3) * inner.scaling + mask).softmax(-1)
        seen = (weights @ value).transpose(1, 2).flatten(2).flatten(0, 1)
        out: torch.Tensor = self.layer.feed_forward_chunk(attention.output(seen, asking))
        return out[:, None] if self.last else out


def _reshaped(model: Any) -> Any:
    """Return a copy of `model` for the trace: rows below each other, none that nobody reads."""
    model = copy.deepcopy(model).eval()
    if model.config.model_type in KNOWN:
        layers = model.base_model.encoder.layer
        for number, layer in enumerate(layers):
            layers[number] = _Rows(layer, last=layer is layers[-1])
    return model


class _Logits(torch.nn.Module):
    """The model as the graph needs it: two inputs, one output."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        out = self.model(input_ids=input_ids, attention_mask=attention_mask)
        logits: torch.Tensor = out.logits
        return logits


def trace(model: Any, path: Path) -> None:
    """Write the ONNX graph of `model`, batch and length free, floats throughout."""
    ids = torch.arange(32).reshape(2, 16) % model.config.vocab_size
    free = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length")}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Logits(_reshaped(model)),
            (ids, torch.ones_like(ids)),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_shapes={"input_ids": free, "attention_mask": free},
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def compress(path: Path) -> None:
    """Store the large matrices of the graph at `path` as 8-bit integers and scales.

    So are, whatever their size, the weights of products whose inputs have ranges, in the nodes that
    engines fuse.
    Raises ValueError where a matrix is not on the 255 levels that `round_weights` leaves.
    """
    proto = onnx.load(str(path))
    users = {name: node for node in proto.graph.node for name in node.input}
    pairs = {n.output[0] for n in proto.graph.node if n.op_type == "DequantizeLinear"}
    tables: set[str] = set()
    unfold: list[Any] = []
    for tensor in list(proto.graph.initializer):
        rounded = not pairs.isdisjoint(users[tensor.name].input) and len(tensor.dims) == 2
        if not rounded and not _is_large_matrix(tensor):
            continue
        user = users[tensor.name].op_type
        _store(proto.graph, tensor, axis=1 if rounded or user in {"MatMul", "Attention"} else 0)
        if user == "Gather":
            tables.add(tensor.name)
        elif rounded:
            unfold += _levels(proto.graph, tensor.name, users[tensor.name])
        else:
            unfold += _matrix(tensor.name)
    body = [made for node in proto.graph.node for made in _lookup(node, tables)]
    del proto.graph.node[:]
    proto.graph.node.extend(unfold + body)
    onnx.checker.check_model(proto)
    onnx.save(proto, str(path))


def _is_large_matrix(tensor: Any) -> bool:
    floats = tensor.data_type == onnx.TensorProto.FLOAT
    return floats and len(tensor.dims) == 2 and int(np.prod(tensor.dims)) >= _SMALL


def _store(graph: Any, tensor: Any, *, axis: int) -> None:
    weight = numpy_helper.to_array(tensor)
    whole, scale = to_int8(weight, axis=axis)
    if not np.allclose(whole * scale, weight, rtol=0, atol=float(scale.max()) * 1e-2):
        raise ValueError(f"{tensor.name}: not rounded along axis {axis}")
    graph.initializer.remove(tensor)
    graph.initializer.append(numpy_helper.from_array(whole, f"{tensor.name}.int8"))
    graph.initializer.append(numpy_helper.from_array(scale, f"{tensor.name}.scale"))


def _levels(graph: Any, name: str, gemm: Any) -> list[Any]:
    """The nodes that an engine takes for weights and bias of an 8-bit product, a scale a column.

    The bias is in 32 bits, on the scales of the product's sums.
    """
    constants = {tensor.name: tensor for tensor in graph.initializer}
    weights, bias = constants[f"{name}.scale"], constants[gemm.input[2]]
    del weights.dims[0]
    pair = next(node for node in graph.node if gemm.input[0] in node.output)
    step = numpy_helper.to_array(constants[pair.input[1]])
    scale = sums(step, numpy_helper.to_array(weights))
    whole = to_int32(numpy_helper.to_array(bias), scale)
    graph.initializer.remove(bias)
    matrix = [f"{name}.{part}" for part in ("int8", "scale", "zero")]
    row = [f"{bias.name}.{part}" for part in ("int32", "scale")]
    made = zip([*row, matrix[-1]], (whole, scale, np.zeros(len(scale), np.int8)), strict=True)
    graph.initializer.extend(numpy_helper.from_array(value, part) for part, value in made)
    return [
        helper.make_node("DequantizeLinear", matrix, [name], axis=1),
        helper.make_node("DequantizeLinear", row, [bias.name], axis=0),
    ]


def _matrix(name: str) -> list[Any]:
    """Nodes that bring a whole matrix back to floats: constants, folded when the engine loads."""
    return [
        helper.make_node("Cast", [f"{name}.int8"], [f"{name}.float"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [f"{name}.float", f"{name}.scale"], [name]),
    ]


def _lookup(node: Any, tables: set[str]) -> list[Any]:
    """`node` itself; for a look-up in a stored table, nodes that bring only its rows to floats."""
    if node.op_type != "Gather" or node.input[0] not in tables:
        return [node]
    name, where = node.input[0], node.input[1]
    out = node.output[0]
    return [
        helper.make_node("Gather", [f"{name}.int8", where], [f"{out}.rows"]),
        helper.make_node("Gather", [f"{name}.scale", where], [f"{out}.scale"]),
        helper.make_node("Cast", [f"{out}.rows"], [f"{out}.floats"], to=onnx.TensorProto.FLOAT),
        helper.make_node("Mul", [f"{out}.floats", f"{out}.scale"], [out]),
    ]
