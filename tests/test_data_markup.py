"""Markup made plain, and its spans moved."""

from __future__ import annotations

from html import escape

from hypothesis import given, settings
from hypothesis import strategies as st

from data.markup import plain

PIECES = st.sampled_from(["maps", " ", "<br>", "\n", "&amp;", "hills.", "<strong>", "</li>", "7"])


def test_tags_go_and_white_space_collapses() -> None:
    assert plain(" <ul> <li>We count\n visits.</li><li>Daily</li></ul> <br>").text == (
        "We count visits. Daily"
    )


def test_character_references_are_decoded() -> None:
    assert plain("Maps &amp; hills &#169; &eacute;").text == "Maps & hills © é"


def test_a_half_written_tag_loses_no_word() -> None:
    assert plain("call us <br> <strMaps Ltd <br> Hill 7").text == "call us <strMaps Ltd Hill 7"


def test_a_sign_of_comparison_is_no_tag() -> None:
    assert plain("if a < b and c > d").text == "if a < b and c > d"


def test_blank_markup_is_blank() -> None:
    assert plain("").text == plain(" <br> \n <br>").text == ""


def test_a_span_moves_with_its_words() -> None:
    markup = "We <strong>count</strong> visits. <br> Daily &amp; nightly."
    text = plain(markup)
    start, end = markup.index("count"), markup.index("visits") + len("visits. <br>")
    assert text.text[slice(*text.span(start, end))] == "count visits."
    whole = text.span(markup.index("Daily"), len(markup))
    assert text.text[slice(*whole)] == "Daily & nightly."


def test_a_span_of_markup_alone_is_empty() -> None:
    start, end = plain("We <br> <br> count").span(3, 12)
    assert start == end


@settings(deadline=None)
@given(st.lists(PIECES))
def test_every_character_knows_its_place(pieces: list[str]) -> None:
    markup = "".join(pieces)
    text = plain(markup)
    assert len(text.origin) == len(text.text)
    assert list(text.origin) == sorted(text.origin)
    for character, place in zip(text.text, text.origin, strict=True):
        assert character == " " or markup[place] in {character, "&"}


@settings(deadline=None)
@given(st.text())
def test_escaped_text_comes_back_but_for_white_space(text: str) -> None:
    assert plain(escape(text)).text == " ".join(text.split())
