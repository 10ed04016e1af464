"""Drawings by matplotlib as SVG that takes its colours and its type from the page around it.

Colours are drawn as stand-ins and leave as CSS variables, so that one drawing reads in light and in
dark; words stay words; identifiers carry the drawing's name, so that many stand in one page; the
same figure gives the same bytes.
"""

from __future__ import annotations

import io
import re
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What matplotlib draws with, and what the page shows for it.
INK: Final = "#010203"
QUIET: Final = "#010204"
LINE: Final = "#010205"
MARK: Final = "#010206"
PAPER: Final = "#010207"
_VARIABLES: Final = {
    INK: "var(--ink)",
    QUIET: "var(--quiet)",
    LINE: "var(--line)",
    MARK: "var(--mark)",
    PAPER: "var(--paper)",
}

#: Sizes are in the drawing's own units, which a page scales by the drawing's width.
STYLE: Final = {
    "svg.fonttype": "none",
    "svg.hashsalt": "clausemark",
    "font.size": 12,
    "text.color": QUIET,
    "axes.facecolor": "none",
    "axes.edgecolor": LINE,
    "axes.labelcolor": QUIET,
    "axes.labelsize": 12,
    "axes.linewidth": 1,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "lines.linewidth": 1.8,
}


def themed(figure: Figure, *, name: str, title: str, description: str) -> str:
    """Return `figure` as an inline SVG element; `name` must be the page's only one.

    `title` and `description` are what a screen reader says of it.
    """
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    drawn = stream.getvalue()
    body = drawn[drawn.index(">", drawn.index("<svg")) + 1 : drawn.rindex("</svg>")]
    box = re.search(r'viewBox="[^"]+"', drawn)
    if box is None:
        raise ValueError("matplotlib wrote an SVG without a viewBox")
    opening = (
        f'<svg {box[0]} role="img" aria-labelledby="{name}-title" aria-describedby="{name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>'
    )
    return f"{opening}{_clean(body, name)}</svg>"


def _clean(body: str, name: str) -> str:
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*<style[^>]*>.*?</style>\s*</defs>", "", body, flags=re.DOTALL)
    body = re.sub(r"font-family:[^;\"]*;?\s*", "", body)
    body = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, variable)
    used = set(re.findall(r'(?:href="|url\()#([\w.-]+)', body))
    body = re.sub(r' id="([\w.-]+)"', lambda m: m[0] if m[1] in used else "", body)
    body = re.sub(r'( id="|href="#|url\(#)', rf"\1{name}-", body)
    body = re.sub(r"\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}", body)
    return re.sub(r"\s+", " ", body)
