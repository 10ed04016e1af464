"""The honest floor: TF-IDF and a linear model, judged like the encoder.

    python -m training.baseline data/processed/opp115.jsonl --output runs/baseline
    python -m training.baseline data/processed/opp115.jsonl --folds 5 --output runs/baseline-cv

Word 1- to 2-grams and character 3- to 5-grams of the normalised text, sublinear, one logistic
regression a label with balanced classes. Trained on the split "train" (or on all folds but one);
its thresholds come from cross-validation within the training texts, the fallback is the encoder's.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union

from clausemark.classifier import decide
from clausemark.errors import ClausemarkError
from clausemark.normalise import normalise
from training import examples
from training.config import Source
from training.evaluate import assess
from training.files import as_json, circumstances, make_folder, write_json
from training.scored import Scored
from training.thresholds import FALLBACK, best_thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from training.examples import Examples


def make_model() -> Any:
    """Return the untrained pipeline from texts to one probability a label."""
    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True),
    )
    linear = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000)
    return make_pipeline(features, OneVsRestClassifier(linear))


def fit_predict(
    texts: list[str], truth: NDArray[np.float32], others: list[str]
) -> NDArray[np.float32]:
    """Train on `texts` and return the scores of `others`. *Shape:* (others, labels)."""
    model = make_model().fit([normalise(t) for t in texts], truth)
    scores = model.predict_proba([normalise(t) for t in others])
    return np.asarray(scores, dtype=np.float32)


def train_and_score(train: Examples, others: Examples) -> tuple[Scored, NDArray[np.bool_]]:
    """Score `others`; the thresholds come from out-of-policy scores of the training texts."""
    inner = out_of_group(train, np.asarray(train.documents), parts=3)
    cuts = np.asarray(best_thresholds(inner, train.majority, train.documents))
    scores = fit_predict(train.texts, train.majority, others.texts)
    decided = decide(scores, cuts, FALLBACK)
    return Scored(others.ids, others.documents, others.majority, scores), decided


def out_of_group(data: Examples, groups: NDArray[Any], *, parts: int) -> NDArray[np.float32]:
    """Return scores of every text by a model trained without its group."""
    names = np.unique(groups)
    part_of = {name: k % parts for k, name in enumerate(names)}
    part = np.asarray([part_of[group] for group in groups])
    scores = np.zeros_like(data.majority)
    for k in range(parts):
        rest, here = np.flatnonzero(part != k), np.flatnonzero(part == k)
        texts = [data.texts[i] for i in rest]
        scores[here] = fit_predict(texts, data.majority[rest], [data.texts[i] for i in here])
    return scores


def cross_validate(path: str, folds: int) -> tuple[Scored, NDArray[np.bool_]]:
    """Score every text of the split "train" by the model of the other folds."""
    whole = Source(path=path, splits=("train",))
    examples.load_judgeable(whole)
    examples.check_folds(whole, folds)
    made: list[tuple[Scored, NDArray[np.bool_]]] = []
    for k in range(folds):
        rest = examples.load([Source(path=path, splits=("train",), fold="out")], fold=k)
        held = examples.load([Source(path=path, splits=("train",), fold="in")], fold=k)
        made.append(train_and_score(rest, held))
    scored = Scored(
        [i for s, _ in made for i in s.ids],
        [d for s, _ in made for d in s.documents],
        np.concatenate([s.truth for s, _ in made]),
        np.concatenate([s.scores for s, _ in made]),
    )
    return scored, np.concatenate([decided for _, decided in made])


def main(
    data: Annotated[Path, typer.Argument(help="Records, as data.build writes them.")],
    output: Annotated[Path, typer.Option(help="Folder for metrics.json and the scores.")],
    split: Annotated[str, typer.Option(help="Score this split.")] = "validation",
    folds: Annotated[
        int, typer.Option(help="Cross-validate the split train in so many folds.")
    ] = 0,
) -> None:
    """Train and judge the TF-IDF baseline."""
    try:
        make_folder(output)
        if folds:
            scored, decided = cross_validate(str(data), folds)
        else:
            train, held = (
                # What a partial corpus does not speak of would be learnt as a no, too.
                examples.load_judgeable(Source(path=str(data), splits=(part,)))
                for part in ("train", split)
            )
            scored, decided = train_and_score(train, held)
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    scored.write(output, decided)
    result: dict[str, Any] = {
        "texts": len(scored.ids),
        "fallback": FALLBACK,
        "chosen_thresholds": assess(scored, decided),
        "at_half": assess(scored, scored.scores >= 0.5),
    }
    result |= {"data": {data.name: examples.checksum(data)}} | circumstances()
    write_json(output / "metrics.json", result)
    typer.echo(as_json({k: result[k]["overall"] for k in ("chosen_thresholds", "at_half")}))


if __name__ == "__main__":
    typer.run(main)
