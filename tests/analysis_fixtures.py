"""Scores, truth and records made up at random, of a few policies."""

from __future__ import annotations

from typing import Any

import numpy as np

from clausemark.labels import OPP115
from training.scored import Scored

NAMES = OPP115.names
CUTS = dict.fromkeys(NAMES, 0.5)


def random(seed: int, texts: int = 60, policies: int = 9) -> tuple[Scored, np.ndarray]:
    """Return scores that are right more often than not, and decisions at 0.5."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((texts, 12)) < 0.3).astype(np.float32)
    scores = (0.4 * truth + 0.6 * rng.random((texts, 12))).astype(np.float32)
    documents = [f"d{k % policies}" for k in range(texts)]
    return Scored([f"r{k}" for k in range(texts)], documents, truth, scores), scores >= 0.5


def by_hand(truth: list[list[str]], decided: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and decisions that give each text the labels named."""
    hot = [[[name in row for name in NAMES] for row in table] for table in (truth, decided)]
    return np.asarray(hot[0], dtype=np.float32), np.asarray(hot[1], dtype=bool)


def records(scored: Scored, **fields: Any) -> list[dict[str, Any]]:
    """Return a record of invented words for each scored text."""
    return [
        {"id": name, "document": document, "text": f"clause {k}", "labels": [], **fields}
        for k, (name, document) in enumerate(zip(scored.ids, scored.documents, strict=True))
    ]
