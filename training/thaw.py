"""A model folder becomes a run again: weights to train on from, or a teacher.

    python -m training.thaw bundled --output runs/bundled

OUTPUT is what training.fit leaves: `model/` is a transformers folder, so that a config takes
OUTPUT/model as its `base` and training.relabel takes OUTPUT as a teacher. Its logits are those of
the folder's graph in floats (both are compared before anything is kept); calibration and thresholds
stay behind, for they belong to the scores of other runs.

Of a graph with ranges (training.onnx_int8) what was done for products in 8 bits is undone: products
that were joined are cut, divisors taken out of the weights, channels' copies dropped.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from itertools import count, islice, product
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import onnx
import torch
import typer
from onnx import numpy_helper

from clausemark.artifact import ModelFolder, bundled_model
from clausemark.errors import ClausemarkError, ModelError
from clausemark.runtime import Runtime
from clausemark.tokens import combine
from training import encoders
from training.batches import padded
from training.config import FitConfig, Source
from training.files import circumstances, refuse_existing, whole_folder, write_json
from training.frozen import Frozen
from training.onnx_int8 import WIDENED
from training.ranges import GROUPS, HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from clausemark._manifest import Manifest

    Floats = NDArray[np.float32]

#: Logits of the run and of the folder's graph may differ by this much.
TOLERANCE = 1e-3
#: Read by both before the run is kept; one is longer than a window.
PROBES = (
    "We keep call records for 18 months.",
    "You can opt out of marketing in your account's settings. " * 80,
)

_PARTS = tuple(part for group in GROUPS for part in group)
#: What the trace put into the names of the model's tensors.
_TRACED = re.compile(r"^model\.|(?<=\d)\.layer(?=\.)")


def thaw(folder: ModelFolder, output: Path, *, base: str | None = None) -> None:
    """Write the run of the model in `folder`; `base` is where its base encoder is found.

    By default that is the name in the manifest. Raises ModelError for a graph that is not that of a
    BERT over this base, OutputError where `output` is there already or takes no files.
    """
    refuse_existing(output)
    manifest = folder.read()
    manifest = replace(manifest, base=base or manifest.base)
    model = _model(manifest, _constants(folder.weights))
    with whole_folder(output) as fresh:
        model.save_pretrained(fresh / "model")
        encoders.load_tokenizer(manifest.base).save_pretrained(fresh / "model")
        shutil.copyfile(folder.tokenizer, fresh / "model" / "tokenizer.json")
        write_json(fresh / "config.json", _config(manifest, output.name).to_dict())
        made = {name: file.sha256 for name, file in manifest.files.items()}
        before = manifest.training.get("run", {})
        made_of = {"data": {}, "thawed": made, "before": before}
        write_json(fresh / "run.json", circumstances() | made_of)
        gap = difference(folder, manifest, fresh)
        if not gap <= TOLERANCE:
            raise ModelError(f"{folder.path}: the run's logits differ by {gap:.2g}.")


def difference(folder: ModelFolder, manifest: Manifest, run: Path) -> float:
    """Return the largest difference of a logit between a folder's graph in floats and a run."""
    runtime = Runtime.load(folder, manifest, engine="onnxruntime", precision="f32")
    found, windows = Frozen.load(run, precision="fp32").outputs(PROBES)
    return float(np.abs(combine(found, windows) - runtime.logits(list(PROBES))).max())


def _config(manifest: Manifest, name: str) -> FitConfig:
    """Return a config of how the model reads, and of what its manifest knows of its training."""
    made = manifest.training.get("config", {})
    known = ("seed", "epochs", "learning_rate", "batch_tokens")
    kept = {key: made[key] for key in known if key in made}
    if "batch_tokens" in kept:  # less than a window where that was widened since
        kept["batch_tokens"] = max(kept["batch_tokens"], padded(manifest.window.size + 2))
    heading = 0.5 if manifest.headings else 0.0
    paths = manifest.training.get("run", {}).get("data") or [
        "texts that its manifest does not name"
    ]
    return FitConfig(
        name,
        manifest.base,
        tuple(Source(path, splits=("train",), heading=heading) for path in paths),
        window=manifest.window.size,
        overlap=manifest.window.overlap,
        select="last",
        **kept,
    )


def _model(manifest: Manifest, constants: Mapping[str, Floats]) -> Any:
    """Return the sequence classifier that the graph's constants are the weights of."""
    names = [label.name for label in manifest.labels]
    model = encoders.load_model(manifest.base, labels=names, dropout=0.0)
    weights = dict(constants) | dict(_products(constants, model.config))
    pieces = len(weights.get("bert.embeddings.word_embeddings.weight", ()))
    if pieces:
        model.resize_token_embeddings(pieces, mean_resizing=False)
    wanted = model.state_dict()
    found = {name: np.shape(weights[name]) for name in wanted if name in weights}
    if wrong := sorted(name for name in wanted if found.get(name) != wanted[name].shape):
        raise ModelError(
            f"{manifest.name}: no {wrong[0]} of shape {tuple(wanted[wrong[0]].shape)} in its graph "
            f"({len(wrong)} tensors in all).",
            hint="Only a BERT's graph can be read back, over the base that it was trained from.",
        )
    state = {name: torch.from_numpy(np.array(weights[name])) for name in wanted}
    model.load_state_dict(state)
    return model.eval()


def _constants(path: Path) -> dict[str, Floats]:
    """Return the graph's constants by their names in the model, integers brought back to floats."""
    proto = onnx.load(str(path))
    raw = {one.name: numpy_helper.to_array(one) for one in proto.graph.initializer}
    found = {}
    for name, value in raw.items():
        stem, _, kind = name.rpartition(".")
        whole = kind in {"int8", "int32"}
        plain = value.astype(np.float32) * raw[f"{stem}.scale"] if whole else value
        found[_TRACED.sub("", stem if whole else name)] = plain
    return found


def _products(constants: Mapping[str, Floats], config: Any) -> Iterator[tuple[str, Floats]]:
    """Yield weights and biases of the layers' products; in the graph they stand in this order."""
    places = product(range(config.num_hidden_layers), _PARTS)
    width = config.intermediate_size
    for number in count():
        name = f"rounded_{number}"
        if f"{name}.weight" not in constants:
            return
        here = list(islice(places, len(constants.get(f"{name}.sizes", (0,)))))
        if not here:  # more layers than the base has
            return
        weight, bias = constants[f"{name}.weight"], constants[f"{name}.bias"]
        _, first = here[0]
        if first == WIDENED:
            weight, bias = weight[:, :width], bias[:width]
        if first == HIDDEN:  # a channel's copies read a share of it each, by the same row
            weight = weight[:width]
        elif (inverse := constants.get(f"{name}.inverse")) is not None:
            weight = weight * inverse[:, None]
        for (layer, part), own, shift in zip(
            here, np.split(weight, len(here), axis=1), np.split(bias, len(here)), strict=True
        ):
            yield f"bert.encoder.layer.{layer}.{part}.weight", own.T
            yield f"bert.encoder.layer.{layer}.{part}.bias", shift


def main(
    model: Annotated[str, typer.Argument(help='A model folder, or "bundled".')],
    output: Annotated[Path, typer.Option(help="The run's folder to write.")],
    base: Annotated[
        str | None, typer.Option(help="Folder of the base encoder, if not the manifest's name.")
    ] = None,
) -> None:
    """Make a run of MODEL."""
    try:
        thaw(bundled_model() if model == "bundled" else ModelFolder(model), output, base=base)
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(str(output))


if __name__ == "__main__":
    typer.run(main)
