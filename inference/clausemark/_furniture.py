"""What of a web page is not the policy: menus, banners, footers, hidden parts, form controls.

Every rule here yields to one: what holds a good part of the page's text is the body, whatever it
is called. A policy page whose text stands in `<aside class="cookie-notice">` is read whole.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from clausemark._blocks import word_set
from clausemark._markup import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["body_of", "is_furniture", "is_mute"]

_CONTROLS: Final = frozenset({"input", "option", "optgroup", "progress", "meter", "dialog"})
_REGIONS: Final = frozenset({"nav", "footer", "aside", "header"})
_ROLES: Final = word_set(
    "navigation banner contentinfo search complementary menu menubar toolbar tablist "
    "alertdialog dialog"
)
_PLACES: Final = frozenset({"html", "head", "body", "main", "article", "#root"})
#: Classes of what leads about the page, stands around its text, or is for screen readers alone.
_AROUND: Final = (
    "nav|navbar|navigation|menu|breadcrumbs?|skip-?link|sr-only|pagination|visually-hidden|"
    "screen-reader-text|back-to-top|print-only|site-footer|site-header|sidebar|masthead|top-?bar|"
    "post-meta|entry-meta|comments|widget-area|advert(?:isement)?|popup|modal|toast"
)
#: Classes and ids that sections of policies have, too; their ids are mostly their headings' words.
_BESIDE: Final = f"{_AROUND}|footer|share|sharing|social|related|newsletter|subscribe"
_IS_AROUND, _IS_BESIDE = (
    re.compile(rf"(?:^|[\s_-])(?:{names})(?:$|[\s_-])", re.I) for names in (_AROUND, _BESIDE)
)
_VENDORS = re.compile(
    r"onetrust|cookiebot|cc-window|cc-banner|cookie-law-info|cmplz|didomi|usercentrics|"
    r"truste(?!d)|osano|(?<![a-z])cky-|iubenda-cs|eu-cookie",
    re.I,
)
_BANNER = re.compile(
    r"(?:cookies?|consent|gdpr|ccpa)[\w-]*(?:banner|bar|popup|modal|notice|"
    r"notification|message|overlay|dialog|wall|consent|box)",
    re.I,
)
#: What a banner's button says, if not a picture alone; a section's says "Manage cookies".
_ANSWER = re.compile(
    r"\b(?:(?:ac+e[pt]t|akzept)\w*|agree|allow|enable|reject|decline|deny|refuse|dismiss|"
    r"close|hide|continue|got it|ok|okay|yes|no|thanks|save|confirm|i consent|understand|"
    r"understood)\b|^\W*x?\W*$",
    re.I,
)
_FOLDED = re.compile(
    r"accordion|collaps|panel|tab(?!le)|toggle|expand|faq|fold|drawer|detail|content", re.I
)
_UNSEEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4"})
#: Words without which few sentences of a policy do, and most of a page's furniture does.
_PARTIES = re.compile(
    r"\b(?:we|us|our|you|your|they|their|personal|data|information|cookies?|privacy)\b|@", re.I
)
#: A word's start before it: from within words, long texts without a stop take quadratic time.
_SENTENCE = re.compile(r"(?<!\S)(?:\S+\s+){4}\S*[.!?]")
#: What a policy speaks of; a page's other boxes speak of the reader alone.
_OURS = re.compile(r"\b(?:we|us|our|personal|data|information|privacy)\b", re.I)
_IMPRINT = re.compile(r"©|\bcopyright\b|\ball rights reserved\b", re.I)
_SMALL: Final = 200
_SECTIONS: Final = frozenset({"section", "article"})
_FLOW: Final = frozenset({"p", "ul", "ol", "dl", "table", "blockquote"})
_TITLES: Final = frozenset({"dt", "summary", "caption", "legend", "td", "th"})
#: What a redline took out.
_STRUCK: Final = frozenset({"del", "s", "strike"})
_MUTE: Final = _CONTROLS | _STRUCK | {"button"}
_INLINE: Final = frozenset({"a", "abbr", "b", "em", "i", "span", "strong", "u"})


def body_of(root: Node) -> Node:
    """Return the innermost main or article that holds most of the text, else the whole page."""
    best = root
    for node in root.descendants():
        named = node.tag in ("main", "article") or node.get("role") in ("main", "article")
        if named and node.size > 0.7 * root.size and node.size <= best.size:
            if node.tag == "article" and any(map(_is_section, _beside(node, best))):
                break
            best = node
    return best


def _beside(node: Node, outer: Node) -> Iterator[Node]:
    """Yield what stands beside `node`, and beside what holds it, inside `outer`."""
    at = node
    while at is not outer and at.parent is not None:
        yield from (c for c in at.parent.children if isinstance(c, Node) and c is not at)
        at = at.parent


def _is_section(node: Node) -> bool:
    """Tell a part of the policy that stands beside its article: a heading and what it is over."""
    if node.tag in _REGIONS or node.tag == "article" or _is_mostly_links(node):
        return False
    if _has_control(node) or not any(d.tag in _HEADINGS for d in _first(node)):
        return False
    return _is_text(node) and _OURS.search(_text(node)) is not None


def _is_text(node: Node) -> bool:
    """Tell whether a sentence about data or the reader stands in an element."""
    text = _text(node)
    return _SENTENCE.search(text) is not None and _PARTIES.search(text) is not None


def is_furniture(node: Node, body: Node) -> bool:
    """Tell whether `node`, inside `body`, is no part of the policy."""
    if node.tag in _CONTROLS and not _is_open_dialog(node, body):
        return True
    if node.tag in _PLACES or node.size > 0.4 * body.size:
        return False
    if node.tag in _STRUCK:
        return True
    if node.tag == "button":
        return not _is_summary(node)
    if _is_hidden(node):
        return True
    return _is_region(node, body) or _is_named(node) or _is_banner(node) or _is_small_form(node)


def _is_open_dialog(node: Node, body: Node) -> bool:
    return node.tag == "dialog" and node.size > 0.4 * body.size


def _is_summary(node: Node) -> bool:
    """Tell a button that opens a section, whose words are the section's heading."""
    parent = node.parent
    over = parent is not None and (parent.tag in _HEADINGS or parent.tag in ("summary", "dt"))
    return over or "aria-expanded" in node.attributes or bool(_FOLDED.search(node.get("class")))


def is_mute(node: Node) -> bool:
    """Tell what says nothing of its own in a table's cell, not to screen readers either."""
    return node.tag in _MUTE or _is_hidden(node)


def _is_hidden(node: Node) -> bool:
    """Tell what nobody sees, unless it is a section to be opened."""
    hidden = (
        ("hidden" in node.attributes and node.get("hidden") != "until-found")
        or node.get("aria-hidden").lower() == "true"
        or _UNSEEN.search(node.get("style")) is not None
    )
    if not hidden:
        return False
    # A folded section is hidden until somebody opens it, and part of the policy all the same.
    folded = node.get("role") in ("tabpanel", "region") or _FOLDED.search(_name(node))
    if not (folded or _is_opened_above(node)) or _is_mostly_links(node):
        return True
    return node.size <= 80 and not _speaks(node)


def _is_opened_above(node: Node) -> bool:
    """Tell what stands right under a heading, or under what a page opens it with."""
    above = node.before
    if above is None or above.tag == "h1" or _has_control(node):
        return False
    if above.tag in _REGIONS or above.size >= _SMALL:
        return False
    return _is_heading(above) or any(
        "aria-expanded" in n.attributes for n in (above, *_first(above))
    )


def _speaks(node: Node) -> bool:
    """Tell whether the few words of a folded part are a policy's, such as whom to write to."""
    text = _text(node)
    enough = len(text.split()) >= 4 or "@" in text
    return enough and _PARTIES.search(text) is not None and not _has_control(node)


def _is_region(node: Node, body: Node) -> bool:
    role = node.get("role").lower()
    if node.tag not in _REGIONS and role not in _ROLES:
        return False
    if node.tag in ("header", "aside") and role not in _ROLES and body.tag in ("main", "article"):
        return _is_mostly_links(node)
    if node.tag in ("aside", "footer") and role not in _ROLES and _is_under_text(node):
        return _is_mostly_links(node) or _has_control(node) or not _is_text(node)
    return not (node.tag == "header" and any(d.tag in _HEADINGS for d in _first(node)))


def _is_under_text(node: Node) -> bool:
    """Tell a box that stands in the flow of a text from one at a page's edge."""
    above = node.before
    if above is None or not (_is_heading(above) or above.tag in _FLOW):
        return False
    last = node.after is None and (node.parent is None or node.parent.tag not in _SECTIONS)
    return node.tag != "footer" or not (last or _IMPRINT.search(_text(node)))


def _is_named(node: Node) -> bool:
    """Tell furniture by its class or id, unless it holds text that reads like a policy's.

    A heading's id is made of its words: "information-sharing" stands over a section.
    """
    if _IS_AROUND.search(node.get("class")):
        return _is_mostly_links(node) or node.size < _SMALL
    if _is_title(node) or not _IS_BESIDE.search(_name(node)):
        return False
    return _is_mostly_links(node) or (node.size < _SMALL and not _reads(node))


def _is_title(node: Node) -> bool:
    """Tell a heading, what stands in one, and other elements whose words name something."""
    above = node.parent is not None and _is_heading(node.parent)
    return above or _is_heading(node) or node.tag in _TITLES


def _reads(node: Node) -> bool:
    """Tell whether a small element is of a text: a sentence or a part of one, or just a heading."""
    if _has_control(node):
        return False
    if node.tag == "li" or (node.tag in _INLINE and node.parent is not None and node.parent.spoken):
        return True
    if _is_text(node):
        return True
    within = [node, *_first(node)]
    away = any(d.tag == "a" and not d.get("href").startswith("#") for d in within)
    return any(map(_is_heading, within)) and not away


def _has_control(node: Node) -> bool:
    return any(d.tag in ("button", "input") for d in _first(node))


def _is_heading(node: Node) -> bool:
    return node.tag in ("h5", "h6") or node.tag in _HEADINGS or node.get("role") == "heading"


def _is_banner(node: Node) -> bool:
    """Tell a cookie banner by its name and its button; a section about cookies has none.

    Sections that are named like one ("ccpa-notice") may hold a button, but none that answers.
    """
    name = _name(node)
    vendor = _VENDORS.search(name)
    if node.size > 2500 or not (vendor or _BANNER.search(name)):
        return False
    found = (d for d in _first(node) if d.tag in ("button", "input") or "btn" in d.get("class"))
    controls = list(islice(found, 10))
    if vendor:
        return bool(controls)
    return any(_ANSWER.search(words) for d in controls for words in _said(d))


def _said(control: Node) -> Iterator[str]:
    """Yield what a control says, on it or to screen readers; nothing on it is a picture."""
    yield control.get("value") or _text(control, most=30)
    if label := control.get("aria-label"):
        yield label


def _is_small_form(node: Node) -> bool:
    return node.tag == "form" and node.size <= 300 and _has_control(node)


def _is_mostly_links(node: Node) -> bool:
    return node.linked * 2 > node.size


def _first(node: Node) -> Iterator[Node]:
    """The first of the elements within: enough for what is small, and bounded for what is not."""
    return islice(node.descendants(), 300)


def _text(node: Node, *, most: int = 300) -> str:
    """Return the text within a small element, of its first `most` parts, told apart by blanks."""
    parts: list[str] = []
    stack: list[Node | str] = [node]
    while stack and most > 0:
        most -= 1
        at = stack.pop()
        if isinstance(at, str):
            parts.append(at)
        else:
            stack.extend(reversed(at.children))
    return " ".join(" ".join(parts).split())


def _name(node: Node) -> str:
    return f"{node.get('class')} {node.get('id')}"
