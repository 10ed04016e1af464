"""The model card: Markdown from the manifest, under the front matter that the Hub reads."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, Literal

from huggingface_hub import EvalResult, ModelCardData

from training.report.markdown import figure, table, with_interval

if TYPE_CHECKING:
    from clausemark.artifact import Manifest
    from training.card import Facts

#: Who loads the folder that the card lies in.
Library = Literal["clausemark", "transformers"]
#: Licences that the Hub knows by name; any other is described in words.
KNOWN: Final = {"Apache-2.0": "apache-2.0", "MIT": "mit"}
#: Parts of a quoted metrics.json that hold figures, best known first.
PARTS: Final = ("chosen_thresholds", "nested_thresholds", "at_half", "baseline")

_USE: Final[dict[Library, str]] = {
    "clausemark": """```python
from clausemark import Classifier

classifier = Classifier.load()  # the model in the package; a folder's name for another
classifier.predict(["We never sell your call records."])
classifier.label_document("policy.html")
```

```bash
clausemark label policy.html --model FOLDER
clausemark info --model FOLDER
```""",
    "transformers": """```python
from transformers import pipeline

classify = pipeline("text-classification", model="FOLDER", top_k=None)
classify("We never sell your call records.")
```

The scores are calibrated probabilities; a label counts from its threshold on, which stands in
`config.json` under `thresholds` and in the table below; where none does, the likeliest counts from
`fallback` on, unless that is null.""",
}


def render(manifest: Manifest, facts: Facts, library: Library = "clausemark") -> str:
    """Return the model card of the folder that `library` loads."""
    parts = [
        f"---\n{front_matter(manifest, facts, library).to_yaml()}\n---",
        f"# {manifest.name} {manifest.version}",
        facts.summary.strip(),
        *_section("Use", _USE[library]),
        *_section("Meant for", facts.intended),
        *_section("Not meant for", facts.out_of_scope),
        *_section("Labels, thresholds, calibration", _labels(manifest)),
        *_section("Figures", _figures(manifest.metrics, facts.figures)),
        *_section("Evaluate it yourself", facts.evaluation),
        *_section("Limits", facts.limits),
        *_section("Sources and their licences", _sources(manifest)),
        *_section("Training", _training(manifest, facts)),
        *_section("Citation", facts.citation),
    ]
    return "\n\n".join(parts) + "\n"


def front_matter(manifest: Manifest, facts: Facts, library: Library) -> ModelCardData:
    """Return what the Hub reads; its own class checks and writes it."""
    licence = KNOWN.get(manifest.licence)
    return ModelCardData(
        language="en",
        license=licence or "other",
        license_name=None if licence else facts.licence_name or f"{manifest.name}-terms",
        library_name=library,
        pipeline_tag="text-classification",
        tags=["privacy-policy", "legal", "opp-115", "multi-label-classification", "onnx"],
        base_model=facts.hub_base,
        datasets=list(facts.datasets) or None,
        metrics=["f1"],
        model_name=manifest.name,
        eval_results=_results(manifest, facts) or None,
    )


def _results(manifest: Manifest, facts: Facts) -> list[EvalResult]:
    """Return the figures of this very model, with the data that the card file names."""
    found = []
    for name, about in facts.results.items():
        quoted = manifest.metrics.get(name, {})
        key = next((key for key in PARTS[:3] if key in quoted), None)
        if key is None:
            continue
        for metric in ("macro_f1", "micro_f1"):
            overall = quoted[key]["overall"]
            if overall.get(metric) is None:
                continue
            average = metric.removesuffix("_f1")
            args: dict[str, Any] = {"average": average, "thresholds": key.replace("_", " ")}
            interval = overall.get(f"{metric}_interval") or [None]
            if None not in interval:
                args["interval_95"] = [round(end, 4) for end in interval]
            found.append(
                EvalResult(
                    task_type="text-classification",
                    task_name="Multi-label classification of policy clauses",
                    dataset_type=about.get("type", manifest.scheme),
                    dataset_name=about.get("name", name),
                    dataset_split=about.get("split"),
                    metric_type="f1",
                    metric_name=f"{average}-F1",
                    metric_value=round(overall[metric], 4),
                    metric_args=args,
                )
            )
    return found


def _section(title: str, text: str) -> list[str]:
    return [f"## {title}", text.strip()] if text.strip() else []


def _labels(manifest: Manifest) -> str:
    rows = [
        [label.name, label.definition, f"{label.threshold:.2f}", f"{label.slope:.2f}",
         f"{label.intercept:+.2f}"]
        for label in manifest.labels
    ]  # fmt: skip
    lead = "A score is sigmoid(slope × logit + intercept); from the threshold on it is a label.\n"
    if manifest.fallback is None:
        lead += "A text may have several labels, or none."
    else:
        lead += (
            "A text may have several labels; where none reaches its threshold, the one of the\n"
            f"highest score is given, if that is {manifest.fallback:.2f} or more."
        )
    return f"{lead}\n\n" + table(["label", "definition", "threshold", "slope", "intercept"], rows)


def _figures(metrics: dict[str, Any], note: str) -> str:
    if not metrics:
        return "None recorded."
    rows = [
        _overall_row(f"{name}, {key.replace('_', ' ')}", part["texts"], part[key]["overall"])
        for name, part in metrics.items()
        for key in PARTS
        if key in part
    ]
    overall = table(["on", "texts", "macro-F1", "micro-F1", "calibration error"], rows)
    brackets = "In floats. Brackets are 95 % bootstrap intervals over policies."
    return "\n\n".join(filter(None, [note.strip(), overall, brackets, *_each_class(metrics)]))


def _overall_row(title: str, texts: int, overall: dict[str, Any]) -> list[str]:
    return [
        title,
        str(texts),
        with_interval(overall["macro_f1"], overall["macro_f1_interval"]),
        _optional(overall, "micro_f1"),
        figure(overall.get("calibration_error")),
    ]


def _each_class(metrics: dict[str, Any]) -> list[str]:
    """Return one table a quoted evaluation, of the classes at the thresholds that ship."""
    made = []
    for name, part in metrics.items():
        key = next((key for key in PARTS[:2] if key in part), None)
        if key is None:
            continue
        rows = [
            [label, str(v["support"]), figure(v["precision"]), figure(v["recall"]),
             _optional(v, "f1")]
            for label, v in part[key]["labels"].items()
        ]  # fmt: skip
        header = ["class", "positives", "precision", "recall", "F1"]
        made += [f"### Each class: {name}, {key.replace('_', ' ')}", table(header, rows)]
    return made


def _optional(values: dict[str, Any], key: str) -> str:
    if values.get(key) is None:
        return "–"
    return with_interval(values[key], values[f"{key}_interval"])


def _sources(manifest: Manifest) -> str:
    rows = [[s.name, s.use, s.licence, s.url] for s in manifest.sources]
    where = table(["source", "what for", "licence", "where"], rows)
    return f"Licence of the model: {manifest.licence}.\n\n{where}"


def _training(manifest: Manifest, facts: Facts) -> str:
    config = manifest.training.get("config")
    lines = [
        f"- base: {manifest.base}",
        f"- parameters: {manifest.parameters:,}",
        f"- window: {manifest.window.size} tokens, overlap {manifest.window.overlap}",
        f"- scheme: {manifest.scheme}",
        *([f"- config: `{json.dumps(config)}`"] if config else []),
    ]
    procedure = re.sub(r"\s+\n", "\n", facts.training.strip())
    return "\n\n".join(filter(None, [procedure, "\n".join(lines)]))
