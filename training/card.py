"""What a model says about itself: facts from a TOML file, the card generated from the manifest."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clausemark.artifact import Manifest, Source
from clausemark.errors import RecordError
from training.report.markdown import table, with_interval

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Facts:
    """What no run knows: name, version, licence, sources; and the figures to quote."""

    name: str
    version: str
    base: str
    hub_base: str
    licence: str
    summary: str
    limits: str
    sources: tuple[Source, ...]
    metrics: dict[str, Any] = field(default_factory=dict)


def read_facts(path: Path, metrics: Sequence[Path]) -> Facts:
    """Read the card's TOML; `metrics` are metrics.json files, quoted under their folder's name."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        sources = tuple(Source(**source) for source in values.pop("sources"))
        quoted = {m.parent.name: _quote(json.loads(m.read_text("utf-8"))) for m in metrics}
        return Facts(**values, sources=sources, metrics=quoted)
    except FileNotFoundError as error:
        raise RecordError(f"{error.filename}: no such file.") from None
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise RecordError(f"{path}: not a card file: {error}.") from None


def _quote(result: dict[str, Any]) -> dict[str, Any]:
    """Keep of a metrics.json what a user of the model wants to know."""
    kept: dict[str, Any] = {key: result[key] for key in ("texts", "policies") if key in result}
    for key in ("chosen_thresholds", "nested_thresholds", "at_half"):
        if key in result:
            kept[key] = _figures(result[key])
    if "baseline" in result:
        kept["baseline"] = {
            "name": result["baseline"]["name"],
            **_figures(result["baseline"]["figures"]),
            "ours_less_theirs": result["baseline"]["ours_less_theirs"],
        }
    return {key: _rounded(value) for key, value in kept.items()}


def _figures(part: dict[str, Any]) -> dict[str, Any]:
    names = ("support", "precision", "recall", "f1", "f1_interval")
    labels = {name: {k: v[k] for k in names} for name, v in part["labels"].items()}
    return {"overall": part["overall"], "labels": labels}


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_rounded(v) for v in value]
    return round(value, 4) if isinstance(value, float) else value


def render(manifest: Manifest, facts: Facts) -> str:
    """Return the model card: Markdown with the front matter that the Hub reads."""
    parts = [
        _front_matter(facts),
        f"# {manifest.name} {manifest.version}",
        facts.summary.strip(),
        "## Use",
        "```python\nfrom clausemark import Classifier\n\n"
        'Classifier.load().predict(["We never sell your call records."])\n```',
        "## Labels, thresholds, calibration",
        _labels(manifest),
        "## Figures",
        _metrics(manifest.metrics),
        "## Limits",
        facts.limits.strip(),
        "## Sources and their licences",
        _sources(manifest),
        "## Training",
        f"- base: {manifest.base}\n- parameters: {manifest.parameters:,}\n"
        f"- window: {manifest.window.size} tokens, overlap {manifest.window.overlap}\n"
        f"- config: `{json.dumps(manifest.training['config'])}`",
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(facts: Facts) -> str:
    lines = [
        "---",
        "language: en",
        "license: other",
        f"license_name: {json.dumps(facts.licence)}",
        f"base_model: {facts.hub_base}",
        "pipeline_tag: text-classification",
        "library_name: transformers",
        "tags: [privacy-policy, opp-115, multi-label, onnx]",
        "---",
    ]
    return "\n".join(lines)


def _labels(manifest: Manifest) -> str:
    rows = [
        [label.name, label.definition, f"{label.threshold:.2f}", f"{label.slope:.2f}",
         f"{label.intercept:+.2f}"]
        for label in manifest.labels
    ]  # fmt: skip
    return table(["label", "definition", "threshold", "slope", "intercept"], rows)


def _metrics(metrics: dict[str, Any]) -> str:
    if not metrics:
        return "None recorded."
    rows = []
    for name, part in metrics.items():
        for key in ("chosen_thresholds", "nested_thresholds", "at_half", "baseline"):
            if key in part:
                title = f"{name}, {key.replace('_', ' ')}"
                rows.append(_metric_row(title, part["texts"], part[key]["overall"]))
    return table(["on", "texts", "macro-F1", "micro-F1", "calibration error"], rows)


def _metric_row(title: str, texts: int, overall: dict[str, Any]) -> list[str]:
    return [
        title,
        str(texts),
        with_interval(overall["macro_f1"], overall["macro_f1_interval"]),
        with_interval(overall["micro_f1"], overall["micro_f1_interval"]),
        f"{overall['calibration_error']:.3f}",
    ]


def _sources(manifest: Manifest) -> str:
    rows = [[s.name, s.use, s.licence, s.url] for s in manifest.sources]
    return table(["source", "what for", "licence", "where"], rows)
