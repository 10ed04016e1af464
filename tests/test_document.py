"""Documents of every kind become text and blocks, whatever their bytes; bad ones say so."""

from __future__ import annotations

import codecs
import errno
import os
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clausemark.document import Document, find_documents, parse_document, read_document
from clausemark.errors import DocumentError
from tests.fixtures.render import RENDERERS, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLICY = "We keep your name – and café receipts – for a year. “No more”, says naïve Zoë."


def blocks(document: Document) -> list[tuple[str, int, str]]:
    return [(b.kind, b.level, document.text[b.start : b.end]) for b in document.blocks]


def plain(text: str) -> list[tuple[str, int, str]]:
    return blocks(parse_document(text.encode(), name="policy.txt"))


@pytest.mark.parametrize(
    "data",
    [
        POLICY.encode(),
        codecs.BOM_UTF8 + POLICY.encode(),
        POLICY.encode("utf-16"),
        codecs.BOM_UTF16_BE + POLICY.encode("utf-16-be"),
        POLICY.encode("utf-16-le"),
        POLICY.encode("utf-16-be"),
        POLICY.encode("utf-32"),
        POLICY.encode("cp1252"),
    ],
)
def test_text_is_read_in_common_encodings(data: bytes) -> None:
    assert parse_document(data, name="policy.txt").text == POLICY


def test_text_in_a_rare_encoding_is_guessed() -> None:
    text = "Мы храним ваше имя и адрес один год, а затем удаляем их навсегда. " * 5
    assert parse_document(text.encode("koi8-r"), name="policy.txt").text == text


def test_a_damaged_byte_does_not_spoil_a_utf8_file() -> None:
    data = (POLICY * 5).encode() + b"\xff"
    assert parse_document(data, name="policy.txt").text == POLICY * 5 + "\ufffd"


def test_the_text_of_a_text_file_is_the_file_with_its_line_ends() -> None:
    text = "Privacy\r\n\r\nWe keep nothing.\rNor do others.\n"
    assert parse_document(text.encode(), name="p.md").text == text


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["", ".txt", ".html", ".pdf", ".docx"]))
def test_no_bytes_raise_anything_but_a_document_error(data: bytes, suffix: str) -> None:
    try:
        outcome = parse_document(data, name=f"x{suffix}").blocks
    except DocumentError as error:
        outcome = error.message.startswith("x") and error.hint
    assert outcome


@pytest.mark.parametrize("data", [b"", b" \n\t ", "\ufeff".encode(), b"<html></html>"])
def test_a_file_without_text_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentError, match=r"p\.html (is empty|is blank|holds no text)\."):
        parse_document(data, name="p.html")


def test_binary_junk_is_refused() -> None:
    junk = bytes(range(256)) * 40
    with pytest.raises(DocumentError, match="junk is not text"):
        parse_document(junk, name="junk")


def test_an_old_word_file_is_refused_by_name() -> None:
    with pytest.raises(DocumentError, match="old Word file"):
        parse_document(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), name="policy.doc")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"nowhere\.txt does not exist"):
        read_document(tmp_path / "nowhere.txt")


def test_a_folder_is_no_document(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="is a folder"):
        read_document(tmp_path)


def test_a_document_is_called_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "policy.txt"
    path.write_text("We keep nothing.")
    assert read_document(path).name == str(path)


def test_folders_are_searched_and_sorted(tmp_path: Path) -> None:
    for name in ("b.txt", "a.HTML", "c/d.pdf", ".hidden/e.txt", "f.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    given_file = tmp_path / "f.png"
    found = find_documents([tmp_path, given_file, tmp_path / "b.txt"])
    assert [p.relative_to(tmp_path).as_posix() for p in found] == [
        "a.HTML", "b.txt", "c/d.pdf", "f.png",
    ]  # fmt: skip


def test_a_readme_is_a_policy_only_when_named(tmp_path: Path) -> None:
    for name in ("README.md", "readme.TXT", "sub/Readme.html", "ReadMe.de.md", "readmes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert find_documents([tmp_path]) == [tmp_path / "readmes.md"]
    named = tmp_path / "sub" / "Readme.html"
    assert find_documents([named]) == [named]
    with pytest.raises(DocumentError, match="a README is none"):
        find_documents([named.parent])


def test_a_folder_that_is_closed_to_the_user_is_left_to_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("open", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").touch()
    monkeypatch.setattr(os, "scandir", partial(_scan, os.scandir, str(tmp_path / "closed")))
    assert find_documents([tmp_path]) == [tmp_path / "closed", tmp_path / "open" / "a.txt"]
    assert find_documents([tmp_path / "closed"]) == [tmp_path / "closed"]


def _scan(scan: Callable[..., object], closed: str, path: str | Path) -> object:
    if os.fspath(path) == closed:
        raise PermissionError(errno.EACCES, "Permission denied", closed)
    return scan(path)


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.png").touch()
    with pytest.raises(DocumentError, match="holds no policies"):
        find_documents([tmp_path])


@pytest.mark.parametrize("suffix", RENDERERS)
def test_without_a_suffix_the_content_tells_the_kind(suffix: str) -> None:
    data = RENDERERS[suffix](load("harbour_lane.json"))
    named = parse_document(data, name=f"policy{suffix}")
    unnamed = parse_document(data, name="<stdin>")
    assert blocks(unnamed) == blocks(named)


def test_lines_broken_at_a_column_become_paragraphs() -> None:
    text = (
        "We collect your name and your address when you open an account with us,\n"
        "and we keep both until you close it. The law may oblige us to keep them\n"
        "longer.\n\n"
        "We share your address with the courier who brings your handset to your\n"
        "door.\n"
    )
    assert [kind for kind, _, _ in plain(text)] == ["paragraph", "paragraph"]


def test_a_number_that_a_broken_line_goes_on_with_opens_no_item() -> None:
    text = (
        "Our shops and our website are meant for adults; nobody may buy from us before the age of\n"
        "18. We delete what we learn about younger people as soon as we come to know how old\n"
        "they are, and a parent may call us about that on every day of the week but Sunday, or\n"
        "write to us."
    )
    assert [kind for kind, _, _ in plain(text)] == ["paragraph"]


def test_lines_that_are_paragraphs_stay_apart() -> None:
    long = "We collect your name and your address when you open an account with us, and more. "
    assert len(plain(f"{long * 3}\n{long * 2}\n{long}\n{long * 4}")) == 4


def test_short_lines_between_blank_lines_are_an_address() -> None:
    text = "Please write to our office.\n\nTern Mobile\n9 Mole Street\nPort Ellery\n\nWe answer."
    assert plain(text)[1][2] == "Tern Mobile\n9 Mole Street\nPort Ellery"


@pytest.mark.parametrize(
    "line",
    [
        "Cookies", "INFORMATION WE COLLECT", "3. How we share information", "What is a cookie?",
        "Changes to this policy", "Section 4. Rights", "**Security**", "## Security", "IV. Use",
        "How We Use Data:",
    ],
)  # fmt: skip
def test_a_heading_is_known_by_its_words(line: str) -> None:
    found = plain(f"We tell you all.\n\n{line}\n\nWe use it to bill you and to route your calls.")
    assert [kind for kind, _, _ in found] == ["paragraph", "heading", "paragraph"]


@pytest.mark.parametrize(
    "line",
    [
        "We use cookies.", "Last updated: May 2024", "privacy@tern.example", "Tel. 0800 555 0100",
        "Home | Shop | Help", "Port Ellery PE1 4QJ", "of the", "see our website", "We share with:",
    ],
)  # fmt: skip
def test_other_short_lines_are_no_headings(line: str) -> None:
    found = plain(f"We tell you all.\n\n{line}\n\nWe use it to bill you and to route your calls.")
    assert "heading" not in [kind for kind, _, _ in found]


def test_markdown_marks_lists_and_headings() -> None:
    found = plain(
        "Terms\n=====\n\n* one\n    * two\n\n      more of two\n* three\n\n1) four\n2) five"
    )
    assert [(kind, level) for kind, level, _ in found] == [
        ("heading", 1), ("item", 1), ("item", 2), ("item", 2), ("item", 1), ("item", 1),
        ("item", 1),
    ]  # fmt: skip


def test_a_bullet_on_a_line_of_its_own_belongs_to_the_item_below() -> None:
    assert plain("We keep:\n\n•\nyour name\n•\nyour address")[1:] == [
        ("item", 1, "•\nyour name"),
        ("item", 1, "•\nyour address"),
    ]


def test_a_table_of_contents_is_no_heading_of_the_first_paragraph() -> None:
    lines = ["Scope", "Collection", "Use", "Sharing", "Security", "Contact"]
    found = plain("\n\n".join([*lines, "This policy covers all that Tern Mobile does for you."]))
    assert [kind for kind, _, _ in found].count("heading") == 1
