"""Near copies of a document are of its family."""

from __future__ import annotations

import pytest

from data.families import families


def words(start: int, stop: int) -> str:
    return " ".join(f"word{number}" for number in range(start, stop))


def test_half_of_the_smaller_document_makes_a_copy() -> None:
    texts = {"a": [words(0, 100)], "b": [words(60, 140)], "c": [words(50, 110)]}
    # of 73 shingles of b, 33 stand in a; of 53 of c, 43
    assert families({"a": texts["a"], "b": texts["b"]}) == {"a": "a", "b": "b"}
    assert families({"a": texts["a"], "c": texts["c"]}) == {"a": "a", "c": "a"}


def test_a_copy_of_a_copy_is_of_the_family() -> None:
    texts = {"a": [words(0, 60)], "b": [words(80, 140)], "c": [words(20, 120)]}
    assert families(texts) == {"a": "a", "b": "a", "c": "a"}


def test_pieces_count_together_and_capitals_do_not() -> None:
    texts = {"a": [words(0, 30), words(100, 130)], "b": [words(0, 30).upper(), words(100, 130)]}
    assert families(texts) == {"a": "a", "b": "a"}


def test_a_few_words_make_no_copy() -> None:
    assert families({"a": [words(0, 20)], "b": [words(0, 20)]}) == {"a": "a", "b": "b"}


@pytest.mark.parametrize("share", [0.4, 0.6])
def test_the_share_can_be_chosen(share: float) -> None:
    found = families({"a": [words(0, 107)], "b": [words(50, 157)]}, share=share)
    assert (found["b"] == "a") == (share == 0.4)
