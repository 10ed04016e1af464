"""The index of several annotated policies: a heat map of policies by categories, as one page.

A cell is the share of a policy's clauses that carry a category and leads to the first of them. What
the index keeps of a policy are counts, so that any number of policies fits into memory.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from clausemark._pages_folder import PAGES
from clausemark._render import SHORT, Assets, categories_css, render

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clausemark._manifest import LabelSettings
    from clausemark.classifier import LabelledClause
    from clausemark.labels import Label

__all__ = ["STEPS", "Row", "Unread", "index_page", "row_of"]

#: Shares at which a cell's tint gets stronger. They are fixed, so that two indexes can be compared.
STEPS: Final = (0.02, 0.05, 0.10, 0.15, 0.20, 0.30, 0.45)
#: The name and definition of the column for clauses that carry no label.
_UNLABELLED: Final = ("No label", "Clauses in which no category scored enough.")


@dataclass(frozen=True, slots=True)
class Row:
    """What the index says of one policy.

    `counts` holds the number of clauses with each category, and last that of those without any;
    `firsts` the first such clause, None where there is none.
    """

    name: str
    page: str
    words: int
    clauses: int
    counts: tuple[int, ...]
    firsts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """An input that became no page: its name, if it has one, and what is wrong with it."""

    name: str
    reason: str


def row_of(
    name: str, page: str, text: str, clauses: Sequence[LabelledClause], *, labels: Sequence[str]
) -> Row:
    """Count the `clauses` of the policy called `name`, whose annotated page is the file `page`."""
    counts = [0] * (len(labels) + 1)
    firsts: list[int | None] = [None] * (len(labels) + 1)
    places = {label: k for k, label in enumerate(labels)}
    for clause in clauses:
        for place in [places[label] for label in clause.labels] or [len(labels)]:
            counts[place] += 1
            if firsts[place] is None:
                firsts[place] = clause.index
    return Row(name, page, len(text.split()), len(clauses), tuple(counts), tuple(firsts))


def index_page(
    rows: Sequence[Row],
    unread: Sequence[Unread],
    labels: Sequence[Label | LabelSettings],
    *,
    model: str,
    anchor: Callable[[int], str],
) -> str:
    """Return the page over `rows`, at least one; `anchor` names a clause on its policy's page."""
    ordered = sorted(rows, key=lambda row: (row.name.casefold(), row.name))
    return render(
        "index.html.j2",
        Assets(css=("index.css",), js=("index.js",), rules=categories_css(len(labels))),
        columns=_columns(labels),
        policies=[_policy(row, anchor) for row in ordered],
        summary=_summary(rows),
        unread=unread,
        model=model,
        steps=_steps(),
        clauses=sum(row.clauses for row in rows),
        words=sum(row.words for row in rows),
    )


def _columns(labels: Sequence[Label | LabelSettings]) -> list[dict[str, str]]:
    """Return the table's columns: the categories, then the clauses without any."""
    named = [(SHORT.get(label.id, label.name), label.name, label.definition) for label in labels]
    named.append((_UNLABELLED[0], *_UNLABELLED))
    hues = [*(f"cat-{k}" for k in range(len(labels))), "cat-none"]
    return [
        {"short": short, "name": name, "definition": definition, "hue": hue}
        for (short, name, definition), hue in zip(named, hues, strict=True)
    ]


def _policy(row: Row, anchor: Callable[[int], str]) -> dict[str, Any]:
    page = f"{PAGES}/{quote(row.page)}"
    cells = [
        _cell(count, row.clauses) | {"link": None if first is None else f"{page}#{anchor(first)}"}
        for count, first in zip(row.counts, row.firsts, strict=True)
    ]
    return {
        "name": row.name,
        "link": page,
        "clauses": row.clauses,
        "words": row.words,
        "cells": cells,
    }


def _cell(count: int, clauses: int) -> dict[str, Any]:
    share = count / clauses if clauses else 0.0
    noun = "clause" if clauses == 1 else "clauses"
    return {
        "share": round(share, 4),
        "shown": _percent(share),
        "step": _step(share),
        "words": f"{count:,} of {clauses:,} {noun}",
    }


def _percent(share: float) -> str:
    """Return a share in per cent; neither a few nor nearly all are rounded to none or all."""
    if 0 < share < 0.005:
        return "<1"
    if 0.995 < share < 1:
        return ">99"
    return f"{100 * share:.0f}"


def _step(share: float) -> int:
    return 1 + bisect_right(STEPS, share) if share else 0


def _steps() -> list[str]:
    """Return what each strength of tint stands for, weakest first."""
    bounds = [f"{100 * step:.0f}" for step in STEPS]
    between = [f"{low}–{high}%" for low, high in pairwise(bounds)]
    return [f"under {bounds[0]}%", *between, f"{bounds[-1]}% and more"]


def _summary(rows: Sequence[Row]) -> dict[str, Any]:
    """Return medians over the policies, and for each column the number of policies without it."""
    columns = [
        {
            "median": _percent(median(column)),
            "step": _step(median(column)),
            "without": sum(share == 0 for share in column),
        }
        for column in zip(*map(_shares, rows), strict=True)
    ]
    return {
        "columns": columns,
        "clauses": f"{median(row.clauses for row in rows):,.0f}",
        "words": f"{median(row.words for row in rows):,.0f}",
    }


def _shares(row: Row) -> tuple[float, ...]:
    return tuple(count / row.clauses if row.clauses else 0.0 for count in row.counts)
