"""A policy's file becomes text and blocks: .txt, .md, .html, .pdf, .docx, or bytes from a pipe.

The blocks are headings, paragraphs, list items and table cells, in reading order. For .txt and .md
the text is the decoded file itself, line ends included, so that offsets are places in the file;
for the other kinds it is the text that a reader would see.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clausemark._blocks import Block, Document, Kind, assemble
from clausemark._decode import decode
from clausemark._docx import docx_pieces
from clausemark._headings import refine
from clausemark._html import html_pieces
from clausemark._pdf import pdf_pieces
from clausemark._plain import plain_blocks
from clausemark.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "SUFFIXES",
    "Block",
    "Document",
    "Kind",
    "find_documents",
    "parse_document",
    "read_document",
]

#: The files that a folder is searched for.
SUFFIXES: Final = (".txt", ".md", ".html", ".htm", ".pdf", ".docx")

_KINDS: Final = {
    ".txt": "plain",
    ".text": "plain",
    ".md": "plain",
    ".markdown": "plain",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".docx": "docx",
}
_MARKUP = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|div|p|h[1-6]|ul|ol|table|article|main)\b[^>]*>",
    re.I,
)
_ELSE: Final = "Save it as .txt, .html, .pdf or .docx."


def find_documents(paths: Iterable[Path | str]) -> list[Path]:
    """Return the policies named by `paths`: files as they are, folders searched and sorted.

    In folders, what is hidden and what is called README is passed over; no file comes twice. Raises
    DocumentError for a folder without policies; what is missing or closed to the user, folders
    among it, is left to `read_document`.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        found.update(dict.fromkeys(_within(path) if _is(path.is_dir) else [path]))
    return list(found)


def _within(folder: Path) -> list[Path]:
    found: list[Path] = []
    for place, folders, names in os.walk(
        folder, onerror=lambda error: found.append(Path(error.filename))
    ):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found.extend(Path(place, name) for name in names if _is_policy(Path(place, name)))
    if not found:
        kinds = ", ".join(SUFFIXES)
        hint = f"It was searched for {kinds}; a README is none."
        raise DocumentError(f"{folder} holds no policies.", hint=hint)
    return sorted(found)


def _is_policy(path: Path) -> bool:
    hidden_or_readme = path.name.lower().split(".")[0] in ("", "readme")
    if hidden_or_readme or path.suffix.lower() not in SUFFIXES:
        return False
    return _is(path.is_file, unknown=True)


def _is(test: Callable[[], bool], *, unknown: bool = False) -> bool:
    """Return what `test` says of a path, `unknown` where nobody may look: reading it says why."""
    try:
        return test()
    except OSError:
        return unknown


def read_document(path: Path | str) -> Document:
    """Read the policy in the file at `path`; its name is the path as given.

    Raises DocumentError if the file is missing or not readable, and as `parse_document` does.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DocumentError(f"{path} does not exist.", hint="Check the path.") from None
    except IsADirectoryError:
        raise DocumentError(f"{path} is a folder.", hint="Give one of its files.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DocumentError(f"{path} cannot be read: {reason}.", hint="Check the file.") from None
    return parse_document(data, name=str(path))


def parse_document(data: bytes, *, name: str) -> Document:
    """Read the policy in `data`; its kind is that of the suffix of `name`, else of its content.

    Raises DocumentError if it is empty, blank, broken, encrypted, without text, or not text.
    """
    kind = _kind(data, name)
    if kind == "plain":
        text = decode(data, name=name)
        return refine(Document(name, text, tuple(plain_blocks(text))))
    if kind == "html":
        pieces = html_pieces(decode(data, name=name, declared=True))
    elif kind == "pdf":
        pieces = pdf_pieces(data, name=name)
    else:
        pieces = docx_pieces(data, name=name)
    document = assemble(name, pieces)
    if not document.blocks:
        raise DocumentError(f"{name} holds no text.", hint="Give a file that holds a policy.")
    return refine(document)


def _kind(data: bytes, name: str) -> str:
    """Tell plain, html, pdf or docx; a PDF or Word file is known whatever its name."""
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(data, name)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError(f"{name} is an old Word file, or an encrypted one.", hint=_ELSE)
    if data.startswith(b"{\\rtf"):
        raise DocumentError(f"{name} is a rich text file.", hint=_ELSE)
    kind = _KINDS.get(Path(name).suffix.lower())
    if kind in ("pdf", "docx") and data:
        what = "PDF" if kind == "pdf" else "Word file"
        raise DocumentError(f"{name} is broken: it is no {what}.", hint="Get the file again.")
    if kind is None:
        head = data[:4096].replace(b"\x00", b"")
        kind = "html" if _MARKUP.search(head) else "plain"
    return kind


def _zipped(data: bytes, name: str) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        names = ["word/"] if Path(name).suffix.lower() == ".docx" else []
    if not any(entry.startswith("word/") for entry in names):
        raise DocumentError(f"{name} is no Word file, but another kind of archive.", hint=_ELSE)
    return "docx"
