"""HTML as a light tree of its own, of any depth.

lxml drops what lies deeper than 2,048 elements when it builds a tree, but not when it reports
events; so the tree is built here, and walked without recursion.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Node", "parse"]

_SILENT: Final = frozenset({"script", "style", "template", "noscript", "iframe", "svg",
                            "canvas", "audio", "video", "math", "select", "textarea",
                            "datalist", "title"})  # fmt: skip
# Not `head`: where a page has no `<body>`, lxml leaves `<main>`, `<section>` and the like in there.
#: Elements that say nothing of their own, and the roles that make lists of them.
_NEUTRAL: Final = frozenset({"div", "span", "p"})
_ROLES: Final = {"list": "ul", "listitem": "li"}
#: What lxml is fed at once: larger pieces of one line are read in quadratic time by some versions.
_CHUNK: Final = 1 << 16


@dataclass(slots=True, eq=False)
class Node:
    """An element: its tag, attributes, parent and children.

    `before` and `after` are the elements beside it, whatever text stands between.
    `size` counts the characters of text within, blanks not, `linked` those that are links' text;
    `spoken` tells that text stands right in the element, between its children.
    """

    tag: str
    attributes: dict[str, str]
    parent: Node | None
    children: list[Node | str] = field(default_factory=list)
    before: Node | None = None
    after: Node | None = None
    size: int = 0
    linked: int = 0
    spoken: bool = False

    def descendants(self) -> Iterator[Node]:
        """Yield the elements within, in document order."""
        stack = [self]
        while stack:
            node = stack.pop()
            if node is not self:
                yield node
            stack.extend(c for c in reversed(node.children) if isinstance(c, Node))

    def get(self, name: str) -> str:
        """Return an attribute, or nothing."""
        return self.attributes.get(name, "")


class _Builder:
    """Receives lxml's events; what is silent leaves no node."""

    def __init__(self) -> None:
        self.root = Node("#root", {}, None)
        self.at = self.root
        self.nodes: list[Node] = []
        #: The last child of each element.
        self.last: dict[Node, Node] = {}
        self.silent = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.silent or tag in _SILENT:
            if tag == "svg" and not self.silent:
                self._add(Node(tag, dict(attributes), self.at))  # its label may be an answer
            self.silent += 1
            return
        if tag in _NEUTRAL:
            tag = _ROLES.get(attributes.get("role", ""), tag)
        node = Node(tag, dict(attributes), self.at)
        self._add(node)
        self.at = node

    def _add(self, node: Node) -> None:
        before = self.last.get(self.at)
        if before is not None:
            node.before, before.after = before, node
        self.last[self.at] = node
        self.at.children.append(node)
        self.nodes.append(node)

    def end(self, _tag: str) -> None:
        if self.silent:
            self.silent -= 1
        elif self.at.parent is not None:
            self.at = self.at.parent

    def data(self, text: str) -> None:
        if not self.silent:
            self.at.children.append(text)
            size = len("".join(text.split()))
            self.at.size += size
            self.at.spoken = self.at.spoken or size > 0

    def comment(self, _text: str) -> None:
        """Comments say nothing."""

    def pi(self, _target: str, _data: str | None = None) -> None:
        """Nor do processing instructions."""

    def close(self) -> None:
        """Nothing is left to do at the end of the page."""

    def tree(self) -> Node:
        """Return the root, the sizes of its elements summed up."""
        for node in reversed(self.nodes):
            if node.parent is not None:
                if node.tag in ("a", "button"):
                    node.linked = node.size
                node.parent.size += node.size
                node.parent.linked += node.linked
        return self.root


def parse(markup: str) -> Node:
    """Return the tree of `markup`, whatever its faults, without scripts, styles and the like."""
    from lxml import etree

    data = _without_cdata(markup).replace("\x00", "").encode("utf-8", errors="replace")
    builder = _Builder()
    parser = etree.HTMLParser(target=builder, encoding="utf-8", huge_tree=True)
    try:
        for at in range(0, len(data), _CHUNK):
            parser.feed(data[at : at + _CHUNK])
        parser.close()
    except etree.LxmlError:
        pass  # A page without any element has nothing to close.
    return builder.tree()


def _without_cdata(markup: str) -> str:
    """Escape what stands in CDATA sections, which HTML parsers take for comments."""
    before, *sections = markup.split("<![CDATA[")
    parts = [before]
    for section in sections:
        text, closed, after = section.partition("]]>")
        parts.append(text.replace("&", "&amp;").replace("<", "&lt;") if closed else text)
        parts.append(after)
    return "".join(parts)
