"""The report's sections as plain values: what the templates lay out, in the order of the scheme."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from clausemark._render import SHORT
from clausemark.labels import OPP115
from training.analysis.audit import WIDE
from training.report import explorer
from training.report.markdown import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Shades of a heat map's cells, the empty one not counted.
SHADES: Final = 8
SLICES: Final = {
    "length": "By length of the text",
    "agreement": "By the annotators' agreement",
    "sector": "By sector",
    "policy": "By policy",
}


def classes(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one row a label: its figures, and the human and the baseline's beside them."""
    human = (part(result, "human") or {}).get("labels", {})
    baseline = result.get("baseline", {}).get("figures", {}).get("labels", {})
    return [
        {
            "k": k,
            "id": label.id,
            "name": label.name,
            "short": SHORT.get(label.id, label.name),
            "threshold": result["thresholds"][label.name],
            "half": result["at_half"]["labels"][label.name]["f1"],
            "kappa": human.get(label.name, {}).get("kappa"),
            "expert_f1": human.get(label.name, {}).get("expert_f1"),
            "baseline": baseline.get(label.name),
            "unsure": unsure(result["chosen_thresholds"]["labels"][label.name]["f1_interval"]),
            **result["chosen_thresholds"]["labels"][label.name],
        }
        for k, label in enumerate(OPP115.labels)
    ]


def unsure(interval: Sequence[float | None]) -> bool:
    """Return whether an F1's interval is too wide to rank models by, or cannot be counted."""
    low, high = interval
    return low is None or high is None or not high - low <= WIDE


def part(result: dict[str, Any], name: str) -> Any:
    """Return one section of the analysis; None where there is none."""
    return (result.get("analysis") or {}).get(name)


def verdicts(baseline: dict[str, Any]) -> list[str]:
    """Return, in words, how macro- and micro-F1 stand to the baseline's."""
    return [
        _verdict(title, baseline["name"], baseline["ours_less_theirs"][key])
        for key, title in (("macro_f1", "Macro-F1"), ("micro_f1", "Micro-F1"))
    ]


def _verdict(title: str, other: str, gain: dict[str, Any]) -> str:
    points = 100 * gain["difference"]
    if any(end is None or math.isnan(end) for end in gain["interval"]):
        return (
            f"{title} differs from {other}'s by {points:+.1f} points: there are too few policies "
            "to say whether by chance."
        )
    low, high = (100 * end for end in gain["interval"])
    bracket = f"[{low:+.1f}, {high:+.1f}]"
    if low <= 0 <= high:
        return (
            f"{title} differs from {other}'s by {points:+.1f} points {bracket}: on these policies "
            "the two cannot be told apart."
        )
    word = "above" if points > 0 else "below"
    return f"{title} is {abs(points):.1f} points {word} {other}'s {bracket}."


def heat(counts: Sequence[Sequence[int]]) -> list[list[dict[str, int]]]:
    """Return the cells of a table of counts, each with a shade from 0 (none) to `SHADES`.

    The shade goes with the square root, so that small counts differ; the diagonal has none.
    """
    aside = [[0 if i == j else n for j, n in enumerate(row)] for i, row in enumerate(counts)]
    most = max((n for row in aside for n in row), default=0)
    return [
        [{"count": int(n), "shade": 0 if i == j else _shade(n, most)} for j, n in enumerate(row)]
        for i, row in enumerate(counts)
    ]


def _shade(count: int, most: int) -> int:
    return 0 if not count else max(1, round(SHADES * (count / most) ** 0.5))


def slices(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a table a way of slicing, in the analysis's order but policies worst first."""
    found = part(result, "slices") or {}
    tables = []
    for key, title in SLICES.items():
        rows = list(found.get(key) or [])
        if key == "policy":
            rows.sort(key=lambda row: (row["micro_f1"] if row["positives"] else 2, row["name"]))
        if rows:
            tables.append({"key": key, "title": title, "rows": rows})
    return tables


def threshold_table(counted: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each label's figures at every tenth, for readers without scripts."""
    return [
        {"name": one["label"], "cells": [explorer.figures(one, at) for at in explorer.TENTHS]}
        for one in counted
    ]


def judged(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the labels worth showing of one text: true, decided, voted for or scored above 0.1."""
    votes, scores = row.get("votes") or {}, row.get("scores") or {}
    truth, decided = set(row["truth"]), set(row.get("decided") or ())
    shown = []
    for k, label in enumerate(OPP115.labels):
        name = label.name
        score, vote = scores.get(name), votes.get(name)
        if name in truth | decided or vote or (score is not None and score >= 0.1):
            verdict = _OUTCOME[name in truth, name in decided]
            cells = {"score": figure(score, 2), "vote": figure(vote, 2) if votes else None}
            shown.append({"k": k, "name": name, "verdict": verdict, **cells})
    return shown


_OUTCOME: Final = {
    (True, True): "right",
    (True, False): "missed",
    (False, True): "wrongly given",
    (False, False): "",
}
