"""Records become arrays: texts, targets, masks of what a corpus can speak for."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from clausemark.errors import RecordError
from clausemark.labels import OPP115, Scheme
from clausemark.segment import headed
from training.apart import Apart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from training.config import Source


#: Places that figures are told of: no vocabulary is chosen and nothing learnt on them.
HELD = ("validation", "test")


@dataclass(frozen=True, slots=True)
class Examples:
    """Labelled texts as arrays, row by row.

    *Shape:* `targets`, `known` and `majority` (texts, labels) float32; `weights` (texts,).
    `targets` is what the loss sees, `majority` the 0/1 labels that metrics are counted on, `known`
    is 0 where the corpus cannot speak for a label.
    """

    ids: list[str]
    texts: list[str]
    documents: list[str]
    splits: list[str | None]
    targets: NDArray[np.float32]
    majority: NDArray[np.float32]
    known: NDArray[np.float32]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[Any]) -> Examples:
        """Return the examples of `rows`, a mask or numbers."""
        kept = np.arange(len(self))[rows]
        return Examples(
            ids=[self.ids[k] for k in kept],
            texts=[self.texts[k] for k in kept],
            documents=[self.documents[k] for k in kept],
            splits=[self.splits[k] for k in kept],
            targets=self.targets[kept],
            majority=self.majority[kept],
            known=self.known[kept],
            weights=self.weights[kept],
        )


def read_rows(path: Path | str) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSONL file; raise RecordError naming file and line."""
    try:
        with Path(path).open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    raise RecordError(f"{path}, line {number}: not JSON: {error.msg}.") from None
                if not isinstance(row, dict) or not isinstance(row.get("text"), str):
                    raise RecordError(f"{path}, line {number}: a record needs a 'text' string.")
                yield row
    except UnicodeDecodeError as error:
        raise RecordError(f"{path}: not UTF-8 ({error.reason}).") from None
    except FileNotFoundError:
        raise RecordError(
            f"{path}: no such record file.", hint="Build the corpora first: python -m data.build."
        ) from None
    except OSError as error:
        raise RecordError(
            f"{path}: cannot be read ({error.strerror}).", hint="Name a file of records."
        ) from None


def load(
    sources: Sequence[Source], *, fold: int | None = None, scheme: Scheme = OPP115
) -> Examples:
    """Read `sources` one after the other into one set of examples.

    Raises RecordError naming the record that has an unknown label or lacks a field.
    """
    paths = {source.apart for source in sources if source.apart}
    apart = {path: Apart(row["text"] for row in read_rows(path)) for path in paths}
    rows: list[tuple[dict[str, Any], Source]] = []
    for source in sources:
        before = len(rows)
        away = apart.get(source.apart)
        found = _select(source, fold)
        rows += [(row, source) for row in found if not (away and away.repeated(row["text"]))]
        if len(rows) == before:
            raise RecordError(
                f"no record is left of {source.path}.",
                hint="Check splits, strata, share, fold and apart.",
            )
    majority = np.stack([_multi_hot(row, scheme) for row, _ in rows])
    votes = np.stack([_votes(row, scheme) for row, _ in rows])
    share = np.asarray([source.majority for _, source in rows], dtype=np.float32)[:, None]
    return Examples(
        ids=[row["id"] for row, _ in rows],
        texts=[_text(row, source) for row, source in rows],
        documents=[row["document"] for row, _ in rows],
        splits=[row.get("split") for row, _ in rows],
        targets=share * majority + (1 - share) * votes,
        majority=majority,
        known=np.stack([_known(row, scheme) for row, _ in rows]),
        weights=np.asarray([source.weight for _, source in rows], dtype=np.float32),
    )


def judgeable(data: Examples, path: Path | str) -> Examples:
    """Return `data`, records of `path`; raise RecordError if they leave labels open or come twice.

    Figures would take a partial corpus's silence for a no, and count right answers as errors. A
    text that stands there twice would count twice.
    """
    twice = [name for name, number in Counter(data.ids).items() if number > 1]
    if twice:
        raise RecordError(
            f"{path}: record {twice[0]!r} occurs twice.",
            hint="Ids must differ: build the corpus again, or leave one out.",
        )
    partial = np.flatnonzero(data.known.min(axis=1) == 0)
    if len(partial):
        k = int(partial[0])
        raise RecordError(
            f"{path}: {len(partial)} of {len(data)} records speak for some labels only; "
            f"{data.ids[k]!r} is known for {int(data.known[k].sum())} of {data.known.shape[1]}.",
            hint="Precision and F1 need a corpus whose 'known' is null, such as opp115.",
        )
    return data


def load_judgeable(source: Source, *, fold: int | None = None) -> Examples:
    """Read `source` to judge by it; raises what `load` and `judgeable` raise."""
    return judgeable(load([source], fold=fold), source.path)


def check_folds(source: Source, folds: int) -> None:
    """Raise RecordError unless the records of `source` have exactly the folds 0 to `folds` - 1.

    A text of another fold would never be held out, and be missing from the figures.
    """
    found = {row.get("fold") for row in _select(replace(source, fold="any"), None)}
    if found != set(range(folds)):
        named = ", ".join(sorted(map(str, found)))
        raise RecordError(
            f"{source.path}: the records' folds are {named}; {folds} folds were asked for.",
            hint="Give --folds as many as there are, on records that are all in one.",
        )


def checksum(path: Path | str) -> str:
    """Return the sha256 of a file, in hex; raise RecordError where it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RecordError(
            f"{path}: cannot be read ({error.strerror}).", hint="Name a file that is there."
        ) from None


def _select(source: Source, fold: int | None) -> Iterator[dict[str, Any]]:
    for row in read_rows(source.path):
        _check(row, source)
        if source.splits and row.get("split") not in source.splits:
            continue
        if source.strata and (row.get("extra") or {}).get("stratum") not in source.strata:
            continue
        if _chance(row, b"share") >= source.share:
            continue
        if source.fold != "any" and (row.get("fold") == fold) != (source.fold == "in"):
            continue
        yield row


def _check(row: dict[str, Any], source: Source) -> None:
    """Raise RecordError naming a record that lacks an id, a document or a list of labels."""
    name = f"{source.path}: record {row.get('id')!r}"
    for key in ("id", "document"):
        if not isinstance(row.get(key), str):
            raise RecordError(f"{name}: {key!r} is {row.get(key)!r}, a string is needed.")
    if not isinstance(row.get("labels"), list):
        raise RecordError(f"{name}: 'labels' is {row.get('labels')!r}, a list is needed.")


def _text(row: dict[str, Any], source: Source) -> str:
    """Return what the encoder reads: the text, under its heading if the source's share says so.

    The choice hangs on the record's id alone, so that it is the same in every run and epoch.
    """
    text = str(row["text"])
    return headed(text, row.get("heading")) if _chance(row) < source.heading else text


def _chance(row: dict[str, Any], what: bytes = b"") -> float:
    """Return a number in [0, 1) that hangs on the record's id and on what it decides."""
    digest = hashlib.blake2b(row["id"].encode(), digest_size=4, salt=what).digest()
    return int.from_bytes(digest) / 2**32


def _multi_hot(row: dict[str, Any], scheme: Scheme) -> NDArray[np.float32]:
    out = np.zeros(len(scheme.labels), dtype=np.float32)
    for name in row["labels"]:
        out[_column(row, name, scheme)] = 1
    return out


def _votes(row: dict[str, Any], scheme: Scheme) -> NDArray[np.float32]:
    if row.get("votes") is None:
        return _multi_hot(row, scheme)
    out = np.zeros(len(scheme.labels), dtype=np.float32)
    for name, share in row["votes"].items():
        if not 0 <= share <= 1:
            raise RecordError(
                f"record {row['id']!r}: {share} of the votes are for {name!r}.",
                hint="Votes are shares, from 0 to 1.",
            )
        out[_column(row, name, scheme)] = share
    return out


def _known(row: dict[str, Any], scheme: Scheme) -> NDArray[np.float32]:
    if row.get("known") is None:
        return np.ones(len(scheme.labels), dtype=np.float32)
    out = np.zeros(len(scheme.labels), dtype=np.float32)
    for name in row["known"]:
        out[_column(row, name, scheme)] = 1
    return out


def _column(row: dict[str, Any], name: str, scheme: Scheme) -> int:
    try:
        return scheme.index(name)
    except RecordError as error:
        raise RecordError(f"record {row['id']}: {error.message}", hint=error.hint) from None
