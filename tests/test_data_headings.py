"""Section headings: what counts as one, and which paragraphs are drawn."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from clausemark.errors import RecordError
from data.headings import Limits, Section, build, classes, digest, key, sections
from data.overlap import Overlap, fingerprint

if TYPE_CHECKING:
    from pathlib import Path

POLICY = """Privacy at the map shop

We are a small shop that sells maps of quiet hills.

1. How we use cookies

Our site keeps one cookie for the basket, nothing more than that.

- Basket
- Language

This sentence is short.

Our partners set no cookies on any page of this shop."""


def archive(tmp_path: Path, *texts: str) -> Path:
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path / "policies.jsonl.zst"
    rows = "".join(json.dumps({"id": f"p{n}", "text": t}) + "\n" for n, t in enumerate(texts))
    path.write_bytes(zstandard.ZstdCompressor().compress(rows.encode()))
    return path


def policy(heading: str, *paragraphs: str) -> str:
    return "\n\n".join((heading, *paragraphs))


def paragraph(name: object) -> str:
    return f"Paragraph {name} says in nine words what we do."


@pytest.mark.parametrize(
    ("line", "normal"),
    [
        ("1. How We Use Cookies", "how we use cookies"),
        ("IV) Security & Storage:", "security and storage"),
        ("Section 3.2 – Children’s Privacy", "childrens privacy"),
        ("## What do we collect?", "what do we collect"),
        ("(a) Contact us", "contact us"),
        ("Your rights", "your rights"),
        ("Information we collect", "information we collect"),
        ("3rd party cookies", "3rd party cookies"),
    ],
)
def test_headings_that_differ_in_form_alone_are_one(line: str, normal: str) -> None:
    assert key(line) == normal


def test_sections_are_a_heading_with_its_paragraphs() -> None:
    first, second = sections(POLICY)
    assert first == Section(
        0,
        "privacy at the map shop",
        ("We are a small shop that sells maps of quiet hills.",),
    )
    assert second.key == "how we use cookies"
    assert second.place == 2
    assert len(second.paragraphs) == 2


@pytest.mark.parametrize(
    "line",
    [
        "We sell maps.",
        "- How we use cookies",
        "one two three four five six seven eight nine ten eleven",
        "x" * 81,
        "Two\nlines",
    ],
)
def test_what_is_no_heading_opens_no_section(line: str) -> None:
    assert list(sections(policy(line, paragraph(1)))) == []


def test_a_paragraph_has_eight_words_and_an_end() -> None:
    long = "word " * 601
    assert list(sections(policy("Security", "Seven words are too few for us.", long))) == []
    (section,) = sections(policy("Security", "Eight words are just enough for our purpose."))
    assert len(section.paragraphs) == 1


def test_classes_are_frequent_headings_but_no_menus_and_no_copies() -> None:
    found = [Section(0, "security", (paragraph(n),)) for n in range(3)]
    found += [Section(0, "cookies", (paragraph(n),)) for n in range(2)]
    found += [Section(0, "home", (paragraph(n),)) for n in range(9)]
    found += [Section(0, "copied", (paragraph(1),))] * 9
    assert classes(found) == ["security", "cookies", "copied"]
    assert classes(found, Limits(classes=1)) == ["security"]


def test_a_section_and_a_heading_give_no_more_than_their_limits(tmp_path: Path) -> None:
    many = policy("Security", *(paragraph(n) for n in range(9)))
    more = [policy("Security", paragraph(f"{n} here")) for n in range(9)]
    limits = Limits(per_section=2, per_heading=6)
    drawn = build(archive(tmp_path, many, *more), limits=limits)
    assert len(drawn.rows) == 6
    assert sum(row["id"].startswith("p0#") for row in drawn.rows) <= 2
    assert drawn.dropped == {
        "more than enough in the section": 7,
        "more than enough of the heading": 5,
    }


def test_a_paragraph_is_drawn_once_and_overlaps_go(tmp_path: Path) -> None:
    kept, withheld = paragraph("kept"), "We sell maps of quiet places to walkers."
    path = archive(
        tmp_path,
        policy("Security", kept, withheld),
        policy("Security", kept.upper()),
        policy("Cookies", kept),
    )
    listed = frozenset([fingerprint("we sell maps of quiet places to walkers")])
    drawn = build(path, overlap=Overlap(listed))
    assert [(row["heading"], row["text"]) for row in drawn.rows] == [("security", kept)]
    assert drawn.dropped == {"repeated paragraph": 2, "overlaps a withheld segment": 1}


def test_the_draw_is_the_seeds_own(tmp_path: Path) -> None:
    path = archive(tmp_path, *(policy("Security", paragraph(n)) for n in range(40)))
    limits = Limits(per_heading=10)
    one, again, other = (build(path, limits=limits, seed=seed).rows for seed in (1, 1, 2))
    assert one == again
    assert {row["id"] for row in one} != {row["id"] for row in other}


def test_ids_differ_where_a_policy_repeats_a_heading(tmp_path: Path) -> None:
    text = policy("Security", paragraph(1), "Security", paragraph(2), paragraph(3))
    rows = build(archive(tmp_path, text)).rows
    assert max(Counter(row["id"] for row in rows).values()) == 1
    assert len(rows) == 3


def test_digests_differ_by_seed_and_not_by_case_or_white_space() -> None:
    assert digest("We  count\nvisits") == digest("we count visits")
    assert digest("we count visits") != digest("we count visits", seed=1)


def test_a_row_that_is_no_policy_is_named_with_its_line(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path / "policies.jsonl.zst"
    path.write_bytes(zstandard.ZstdCompressor().compress(b'{"id": "p", "text": "t"}\n{"id": 1}\n'))
    with pytest.raises(RecordError, match="line 2: no policy"):
        build(path)
