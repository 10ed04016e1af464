"""A comparison as a person reads it on a terminal: what changed, category by category.

Words that went stand in [-brackets-], words that came in {+braces+}, as in `git diff --word-diff`,
so that they are told without colour.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from clausemark._printable import printable
from clausemark._table import colour, console, plain
from clausemark.compare import SIGNS, count_kinds, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.text import Text

    from clausemark._words import Op
    from clausemark.compare import Change, Comparison

__all__ = ["print_comparison"]

_STYLES: Final = {"added": "green", "removed": "red", "same": ""}
_MARKS: Final = {"added": ("{+", "+}"), "removed": ("[-", "-]"), "same": ("", "")}
#: So many words of equal text stand on either side of a difference.
_CONTEXT: Final = 12
_INDENT: Final = 4


def print_comparison(comparison: Comparison, stream: IO[str]) -> None:
    """Print the changes by category; a clause of several stands under each of them."""
    out = console(stream)
    out.print(plain(f"{comparison.old} -> {comparison.new}", "bold"))
    counts = comparison.counts()
    if not comparison.changed():
        out.print(plain(f"No clause differs: {summary(counts) or 'there is none'}."))
        return
    out.print(plain(f"{summary(counts)}."))
    still = []
    for name, changes in comparison.by_category().items():
        changed = [change for change in changes if change.kind != "unchanged"]
        if changed:
            _print_category(out, name, changes, changed)
        else:
            still.append(f"{name} ({len(changes)})")
    if still:
        out.print()
        out.print(plain("Nothing changed in " + ", ".join(still) + ".", "dim"))


def _print_category(
    out: Console, name: str, changes: Sequence[Change], changed: Sequence[Change]
) -> None:
    from rich.text import Text

    out.print()
    title = Text(printable(name), style=f"bold {colour(name)}")
    out.print(title.append(f": {summary(count_kinds(changes))}", style="not bold default"))
    for change in changed:
        _print_change(out, name, change)


def _print_change(out: Console, name: str, change: Change) -> None:
    from rich.padding import Padding
    from rich.text import Text

    kind = " and ".join(one for one in change.kinds if one != "relabelled") or "relabelled"
    out.print()
    out.print(Text(f"  {SIGNS[change.kind]} {kind}", style="bold").append_text(_heading(change)))
    lines = [*_notes(change, name)]
    if change.kind in ("moved", "relabelled"):
        lines.insert(0, plain(_cut(change.new_body, 2 * _CONTEXT)))
    elif change.kind in ("added", "removed"):
        lines.insert(0, plain(" ".join(text for _, text in change.words()), _STYLES[change.kind]))
    elif change.old_body != change.new_body:
        lines.insert(0, marked(change.words()))
    for line in lines:
        out.print(Padding(line, (0, 0, 0, _INDENT), expand=False))


def _heading(change: Change) -> Text:
    """Return the heading that a change stands under; where it was renamed or left, both."""
    from rich.text import Text

    before, after = change.old_heading, change.new_heading
    line = Text(style="not bold")
    if change.moved and before != after:
        return line.append(f"  from {_quoted(before)} to {_quoted(after)}")
    if change.moved and change.old and change.new:
        line.append(f"  from clause {change.old.index + 1} to {change.new.index + 1}")
    if change.renamed:
        before, after = change.renamed
        return line.append("  ").append_text(marked([("removed", before), ("added", after)]))
    return line.append(f"  {printable(after or before)}" if after or before else "")


def _quoted(heading: str) -> str:
    return f'"{printable(heading)}"' if heading else "no heading"


def _notes(change: Change, name: str) -> list[Text]:
    lines = [plain(change.told, "italic")] if change.told else []
    lines += [plain(f"No longer labelled {one}.", "italic") for one in change.lost]
    lines += [plain(f"Now labelled {one}.", "italic") for one in change.gained]
    also = change.also(name)
    if also:
        lines.append(plain("Also under " + ", ".join(also) + ".", "dim"))
    return lines


def marked(ops: Sequence[Op]) -> Text:
    """Return the words with signs and colours; far from a difference, equal words are left out."""
    from rich.text import Text

    line = Text()
    for k, (op, text) in enumerate(ops):
        if not text:
            continue
        shown = _near(text, first=k == 0, last=k == len(ops) - 1) if op == "same" else text
        left, body, right = _margins(shown)
        opening, closing = _MARKS[op]
        line.append(left)
        line.append(f"{opening}{body}{closing}", style=_STYLES[op])
        line.append(right)
    return line


def _margins(text: str) -> tuple[str, str, str]:
    """Return a text with its outer white space, one blank at most, apart."""
    left = " " if text[:1].isspace() else ""
    right = " " if text[-1:].isspace() and text.strip() else ""
    return left, printable(text), right


def _near(text: str, *, first: bool, last: bool) -> str:
    """Return the words beside a difference; the first and the last text has one side only."""
    words = text.split()
    if first and last:
        return _cut(text, 2 * _CONTEXT)
    if len(words) <= (_CONTEXT if first or last else 2 * _CONTEXT) + 2:
        return text
    head = "" if first else (" " if text[:1].isspace() else "") + " ".join(words[:_CONTEXT])
    tail = "" if last else " ".join(words[-_CONTEXT:]) + (" " if text[-1:].isspace() else "")
    return f"{head} … {tail}" if head and tail else f"{head} …" if head else f"… {tail}"


def _cut(text: str, count: int) -> str:
    words = text.split()
    return " ".join(words[:count]) + (" …" if len(words) > count else "")
