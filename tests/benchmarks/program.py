"""What the programs here share: options, the pipelines' folders, a run from its options on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rates
from engines import RESULTS, ROOT
from shape import BERT_BASE, OURS, checked
from systems import Pipeline, write_folder

from clausemark.artifact import bundled_model

if TYPE_CHECKING:
    from collections.abc import Callable

#: What all is compared with.
BASE = Pipeline("BERT-base", "").name


def options(what: str, *, rounds: int = 5) -> argparse.ArgumentParser:
    """Return a parser of the options that all have."""
    made = argparse.ArgumentParser(description=what)
    made.add_argument("--rounds", type=int, default=rounds)
    made.add_argument("--output", type=Path, default=RESULTS, help="folder of the results")
    made.add_argument("--own", type=Path, help="the transformers folder of training.export")
    return made


def with_records(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add the options of those that draw a sample."""
    records = ROOT / "data/processed/opp115.jsonl"
    parser.add_argument("--records", type=Path, default=records, help="OPP-115 by data.build")
    parser.add_argument("--texts", type=int, default=64, help="how many, at most")
    return parser


def bert_base(room: Path) -> str:
    """Write a model of BERT-base's size into `room`; return its folder."""
    return write_folder(BERT_BASE, room / "bert-base")


def own_folder(room: Path, own: Path | None) -> str:
    """Return the exported transformers folder, or one of the same shape with random weights."""
    if own is not None:
        return str(own)
    return write_folder(checked(OURS, bundled_model().read()), room / "own")


def whose(own: Path | None) -> str:
    """Return what the weights of `own_folder` are, in words."""
    return "those exported" if own else "random, in the same shape"


def run(
    name: str,
    parser: argparse.ArgumentParser,
    arguments: list[str] | None,
    measure: Callable[[argparse.Namespace], dict[str, Any]],
    table: Callable[[Any], str],
) -> int:
    """Read the options, measure, write the result and its table, and show the table."""
    wish = parser.parse_args(arguments)
    result = measure(wish)
    made = table(result)
    rates.write(wish.output, name, result, made)
    print(made)
    return 0
