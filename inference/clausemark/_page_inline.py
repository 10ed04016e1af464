"""A stretch of a policy as safe markup: escaped, controls shown, Markdown's plainest marks obeyed.

What Markdown calls a link becomes its words with the address behind them, as text: nothing that a
policy says leads anywhere from the page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from clausemark._render import shown

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["headline", "inline", "opening", "unmarked"]

#: All of them run on escaped text, where "<" only begins a tag of ours: no match crosses one.
_LINK: Final = re.compile(r"\[([^\[\]<]{1,300})\]\(([^()\s<]{1,2000})\)")
_STRONG: Final = re.compile(
    r"\*\*(?![\s*])([^*<]{1,500})(?<!\s)\*\*|(?<!\w)__(?!\s)([^_<]{1,500})__"
)
_EMPHASIS: Final = re.compile(
    r"(?<![\w*])\*(?![\s*])([^*<]{1,500})(?<!\s)\*(?![\w*])|(?<!\w)_(?!\s)([^_<]{1,500})(?<!\s)_(?!\w)"
)
_HEADING: Final = re.compile(r"^#{1,6}\s+|\s+#+$|\s*\n\s*[=-]{3,}$")
_CODE: Final = re.compile(r"(?<!`)`([^`<]{1,200})`(?!`)")
_MARKS: Final = "*_#|>- \t\n\r"
#: Characters of a clause that its entry in the outline shows at most.
_OPENING: Final = 60


def inline(text: str, *, markdown: bool) -> Markup:
    """Return `text` for the inside of an element.

    Paired ** and __ are bold in any document; links, single marks and backquotes are Markdown's
    alone.
    """
    from markupsafe import Markup, escape

    safe = str(escape(shown(text)))
    if markdown:
        safe = _LINK.sub(r'\1 <span class="url">(\2)</span>', safe)
        safe = _CODE.sub(r"<code>\1</code>", safe)
    if "*" in safe or "_" in safe:
        safe = _STRONG.sub(lambda m: f"<strong>{m[1] or m[2]}</strong>", safe)
        if markdown:
            safe = _EMPHASIS.sub(lambda m: f"<em>{m[1] or m[2]}</em>", safe)
    return Markup(safe)  # noqa: S704  (escaped above; only our own tags were added since)


def headline(text: str) -> str:
    """Return a heading on one line, without the marks that make it one; emphasis stays."""
    return " ".join(_HEADING.sub("", text.strip()).split())


def unmarked(text: str) -> str:
    """Return a heading's line without its emphasis, for places that show no markup."""
    return _STRONG.sub(lambda m: m[1] or m[2], text)


def opening(text: str) -> str:
    """Return the first words of a clause on one line, as many as an outline has room for."""
    words = " ".join(text[: 4 * _OPENING].strip(_MARKS).replace("**", "").split())
    if len(words) <= _OPENING and len(text) <= 4 * _OPENING:
        return words
    cut = words.rfind(" ", _OPENING // 2, _OPENING)
    return f"{words[: cut if cut > 0 else _OPENING].rstrip(' ,;:.')}…"
