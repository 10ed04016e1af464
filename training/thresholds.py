"""Per-label calibration and thresholds from scores that the model did not train on.

    python -m training.thresholds runs/opp115-cv
    python -m training.thresholds runs/demo

Reads the out-of-fold logits that training.crossval wrote, or else the validation logits that
training.fit wrote, and writes calibration.json beside them. Calibration is Platt's: a logistic
regression of the truth on the logit, one label at a time (Platt, 1999). A threshold is the nearest
to the model's own decision (logit 0) whose F1, averaged over bootstrap samples of policies, is
close to the highest: a rare label's threshold does not follow single clauses. Where no label
reaches its own, the likeliest is given from FALLBACK on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from sklearn.linear_model import LogisticRegression

from clausemark.classifier import decide
from clausemark.errors import ClausemarkError
from clausemark.labels import OPP115
from training import metrics
from training.files import write_json
from training.outoffold import OutOfFold
from training.scored import Scored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: F1 within this much of the highest is as good: a rare label's F1 moves more by chance.
NEAR = 0.04
#: A text of which no label reaches its threshold gets the likeliest, if that scores so much. Nearly
#: every text that is judged has a label, which scores of single labels do not know: of such texts
#: the likeliest is right more often than it scores, and a label that is right with probability p
#: raises F1 where p > F1 / 2 (Lipton et al., Optimal Thresholding of Classifiers to Maximize F1
#: Measure, 2014).
FALLBACK = 0.25
GRID = np.round(np.arange(0.15, 0.8501, 0.01), 2)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A label's score is sigmoid(slope * logit + intercept); it is given from `threshold` on."""

    slope: float
    intercept: float
    threshold: float


def calibrate(
    logits: NDArray[np.float32], truth: NDArray[np.float32], documents: list[str]
) -> list[Calibration]:
    """Fit slope, intercept and threshold of every label. *Shape:* both (texts, labels)."""
    lines = [platt(logits[:, k], truth[:, k]) for k in range(logits.shape[1])]
    scores = apply(logits, lines)
    own = [float(1 / (1 + np.exp(-b))) for _, b in lines]  # the scores at logit 0
    cuts = best_thresholds(scores, truth, documents, start=own)
    return [Calibration(a, b, t) for (a, b), t in zip(lines, cuts, strict=True)]


def platt(logit: NDArray[np.float32], truth: NDArray[np.float32]) -> tuple[float, float]:
    """Return slope and intercept of one label; (1, 0) where all texts have the same truth.

    The targets are smoothed as Platt proposes, by one count each way, against overconfidence.
    """
    positive = truth > 0.5
    if positive.all() or not positive.any():
        return 1.0, 0.0
    n, p = len(truth), int(positive.sum())
    high, low = (p + 1) / (p + 2), 1 / (n - p + 2)
    target = np.where(positive, high, low)
    x = np.concatenate([logit, logit]).reshape(-1, 1)
    y = np.concatenate([np.ones(n), np.zeros(n)])
    fitted = LogisticRegression(C=1e4).fit(x, y, sample_weight=np.concatenate([target, 1 - target]))
    slope = float(fitted.coef_[0, 0])
    return (slope, float(fitted.intercept_[0])) if slope > 0 else (1.0, 0.0)


def apply(logits: NDArray[np.float32], lines: Sequence[tuple[float, float]]) -> NDArray[np.float32]:
    """Return calibrated probabilities. *Shape:* (texts, labels)."""
    slope = np.asarray([a for a, _ in lines], dtype=np.float32)
    intercept = np.asarray([b for _, b in lines], dtype=np.float32)
    return np.asarray(1 / (1 + np.exp(-(logits * slope + intercept))), dtype=np.float32)


def best_thresholds(
    scores: NDArray[np.float32],
    truth: NDArray[np.float32],
    documents: list[str],
    *,
    start: Sequence[float] | None = None,
) -> list[float]:
    """Return each label's threshold: the nearest to `start` whose F1 is the highest but for `NEAR`.

    F1 is averaged over bootstrap samples of policies, on the grid. `start` is where the model
    itself decides (0.5 by default): a threshold leaves it only for a gain that is more than noise.
    """
    draws = metrics.resample(len(set(documents)), times=400)
    averages = []
    for cut in GRID:
        table = metrics.per_document(truth, scores >= cut, documents)
        averages.append(np.nan_to_num(metrics.mean(metrics.bootstrap(table, draws)[:, 2:], axis=0)))
    found = np.stack(averages)
    distance = np.abs(GRID[:, None] - np.asarray(start or [0.5] * found.shape[1]))
    distance[found < found.max(axis=0) - NEAR] = np.inf
    return [float(GRID[k]) for k in np.argmin(distance, axis=0)]


def nested(fold: OutOfFold) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return scores and decisions where each fold is calibrated on the others only."""
    scores = np.zeros_like(fold.logits)
    decided = np.zeros(fold.logits.shape, dtype=bool)
    for k in np.unique(fold.fold):
        rest, here = fold.fold != k, fold.fold == k
        documents = [d for d, keep in zip(fold.documents, rest, strict=True) if keep]
        made = calibrate(fold.logits[rest], fold.truth[rest], documents)
        scores[here] = apply(fold.logits[here], [(c.slope, c.intercept) for c in made])
        limits = np.asarray([c.threshold for c in made])
        decided[here] = decide(scores[here], limits, FALLBACK)
    return scores, decided


def judge(out: OutOfFold, *, at_half: bool) -> tuple[Scored, NDArray[np.bool_]]:
    """Return scores and decisions: at logit 0, or each fold at what the others choose."""
    if at_half:
        scores = apply(out.logits, [(1.0, 0.0)] * out.logits.shape[1])
        decided = scores >= 0.5
    else:
        scores, decided = nested(out)
    return Scored(out.ids, out.documents, out.truth, scores), decided


def write(path: Path, made: Sequence[Calibration], origin: dict[str, Any]) -> None:
    """Write calibration.json: one entry a label, in the scheme's order, fallback and origin."""
    labels = {n: asdict(c) for n, c in zip(OPP115.names, made, strict=True)}
    top = {"scheme": OPP115.id, "fallback": FALLBACK}
    write_json(path, top | {"labels": labels, "origin": origin})


def main(
    run: Annotated[Path, typer.Argument(help="A folder of training.crossval or training.fit.")],
    split: Annotated[str | None, typer.Option(help="Use only the records of this split.")] = None,
) -> None:
    """Fit calibration and thresholds on the out-of-fold or validation logits of RUN."""
    try:
        fitted = (run / "validation_logits.npy").exists()
        fold = (OutOfFold.of_run(run) if fitted else OutOfFold.read(run)).only(split)
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    made = calibrate(fold.logits, fold.truth, fold.documents)
    write(run / "calibration.json", made, {"run": run.name, "split": split, "texts": len(fold.ids)})
    for name, line in zip(OPP115.names, made, strict=True):
        line_of = f"{line.slope:6.3f} {line.intercept:+7.3f}  from {line.threshold:.2f}"
        typer.echo(f"{name:36s} {line_of}")


if __name__ == "__main__":
    typer.run(main)
