"""A finished evaluation of random scores, with every section of the analysis made by hand."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_curve

from clausemark.labels import OPP115
from training.evaluate import assess, paired
from training.scored import Scored

NAMES = OPP115.names
CUTS = np.linspace(0.3, 0.6, 12).round(2).astype(np.float32)
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)>" onmouseover="alert(3)" \u202e\x00'


def scored(texts: int = 240, seed: int = 3) -> Scored:
    """Random scores that know a little of the truth; the eighth label is rare, the last absent."""
    rng = np.random.default_rng(seed)
    share = np.full(12, 0.25)
    share[7], share[11] = 0.02, 0
    truth = (rng.random((texts, 12)) < share).astype(np.float32)
    truth[0, 7] = 1
    scores = np.clip(rng.normal(0.25 + 0.4 * truth, 0.2), 0.001, 0.999).astype(np.float32)
    ids = [f"d{k % 9}/{k}" for k in range(texts)]
    return Scored(ids, [f"d{k % 9}" for k in range(texts)], truth, scores)


def result(found: Scored | None = None) -> dict[str, Any]:
    """What training.evaluate makes of the random scores, beside a baseline of others."""
    found = found or scored()
    decided = found.scores >= CUTS
    other = scored(len(found.ids), seed=3)
    theirs = np.roll(other.scores, 1, axis=1) >= 0.5
    return {
        "model": {"name": "random", "version": "1.0"},
        "texts": len(found.ids),
        "policies": 9,
        "thresholds": dict(zip(NAMES, (round(float(c), 4) for c in CUTS), strict=True)),
        "chosen_thresholds": assess(found, decided),
        "at_half": assess(found, found.scores >= 0.5),
        "baseline": {
            "name": "shifted",
            "figures": assess(other, theirs),
            "ours_less_theirs": paired(found.truth, found.documents, decided, theirs),
        },
        "analysis": analysis(found, decided),
        "data": {"random.jsonl": "0" * 64},
        "split": "test",
        "command": "python -m training.evaluate random random.jsonl",
        "python": "3.11",
        "versions": {"numpy": "2.0", "torch": None},
    }


def analysis(found: Scored, decided: np.ndarray) -> dict[str, Any]:
    """Every section, by hand."""
    truth, y = found.truth, found.truth > 0.5
    both = lambda a, b: (a.T.astype(int) @ b.astype(int)).tolist()  # noqa: E731
    return {
        "curves": {n: _curve(truth[:, k], found.scores[:, k], k) for k, n in enumerate(NAMES)},
        "reliability": {
            "all": _bins(truth.ravel(), found.scores.ravel()),
            **{name: _bins(truth[:, k], found.scores[:, k]) for k, name in enumerate(NAMES)},
        },
        "cooccurrence": {"counts": both(y, y)},
        "confusion": {
            "counts": both(y & ~decided, ~y & decided),
            "missed_alone": list(range(12)),
            "given_alone": [2 * k for k in range(12)],
        },
        "slices": {
            "length": [_slice("up to 20 words", 0.71), _slice("over 200 words", 0.9)],
            "agreement": [_slice("all agree", 0.8), _slice("one of three differs", 0.55)],
            "policy": [_slice(f"policy {k}", k / 30) for k in range(30)],
            "sector": [_slice("News & Media", float("nan"))],
        },
        "audit": {
            "splits": {"train": {"texts": 2185, "policies": 115, "families": 110}},
            "duplicates": [{"splits": ["train", "validation"], "exact": 2, "near": 5}],
            "families_across_splits": 3,
            "few_positives": [{"label": NAMES[7], "positives": 6, "interval_width": 0.4}],
        },
        "human": {
            "source": "three annotators a policy, Wilson et al. 2016",
            "overall": {"expert_macro_f1": 0.8, "expert_micro_f1": 0.85},
            "labels": {name: {"kappa": 0.5, "expert_f1": 0.81} for name in NAMES},
        },
        "speed": {
            "paragraphs_per_second": 61.4, "seconds": 9.1, "threads": 2,
            "model_bytes": 24_000_000, "parameters": 22_717_836,
            "machine": {"cpu": "a processor", "cores": 2, "platform": "Linux x86_64"},
        },
    }  # fmt: skip


def mistakes(text: str = HOSTILE) -> list[dict[str, Any]]:
    """One text that was misread."""
    row = {"id": "d1/1", "document": text, "text": text, "truth": [NAMES[4]], "loss": 3.2}
    row |= {"decided": [NAMES[5]], "votes": {NAMES[4]: 2 / 3, NAMES[5]: 1 / 3}}
    return [row | {"scores": {NAMES[4]: 0.04, NAMES[5]: 0.91, NAMES[0]: 0.02}}]


def _curve(truth: np.ndarray, scores: np.ndarray, k: int) -> dict[str, Any] | None:
    if not truth.any():
        return None
    precision, recall, cut = precision_recall_curve(truth, scores)
    at = int(np.searchsorted(cut, CUTS[k]))
    chosen = {"threshold": float(CUTS[k]), "precision": precision[at], "recall": recall[at]}
    return {"precision": precision.tolist(), "recall": recall.tolist(),
            "threshold": cut.tolist(), "chosen": chosen}  # fmt: skip


def _bins(truth: np.ndarray, scores: np.ndarray) -> list[dict[str, Any]]:
    rows = []
    for k in range(10):
        inside = np.minimum((scores * 10).astype(int), 9) == k
        some = bool(inside.any())
        mean = float(scores[inside].mean()) if some else None
        share = float(truth[inside].mean()) if some else None
        row = {"low": k / 10, "high": (k + 1) / 10, "count": int(inside.sum())}
        rows.append(row | {"mean_score": mean, "positives_share": share})
    return rows


def _slice(name: str, value: float) -> dict[str, Any]:
    ends = [max(0.0, value - 0.1), min(1.0, value + 0.1)]
    return {"name": name, "texts": 40, "policies": 9, "positives": 55, "macro_f1": value,
            "micro_f1": value, "micro_f1_interval": ends}  # fmt: skip


class Figures(HTMLParser):
    """The attributes of every element of a page, and of those that carry a figure."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def of(self, figure: str, **wanted: str) -> list[float]:
        """The values of `figure`, in the page's order; nan where there is none."""
        keys = {f"data-{key}": value for key, value in wanted.items()}
        found = [a for _, a in self.elements if a.get("data-figure") == figure]
        found = [a for a in found if all(a.get(key) == value for key, value in keys.items())]
        return [float(a["data-value"] or "nan") for a in found]
