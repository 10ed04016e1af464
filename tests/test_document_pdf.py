"""PDF files: paragraphs are whole again, running lines are gone, bad files say what is wrong."""

from __future__ import annotations

import io
import logging
from importlib.util import find_spec

import pytest
from pypdf import PdfWriter
from reportlab.pdfgen.canvas import Canvas

from clausemark.document import Document, parse_document, read_document
from clausemark.errors import DocumentError
from tests.fixtures.render import FOLDER, as_pdf, load


def drawn(*pages: list[tuple[int, int, str]]) -> bytes:
    """A PDF with lines of text at given places of its pages."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for page in pages:
        for x, y, text in page:
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def pdf(data: bytes) -> Document:
    return parse_document(data, name="policy.pdf")


def texts(document: Document) -> list[str]:
    return [document.text[b.start : b.end] for b in document.blocks]


def encrypted(data: bytes, password: str) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(password, "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_running_lines_and_page_numbers_are_gone() -> None:
    long = load("harbour_lane.json") * 3
    document = pdf(as_pdf(long))
    assert "Harbour Lane Telecom | Legal" not in document.text
    assert "Page" not in document.text
    assert document.text == pdf(as_pdf(long, running=False)).text


def test_a_line_that_stands_on_one_page_stays() -> None:
    first = [(72, 800, "We sell telephones."), (72, 700, "We keep your name and address.")]
    second = [(72, 800, "We keep no recordings of calls."), (72, 700, "We never sell your name.")]
    assert texts(pdf(drawn(first, second))) == [text for _, _, text in first + second]


def test_page_numbers_are_gone_however_they_stand() -> None:
    """One line with the chapter on some pages, alone and at another height on others."""
    shown = [
        (280, 30, "3"),
        (72, 805, "Chapter 2 | 4"),
        (280, 34, "- 5 -"),
        (72, 805, "6 | Notice"),
    ]
    words = ["names", "bills", "calls", "places"]
    kept = [f"We keep your {word} until you close the account with us." for word in words]
    pages = [[edge, (72, 700, text)] for edge, text in zip(shown, kept, strict=True)]
    found = texts(pdf(drawn(*pages)))
    assert [text for text in found if text in kept] == kept
    assert not {"3", "- 5 -", "5"} & set(found)
    assert texts(pdf(drawn([(72, 700, kept[0]), (280, 30, "1")]))) == kept[:1]


def test_numbers_at_the_edge_of_a_page_that_do_not_count_the_pages_stay() -> None:
    rows = ["Call records", "24", "Location", "12", "Bills", "84"]
    heading = (72, 700, "How long we keep what, in months, is what this table tells you.")
    table = [(72, 780 - 40 * k, text) for k, text in enumerate(rows)]
    assert texts(pdf(drawn([heading], table)))[1:] == rows
    assert texts(pdf(drawn([heading, (72, 600, "Bills"), (72, 560, "12")])))[1:] == ["Bills", "12"]


def topped(line: str, size: int) -> Document:
    """Three pages of text under a line in large type with the page's number."""
    out = io.BytesIO()
    canvas = Canvas(out)
    for number, what in enumerate(["names", "bills", "calls"], 1):
        canvas.setFont("Helvetica", size)
        canvas.drawString(72, 800, line.format(number))
        canvas.setFont("Helvetica", 10)
        for k in range(5):
            canvas.drawString(
                72, 700 - 40 * k, f"We keep your {what}, {'as we said, ' * k}for you."
            )
        canvas.showPage()
    canvas.save()
    return pdf(out.getvalue())


def test_numbered_headings_at_the_top_of_pages_stay() -> None:
    document = topped("Annex {}", 16)
    found = [document.text[b.start : b.end] for b in document.blocks if b.kind == "heading"]
    assert found == ["Annex 1", "Annex 2", "Annex 3"]


@pytest.mark.parametrize("line", ["Acme Privacy | {}", "Privacy Policy - Page {} of 3"])
def test_a_running_line_in_large_type_is_gone(line: str) -> None:
    assert not any("Privacy" in text for text in texts(topped(line, 14)))


def test_a_paragraph_goes_on_over_the_page() -> None:
    head = "We keep the address that you give to us when you order a line from our"
    tail = "shop, and we delete it when the line is closed."
    assert texts(pdf(drawn([(72, 500, head)], [(72, 700, tail)]))) == [f"{head} {tail}"]


@pytest.mark.parametrize(
    ("end", "start", "joined"),
    [
        ("the infor-", "mation that", "the information that"),
        ("some third-", "party shops", "some third-party shops"),
        ("that is re-", "quired", "that is required"),
        ("on a web-", "site", "on a website"),
        ("from Stoke-", "On-Trent", "from Stoke- On-Trent"),
    ],
)
def test_a_word_broken_at_a_line_end_is_joined(end: str, start: str, joined: str) -> None:
    filler = "We explain in this paragraph of ordinary length what we do with"
    data = drawn([(72, 700, f"{filler} {end}"), (72, 686, f"{start} we collect from you.")])
    assert texts(pdf(data)) == [f"{filler} {joined} we collect from you."]


@pytest.mark.parametrize(
    ("elsewhere", "joined"),
    [("A check-in is kept.", "your check-in"), ("A checkin is kept.", "your checkin")],
)
def test_a_word_broken_at_a_line_end_is_written_as_elsewhere(elsewhere: str, joined: str) -> None:
    filler = "We explain in this paragraph of ordinary length what we do with"
    page = [(72, 700, f"{filler} your check-"), (72, 686, "in we keep."), (72, 600, elsewhere)]
    assert texts(pdf(drawn(page))) == [f"{filler} {joined} we keep.", elsewhere]


def test_a_heading_of_two_lines_is_one_heading() -> None:
    title = "How we use the information that we collect about you and about your household"
    pieces = [("heading", 1, title), ("paragraph", 0, "We use it to bill you. " * 9)]
    first, *_ = texts(pdf(as_pdf(pieces, running=False)))
    assert first == title


def test_a_large_number_by_itself_is_no_heading() -> None:
    right = "You may see what we know of you and have it mended. " * 9
    pieces = [("paragraph", 0, right), ("heading", 2, "1"), ("paragraph", 0, right)]
    document = pdf(as_pdf(pieces, running=False))
    assert "1" in " ".join(texts(document)).split()
    assert "heading" not in [b.kind for b in document.blocks]


def test_bullets_become_items_and_lines_apart_paragraphs() -> None:
    page = [
        (72, 700, "We keep the following records about you:"),
        (72, 680, "\u2022 your name and the postal address that you gave when you ordered"),
        (82, 666, "the line"),
        (72, 650, "\u2022 your bank"),
        (72, 610, "We keep nothing else."),
    ]
    document = pdf(drawn(page))
    assert [b.kind for b in document.blocks] == ["paragraph", "item", "item", "paragraph"]
    assert texts(document)[1].endswith("when you ordered the line")


def test_pictures_of_text_are_refused_with_a_cure() -> None:
    with pytest.raises(DocumentError, match=r"policy\.pdf has no text layer.*OCR"):
        pdf(drawn([], []))


def test_an_encrypted_file_is_refused_unless_it_has_no_password() -> None:
    data = drawn([(72, 700, "We keep nothing about you.")])
    assert pdf(encrypted(data, "")).text == "We keep nothing about you."
    with pytest.raises(DocumentError, match=r"policy\.pdf is encrypted\."):
        pdf(encrypted(data, "secret"))


@pytest.mark.skipif(find_spec("cryptography") is not None, reason="AES can be read")
def test_aes_without_cryptography_names_the_cure() -> None:
    with pytest.raises(DocumentError, match=r"encrypted with AES\..*Install `cryptography`"):
        read_document(FOLDER / "aes256.pdf")


@pytest.mark.skipif(find_spec("cryptography") is None, reason="AES cannot be read")
def test_aes_is_read_with_cryptography() -> None:
    assert read_document(FOLDER / "aes256.pdf").text == "We keep nothing about you."


@pytest.mark.parametrize("cut", [9, 200, 700, -300, -20])
def test_a_truncated_file_is_refused_or_read(cut: int, caplog: pytest.LogCaptureFixture) -> None:
    data = as_pdf(load("harbour_lane.json"))[:cut]
    with caplog.at_level(logging.DEBUG):
        try:
            outcome = pdf(data).text
        except DocumentError as error:
            outcome = error.hint
    assert outcome
    assert not caplog.records


def test_what_is_only_called_a_pdf_is_refused() -> None:
    with pytest.raises(DocumentError, match="it is no PDF"):
        pdf(b"We keep nothing.")
