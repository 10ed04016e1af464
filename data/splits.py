"""Who stands where: PrivacyGLUE's places, the policy families, and k folds over families.

Near-template policies (one publisher, one lawyer) form a family and never part company, so that a
fold is not tested on what it was trained on.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from clausemark.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from data.records import Record

__all__ = ["FAMILIES", "family_of", "folds", "read_folds", "read_places"]

#: OPP-115 policies that are near copies of each other, by the site's name in the file name.
FAMILIES: Final = (
    ("sltrib", "dailynews"),
    ("fortune", "timeinc"),
    ("acbj", "style", "sheknows"),
    ("adweek", "solarviews", "voxmedia"),
    ("amazon", "imdb"),
    ("sidearmsports", "nytimes"),
    ("yahoo", "boardgamegeek"),
)
_FAMILY: Final = {site: "+".join(sites) for sites in FAMILIES for site in sites}


def family_of(document: str) -> str:
    """Return the family of the OPP-115 policy `document`, such as "105_amazon.com"."""
    site = document.partition("_")[2]
    return _FAMILY.get(site.partition(".")[0], site or document)


def read_places(path: Path) -> dict[tuple[str, int], str]:
    """Read PrivacyGLUE's places: (policy, segment) -> "train" or "validation".

    PrivacyGLUE splits texts, and a text that two policies share can have one place in each list.
    Such places (20 in OPP-115) are validation: what is validated on is never trained on.
    """
    try:
        lists = json.loads(path.read_text(encoding="utf-8"))
        return {
            (str(policy), int(segment)): split
            for split in ("train", "validation")
            for policy, segment in lists[split]
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{path}: no lists of places ({error}).") from error


def folds(records: Iterable[Record], k: int = 5, seed: int = 0) -> dict[str, int]:
    """Deal the families of `records` into `k` folds with like shares of every label.

    Greedy and deterministic: the largest family first, each into the fold that it leaves most
    even. `seed` orders families of one size. Raise RecordError if there are fewer than `k`.
    """
    sizes, counts = _count(records)
    if not 2 <= k <= len(sizes):
        raise RecordError(f"{len(sizes)} families cannot be dealt into {k} folds.")
    order = sorted(sizes)
    random.Random(seed).shuffle(order)  # noqa: S311  (no secret)
    order.sort(key=lambda family: -sizes[family])
    total = sum(counts.values(), Counter[str]())
    loads: list[Counter[str]] = [Counter() for _ in range(k)]
    assigned: dict[str, int] = {}
    for family in order:
        costs = [_cost(load, counts[family], total) for load in loads]
        best = costs.index(min(costs))
        loads[best].update(counts[family])
        assigned[family] = best
    return dict(sorted(assigned.items()))


def _count(records: Iterable[Record]) -> tuple[Counter[str], dict[str, Counter[str]]]:
    """Return the records of each family, and its labels ("": the records themselves)."""
    sizes: Counter[str] = Counter()
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        sizes[record.family] += 1
        counts[record.family].update(["", *record.labels])
    return sizes, counts


def _cost(load: Counter[str], more: Counter[str], total: Counter[str]) -> float:
    """Say how much fuller `more` makes a fold: the growth of its squared shares, label by label."""
    return sum(
        ((load[name] + more[name]) ** 2 - load[name] ** 2) / total[name] ** 2
        for name in sorted(more)  # a sum of floats depends on its order
    )


def read_folds(path: Path, families: Sequence[str]) -> dict[str, int]:
    """Read a committed assignment of families to folds; raise RecordError if one is missing."""
    try:
        assigned = json.loads(path.read_text(encoding="utf-8"))["folds"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{path}: no assignment of families to folds ({error}).") from error
    if missing := sorted(set(families) - set(assigned)):
        raise RecordError(f"{path}: family {missing[0]!r} has no fold.")
    return {family: int(assigned[family]) for family in families}
