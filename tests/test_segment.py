"""Clauses cover their document exactly, and read in the light of what stands above them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clausemark.document import Document, parse_document
from clausemark.normalise import normalise
from clausemark.segment import Clause, headed, model_text, segment, split_text
from tests.fixtures.render import FOLDER, RENDERERS, load

_LINES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "PRIVACY POLICY",
            "What we collect",
            "- your name;",
            "  * nested item",
            "1. Scope",
            "# Title",
            "| a | b |",
            "|---|---|",
            "-----",
            "•",
            "\x00\x1f",
            "\u200b",
            "We share it with:",
            "We keep it. " * 80,
        ]
    ),
)
_DOCUMENTS = st.lists(
    st.tuples(_LINES, st.sampled_from(["\n", "\n\n", "\r\n", "\r", "\u2028", " "]))
)


def assert_covered(document: Document, clauses: list[Clause]) -> None:
    """Every non-blank character stands in exactly one clause, in order."""
    at = 0
    for index, clause in enumerate(clauses):
        assert clause.index == index
        assert clause.start >= at
        assert not document.text[at : clause.start].strip()
        assert clause.text == document.text[clause.start : clause.end]
        assert clause.text.strip() == clause.text != ""
        at = clause.end
    assert not document.text[at:].strip()


@settings(max_examples=300, deadline=None)
@given(_DOCUMENTS)
def test_every_character_of_random_text_stands_in_one_clause(lines: list[tuple[str, str]]) -> None:
    text = "".join(line + end for line, end in lines)
    assert_covered(Document("", text, ()), split_text(text))


@pytest.mark.parametrize("suffix", RENDERERS)
@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.json")))
def test_every_character_of_a_rendered_policy_stands_in_one_clause(name: str, suffix: str) -> None:
    document = parse_document(RENDERERS[suffix](load(name)), name=f"policy{suffix}")
    assert_covered(document, segment(document))


@pytest.mark.parametrize("suffix", RENDERERS)
@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.json")))
def test_no_character_is_lost_between_a_policy_and_its_clauses(name: str, suffix: str) -> None:
    pieces = load(name)
    document = parse_document(RENDERERS[suffix](pieces), name=f"policy{suffix}")
    found = " ".join(normalise(clause.text) for clause in segment(document))
    assert found.split() == " ".join(normalise(text) for _, _, text in pieces).split()


@pytest.mark.parametrize("suffix", [".text", ".md", ".html", ".pdf", ".docx"])
@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.json")))
def test_a_policy_has_the_same_clauses_in_every_kind_of_file(name: str, suffix: str) -> None:
    def clauses(kind: str) -> list[tuple[str, ...]]:
        document = parse_document(RENDERERS[kind](load(name)), name=f"policy{kind}")
        return [
            tuple(normalise(part or "") for part in (c.heading, c.lead_in, c.text, model_text(c)))
            for c in segment(document)
        ]

    assert clauses(suffix) == clauses(".txt")


def test_a_heading_belongs_to_the_clause_below_it() -> None:
    first, second = split_text("Security\n\nWe encrypt what we store.\n\nWe test it each year.")
    assert first.text == "Security\n\nWe encrypt what we store."
    assert (first.heading, second.heading) == ("Security", "Security")
    assert second.text == "We test it each year."


def test_headings_in_a_row_belong_to_one_clause() -> None:
    (clause,) = split_text("# Privacy\n\n## 1. Scope\n\nThis policy covers our shops and website.")
    assert clause.text.startswith("# Privacy")
    assert clause.heading == "1. Scope"


def test_a_heading_with_nothing_below_is_a_clause_of_its_own() -> None:
    *_, last = split_text("We keep records for a year.\n\n## Annex")
    assert (last.text, last.heading) == ("## Annex", "Annex")


def test_an_item_is_read_after_its_lead_in_and_its_parent() -> None:
    text = (
        "All is well. We share data with:\n\n- our resellers\n- agencies, namely\n  - Acme Credit"
    )
    intro, reseller, _agencies, acme = split_text(text)
    assert intro.lead_in is None
    assert normalise(model_text(reseller)) == "We share data with: our resellers"
    assert acme.lead_in == "We share data with: agencies, namely"


def test_a_model_trained_so_reads_the_heading_once_before_the_clause() -> None:
    first, second, item = split_text(
        "## Security\n\nWe encrypt all we store.\n\nWe test it each year, namely:\n\n- the locks"
    )
    assert model_text(first, headings=True) == model_text(first), "it opens with its heading"
    assert model_text(second, headings=True) == "Security\nWe test it each year, namely:"
    read = normalise(model_text(item, headings=True))
    assert read == "Security We test it each year, namely: the locks"
    assert headed("We log nothing.", None) == headed("We log nothing.", "") == "We log nothing."


def test_a_lead_in_is_bounded() -> None:
    long = "We share, for reasons that " + "go on and " * 100 + "end here, with:"
    clauses = split_text(f"{long}\n\n- our resellers")
    assert clauses[-1].lead_in is not None
    assert len(clauses[-1].lead_in.split()) == 60


def test_items_right_under_a_heading_are_introduced_by_it() -> None:
    first, second = split_text("# What we collect\n\n- your name\n- your address")
    assert first.text.startswith("# What we collect")
    assert first.lead_in is None
    assert second.lead_in == "What we collect"


def test_a_list_that_lost_its_bullets_is_known_by_its_semicolons() -> None:
    text = "We use it for:\nTo bill you;\nTo help you; or\nTo obey the law.\nThe end is near."
    clauses = split_text(text)
    assert [c.lead_in is not None for c in clauses] == [False, True, True, True, False]


def test_a_paragraph_after_a_finished_sentence_does_not_lead_in() -> None:
    _, item = split_text("We keep nothing.\n\n- Call us on Mondays.")
    assert item.lead_in is None


def test_the_cells_of_a_row_are_one_clause_led_in_by_the_header() -> None:
    table = "| Data | Purpose |\n|------|---------|\n| Name | Billing |\n| Calls | Routing |"
    header, first, second = split_text(table)
    assert header.text.startswith("| Data | Purpose |")
    assert (first.text, first.lead_in) == ("| Name | Billing |", "Data Purpose")
    assert second.text == "| Calls | Routing |"


def test_a_long_paragraph_is_cut_at_sentence_ends() -> None:
    words = random.Random(7)
    text = " ".join(
        f"Sentence {k} has some {'very ' * words.randint(1, 20)}plain words." for k in range(60)
    )
    clauses = split_text(text)
    assert all(clause.text.endswith("words.") for clause in clauses)
    assert all(30 <= len(clause.text.split()) <= 250 for clause in clauses)


@pytest.mark.parametrize(
    "phrase",
    ["e.g. Cookies", "Acme Inc. Sells", "the U.S. Department", "No. 5", "1.5 million",
     "www.acme.example/a.b.C", "J. Smith", "Sec. 7"],
)  # fmt: skip
def test_no_cut_falls_into_an_abbreviation(phrase: str) -> None:
    text = f"Plain words come here and then {phrase} goes on to the end. " * 80
    assert all(clause.text.startswith("Plain") for clause in split_text(text.strip()))


def test_a_sentence_longer_than_a_clause_is_cut_at_its_commas() -> None:
    clauses = split_text("we share data, " * 1000)
    assert len(clauses) > 10
    assert all(len(c.text.split()) <= 250 and c.text.endswith(",") for c in clauses)


def test_a_text_without_any_blank_is_cut_all_the_same() -> None:
    clauses = split_text("x" * 100_000)
    assert "".join(c.text for c in clauses) == "x" * 100_000
    assert max(len(c.text) for c in clauses) <= 4000


def test_megabytes_on_one_line_become_clauses_of_common_size() -> None:
    text = "We collect your name, your address and the device you use. " * 50_000
    clauses = split_text(text)
    assert sum(len(c.text.split()) for c in clauses) == 50_000 * 11
    assert max(len(c.text.split()) for c in clauses) <= 250


@pytest.mark.parametrize("text", ["", " \n\t\r\n", "\u2003"])
def test_blank_text_has_no_clauses(text: str) -> None:
    assert split_text(text) == []
