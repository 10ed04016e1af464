"""Word files: headings, paragraphs, list items and tables in the order of the document."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from clausemark._blocks import Piece, collapse
from clausemark._headings import is_dated
from clausemark._plain import plain_pieces
from clausemark.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["docx_pieces"]

_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_RELATIONS: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#: The parts of notes, and the element of a note in each.
_NOTES: Final = {_RELATIONS + "footnotes": "footnote", _RELATIONS + "endnotes": "endnote"}
_BOX: Final = _W + "txbxContent"
_SKIPPED: Final = frozenset({_FALLBACK, *(_W + tag for tag in ("del", "moveFrom", "instrText"))})
_BREAKS: Final = {_W + "br": "\n", _W + "cr": "\n", _W + "tab": " ", _W + "noBreakHyphen": "-"}
#: Signs of symbol fonts that answer a question, by their last two hexadecimal digits.
_SYMBOLS: Final = {
    "Wingdings": {"FC": "✓", "FE": "☑", "FB": "✗", "FD": "☒", "A8": "☐", "6F": "☐"},
    "Wingdings 2": {"50": "✓", "52": "☑", "4F": "✗", "51": "☒", "A3": "☐"},
}
#: An unpacked Word file of a policy is a few megabytes; a bomb is gigabytes.
_LARGEST: Final = 300_000_000
_OFF: Final = frozenset({"0", "false", "none", "off"})


def docx_pieces(data: bytes, *, name: str) -> list[Piece]:
    """Return the pieces of the Word file `data`, its footnotes and endnotes last.

    Raises DocumentError if the file is broken, encrypted or unpacks to an unreasonable size.
    """
    body, styles, notes = _opened(data, name)
    reader = _Reader(styles)
    pieces = list(reader.blocks(body))
    for note in notes:
        pieces.extend(reader.blocks(note))
    return pieces


def _opened(data: bytes, name: str) -> tuple[Any, dict[str, _Style], list[Any]]:
    import docx
    from docx.opc.exceptions import OpcError
    from lxml.etree import LxmlError

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _LARGEST:
            raise DocumentError(
                f"{name} unpacks to {size // 1_000_000} MB.", hint="Save its text as .txt."
            )
        document = docx.Document(io.BytesIO(data))
        return document.element.body, _styles(document.styles.element), _notes(document.part)
    except (
        zipfile.BadZipFile,
        OpcError,
        LxmlError,
        KeyError,
        ValueError,
        OSError,
        AttributeError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        zlib.error,
    ) as error:
        raise DocumentError(
            f"{name} is a broken Word file ({type(error).__name__}).",
            hint="Open it in a word processor and save it again.",
        ) from None


class _Style(NamedTuple):
    """What a paragraph style says, its ancestors included: heading level, list level, bold."""

    heading: int = 0
    item: int = 0
    bold: bool = False


def _style(element: Any, parent: _Style) -> _Style:
    label = element.find(_W + "name")
    name = (label.get(_W + "val", "") if label is not None else "").lower()
    return _Style(
        _heading_level(name, element) or parent.heading,
        _list_level(name, element) or parent.item,
        _bold(element) or parent.bold,
    )


def _heading_level(name: str, element: Any) -> int:
    if match := re.match(r"heading (\d)", name):
        return min(int(match[1]), 6)
    if name in ("title", "subtitle"):
        return 1 if name == "title" else 2
    return _outline(element)


def _outline(element: Any) -> int:
    """The outline level that a style or paragraph has of its own, from 1; 0 for body text."""
    outline = element.find(f"{_W}pPr/{_W}outlineLvl")
    value = outline.get(_W + "val", "9") if outline is not None else "9"
    return min(int(value) + 1, 6) if value.isdigit() and int(value) < 9 else 0


def _list_level(name: str, element: Any) -> int:
    if match := re.match(r"list(?: bullet| number| paragraph)?(?: (\d))?$", name):
        return int(match[1] or 1) if "paragraph" not in name else 0
    return _numbered(element)


def _numbered(element: Any) -> int:
    """The nesting that a style's or paragraph's own numbering gives, from 1; 0 for none."""
    numbering = element.find(f"{_W}pPr/{_W}numPr")
    if numbering is None:
        return 0
    number, level = numbering.find(_W + "numId"), numbering.find(_W + "ilvl")
    if number is None or number.get(_W + "val") == "0":
        return 0
    value = level.get(_W + "val", "0") if level is not None else "0"
    return int(value) + 1 if value.isdigit() else 1


def _bold(element: Any) -> bool:
    bold = element.find(f"{_W}rPr/{_W}b")
    return bold is not None and bold.get(_W + "val", "1") not in _OFF


def _styles(element: Any) -> dict[str, _Style]:
    found = {style.get(_W + "styleId", ""): style for style in element.iter(_W + "style")}
    known: dict[str, _Style] = {}
    for style_id in found:
        # From the eldest ancestor down; a circle of styles ends where it closes.
        line: list[str] = []
        at = style_id
        while at in found and at not in known and at not in line:
            line.append(at)
            at = _parent(found[at])
        for one in reversed(line):
            known[one] = _style(found[one], known.get(_parent(found[one]), _Style()))
    return known


def _parent(style: Any) -> str:
    based = style.find(_W + "basedOn")
    return str(based.get(_W + "val", "")) if based is not None else ""


def _notes(part: Any) -> list[Any]:
    from lxml import etree

    inner = {r.reltype: r.target_part for r in part.rels.values() if not r.is_external}
    return [
        note
        for kind, tag in _NOTES.items()
        if kind in inner
        for note in etree.fromstring(inner[kind].blob).iter(_W + tag)
        if note.get(_W + "type") is None
    ]


class _Reader:
    """Walks the blocks of a story; content controls and insertions are looked into."""

    def __init__(self, styles: dict[str, _Style]) -> None:
        self.styles = styles

    def blocks(self, story: Any) -> Iterator[Piece]:
        """Yield the pieces of the paragraphs and tables in `story`, in order."""
        stack = [iter(story)]
        while stack:
            for child in stack[-1]:
                if child.tag == _W + "p":
                    yield from self._paragraph(child)
                elif child.tag == _W + "tbl" and _is_data(child):
                    yield from _rows(child)
                elif child.tag not in _SKIPPED and isinstance(child.tag, str):
                    stack.append(iter(child))
                    break
            else:
                stack.pop()

    def _paragraph(self, element: Any) -> Iterator[Piece]:
        yield from self._words(element)
        for box in _outermost(element, _BOX):
            yield from self.blocks(box)

    def _words(self, element: Any) -> Iterator[Piece]:
        text = _text(element, boxes=False)
        if not text.strip():
            return
        reference = element.find(f"{_W}pPr/{_W}pStyle")
        style = self.styles.get(
            reference.get(_W + "val", "") if reference is not None else "Normal"
        )
        heading = _outline(element) or (style.heading if style else 0)
        level = _numbered(element) or (style.item if style else 0)
        line = collapse(text)
        if heading or _is_bold_line(element, line, style):
            yield Piece("heading", line, heading or 5)
        elif level:
            yield Piece("item", line, level)
        else:
            yield from plain_pieces(text if "\n" in text else line)


def _outermost(element: Any, tag: str) -> Iterator[Any]:
    """Yield the elements of a tag in `element`, not those within them, in order."""
    stack = [element]
    while stack:
        node = stack.pop()
        if node.tag == tag:
            yield node
        elif node.tag not in _SKIPPED:
            stack.extend(reversed(node))


def _is_bold_line(element: Any, line: str, style: _Style | None) -> bool:
    """Tell whether a short paragraph is all bold: a heading by hand."""
    if len(line.split()) > 15 or line[-1] in ".:;," or is_dated(line):
        return False
    runs = [run for run in _outermost(element, _W + "r") if _text(run, boxes=False).strip()]
    return bool(runs) and (all(_bold(run) for run in runs) or (style is not None and style.bold))


def _text(element: Any, *, boxes: bool = True) -> str:
    """Return the text of a paragraph or cell: insertions and links in, deletions and codes out.

    Text boxes in it are read where they hang, unless `boxes` is false.
    """
    parts: list[str] = []
    skipped = _SKIPPED if boxes else _SKIPPED | {_BOX}
    stack = [iter(element)]
    while stack:
        for child in stack[-1]:
            if child.tag == _W + "t":
                parts.append(child.text or "")
            elif child.tag in _BREAKS:
                parts.append(_BREAKS[child.tag])
            elif child.tag == _W + "sym":
                parts.append(_symbol(child))
            elif child.tag not in skipped and not _is_hidden(child):
                if child.tag == _W + "p":
                    parts.append("\n")
                stack.append(iter(child))
                break
        else:
            stack.pop()
    return "".join(parts)


def _symbol(element: Any) -> str:
    known = _SYMBOLS.get(element.get(_W + "font", ""), {})
    return known.get(element.get(_W + "char", "")[-2:].upper(), "")


def _is_hidden(element: Any) -> bool:
    """Tell a run that neither the screen nor the printer shows."""
    hidden = element.find(f"{_W}rPr/{_W}vanish") if element.tag == _W + "r" else None
    return hidden is not None and hidden.get(_W + "val", "1") not in _OFF


def _is_data(table: Any) -> bool:
    """Tell a table of data from one that only places text on the page."""
    rows = table.findall(_W + "tr")
    widest = max((len(row.findall(_W + "tc")) for row in rows), default=0)
    nested = table.find(f"{_W}tr/{_W}tc/{_W}tbl") is not None
    return widest > 1 and len(rows) > 1 and not nested


def _rows(table: Any) -> Iterator[Piece]:
    for place, row in enumerate(table.iter(_W + "tr")):
        marked = row.find(f"{_W}trPr/{_W}tblHeader") is not None
        header = marked or (place == 0 and _is_bold_row(row))
        first = True
        column = _count(row, f"{_W}trPr/{_W}gridBefore", 0)
        for cell in row.iter(_W + "tc"):
            span = max(1, _count(cell, f"{_W}tcPr/{_W}gridSpan", 1))
            if text := collapse(_text(cell)):
                yield Piece("cell", text, 0 if header else (1 if first else 2), column, span)
                first = False
            column += span


def _is_bold_row(row: Any) -> bool:
    """Tell a header by hand: few mark the row as one."""
    runs = [run for run in row.iter(_W + "r") if _text(run).strip()]
    return bool(runs) and all(_bold(run) for run in runs)


def _count(element: Any, path: str, default: int) -> int:
    found = element.find(path)
    value = found.get(_W + "val", "") if found is not None else ""
    return min(int(value), 1000) if value.isdecimal() else default
