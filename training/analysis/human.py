"""The annotators' own agreement, as training.agreement counted it once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clausemark.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: One file a corpus, made by python -m training.agreement.
FOLDER: Final = Path(__file__).parents[1] / "results" / "agreement"


def human(rows: Sequence[Mapping[str, Any]], folder: Path = FOLDER) -> dict[str, Any] | None:
    """Return the agreement figures of the corpus that all `rows` are of; None if there are none."""
    corpora = {row.get("corpus") for row in rows}
    path = folder / f"{corpora.pop()}.json"
    if corpora or not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {key: found[key] for key in ("source", "overall", "labels")}
    except (ValueError, KeyError) as error:
        raise RecordError(
            f"{path}: no agreement figures ({error!r}).", hint="Run python -m training.agreement."
        ) from None
