"""The ranges of activations: what a graph must know to compute its products in 8 bits.

A product's input is rounded to 256 levels between two bounds that are fixed here, from the texts
that the model was trained on; its weights are in 8 bits anyway. A few channels are far larger than
the rest and would leave them no levels, so they are brought down first, each in the way that costs
nothing or next to nothing:

- attention's output: the weights of its values are divided and those behind it multiplied
  (exact, no cost);
- queries, keys and values, and the first feed-forward product: the input is divided, the weights
  multiplied (one Mul a product; Xiao et al., SmoothQuant, 2023, for the largest channels alone);
- the second feed-forward product: its input is what GELU gives, so the largest channels are
  computed several times and divided (outlier channel splitting, Zhao et al., 2019).

Softmax, norms, GELU, the products of attention, the pooler and the head stay in floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from clausemark.tokens import Encoder
from training import examples
from training.config import Source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

#: The products of a layer, those that share an input together.
GROUPS = (
    ("attention.self.query", "attention.self.key", "attention.self.value"),
    ("attention.output.dense",),
    ("intermediate.dense",),
    ("output.dense",),
)
ATTENDED, HIDDEN = GROUPS[1][0], GROUPS[3][0]
#: Models of BERT's layers, whose products are known by name and whose head reads the first row.
KNOWN = frozenset({"bert", "roberta"})

#: Texts that are looked at: some 70,000 tokens, a minute of a core.
_TEXTS = 800
#: Of so many rows of a text one is kept to choose by; peaks are taken over all.
_KEPT = 40
#: A channel is brought down to this many times the median channel's peak; inf leaves it.
_LIMITS = (np.inf, 1.5, 2.0, 2.5)
#: Bounds are these quantiles of what was kept, at both ends: what lies beyond is cut off.
_QUANTILES = (1.0, 0.99999, 0.9999)
#: Columns that the first feed-forward product computes again: 8-bit products come in blocks of 32.
_MORE = 32


@dataclass(frozen=True, slots=True)
class Range:
    """How a product's input is held in 8 bits: round(input / divisor / copies / scale) + zero.

    *Shape:* `divisor` and `copies` (channels). Weights are multiplied by `divisor`; a channel is
    computed `copies` times, side by side.
    """

    scale: float
    zero: int
    divisor: Floats
    copies: NDArray[np.int64]

    @property
    def index(self) -> NDArray[np.int64]:
        """The channels in the order of the widened input, copies behind all of them."""
        again = np.repeat(np.arange(len(self.copies)), self.copies - 1)
        return np.concatenate([np.arange(len(self.copies)), again])

    @property
    def inverse(self) -> Floats:
        """What the widened input is multiplied by. *Shape:* (len(index),)."""
        whole: Floats = (1 / (self.divisor * self.copies)).astype(np.float32)
        return whole[self.index]


#: Ranges by layer and first product of the group.
Plan = dict[tuple[int, str], Range]


@dataclass(slots=True)
class _Seen:
    """What a group's input looked like: some rows, and the peak of each channel over all."""

    rows: list[Floats]
    peaks: Floats | float = 0.0


def windows(config: dict[str, Any], tokenizer: Path, *, seed: int = 0) -> list[list[int]]:
    """Return token ids of texts that a run was trained on, as the package feeds them to the model.

    `config` is the run's config.json. Raises RecordError where its records are gone.
    """
    sources = [Source(**source) for source in config["train"]]
    texts = examples.load(sources, fold=config.get("fold")).texts
    some = np.random.default_rng(seed).permutation(len(texts))[:_TEXTS]
    encoder = Encoder.load(tokenizer, size=config["window"], overlap=config["overlap"])
    return encoder.encode([texts[k] for k in some]).ids


def plan(model: Any, windows: Sequence[Sequence[int]], *, seed: int = 0) -> Plan:
    """Return the ranges of `model` over `windows` of token ids, and even out its values' channels.

    The model, whose type is one of KNOWN, computes what it did.
    """
    layers = model.base_model.encoder.layer
    made: Plan = {}
    for (layer, name), seen in _observe(model, windows, seed).items():
        rows, peaks = np.concatenate(seen.rows), np.asarray(seen.peaks)
        if name == ATTENDED:
            rows = rows / _even(layers[layer], peaks)
        weights = _weights(layers[layer], name)
        exact = rows @ weights
        ways = [_divided(peaks, limit) for limit in _LIMITS]
        if name in {ATTENDED, HIDDEN}:
            ways = [np.ones_like(peaks)]
        copies = _copies(peaks) if name == HIDDEN else np.ones(len(peaks), np.int64)
        made[layer, name] = min(
            (_bounded(rows, weights, exact, way, copies) for way in ways),
            key=lambda found: found[0],
        )[1]
    return made


def _observe(
    model: Any, windows: Sequence[Sequence[int]], seed: int
) -> dict[tuple[int, str], _Seen]:
    """Run `model` window by window and look at what each group reads."""
    rng = np.random.default_rng(seed)
    seen: dict[tuple[int, str], _Seen] = {}
    hooks = []
    for number, layer in enumerate(model.base_model.encoder.layer):
        for name, *_ in GROUPS:
            one = seen[number, name] = _Seen([])

            def look(_: Any, inputs: tuple[torch.Tensor, ...], one: _Seen = one) -> None:
                rows = inputs[0].detach().flatten(0, -2).numpy()
                one.peaks = np.maximum(one.peaks, np.abs(rows).max(axis=0))
                one.rows.append(rng.choice(rows, -(-len(rows) // _KEPT), replace=False))

            hooks.append(layer.get_submodule(name).register_forward_pre_hook(look))
    try:
        with torch.no_grad():
            for window in windows:
                model(input_ids=torch.tensor([list(window)]))
    finally:
        for hook in hooks:
            hook.remove()
    return seen


def _even(layer: Any, peaks: Floats) -> Floats:
    """Divide the values' channels to one peak, multiply the weights behind; return the divisor."""
    peaks = np.maximum(peaks, np.median(peaks) * 1e-2)
    divisor: Floats = (peaks / np.exp(np.log(peaks).mean())).astype(np.float32)
    factor = torch.from_numpy(divisor)
    value, dense = layer.attention.self.value, layer.get_submodule(ATTENDED)
    with torch.no_grad():
        value.weight.div_(factor[:, None])
        value.bias.div_(factor)
        dense.weight.mul_(factor)
    return divisor


def _weights(layer: Any, name: str) -> Floats:
    """Return the weights of a group side by side. *Shape:* (channels, outputs)."""
    (group,) = (group for group in GROUPS if group[0] == name)
    parts: list[Floats] = [layer.get_submodule(part).weight.detach().numpy().T for part in group]
    return np.concatenate(parts, axis=1)


def _divided(peaks: Floats, limit: float) -> Floats:
    """Return the divisors that bring every channel to `limit` times the median peak at most."""
    divisor: Floats = np.maximum(peaks / (np.median(peaks) * limit), 1).astype(np.float32)
    return divisor


def _copies(peaks: Floats) -> NDArray[np.int64]:
    """Return how often each channel is computed: one more, again and again, for the largest."""
    copies = np.ones(len(peaks), np.int64)
    for _ in range(_MORE):
        copies[np.argmax(peaks / copies)] += 1
    return copies


def _bounded(
    rows: Floats, weights: Floats, exact: Floats, divisor: Floats, copies: NDArray[np.int64]
) -> tuple[float, Range]:
    """Return the bounds of least squared error against `exact`, rows @ weights, and that error."""
    read = rows / (divisor * copies)
    weights = weights * divisor[:, None]
    step = np.maximum(np.abs(weights).max(axis=0) / 127, 1e-12)
    rounded = np.round(weights / step) * step * copies[:, None]

    def judged(quantile: float) -> tuple[float, Range]:
        scale, zero = _levels(*np.quantile(read, [1 - quantile, quantile]))
        held = (np.clip(np.round(read / scale) + zero, 0, 255) - zero) * scale
        error = float(np.square(held.astype(np.float32) @ rounded - exact).mean())
        return error, Range(scale, zero, divisor, copies)

    return min(map(judged, _QUANTILES), key=lambda found: found[0])


def _levels(low: float, high: float) -> tuple[float, int]:
    """Return scale and zero point of 256 levels from `low` to `high`; 0 is one of them."""
    low, high = min(low, 0.0), max(high, 0.0)
    scale = max(high - low, 1e-6) / 255
    return float(np.float32(scale)), int(np.clip(round(-low / scale), 0, 255))
