"""Systems judged on the same texts: differences of F1 on the same bootstrap samples of policies.

A system is one evaluation, or several of it trained with other seeds. A sample draws as many
policies as there are, with replacement, the same ones for every system (Efron & Tibshirani, 1993;
Berg-Kirkpatrick et al., 2012), and of each system as many seeds as it has, with replacement too;
its figure is the mean over the seeds drawn. So the interval holds what another training and other
policies would change (Bouthillier et al., 2021); of few seeds it holds a little too little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from clausemark.labels import OPP115
from training import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from training.systems import System

#: A class counts as better or worse where its corrected p-value is below this.
LEVEL: Final = 0.05
#: What is compared, in the order of the columns of `metrics.bootstrap`.
OVERALL: Final = ("macro_f1", "micro_f1")


def samples(system: System, draws: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """Return macro-F1, micro-F1 and the labels' F1 of each sample. *Shape:* (times, 2 + labels).

    `draws` are `metrics.resample`'s; `seed` starts the drawing of the system's own seeds.
    """
    each = np.stack(
        [metrics.bootstrap(_per_document(system, k), draws) for k in range(system.seeds)]
    )
    share = np.full(system.seeds, 1 / system.seeds)
    times = np.random.default_rng([seed, 1]).multinomial(system.seeds, share, len(draws))
    drawn = np.einsum("ts,stk->tk", times / system.seeds, each)
    return np.asarray(drawn, dtype=np.float64)


def figures(system: System) -> NDArray[np.float64]:
    """Return macro-F1, micro-F1 and the labels' F1, the mean over seeds. *Shape:* (2 + labels,)."""
    tables = [metrics.counts(system.scored.truth, decided) for decided in system.decided]
    rows = [[*metrics.macro_micro(table), *metrics.f1(table)] for table in tables]
    return np.asarray(np.mean(rows, axis=0), dtype=np.float64)


def spread(system: System) -> list[float] | None:
    """Return the standard deviations over seeds of macro- and micro-F1; None for a single seed."""
    if system.seeds < 2:
        return None
    tables = [metrics.counts(system.scored.truth, decided) for decided in system.decided]
    each = np.asarray([metrics.macro_micro(table) for table in tables])
    return [float(value) for value in each.std(axis=0, ddof=1)]


def _per_document(system: System, seed: int) -> NDArray[np.float64]:
    documents = system.scored.documents
    return metrics.per_document(system.scored.truth, system.decided[seed], documents)


def difference(gain: float, drawn: NDArray[np.float64]) -> dict[str, Any]:
    """Return a difference with its interval, the share of samples above 0, and p.

    p is two-sided: twice the rarer sign's share, never 0 (Davison & Hinkley, 1997). Samples that
    count no figure are left out; all is None where none does. *Shape:* `drawn` (times,).
    """
    there = drawn[~np.isnan(drawn)]
    if not len(there):
        return dict.fromkeys(("difference", "interval", "better", "p"))
    rarer = min(int((there <= 0).sum()), int((there >= 0).sum()))
    return {
        "difference": gain,
        "interval": metrics.interval(there),
        "better": float(np.mean(there > 0)),
        "p": min(1.0, 2 * (rarer + 1) / (len(there) + 1)),
    }


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return p-values corrected for being several (Holm, 1979); None stays, and is not counted."""
    order = sorted((p, k) for k, p in enumerate(values) if p is not None)
    corrected: list[float | None] = [None] * len(values)
    least = 0.0
    for done, (p, k) in enumerate(order):
        least = max(least, min(1.0, p * (len(order) - done)))
        corrected[k] = least
    return corrected


def compare(first: System, second: System, *, times: int = 2000) -> dict[str, Any]:
    """Return second less first, overall and by label, on the same samples of policies.

    A label's `verdict` is better or worse where its p, corrected by Holm for the labels that
    occur, is below LEVEL; else same.
    """
    draws = metrics.resample(len(set(first.scored.documents)), times=times)
    # The same seeds whichever comes first, so that the verdict does not hang on the order.
    later = int((first.folders, first.name) < (second.folders, second.name))
    drawn = samples(second, draws, later) - samples(first, draws, 1 - later)
    gain = (figures(second) - figures(first)).tolist()
    made = [difference(gain[k], drawn[:, k]) for k in range(len(gain))]
    corrected = holm([part["p"] for part in made[2:]])
    support = (first.scored.truth > 0.5).sum(axis=0)
    return {
        "name": second.name,
        "against": first.name,
        "overall": dict(zip(OVERALL, made[:2], strict=True)),
        "labels": {
            name: {
                "support": int(support[k]),
                **made[2 + k],
                "p_corrected": corrected[k],
                "verdict": _verdict(gain[2 + k], corrected[k]),
            }
            for k, name in enumerate(OPP115.names)
        },
    }


def _verdict(gain: float, p: float | None) -> str:
    if p is None or p >= LEVEL:
        return "same"
    return "better" if gain > 0 else "worse"
