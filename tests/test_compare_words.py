"""Words and their differences: nothing is lost, and what differs is told apart."""

from __future__ import annotations

from difflib import SequenceMatcher

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clausemark import _words
from clausemark._words import content, diff, keys, tokens, unnumbered

TEXTS = st.text(
    alphabet=st.one_of(st.sampled_from("ab  \n.,;-*_“'’#1)•"), st.characters()), max_size=60
)


WORDS = st.lists(st.sampled_from(["we", "keep", "your", "data", "for", "ever"]), max_size=30)


@given(TEXTS)
def test_the_raw_parts_of_the_words_are_the_text(text: str) -> None:
    assert "".join(token.raw for token in tokens(text)) == text


@given(TEXTS, TEXTS)
def test_same_and_added_are_the_new_text(old: str, new: str) -> None:
    ops = diff(old, new)
    assert "".join(text for op, text in ops if op != "removed") == new


@given(WORDS, WORDS)
def test_same_and_removed_are_the_old_words(old: list[str], new: list[str]) -> None:
    ops = diff(" ".join(old), " ".join(new))
    assert [word for op, text in ops if op != "added" for word in text.split()] == old


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(op == "same" for op, _ in diff(text, text))


def test_the_difference_is_the_words_that_differ() -> None:
    assert diff("We keep it for 30 days.", "We keep it for 60 days.") == [
        ("same", "We keep it for "), ("removed", "30 "), ("added", "60 "), ("same", "days."),
    ]  # fmt: skip


def test_a_lone_word_between_two_long_differences_is_joined_to_them() -> None:
    ops = diff("north south east west of here", "red green blue black of gold")
    assert ops == [("removed", "north south east west of here"),
                   ("added", "red green blue black of gold")]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1. We don’t e‑mail a.b@c.example", ("We", "don't", "e-mail", "a.b@c.example")),
        ("| Logs | 30 days |", ("Logs", "30", "days")),
        ("yes; and", ("yes", ";", "and")),
        ("30 days", ("30", "days")),
        ("1.5 years", ("1.5", "years")),
        ("2.5 GB of mail", ("2.5", "GB", "of", "mail")),
        ("2.1 your name", ("your", "name")),
        ("1.5 hrs", ("1.5", "hrs")),
        ("2.5% of them", ("2.5", "%", "of", "them")),
        ("4.1 European residents", ("European", "residents")),
        ("4.3 Monthly letters", ("Monthly", "letters")),
        ("2.1 We share", ("We", "share")),
        ("2.1. years", ("years",)),
        ("...", ("...",)),
        ("", ()),
    ],
)
def test_keys_are_the_words_without_typography(text: str, expected: tuple[str, ...]) -> None:
    assert keys(text) == expected


@pytest.mark.parametrize(
    "heading",
    ["4. How long", "4.2 How Long", "HOW LONG", "Section 4: How long", "Article IV – How long"],
)
def test_headings_are_compared_without_numbers_and_capitals(heading: str) -> None:
    assert unnumbered(heading) == "how long"


@pytest.mark.parametrize("heading", ["9 European users", "2.3 Secondary purposes", "1 Time limits"])
def test_a_heading_of_a_word_that_begins_like_a_unit_loses_its_number(heading: str) -> None:
    assert unnumbered(heading)[0].isalpha()


@pytest.mark.parametrize("heading", ["30 Days Retention", "1.5-year plan", "2 months"])
def test_a_heading_that_begins_with_a_time_keeps_its_number(heading: str) -> None:
    assert unnumbered(heading)[0].isdigit()


@pytest.mark.parametrize(
    "heading",
    [
        "Children under 13 in Ohio",
        "Aged 13 to 17",
        "From May 1 on",
        "13 and under",
        "Part time staff",
    ],
)
def test_a_number_that_is_no_mark_stays_in_a_heading(heading: str) -> None:
    assert unnumbered(heading) == heading.casefold()


@pytest.mark.parametrize(
    "heading", ["3 Sharing", "4.2 Sharing", "Section 4: Sharing", "Part B Sharing"]
)
def test_a_mark_at_the_start_of_a_heading_goes(heading: str) -> None:
    assert unnumbered(heading) == "sharing"


def test_a_tick_is_an_answer_in_a_table_and_a_bullet_before_words() -> None:
    assert keys("Location\n✓") != keys("Location\n✓\n✓") != keys("Location")
    assert keys("We keep:\n ✓ names\n ✓ calls") == keys("We keep:\n• names\n• calls")
    assert keys("✓ We keep names") == keys("We keep names")


def test_grammar_bears_no_meaning_unless_there_is_nothing_else() -> None:
    assert content(("We", "share", "it", "with", "partners")) == ("share", "partne")
    assert content(("We", "do", "not")) == ("we", "do", "not")


def test_long_texts_are_compared_by_the_faster_method(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = "a b c d e f", "a b x d e f"
    slow = diff(old, new)
    monkeypatch.setattr(_words, "_PATIENCE", 0)
    monkeypatch.setattr(SequenceMatcher, "get_opcodes", lambda self: pytest.fail("the slow one"))
    assert diff(old, new) == slow
