"""Word files: all their text in order, and broken ones refused."""

from __future__ import annotations

import io
import zipfile

import pytest
from docx import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from clausemark.document import Document as Read
from clausemark.document import parse_document
from clausemark.errors import DocumentError
from tests.fixtures.render import as_docx, load


def saved(document: object) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def word(*xml: str) -> Read:
    """A Word file whose body is the given XML."""
    document = Document()
    for part in xml:
        document.element.body.append(parse_xml(part.replace(">", f" {nsdecls('w', 'r')}>", 1)))
    return parse_document(saved(document), name="policy.docx")


def blocks(document: Read) -> list[tuple[str, int, str]]:
    return [(b.kind, b.level, document.text[b.start : b.end]) for b in document.blocks]


def run(text: str, properties: str = "") -> str:
    return f"<w:r>{properties}<w:t xml:space='preserve'>{text}</w:t></w:r>"


def test_insertions_links_and_controls_are_read_and_deletions_are_not() -> None:
    document = word(
        f"<w:p>{run('We keep ')}<w:ins>{run('your name')}</w:ins>"
        f"<w:del><w:r><w:delText>your soul</w:delText></w:r></w:del>"
        f"<w:hyperlink>{run(' and address')}</w:hyperlink>{run('.')}</w:p>",
        f"<w:sdt><w:sdtContent><w:p>{run('We sell nothing.')}</w:p></w:sdtContent></w:sdt>",
    )
    assert document.text == "We keep your name and address.\n\nWe sell nothing."


def test_a_short_bold_paragraph_is_a_heading() -> None:
    bold = "<w:rPr><w:b/></w:rPr>"
    document = word(
        f"<w:p>{run('Security', bold)}</w:p>", f"<w:p>{run('We lock our shops at night.')}</w:p>"
    )
    assert [kind for kind, _, _ in blocks(document)] == ["heading", "paragraph"]


def test_numbering_makes_items_with_their_level() -> None:
    item = "<w:p><w:pPr><w:numPr><w:ilvl w:val='{}'/><w:numId w:val='1'/></w:numPr></w:pPr>{}</w:p>"
    document = word(item.format(0, run("your name")), item.format(1, run("your first name")))
    assert blocks(document) == [("item", 1, "your name"), ("item", 2, "your first name")]


def test_tables_stand_where_they_stood() -> None:
    document = Document()
    document.add_paragraph("We keep this:")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["Name", "Billing", "Calls", ""], strict=True):
        cell.text = text
    document.add_paragraph("And no more.")
    assert blocks(parse_document(saved(document), name="p.docx")) == [
        ("paragraph", 0, "We keep this:"),
        ("cell", 1, "Name"),
        ("cell", 2, "Billing"),
        ("cell", 1, "Calls"),
        ("paragraph", 0, "And no more."),
    ]


def test_a_first_row_in_bold_heads_its_table() -> None:
    document = Document()
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ["Data", "Sold", "Names", "No"], strict=True):
        cell.paragraphs[0].add_run(text).bold = True
    read = parse_document(saved(document), name="p.docx")
    assert blocks(read)[:2] == [("cell", 0, "Data"), ("cell", 0, "Sold")]
    assert blocks(read)[2:] == [("cell", 1, "Names"), ("cell", 2, "No")]


def test_footnotes_come_last_and_endnotes_after_them() -> None:
    document = Document()
    document.add_paragraph("We keep your name.")
    for tag, text in (("endnote", "Nor your hat size."), ("footnote", "Not your nickname.")):
        notes = (
            f"<w:{tag}s {nsdecls('w')}><w:{tag} w:type='separator' w:id='-1'><w:p/></w:{tag}>"
            f"<w:{tag} w:id='1'><w:p>{run(text)}</w:p></w:{tag}></w:{tag}s>"
        )
        kind = getattr(CONTENT_TYPE, f"WML_{tag.upper()}S")
        part = Part(PackURI(f"/word/{tag}s.xml"), kind, notes.encode())
        document.part.relate_to(part, getattr(RELATIONSHIP_TYPE, f"{tag.upper()}S"))
    read = parse_document(saved(document), name="policy.docx")
    assert read.text == "We keep your name.\n\nNot your nickname.\n\nNor your hat size."


def test_hidden_text_is_not_read_unless_it_is_shown_again() -> None:
    hidden, shown = "<w:rPr><w:vanish/></w:rPr>", "<w:rPr><w:vanish w:val='0'/></w:rPr>"
    parts = run("We sell it. ", hidden) + run("We keep ", shown) + run("your name.")
    assert word(f"<w:p>{parts}</w:p>").text == "We keep your name."


def test_a_paragraph_between_bars_is_read() -> None:
    document = word(f"<w:p>{run('| Home | Privacy | Terms |')}</w:p>")
    assert [text.strip("| ") for *_, text in blocks(document)] == ["Home", "Privacy", "Terms"]


@pytest.mark.parametrize(
    ("font", "code", "sign"),
    [("Wingdings", "F0FC", "✓"), ("Wingdings", "A8", "☐"), ("Wingdings 2", "F04f", "✗")],
)
def test_a_drawn_tick_is_an_answer(font: str, code: str, sign: str) -> None:
    drawn = f"<w:r><w:sym w:font='{font}' w:char='{code}'/></w:r>"
    assert word(f"<w:p>{run('Sold: ')}{drawn}</w:p>").text == f"Sold: {sign}"


def test_a_text_box_is_read_after_the_paragraph_that_it_hangs_on() -> None:
    inner = (
        f"<w:p>{run('Key facts', '<w:rPr><w:b/></w:rPr>')}</w:p><w:p>{run('We sell none.')}</w:p>"
    )
    box = f"<w:r><w:pict><w:txbxContent>{inner}</w:txbxContent></w:pict></w:r>"
    document = word(f"<w:p>{run('We keep it for ')}{box}{run('two years.')}</w:p>")
    assert blocks(document) == [
        ("paragraph", 0, "We keep it for two years."),
        ("heading", 5, "Key facts"),
        ("paragraph", 0, "We sell none."),
    ]


@pytest.mark.parametrize("cut", [30, 2000, -2000, -30])
def test_a_truncated_file_is_refused(cut: int) -> None:
    with pytest.raises(DocumentError, match=r"policy\.docx is a broken Word file"):
        parse_document(as_docx(load("harbour_lane.json"))[:cut], name="policy.docx")


def test_a_file_with_damaged_bytes_is_refused() -> None:
    data = bytearray(as_docx(load("harbour_lane.json")))
    at = data.index(b"word/document.xml") + 60
    data[at : at + 200] = bytes(200)
    with pytest.raises(DocumentError, match="broken Word file"):
        parse_document(bytes(data), name="policy.docx")


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clausemark._docx._LARGEST", 9_000_000)
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as entry,
    ):
        for _ in range(10):
            entry.write(bytes(1_000_000))
    with pytest.raises(DocumentError, match=r"unpacks to 10 MB"):
        parse_document(out.getvalue(), name="bomb.docx")


def test_another_kind_of_archive_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    with pytest.raises(DocumentError, match="another kind of archive"):
        parse_document(out.getvalue(), name="policy.odt")


def test_what_is_only_called_a_word_file_is_refused() -> None:
    with pytest.raises(DocumentError, match="it is no Word file"):
        parse_document(b"We keep nothing.", name="policy.docx")
