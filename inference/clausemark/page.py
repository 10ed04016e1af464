"""One labelled policy as one HTML page: the policy as it reads, every clause tinted by its labels.

The page is one file without network access (`clausemark._render`). With scripts off all of it can
be read and all links work; scripts add the filter, the scores on hover and focus, and the steps
from clause to clause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from clausemark._page_inline import headline, unmarked
from clausemark._page_outline import HEIGHT, WIDTH, clause_anchor, outline, silent, strip
from clausemark._page_tree import build
from clausemark._page_view import rules, tall, view
from clausemark._render import Assets, render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clausemark.artifact import LabelSettings, Manifest
    from clausemark.classifier import LabelledClause
    from clausemark.document import Document
    from clausemark.labels import Label

__all__ = ["PageFacts", "clause_anchor", "policy_page", "policy_title"]

#: A longer first heading is no title.
_LONGEST_TITLE: Final = 160
#: How a title ends that stands below other words, such as what a web page says above it.
_TITLED: Final = re.compile(r"\b(?:policy|notice|statement)\W*$", re.IGNORECASE)
_STYLES: Final = ("page.css", "page.text.css", "page.ways.css")


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page says besides the policy: the model, and where the pages' index lies, if any.

    `created` is the model's date; `back` is the index's address relative to the page; `fallback`
    says whether a clause of which no category reaches its threshold may get the likeliest.
    """

    model: str
    version: str
    created: str | None = None
    back: str | None = None
    fallback: bool = False

    @classmethod
    def of(cls, manifest: Manifest, *, back: str | None = None) -> Self:
        """Return the facts of the model that `manifest` describes."""
        made = manifest.created[:10] or None
        return cls(manifest.name, manifest.version, made, back, manifest.fallback is not None)


def policy_title(document: Document) -> str:
    """Return the document's title, or its file's name if it has none.

    The title is the first heading, if the document opens with it, its level is 1, or it calls
    itself a policy: other headings below words name a section.
    """
    return _title(document) or Path(document.name).name or document.name


def policy_page(
    document: Document,
    clauses: Sequence[LabelledClause],
    labels: Sequence[LabelSettings | Label],
    *,
    facts: PageFacts,
) -> str:
    """Return the page of `document`, whose labelled clauses are `clauses`.

    `labels` are the columns of the scores, in order. Raise KeyError if a clause has a label that
    is not among them.
    """
    tree = build(document, clauses, skip=_titled_blocks(document, clauses))
    return render(
        "page.html.j2",
        Assets(css=_STYLES, js=("page.js",), rules=rules(labels)),
        title=policy_title(document),
        file=Path(document.name).name or document.name,
        facts=facts,
        chunks=tree.chunks,
        views={clause.index: view(clause, labels) for clause in clauses},
        outline=outline(clauses, labels, tree.openings),
        silent=silent(clauses, labels),
        strip=strip(clauses, labels),
        words=len(document.text.split()),
        width=WIDTH,
        height=HEIGHT,
        anchor=clause_anchor,
        tall=tall,
    )


def _title(document: Document) -> str:
    for place, block in enumerate(document.blocks):
        if block.kind == "heading":
            text = unmarked(headline(document.text[block.start : block.end]))
            is_title = place == 0 or block.level == 1 or _TITLED.search(text)
            return text if is_title and len(text) <= _LONGEST_TITLE else ""
    return ""


def _titled_blocks(document: Document, clauses: Sequence[LabelledClause]) -> int:
    """Return 1 if the policy opens with its title, which then stands at the page's head alone.

    A clause that is nothing but this heading keeps it.
    """
    if not document.blocks or document.blocks[0].kind != "heading" or not _title(document):
        return 0
    heading = document.blocks[0]
    return int(not clauses or clauses[0].end > heading.end)
