"""An evaluation as Markdown: headline, classes, baseline, parts, audit; never a corpus text."""

from __future__ import annotations

import math
from typing import Any

from training import metrics

#: What a figure begins with; an empty cell passes for one.
_FIGURE = ("", *"0123456789.+-–")


def report(result: dict[str, Any]) -> str:
    """Return report.md of the figures that training.evaluate counted."""
    parts = [
        f"# Evaluation of {result['model']['name']} {result['model']['version']}",
        f"{result['texts']} texts of {result['policies']} policies; {_intervals(result)}.",
        _headline(result),
        "## Per class, at the chosen thresholds",
        _classes(result),
    ]
    if "baseline" in result:
        parts += [f"## Against {result['baseline']['name']}", _baseline(result["baseline"])]
    analysis = result.get("analysis") or {}
    if analysis.get("slices"):
        parts += ["## Parts of the data", _slices(analysis["slices"])]
    if analysis.get("audit"):
        parts += ["## Audit of the data", _audit(analysis["audit"])]
    parts += ["## Circumstances", _circumstances(result)]
    return "\n\n".join(parts) + "\n"


def _intervals(result: dict[str, Any]) -> str:
    if result["policies"] < metrics.FEWEST:
        return f"of fewer than {metrics.FEWEST} there are no intervals"
    return "intervals are 95 % bootstrap intervals over policies"


def figure(value: float | None, decimals: int = 3) -> str:
    """Return a figure as text; a dash where there is none to count."""
    return "–" if value is None or math.isnan(value) else f"{value:.{decimals}f}"


def share(value: float | None) -> str:
    """Return a share of the bootstrap samples; a sample in 2,000 makes a difference."""
    return "–" if value is None or math.isnan(value) else f"{100 * value:.2f} %"


def with_interval(value: float, interval: list[float]) -> str:
    """Return a figure and its interval, three decimals."""
    return f"{figure(value)} [{figure(interval[0])}, {figure(interval[1])}]"


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; columns of figures, after the first, stand to the right."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    figures = [all(cell[:1] in _FIGURE for cell in column) for column in columns]
    rule = ["---:" if right and k else "---" for k, right in enumerate(figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [header, rule, *rows])


def _headline(result: dict[str, Any]) -> str:
    rows = []
    for title, key in (("chosen, per class", "chosen_thresholds"), ("0.5", "at_half")):
        overall = result[key]["overall"]
        rows.append(
            [
                title,
                with_interval(overall["macro_f1"], overall["macro_f1_interval"]),
                with_interval(overall["micro_f1"], overall["micro_f1_interval"]),
                figure(overall["brier"], 4),
                figure(overall["calibration_error"], 4),
            ]
        )
    return table(["thresholds", "macro-F1", "micro-F1", "Brier", "calibration error"], rows)


def _classes(result: dict[str, Any]) -> str:
    human = (result.get("analysis") or {}).get("human")
    rows = [
        [
            name,
            str(v["support"]),
            f"{result['thresholds'][name]:.2f}",
            figure(v["precision"]),
            figure(v["recall"]),
            with_interval(v["f1"], v["f1_interval"]),
            figure(v["average_precision"]),
            *(_agreement(human["labels"].get(name, {})) if human else ()),
        ]
        for name, v in result["chosen_thresholds"]["labels"].items()
    ]
    header = ["class", "support", "threshold", "precision", "recall", "F1", "average precision"]
    notes = [table([*header, "kappa", "expert F1"] if human else header, rows)]
    if (least := result.get("fallback")) is not None:
        notes.append(
            "Where no class of a text reaches its threshold, the likeliest is given from "
            f"{least:.2f} on."
        )
    if human:
        notes.append(f"Human: {human['source']}.")
    return "\n\n".join(notes)


def _agreement(human: dict[str, Any]) -> list[str]:
    return [figure(human.get("kappa"), 2), figure(human.get("expert_f1"))]


def _slices(slices: dict[str, Any]) -> str:
    """Return one table of all parts but the single policies, which are many."""
    rows = [
        [
            f"{key}: {row['name']}",
            str(row["texts"]),
            str(row["policies"]),
            f"{figure(row['micro_f1'])}{_bracket(row['micro_f1_interval'])}",
            figure(row["macro_f1"]),
        ]
        for key in ("length", "agreement", "sector")
        for row in slices.get(key) or ()
    ]
    return table(["part", "texts", "policies", "micro-F1", "macro-F1"], rows)


def _bracket(interval: list[float] | None) -> str:
    return f" [{figure(interval[0])}, {figure(interval[1])}]" if interval else ""


def _audit(audit: dict[str, Any]) -> str:
    lines = [
        f"- {' and '.join(dict.fromkeys(row['splits']))}: {row['exact']} texts repeated, "
        f"{row['near']} nearly"
        for row in audit["duplicates"]
    ]
    lines.append(f"- {audit['families_across_splits']} families of policies in several splits")
    few = [f"{row['label']} ({row['positives']})" for row in audit["few_positives"]]
    if few:
        lines.append(f"- too few positives or policies for a narrow interval: {', '.join(few)}")
    return "\n".join(lines)


def _baseline(baseline: dict[str, Any]) -> str:
    overall = baseline["figures"]["overall"]
    rows = []
    for key, title in (("macro_f1", "macro-F1"), ("micro_f1", "micro-F1")):
        gain = baseline["ours_less_theirs"][key]
        rows.append(
            [
                title,
                with_interval(overall[key], overall[f"{key}_interval"]),
                with_interval(gain["difference"], gain["interval"]),
                share(gain["better"]),
            ]
        )
    return table(["", "baseline", "ours less baseline (paired)", "samples we win"], rows)


def _circumstances(result: dict[str, Any]) -> str:
    lines = [f"- command: `{result['command']}`", f"- Python {result['python']}"]
    lines += [f"- {name} {number}" for name, number in result["versions"].items() if number]
    lines += [f"- {name}: sha256 {digest}" for name, digest in result["data"].items()]
    if speed := (result.get("analysis") or {}).get("speed"):
        lines.append(
            f"- {speed['paragraphs_per_second']:.0f} paragraphs a second on {speed['threads']} "
            f"threads ({speed['machine']['cpu']}), {speed['model_bytes'] / 1e6:.1f} MB"
        )
    return "\n".join(lines)
