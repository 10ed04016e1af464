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


def test_footnotes_come_last() -> None:
    document = Document()
    document.add_paragraph("We keep your name.")
    notes = (
        f"<w:footnotes {nsdecls('w')}><w:footnote w:type='separator' w:id='-1'><w:p/></w:footnote>"
        f"<w:footnote w:id='1'><w:p>{run('Not your nickname.')}</w:p></w:footnote></w:footnotes>"
    )
    part = Part(PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, notes.encode())
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    read = parse_document(saved(document), name="policy.docx")
    assert read.text == "We keep your name.\n\nNot your nickname."


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
