"""How well OPP-115's annotators agree with one another, counted from a corpus's records.

    python -m training.agreement data/processed/opp115.jsonl --output training/results/agreement

Writes DIR/<corpus>.json: figures only. Every text was read by three annotators, and a record's
votes say how many of them gave each label; who they were differs from policy to policy, so that
they are pooled. Kappa is Fleiss' (1971), over all texts. The expert's F1 is of one annotator
against the majority of three, which holds that annotator's own vote and therefore flatters;
`pair_f1` is of one annotator against another. Both are counted over the texts for which the
majority gives a label: models are judged on those alone.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  (Typer reads it)
from typing import TYPE_CHECKING, Annotated, Any, Final

import numpy as np
import typer

from clausemark.errors import ClausemarkError, RecordError
from clausemark.labels import OPP115
from training import examples
from training.files import circumstances, make_folder, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ANNOTATORS: Final = 3
_ROUNDING: Final = 1e-3


def fleiss(table: NDArray[np.int64]) -> float:
    """Return Fleiss' kappa; nan where all raters always choose one category.

    `table` says how many raters put each subject into each category, equally many a subject.
    *Shape:* (subjects, categories).
    """
    raters = table.sum(axis=1)
    if not (raters == raters[0]).all() or raters[0] < 2:
        raise RecordError(
            f"subjects have {raters.min()} to {raters.max()} ratings.",
            hint="Fleiss' kappa needs equally many ratings of every subject, at least 2.",
        )
    n = int(raters[0])
    agreed = float((table * (table - 1)).sum(axis=1).mean()) / (n * (n - 1))
    chance = float(((table.sum(axis=0) / table.sum()) ** 2).sum())
    return (agreed - chance) / (1 - chance) if chance < 1 else float("nan")


def expert_f1(given: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
    """Return F1 of one of three annotators against the majority, by label and of all together.

    `given` says how many of the three gave each label; annotators are pooled. A label that nobody
    gives is nan. *Shape:* (texts, labels).
    """
    true = np.where(given >= 2, given, 0).sum(axis=0)
    false, missed = (given == 1).sum(axis=0), (given == 2).sum(axis=0)
    return _f1(2 * true, 2 * true + false + missed)


def pair_f1(given: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
    """Return F1 of one annotator against another, over all pairs; as `expert_f1`."""
    both = (given * (given - 1)).sum(axis=0)
    either = (given * (ANNOTATORS - 1)).sum(axis=0)
    return _f1(both, either)


def _f1(above: NDArray[np.int64], below: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
    each = np.full(len(above), np.nan)
    np.divide(above, below, out=each, where=below > 0)
    return each, float(above.sum() / below.sum()) if below.any() else float("nan")


def votes(rows: Sequence[dict[str, Any]]) -> NDArray[np.int64]:
    """Return how many of the three annotators gave each label. *Shape:* (texts, labels).

    Raise RecordError naming a record without the votes of three annotators.
    """
    if not rows:
        raise RecordError("no record is there.", hint="Agreement needs a corpus with votes.")
    return np.stack([_counts(row) for row in rows])


def _counts(row: dict[str, Any]) -> NDArray[np.int64]:
    shares = np.asarray([(row.get("votes") or {}).get(name, np.nan) for name in OPP115.names])
    counts = shares * ANNOTATORS
    if not (np.abs(counts - np.round(counts)) <= ANNOTATORS * _ROUNDING).all():
        raise RecordError(
            f"record {row.get('id')!r}: its votes are none of three annotators.",
            hint="Agreement can be counted of OPP-115 only.",
        )
    return np.round(counts).astype(np.int64)


def agreement(given: NDArray[np.int64]) -> dict[str, Any]:
    """Return all figures of `votes`, by label and overall. *Shape:* (texts, labels)."""
    labelled = given[(given >= 2).any(axis=1)]
    expert, expert_micro = expert_f1(labelled)
    pair, pair_micro = pair_f1(labelled)
    return {
        "texts": len(given),
        "texts_with_a_label": len(labelled),
        "overall": {
            "expert_macro_f1": float(np.nanmean(expert)),
            "expert_micro_f1": expert_micro,
            "pair_macro_f1": float(np.nanmean(pair)),
            "pair_micro_f1": pair_micro,
        },
        "labels": {
            name: {
                "kappa": _kappa(given[:, k]),
                "expert_f1": float(expert[k]),
                "pair_f1": float(pair[k]),
            }
            for k, name in enumerate(OPP115.names)
        },
    }


def _kappa(given: NDArray[np.int64]) -> float:
    """Return the kappa of one label: given and not given are the two categories."""
    return fleiss(np.column_stack([given, ANNOTATORS - given]))


def main(
    data: Annotated[Path, typer.Argument(help="Records with votes, as data.build writes them.")],
    output: Annotated[Path, typer.Option(help="Folder for <corpus>.json.")],
) -> None:
    """Count how well the annotators of DATA agree."""
    try:
        make_folder(output)
        rows = list(examples.read_rows(data))
        found = agreement(votes(rows))
    except ClausemarkError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    result = {"source": _source(found), **found, "data": {data.name: examples.checksum(data)}}
    write_json(output / f"{rows[0]['corpus']}.json", result | circumstances())
    typer.echo(f"expert against majority: {found['overall']}")


def _source(found: dict[str, Any]) -> str:
    return (
        f"kappa is Fleiss' over {found['texts']:,} texts read by three annotators each; expert F1 "
        "is of one annotator against the majority of the three, which holds that annotator's own "
        f"vote and so flatters, over the {found['texts_with_a_label']:,} texts for which it gives "
        "a label"
    )


if __name__ == "__main__":
    typer.run(main)
