"""The policies written for this project (data/fictional), with their labels.

Every policy is a family of its own; which split it is in stands in splits.json, by hand, so that a
new policy moves no other.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from clausemark.document import read_document
from clausemark.errors import RecordError
from clausemark.segment import Clause, model_text, segment
from data.records import Loaded, Record, read_jsonl

__all__ = ["FOLDER", "load", "sectors"]

CORPUS: Final = "fictional"
FOLDER: Final = Path(__file__).parent / "fictional"


def load(folder: Path = FOLDER) -> Loaded:
    """Read folder/labels.jsonl; every row must be a clause of a policy that has a split.

    A record's text is what the encoder reads of that clause: its lead-in, if it has one, comes
    first, as it does when a user labels the policy.
    """
    splits = _splits(folder / "splits.json")
    clauses: dict[str, dict[str, Clause]] = {}
    loaded = Loaded()
    for row in read_jsonl(folder / "labels.jsonl"):
        policy = row.get("policy")
        if policy not in splits:
            raise RecordError(
                f"record {row.get('id')!r}: policy {policy!r} has no split.",
                hint=f"List it in {folder / 'splits.json'}.",
            )
        if not (folder / policy).is_file():
            raise RecordError(f"record {row.get('id')!r}: no policy {policy!r} in {folder}.")
        if policy not in clauses:
            clauses[policy] = {c.text: c for c in segment(read_document(folder / policy))}
        loaded.records.append(_record(row, splits[policy], clauses[policy]))
    silent = set(splits) - {record.document for record in loaded.records}
    loaded.problems += [f"{name}: policy without labels." for name in sorted(silent)]
    return loaded


def _splits(path: Path) -> dict[str, str]:
    """Read {split: [policy]} into {policy: split}; raise RecordError at a policy in two."""
    try:
        lists = json.loads(path.read_text(encoding="utf-8"))
        splits = {policy: split for split, policies in lists.items() for policy in policies}
        listed = sum(len(policies) for policies in lists.values())
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise RecordError(f"{path}: no lists of policies by split ({error}).") from error
    if listed != len(splits):
        raise RecordError(f"{path}: a policy is in two splits.")
    return splits


def _record(row: dict[str, Any], split: str, clauses: dict[str, Clause]) -> Record:
    try:
        clause = clauses.get(row["text"])
        if clause is None:
            raise RecordError(
                f"record {row['id']!r}: its text is no clause of {row['policy']}.",
                hint="Copy the clause as clausemark.segment cuts it.",
            )
        return Record(
            id=f"{CORPUS}/{row['id']}",
            corpus=CORPUS,
            document=row["policy"],
            family=row["policy"],
            text=model_text(clause),
            labels=tuple(row["labels"]),
            split=split,
            heading=clause.heading,
        )
    except (KeyError, TypeError) as error:
        raise RecordError(f"record {row.get('id')!r}: a field is missing ({error!r}).") from error


def sectors(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Return document and sector of each policy; raise RecordError if sectors.json names others."""
    path = folder / "sectors.json"
    try:
        found = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RecordError(f"{path}: no sectors of policies ({error}).") from error
    if odd := sorted(set(found) ^ set(_splits(folder / "splits.json"))):
        raise RecordError(f"{path}: policy {odd[0]!r} stands in only one of it and splits.json.")
    return [{"document": name, "sector": found[name]} for name in sorted(found)]
