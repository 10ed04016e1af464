"""From a run to what users load: the model folder, and a plain transformers folder beside it.

    python -m training.export runs/opp115 --calibration runs/opp115-cv/calibration.json \\
        --card training/configs/bundled.card.toml --output runs/opp115/export

Writes the model folder at OUTPUT and OUTPUT-transformers, whose
`pipeline("text-classification", model=..., top_k=None)` gives the same scores to 1e-3: its weights
are rounded alike, its head has the calibration folded in, and its tokenizer does the normalisation.
Both are compared before anything is kept. The graph also gets the ranges that products in 8 bits
need, from the run's own train texts; scores in 8 bits are not the same, and tests/quality_gate.py
judges them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch
import typer
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from clausemark import Classifier
from clausemark.artifact import (
    CARD,
    TOKENIZER,
    WEIGHTS,
    LabelSettings,
    Manifest,
    Window,
    write,
)
from clausemark.errors import ClausemarkError, ModelError, OutputError, RecordError
from clausemark.labels import OPP115
from training import card, onnx_graph, onnx_int8, ranges, shipped_tokenizer
from training.files import circumstances

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The two folders may differ by this much in a score.
TOLERANCE = 1e-3

#: Written for this comparison: quotes, dashes, accents, markers and bare ASCII.
PROBES = (
    "We keep “call records” for 18 months — then they’re erased.",
    "- Café owners: write to privacy@example.com • or call us.",
    "You can opt out at any time in your account's settings.",
    "This policy was last changed on 3 May 2024.",
)


def export(
    run: Path, output: Path, *, calibration: Path, facts: card.Facts, int8: bool = True
) -> Path:
    """Write both folders of `run`; return the transformers folder.

    With `int8` a graph whose products are known gets the ranges of their inputs. Raises ModelError
    where the two folders disagree, RecordError where a file is missing or of another scheme,
    OutputError where a folder stands in the way.
    """
    config, model, settings = _load_run(run, calibration)
    beside = output.with_name(f"{output.name}-transformers")
    _check_target(beside)
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        weights, tokenizer = room / "model.onnx", room / "tokenizer.json"
        shipped_tokenizer.write_plain(run / "model" / "tokenizer.json", tokenizer)
        plan = _plan(model, config, tokenizer) if int8 else {}
        onnx_graph.round_weights(model, plan)
        onnx_graph.trace(model, weights)
        onnx_int8.insert(weights, plan)
        onnx_graph.compress(weights)
        manifest = _manifest(run, config, model, settings, facts)
        manifest = replace(manifest, int8=bool(plan), fallback=_fallback(calibration))
        text = card.render(manifest, facts)
        files: dict[str, Path | bytes] = {
            WEIGHTS: weights,
            TOKENIZER: tokenizer,
            CARD: text.encode(),
        }
        write(room / "model", manifest, files)
        theirs = card.render(manifest, facts, "transformers")
        _write_transformers(room / "transformers", model, run, manifest, theirs)
        exact = Classifier.load(room / "model", engine="onnxruntime", precision="f32")
        gap = difference(exact, room / "transformers", PROBES)
        if not gap <= TOLERANCE:  # nan is no agreement either
            raise ModelError(f"{run}: scores differ by {gap:.2g} between the two folders.")
        write(output, manifest, files, overwrite=True)
        shutil.rmtree(beside, ignore_errors=True)
        shutil.move(str(room / "transformers"), beside)
    return beside


def _plan(model: Any, config: dict[str, Any], tokenizer: Path) -> ranges.Plan:
    """Return the ranges for products in 8 bits; none for a model whose products are not known."""
    if model.config.model_type not in ranges.KNOWN:
        return {}
    try:
        return ranges.plan(model, ranges.windows(config, tokenizer))
    except RecordError as error:
        raise RecordError(error.message, hint=f"{error.hint} Or export with --no-int8.") from None


def difference(classifier: Classifier, folder: Path, texts: tuple[str, ...]) -> float:
    """Return the largest difference of a score between the two folders over `texts`."""
    ours = classifier.predict_proba(list(texts))
    return float(np.abs(ours - transformers_scores(folder, list(texts))).max())


def transformers_scores(folder: Path, texts: list[str]) -> NDArray[np.float32]:
    """Return the scores of transformers' own pipeline. *Shape:* (texts, labels)."""
    classify = pipeline("text-classification", model=str(folder), top_k=None, device="cpu")
    rows = classify(texts, truncation=True)
    by_name = [{entry["label"]: entry["score"] for entry in row} for row in rows]
    return np.asarray([[row[n] for n in OPP115.names] for row in by_name], dtype=np.float32)


def fold_calibration(model: Any, settings: list[LabelSettings]) -> None:
    """Multiply slope and intercept into the last linear layer: sigmoid then gives the score."""
    head = [m for m in model.modules() if isinstance(m, torch.nn.Linear)][-1]
    if head.out_features != len(settings):
        raise ModelError(f"the last layer has {head.out_features} outputs, not {len(settings)}.")
    slope = torch.tensor([s.slope for s in settings])
    intercept = torch.tensor([s.intercept for s in settings])
    with torch.no_grad():
        head.weight.mul_(slope[:, None])
        head.bias.mul_(slope).add_(intercept)


def _load_run(run: Path, calibration: Path) -> tuple[dict[str, Any], Any, list[LabelSettings]]:
    try:
        config = json.loads((run / "config.json").read_text(encoding="utf-8"))
        lines = json.loads(calibration.read_text(encoding="utf-8"))["labels"]
    except FileNotFoundError as error:
        raise ModelError(
            f"{error.filename}: missing.", hint="Finish the run and its calibration first."
        ) from None
    if list(lines) != list(OPP115.names):
        raise ModelError(f"{calibration}: labels are not those of {OPP115.id}.")
    model = AutoModelForSequenceClassification.from_pretrained(
        run / "model", attn_implementation="eager"
    )
    settings = [
        LabelSettings(label.id, label.name, label.definition, **_settings(lines[label.name]))
        for label in OPP115.labels
    ]
    return config, model.eval(), settings


def _fallback(calibration: Path) -> float | None:
    """Return what the likeliest label needs where none reaches its threshold; None: never given."""
    value = json.loads(calibration.read_text(encoding="utf-8")).get("fallback")
    return None if value is None else round(float(value), 6)


def _settings(line: dict[str, float]) -> dict[str, float]:
    return {k: round(float(line[k]), 6) for k in ("threshold", "slope", "intercept")}


def _manifest(
    run: Path,
    config: dict[str, Any],
    model: Any,
    settings: list[LabelSettings],
    facts: card.Facts,
) -> Manifest:
    made = {key: config[key] for key in ("seed", "epochs", "learning_rate", "batch_tokens")}
    trained = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return Manifest(
        name=facts.name,
        version=facts.version,
        created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        base=facts.base,
        scheme=OPP115.id,
        labels=tuple(settings),
        window=Window(config["window"], config["overlap"]),
        headings=any(source.get("heading", 0.0) > 0 for source in config["train"]),
        parameters=sum(p.numel() for p in model.parameters()),
        licence=facts.licence,
        metrics=facts.metrics,
        sources=facts.sources,
        training={"config": made, "run": trained, "export": circumstances()["versions"]},
        files={},
    )


def _write_transformers(folder: Path, model: Any, run: Path, manifest: Manifest, text: str) -> None:
    fold_calibration(model, list(manifest.labels))
    model.config.thresholds = {label.name: label.threshold for label in manifest.labels}
    model.config.fallback = manifest.fallback
    model.save_pretrained(folder)
    shipped_tokenizer.write_transformers(
        run / "model" / "tokenizer.json",
        folder,
        length=manifest.window.size + 2,
        special=AutoTokenizer.from_pretrained(run / "model").special_tokens_map,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")


def _check_target(target: Path) -> None:
    if target.exists() and not (target / "config.json").exists() and any(target.iterdir()):
        raise OutputError(f"{target}: holds something else.", hint="Choose another --output.")


def main(  # noqa: PLR0913, PLR0917  (an option of the command each)
    run: Annotated[Path, typer.Argument(help="A finished run's folder.")],
    output: Annotated[Path, typer.Option(help="The model folder to write.")],
    calibration: Annotated[Path, typer.Option(help="calibration.json of training.thresholds.")],
    card_file: Annotated[Path, typer.Option("--card", help="TOML: name, version, sources.")],
    metrics: Annotated[
        list[Path] | None, typer.Option(help="metrics.json to quote in manifest and card.")
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8/--no-int8", help="Measure ranges for products in 8 bits.")
    ] = True,
) -> None:
    """Export RUN as a model folder and a transformers folder."""
    try:
        facts = card.read_facts(card_file, metrics or [])
        beside = export(run, output, calibration=calibration, facts=facts, int8=int8)
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{output}\n{beside}")


if __name__ == "__main__":
    typer.run(main)
