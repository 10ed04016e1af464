"""Labelled clauses, label schemes and models as tables that a person reads.

The one room that knows rich. Whatever comes from a document or a model folder is shown, never
interpreted: neither as terminal controls nor as markup.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from typing import IO, TYPE_CHECKING, Final

from clausemark._printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from clausemark.classifier import LabelledClause

__all__ = ["TableWriter", "colour", "console", "grid", "plain"]

#: One colour a label, readable on dark and light ground; a label keeps its colour everywhere.
_COLOURS: Final = {
    "First Party Collection/Use": "dodger_blue2",
    "Third Party Sharing/Collection": "dark_orange3",
    "User Choice/Control": "green4",
    "User Access, Edit and Deletion": "dark_cyan",
    "Data Retention": "medium_purple2",
    "Data Security": "red3",
    "Policy Change": "deep_pink3",
    "Do Not Track": "dark_goldenrod",
    "International and Specific Audiences": "sky_blue3",
    "Introductory/Generic": "grey54",
    "Privacy contact information": "dark_sea_green4",
    "Practice not covered": "light_salmon3",
}
#: What clauses without a label are counted under.
_NO_LABEL: Final = "no label"
#: From this many columns on headings have a column; beyond the other, lines get too long to read.
_WIDE: Final = 100
_WIDEST: Final = 180
#: Fewer columns (some terminals claim to have none) hold no table that anybody can read.
_NARROWEST: Final = 40
_GAP: Final = 2
#: In so many characters of a clause its heading is looked for.
_OPENING: Final = 480
#: What ends a heading: punctuation, Markdown's closing marks or underlining.
_UNDERLINE: Final = re.compile(r"\A[.:–—#*_=-]*(?:\s+(?:[=-]{3,}(?:\s+|\Z))?|\Z)")


class TableWriter:
    """A table a document, each with a line of counts, and a total when there are several."""

    def __init__(self, stream: IO[str]) -> None:
        self._console = console(stream)
        self._total: Counter[str] = Counter()
        self._clauses = 0
        self._documents = 0

    def add(self, document: str, clauses: Sequence[LabelledClause]) -> None:
        """Print the clauses of `document`."""
        counts = Counter(name for clause in clauses for name in clause.labels or (_NO_LABEL,))
        width = self._console.width
        if self._documents:
            self._console.print()
        self._console.print(plain(document, "bold"))
        self._console.print(_clause_table(clauses, width))
        self._console.print()
        self._console.print(_counts(_many(len(clauses), "clause"), counts, width))
        self._documents += 1
        self._clauses += len(clauses)
        self._total += counts

    def finish(self) -> None:
        """Print the total of all documents."""
        if self._documents > 1:
            title = f"{self._documents} documents, {_many(self._clauses, 'clause')}"
            self._console.print()
            self._console.print(_counts(title, self._total, self._console.width))


def _counts(title: str, counts: Counter[str], width: int) -> Text:
    """Return one line of counts, most frequent first, broken between categories only."""
    from rich.text import Text

    line = Text.assemble((f"{title}:", "bold"))
    room = width - len(line)
    for name, count in sorted(counts.items(), key=lambda pair: (pair[0] == _NO_LABEL, -pair[1])):
        part = Text.assemble((printable(name), colour(name)), f" {count}")
        gap = "  "
        if len(part) + len(gap) > room:
            gap, room = "\n  ", width
        line.append(gap).append_text(part)
        room -= len(part) + 2
    return line


def _many(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def console(stream: IO[str]) -> Console:
    """Return a console that takes no text for markup, as wide as the terminal within limits."""
    from rich.console import Console

    made = Console(file=stream, highlight=False, markup=False, emoji=False)
    made.width = max(_NARROWEST, min(made.width, _WIDEST))
    return made


def plain(content: str, style: str = "") -> Text:
    """Return `content` as it is, in one style."""
    from rich.text import Text

    return Text("\n".join(map(printable, content.split("\n"))), style=style)


def grid(*columns: tuple[str, int]) -> Table:
    """Return an empty table of named columns of fixed width."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for name, width in columns:
        table.add_column(name, width=width, overflow="fold")
    return table


def _clause_table(clauses: Sequence[LabelledClause], width: int) -> Table:
    head, clause, label = _widths(clauses, width)
    columns = [("Clause", clause), ("Labels", label)]
    table = grid(("Heading", head), *columns) if head else grid(*columns)
    last: str | None = None
    for one in clauses:
        fresh = (one.heading or "") if one.heading != last else ""
        if fresh:
            table.add_section()
        last = one.heading
        labels = _labels(one, label)
        beginning = _beginning(one, clause, lines=min(4, max(2, labels.plain.count("\n") + 1)))
        if head:
            table.add_row(plain(_cut(fresh, head, 3), "bold"), beginning, labels)
            continue
        if fresh:
            table.add_row(plain(_cut(fresh, clause, 2), "bold"), "")
        table.add_row(beginning, labels)
    return table


def _widths(clauses: Sequence[LabelledClause], width: int) -> tuple[int, int, int]:
    """Share `width` between headings, clauses and labels.

    Headings get no column of their own (0) where there are none, or no room: then they stand
    above their clauses.
    """
    label = 40 if width >= _WIDE else 34
    room = max(20, width - label - _GAP)
    longest = max((len(printable(one.heading or "")) for one in clauses), default=0)
    if not longest or width < _WIDE:
        return 0, room, label
    head = max(len("Heading"), min(longest, room // 3, 32))
    return head, room - head - _GAP, label


def _beginning(clause: LabelledClause, width: int, *, lines: int) -> Text:
    """Return the clause's first `lines` lines, without the headings that it opens with."""
    return plain(_cut(_body(clause)[: 4 * width * lines], width, lines))


def _body(clause: LabelledClause) -> str:
    """Return the opening of the clause below its heading; all of it if it is a heading alone."""
    raw = clause.text[: 4 * _OPENING]
    heading = printable(clause.heading or "")
    if not heading:
        return raw
    line = rf"(?m)^[#*_ \t]*{re.escape(clause.heading or '')}[#*_ \t]*$(?:\s[=-]{{3,}}[ \t]*$)?"
    found = re.search(line, raw[:_OPENING])
    if found:
        return raw[found.end() :].strip() or raw
    text = printable(raw)
    bare = text.lstrip("#*_ ")
    return (
        _UNDERLINE.sub("", bare.removeprefix(heading)) if bare.startswith(heading) else ""
    ) or text


def _cut(text: str, width: int, lines: int) -> str:
    """Return the first `lines` lines of `text`, an ellipsis after them if there is more."""
    return "\n".join(textwrap.wrap(printable(text), width, max_lines=lines, placeholder=" …"))


def _labels(clause: LabelledClause, width: int) -> Text:
    from rich.text import Text

    if not clause.labels:
        return Text("-", style="dim")
    names = sorted(clause.labels, key=lambda name: -clause.scores[name])
    return Text("\n").join(
        Text("\n".join(textwrap.wrap(words, width, subsequent_indent="  ")), style=colour(name))
        for name in names
        for words in [f"{printable(name)} {_score(clause.scores[name])}"]
    )


def _score(score: float) -> str:
    """Two decimals without the zero: .97, and 1.0 from .995 on."""
    return "1.0" if score >= 0.995 else f"{score:.2f}".removeprefix("0")


def colour(label: str) -> str:
    """Return the label's colour, the same in every table."""
    return "dim" if label == _NO_LABEL else _COLOURS.get(label, "default")
