"""Normalisation: modern typography and OPP-115's ASCII come to the same form."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clausemark.normalise import normalise


@pytest.mark.parametrize(
    ("modern", "opp115"),
    [
        ("a website’s computer", "a websites computer"),
        ("“personal data”", "personal data"),
        ("«données personnelles»", "donnees personnelles"),
        ("third–party — partners", "third party partners"),
        ("your\u00a0e\u2011mail", "your e mail"),
        ("soft\u00adware \ufeffand zero\u200bwidth", "software and zerowidth"),
        ("ﬁle ½ ™", "file 1⁄2 TM"),
        ("one\r\n\ttwo\x00\x1bthree", "one two three"),
    ],
)
def test_modern_typography_reads_as_opp115(modern: str, opp115: str) -> None:
    assert normalise(modern) == opp115


@pytest.mark.parametrize("marker", ["•", "-", "*", "1.", "(a)", "iv)", "##", "✓", "▪"])
def test_list_markers_go_at_the_start_of_a_line_only(marker: str) -> None:
    assert normalise(f"We share:\n {marker} names") == "We share: names"
    assert normalise(f"{marker}\tnames") == "names"


def test_ascii_prose_stays_as_it_is() -> None:
    text = "We may collect (a) your name, e-mail; call 1-800-555 or see section 4.2 & Annex A/B."
    assert normalise(text) == text


def test_letters_of_other_scripts_stay() -> None:
    assert normalise("Политика 隐私 개인정보") == unicodedata.normalize(
        "NFKD", "Политика 隐私 개인정보"
    ).replace("\u0306", "")


@given(st.text())
def test_nothing_blank_or_invisible_is_left(text: str) -> None:
    result = normalise(text)
    assert result == result.strip()
    assert "  " not in result
    assert not any(unicodedata.category(c) == "Cc" for c in result)


@given(st.text(alphabet=st.characters(codec="ascii")))
def test_ascii_never_gains_a_character(text: str) -> None:
    assert len(normalise(text)) <= len(text)
    assert normalise(text).isascii()
