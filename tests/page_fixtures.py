"""Policies labelled by hand, and their pages taken apart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import lxml.html

from clausemark.classifier import LabelledClause
from clausemark.document import Document, parse_document
from clausemark.labels import OPP115
from clausemark.page import PageFacts, policy_page
from clausemark.segment import segment

if TYPE_CHECKING:
    from lxml.html import HtmlElement

FICTIONAL = Path(__file__).parents[1] / "data" / "fictional"
FACTS = PageFacts("tiny", "0.0.1", "2026-01-01")
#: A clause that holds one of these words has the label, by hand; later ones score higher.
WORDS = {
    "collect": "First Party Collection/Use",
    "share": "Third Party Sharing/Collection",
    "retain": "Data Retention",
    "secure": "Data Security",
}
POLICY = """# Our policy

Welcome to the shop.

## What we do

We collect your name and share it.

- We collect addresses
- We retain logs
  - for a year
  - then nothing
- We secure both

## Sharing

We share it with partners.

### Their part

They retain nothing.

## The end

Bye.
"""


def read(text: str, name: str = "policy.md") -> Document:
    """Read a policy from a string."""
    return parse_document(text.encode(), name=name)


def labelled(document: Document) -> list[LabelledClause]:
    """Label the clauses of a document by the words they hold."""
    made = []
    for clause in segment(document):
        found = [word for word in WORDS if word in clause.text]
        scores = dict.fromkeys(OPP115.names, 0.004)
        scores |= {WORDS[word]: 0.6 + 0.1 * k for k, word in enumerate(WORDS) if word in found}
        made.append(
            LabelledClause(
                document=document.name,
                index=clause.index,
                start=clause.start,
                end=clause.end,
                heading=clause.heading,
                text=clause.text,
                labels=tuple(WORDS[word] for word in found),
                scores=scores,
            )
        )
    return made


def page_of(document: Document) -> str:
    """Make the page of a policy labelled by hand."""
    return policy_page(document, labelled(document), OPP115.labels, facts=FACTS)


def tree_of(document: Document) -> HtmlElement:
    """Make the page and parse it."""
    return lxml.html.fromstring(page_of(document))


def policy_words(tree: HtmlElement) -> list[str]:
    """Return the words of the policy that a page shows, its labels and scores left out."""
    for tag in tree.xpath("//article//details"):
        tag.drop_tree()
    article = tree.xpath("//article")[0]
    return words("\n".join(article.itertext()))


def words(text: str) -> list[str]:
    """Return the words of a text, without the marks around them."""
    return re.findall(r"[^\W_]+", text)


def save(document: Document, folder: Path) -> Path:
    """Write the page of a policy into a folder."""
    path = folder / "page.html"
    path.write_text(page_of(document), encoding="utf-8")
    return path
