"""How far to trust a machine labeller and a model, label by label: stacked generalisation.

    python -m training.stacking runs/opp115-cv --machine data/processed/opp115_machine.jsonl \
        --output runs/stacking

On texts that annotators labelled, a logistic regression a label over two numbers: the logit of the
machine's probability, and the logit of a model that did not train on the text (Wolpert, 1992).
Writes OUTPUT/stacking.json, for training.relabel, with the F1 at 0.5 of the machine, the model and
both, each fold of policy families judged by regressions on the others.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from sklearn.linear_model import LogisticRegression

from clausemark.errors import ClausemarkError, RecordError
from clausemark.labels import OPP115
from training import metrics
from training.examples import checksum, read_rows
from training.files import circumstances, write_json
from training.outoffold import OutOfFold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

#: A labeller that writes down no probability below .10 means little by the distance from 0 to it.
MACHINE_FLOOR = 0.02
MODEL_FLOOR = 0.005


@dataclass(frozen=True, slots=True)
class Weights:
    """A label's probability is sigmoid(machine * logit + model * logit + intercept)."""

    machine: float
    model: float
    intercept: float


def votes(row: Mapping[str, Any]) -> NDArray[np.float32]:
    """Return a machine-labelled record's probabilities, in the scheme's order.

    Raises RecordError naming a record without votes, or one that leaves labels open.
    """
    if row.get("votes") is None or row.get("known") is not None:
        raise RecordError(
            f"record {row.get('id')!r} has no probability for every label.",
            hint="Only machine-labelled records will do, such as silver or clauses.",
        )
    return np.asarray([row["votes"].get(name, 0.0) for name in OPP115.names], dtype=np.float32)


def fit(
    machine: NDArray[np.float32], model: NDArray[np.float32], truth: NDArray[np.float32]
) -> list[Weights]:
    """Fit every label's weights on probabilities. *Shape:* all (texts, labels)."""
    x = _features(machine, model)
    return [_weights(x[:, k], truth[:, k] > 0.5) for k in range(truth.shape[1])]


def apply(
    machine: NDArray[np.float32], model: NDArray[np.float32], weights: Sequence[Weights]
) -> NDArray[np.float32]:
    """Return the probabilities that both together give. *Shape:* (texts, labels)."""
    a, b, c = np.asarray([(w.machine, w.model, w.intercept) for w in weights]).T
    x = _features(machine, model)
    return np.asarray(1 / (1 + np.exp(-(x[..., 0] * a + x[..., 1] * b + c))), dtype=np.float32)


def nested(
    machine: NDArray[np.float32],
    model: NDArray[np.float32],
    truth: NDArray[np.float32],
    fold: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return the probabilities of each fold by weights of the other folds."""
    scores = np.zeros_like(model)
    for k in np.unique(fold):
        rest, here = fold != k, fold == k
        made = fit(machine[rest], model[rest], truth[rest])
        scores[here] = apply(machine[here], model[here], made)
    return scores


def read(path: Path) -> list[Weights]:
    """Read stacking.json; raise RecordError where it is missing or of other labels."""
    try:
        labels = json.loads(path.read_text(encoding="utf-8"))["labels"]
    except FileNotFoundError:
        raise RecordError(f"{path}: missing.", hint="Run python -m training.stacking.") from None
    if list(labels) != list(OPP115.names):
        raise RecordError(f"{path}: labels are not those of {OPP115.id}.")
    return [Weights(**line) for line in labels.values()]


def _features(machine: NDArray[np.float32], model: NDArray[np.float32]) -> NDArray[np.float64]:
    """*Shape:* (texts, labels, 2)."""
    return np.stack([_logit(machine, MACHINE_FLOOR), _logit(model, MODEL_FLOOR)], axis=-1)


def _logit(p: NDArray[np.float32], floor: float) -> NDArray[np.float64]:
    kept = np.clip(p.astype(np.float64), floor, 1 - floor)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float64)


def _weights(x: NDArray[np.float64], truth: NDArray[np.bool_]) -> Weights:
    """Fit one label; where all texts have the same truth, both count half."""
    if truth.all() or not truth.any():
        return Weights(0.5, 0.5, 0.0)
    fitted = LogisticRegression(C=1.0, max_iter=1000).fit(x, truth)
    machine, model = (float(w) for w in fitted.coef_[0])
    return Weights(machine, model, float(fitted.intercept_[0]))


def _aligned(out: OutOfFold, path: Path) -> tuple[list[int], NDArray[np.float32]]:
    """Return the out-of-fold rows that the machine labelled too, and its probabilities."""
    found = {row["id"]: votes(row) for row in read_rows(path)}
    rows = [k for k, name in enumerate(out.ids) if name in found]
    if not rows:
        raise RecordError(f"{path}: none of its records is among the out-of-fold ones.")
    return rows, np.stack([found[out.ids[k]] for k in rows])


def main(
    folds: Annotated[Path, typer.Argument(help="A folder of training.crossval.")],
    machine: Annotated[Path, typer.Option(help="The same records with the machine's votes.")],
    output: Annotated[Path, typer.Option(help="Folder for stacking.json.")],
) -> None:
    """Fit how far to trust the machine and the model that FOLDS judged."""
    try:
        out = OutOfFold.read(folds)
        rows, given = _aligned(out, machine)
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    truth, fold = out.truth[rows], out.fold[rows]
    model = np.asarray(1 / (1 + np.exp(-out.logits[rows])), dtype=np.float32)
    both = nested(given, model, truth, fold)
    compared = {"machine": given, "model": model, "both": both}
    figures = {name: metrics.f1_at_half(truth, p - 0.5) for name, p in compared.items()}
    made = dict(zip(OPP115.names, map(asdict, fit(given, model, truth)), strict=True))
    origin = {"folds": str(folds), "texts": len(rows), "machine": checksum(machine)}
    write_json(
        output / "stacking.json",
        {"scheme": OPP115.id, "labels": made, "figures": figures, "origin": origin}
        | circumstances(),
    )
    for name, line in figures.items():
        typer.echo(f"{name:8s} macro-F1 {line['macro_f1']:.3f}  micro-F1 {line['micro_f1']:.3f}")


if __name__ == "__main__":
    typer.run(main)
