"""Everything that metrics.json says beyond the headline figures; never a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clausemark.labels import OPP115
from training import examples
from training.analysis.audit import audit
from training.analysis.curves import curves, reliability
from training.analysis.human import human
from training.analysis.pairs import confusion, cooccurrence
from training.analysis.records import aligned, sectors
from training.analysis.slices import slices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from training.scored import Scored


def analyse(
    scored: Scored,
    decided: NDArray[np.bool_],
    thresholds: Mapping[str, float],
    data: Path,
    speed: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the analysis of one evaluation: figures by label name, None where there are none.

    `data` is the whole file of records, of which `scored` may be a split; `speed` is what
    `timed` measured. Raise RecordError if a scored record is not in `data`.
    """
    every = list(examples.read_rows(data))
    rows = aligned(every, scored.ids, data)
    cuts = [thresholds[name] for name in OPP115.names]
    return {
        "curves": curves(scored.truth, scored.scores, decided, cuts, OPP115.names),
        "reliability": reliability(scored.truth, scored.scores, OPP115.names),
        "cooccurrence": cooccurrence(scored.truth),
        "confusion": confusion(scored.truth, decided),
        "slices": slices(scored, decided, rows, sectors(data)),
        "audit": audit(scored, decided, every, OPP115.names),
        "human": human(rows),
        "speed": None if speed is None else dict(speed),
    }
