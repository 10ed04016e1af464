"""The records behind an evaluation's scores, and what is known of their policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from clausemark.errors import RecordError
from clausemark.labels import OPP115
from training import examples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from training.scored import Scored

Row = dict[str, Any]


def aligned(rows: Sequence[Row], ids: Sequence[str], source: Path) -> list[Row]:
    """Return the records called `ids`, in that order; raise RecordError naming one that is gone."""
    by_id = {row.get("id"): row for row in rows}
    if missing := [name for name in ids if name not in by_id]:
        raise RecordError(
            f"{source}: record {missing[0]!r} was scored, but is not there.",
            hint="Evaluate again on these records.",
        )
    return [by_id[name] for name in ids]


def read(source: Path, ids: Sequence[str]) -> list[Row]:
    """Return the records of `source` called `ids`, in that order."""
    return aligned(list(examples.read_rows(source)), ids, source)


def sectors(source: Path) -> dict[str, str]:
    """Return policy -> sector from the `_policies.jsonl` beside `source`; {} if there is none."""
    path = source.with_name(f"{source.stem}_policies.jsonl")
    if not path.is_file():
        return {}
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {row["document"]: row["sector"] for row in rows if row["sector"]}
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError(
            f"{path}: no list of policies ({error!r}).", hint="Build it: python -m data.build."
        ) from None


def quoted(
    scored: Scored, decided: NDArray[np.bool_], rows: Sequence[Mapping[str, Any]], k: int
) -> Row:
    """Return text `k` with its true and its decided labels, the votes and the scores."""
    names = OPP115.names
    return {
        "id": scored.ids[k],
        "document": scored.documents[k],
        "text": rows[k]["text"],
        "truth": [name for name, given in zip(names, scored.truth[k], strict=True) if given > 0.5],
        "decided": [name for name, given in zip(names, decided[k], strict=True) if given],
        "votes": rows[k].get("votes"),
        "scores": dict(zip(names, scored.scores[k].tolist(), strict=True)),
    }
