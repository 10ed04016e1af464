"""The heading above a segment: the bold words that open one, until the next."""

from __future__ import annotations

from data.opp115_headings import headings


def test_a_heading_holds_for_the_segments_below_it_until_the_next() -> None:
    segments = [
        "We are Maps.",
        "<strong>Cookies</strong><br>We set cookies.",
        "They stay <strong>long</strong>.",
        " <br> <strong>Your&nbsp;choices</strong> You may object.",
        "Write to us.",
    ]
    assert list(headings(segments)) == [None, None, "Cookies", None, "Your choices"]


def test_behind_a_withheld_segment_nothing_is_claimed() -> None:
    segments = ["<strong>Cookies</strong> We set cookies.", " ", "We share.", "We sell."]
    assert list(headings(segments)) == [None, None, None, None]


def test_a_bold_paragraph_is_no_heading() -> None:
    bold = f"<strong>{'please read this ' * 5}</strong> We share."
    assert list(headings([bold, "We sell."])) == [None, None]
    assert list(headings(["<strong> </strong>We share.", "We sell."])) == [None, None]
