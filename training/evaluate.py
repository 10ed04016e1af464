"""Judge a model folder on labelled records.

    python -m training.evaluate MODEL data/processed/opp115.jsonl --split validation --output DIR
    python -m training.evaluate MODEL DATA.jsonl --output DIR --baseline runs/baseline-validation

Writes DIR/report.html, report.md, metrics.json and the scores themselves (scores.npy, rows.json),
which a later evaluation can take as its baseline. Scores come from the shipped package on ONNX
Runtime, so the figures are those a user gets there. `--headings` puts each text under its section's
heading, as `clausemark label` does for a model that was trained so; without it the text stands
alone, PrivacyGLUE's protocol. Intervals are 95 % bootstrap intervals over policies. A corpus that
leaves labels open ("known") is refused: its silence is no negative.

report.html quotes the texts that were misread, to be read on the machine that has the corpus;
--no-texts leaves them out. report.md and metrics.json never hold a text.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from clausemark import Classifier
from clausemark.errors import ClausemarkError, RecordError
from clausemark.labels import OPP115
from training import analysis, examples, metrics
from training.analysis.records import read
from training.config import Source
from training.files import as_json, circumstances, make_folder, write_json, write_text
from training.report.html import Quotes, page
from training.report.markdown import report
from training.scored import Scored, read_scored

if TYPE_CHECKING:
    from numpy.typing import NDArray


def assess(scored: Scored, decided: NDArray[np.bool_]) -> dict[str, Any]:
    """Return all figures of one set of decisions, each F1 with its interval.

    An interval is nan for fewer than `metrics.FEWEST` policies, and for a label without positives.
    """
    table = metrics.counts(scored.truth, decided)
    samples = metrics.policy_samples(scored.truth, decided, scored.documents)
    macro, micro = metrics.macro_micro(table)
    errors = metrics.calibration_error(scored.truth, scored.scores)
    return {
        "overall": {
            "macro_f1": macro,
            "macro_f1_interval": metrics.interval(samples[:, 0]),
            "micro_f1": micro,
            "micro_f1_interval": metrics.interval(samples[:, 1]),
            "brier": float(metrics.brier(scored.truth, scored.scores).mean()),
            "calibration_error": float(errors.mean()),
        },
        "labels": _each_label(scored, table, samples, errors),
    }


def _each_label(
    scored: Scored,
    table: NDArray[np.float64],
    samples: NDArray[np.float64],
    errors: NDArray[np.float64],
) -> dict[str, dict[str, Any]]:
    true, false, missed = table
    precision = metrics.average_precision(scored.truth, scored.scores)
    brier = metrics.brier(scored.truth, scored.scores)
    each = metrics.f1(table)
    return {
        name: {
            "support": int(true[k] + missed[k]),
            "precision": float(true[k] / max(1.0, true[k] + false[k])),
            "recall": float(true[k] / max(1.0, true[k] + missed[k])),
            "f1": float(each[k]),
            "f1_interval": metrics.interval(samples[:, 2 + k]),
            "average_precision": precision[k],
            "brier": float(brier[k]),
            "calibration_error": float(errors[k]),
        }
        for k, name in enumerate(OPP115.names)
    }


def paired(
    truth: NDArray[np.float32],
    documents: list[str],
    ours: NDArray[np.bool_],
    theirs: NDArray[np.bool_],
) -> dict[str, Any]:
    """Return our F1 less theirs, both counted on the same bootstrap samples of policies.

    `better` is the share of samples in which ours is higher; nan, as the interval, for fewer than
    `metrics.FEWEST` policies.
    """
    first, second = (metrics.policy_samples(truth, d, documents) for d in (ours, theirs))
    gain = first - second
    own = metrics.macro_micro(metrics.counts(truth, ours))
    other = metrics.macro_micro(metrics.counts(truth, theirs))
    return {
        name: {
            "difference": own[k] - other[k],
            "interval": metrics.interval(gain[:, k]),
            "better": float(np.where(np.isnan(gain[:, k]), np.nan, gain[:, k] > 0).mean()),
        }
        for k, name in enumerate(("macro_f1", "micro_f1"))
    }


def evaluate(
    classifier: Classifier,
    data: examples.Examples,
    baseline: Path | None = None,
    *,
    records: Path | None = None,
) -> tuple[dict[str, Any], Scored, NDArray[np.bool_]]:
    """Score `data` and return the figures, the scores and the decisions.

    `records` is the whole file that `data` is of, for the analysis: without it there is none.
    """
    scores, speed = analysis.timed(classifier, data.texts)
    scored = Scored(data.ids, data.documents, data.majority, scores)
    cuts = [round(classifier.thresholds[name], 4) for name in OPP115.names]
    decided = classifier.decide(scored.scores)
    result: dict[str, Any] = {
        "model": {"name": classifier.manifest.name, "version": classifier.manifest.version},
        "texts": len(data),
        "policies": len(set(data.documents)),
        "thresholds": dict(zip(OPP115.names, cuts, strict=True)),
        "fallback": classifier.fallback,
        "chosen_thresholds": assess(scored, decided),
        "at_half": assess(scored, scored.scores >= 0.5),
    }
    if baseline is not None:
        result["baseline"] = against(scored, decided, baseline)
    if records is not None:
        found = analysis.analyse(scored, decided, result["thresholds"], records, speed)
        result["analysis"] = found
    return result, scored, decided


def against(scored: Scored, decided: NDArray[np.bool_], folder: Path) -> dict[str, Any]:
    """Return the figures of the evaluation in `folder` and ours less theirs, in pairs.

    Raises RecordError where it was made on other records, or on other labels of theirs.
    """
    other, theirs = read_scored(folder)
    if other.ids != scored.ids:
        raise RecordError(
            f"{folder}: scored on {len(other.ids)} other records than these {len(scored.ids)}.",
            hint="Make the baseline on the same file and split.",
        )
    if (other.truth != scored.truth).any():
        raise RecordError(
            f"{folder}: scored on these records when they had other labels.",
            hint="Make the baseline anew.",
        )
    return {
        "name": folder.name,
        "figures": assess(other, theirs),
        "ours_less_theirs": paired(scored.truth, scored.documents, decided, theirs),
    }


def quotes(
    scored: Scored, decided: NDArray[np.bool_], records: Path, crossval: Path | None = None
) -> Quotes:
    """Return what report.html quotes: the worst errors, and labels that look wrong.

    Labels are suspected among the evaluated texts, or, better, among all those of a `crossval`.
    """
    rows = read(records, scored.ids)
    doubtful = (
        analysis.out_of_fold(crossval, records)
        if crossval
        else analysis.suspects(scored, decided, rows)
    )
    return Quotes(
        mistakes=analysis.mistakes(scored, decided, rows),
        suspects=doubtful,
        ours=all(row.get("corpus") == "fictional" for row in rows),
    )


def main(  # noqa: PLR0913, PLR0917  (one parameter an option)
    model: Annotated[Path, typer.Argument(help="A model folder, or 'bundled'.")],
    data: Annotated[Path, typer.Argument(help="Records, as data.build writes them.")],
    output: Annotated[Path, typer.Option(help="Folder for report.html, report.md, metrics.json.")],
    split: Annotated[str | None, typer.Option(help="Only the records of this split.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="An earlier evaluation's folder.")] = None,
    texts: Annotated[
        bool, typer.Option(help="Quote misread texts in report.html, which then stays here.")
    ] = True,
    headings: Annotated[
        bool, typer.Option("--headings", help="Put each text under its section's heading.")
    ] = False,
    crossval: Annotated[
        Path | None,
        typer.Option(help="Suspect labels by training.crossval's scores of DATA instead."),
    ] = None,
) -> None:
    """Evaluate MODEL on DATA."""
    try:
        # One engine and precision wherever it runs: reports are compared with each other.
        folder = None if str(model) == "bundled" else model
        make_folder(output)
        classifier = Classifier.load(folder, engine="onnxruntime", precision="f32")
        splits = (split,) if split else ()
        source = Source(path=str(data), splits=splits, heading=1.0 if headings else 0.0)
        records = examples.load_judgeable(source)
        result, scored, decided = evaluate(classifier, records, baseline, records=data)
        result |= {"data": {str(data.name): examples.checksum(data)}, "split": split}
        result |= {"headings": headings}
        result |= circumstances()
        quoted = quotes(scored, decided, data, crossval) if texts else None
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    scored.write(output, decided)
    write_json(output / "metrics.json", result)
    write_text(output / "report.md", report(result))
    html = page(result, truth=scored.truth, scores=scored.scores, quotes=quoted)
    write_text(output / "report.html", html)
    typer.echo(as_json(result["chosen_thresholds"]["overall"]))


if __name__ == "__main__":
    typer.run(main)
