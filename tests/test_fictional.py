"""The policies written for this project: their labels fit the clauses that Clausemark cuts."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clausemark.document import find_documents, read_document
from clausemark.labels import OPP115
from clausemark.segment import segment

FOLDER = Path(__file__).parents[1] / "data" / "fictional"
POLICIES = [path.name for path in find_documents([FOLDER])]
ROWS: list[dict[str, Any]] = [
    json.loads(line) for line in (FOLDER / "labels.jsonl").read_text("utf-8").splitlines()
]
SPLITS: dict[str, list[str]] = json.loads((FOLDER / "splits.json").read_text("utf-8"))


def rows_of(policy: str) -> list[dict[str, Any]]:
    return [row for row in ROWS if row["policy"] == policy]


def counts(policies: list[str]) -> Counter[str]:
    return Counter(
        label for policy in policies for row in rows_of(policy) for label in row["labels"]
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_every_clause_has_one_row_with_its_text(policy: str) -> None:
    clauses = segment(read_document(FOLDER / policy))
    assert [row["text"] for row in rows_of(policy)] == [clause.text for clause in clauses]


@pytest.mark.parametrize("policy", POLICIES)
def test_ids_number_the_clauses_of_a_policy(policy: str) -> None:
    expected = [f"{Path(policy).stem}-{k:03d}" for k in range(1, len(rows_of(policy)) + 1)]
    assert [row["id"] for row in rows_of(policy)] == expected


def test_every_row_belongs_to_a_policy() -> None:
    assert {row["policy"] for row in ROWS} == set(POLICIES)


def test_labels_are_known_and_in_the_scheme_s_order() -> None:
    for row in ROWS:
        ordered = [name for name in OPP115.names if name in row["labels"]]
        assert ordered, row["id"]
        assert row["labels"] == ordered, row["id"]


def test_no_text_occurs_twice() -> None:
    texts = Counter(re.sub(r"\W+", " ", row["text"]).strip().lower() for row in ROWS)
    assert [text for text, times in texts.items() if times > 1] == []


def test_there_are_enough_clauses_to_train_on() -> None:
    assert len(ROWS) >= 330
    assert len(POLICIES) >= 6


@pytest.mark.parametrize("label", OPP115.names)
def test_every_class_has_clauses_in_several_policies(label: str) -> None:
    policies = [row["policy"] for row in ROWS if label in row["labels"]]
    assert len(policies) >= 12
    assert len(set(policies)) >= 4


def test_about_one_clause_in_six_has_several_labels() -> None:
    several = sum(len(row["labels"]) > 1 for row in ROWS)
    assert 0.12 <= several / len(ROWS) <= 0.20


def test_the_splits_share_out_every_policy_once() -> None:
    assert list(SPLITS) == ["train", "validation", "test"]
    assert sorted(policy for split in SPLITS.values() for policy in split) == POLICIES


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_every_class_occurs_in_every_split(split: str) -> None:
    assert set(counts(SPLITS[split])) == set(OPP115.names)


def test_the_chrome_of_the_pages_is_no_clause() -> None:
    chrome = ("Registered in England", "Start your free month", "Choose what you are happy with")
    for text in chrome:
        assert any(text in (FOLDER / policy).read_text("utf-8") for policy in POLICIES)
        assert not any(text in row["text"] for row in ROWS)


@pytest.mark.parametrize("label", OPP115.names)
def test_the_readme_counts_what_is_there(label: str) -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    policies = {row["policy"] for row in ROWS if label in row["labels"]}
    figures = [counts(POLICIES)[label], len(policies)]
    figures += [counts(SPLITS[split])[label] for split in ("train", "validation", "test")]
    assert f"| {label} | {' | '.join(map(str, figures))} |" in readme


@pytest.mark.parametrize("policy", POLICIES)
def test_the_readme_knows_the_size_of_every_policy(policy: str) -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    words = sum(len(row["text"].split()) for row in rows_of(policy))
    (line,) = [line for line in readme.splitlines() if line.startswith(f"| `{policy}` |")]
    assert line.endswith(f"| {len(rows_of(policy))} | {words} |")


def test_the_readme_s_totals_are_those_of_the_rows() -> None:
    readme = " ".join((FOLDER / "README.md").read_text("utf-8").split())
    words = sum(len(row["text"].split()) for row in ROWS)
    one, two, three = (sum(len(row["labels"]) == k for row in ROWS) for k in (1, 2, 3))
    sizes = f"{one} have one class, {two} two and {three} three."
    assert f"{len(ROWS)} clauses, {words:,} words; {sizes}" in readme
