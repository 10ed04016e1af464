"""Web pages keep every list item and table cell of their body, and lose what is no policy."""

from __future__ import annotations

import re
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clausemark.document import Document, parse_document, read_document
from clausemark.segment import segment
from tests.fixtures.render import FOLDER
from tests.test_segment import assert_covered


def html(markup: str) -> Document:
    return parse_document(markup.encode(), name="policy.html")


def blocks(document: Document) -> list[tuple[str, int, str]]:
    return [(b.kind, b.level, document.text[b.start : b.end]) for b in document.blocks]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.html")), ids=lambda path: path.stem)
def test_every_character_of_a_page_stands_in_one_clause(path) -> None:
    document = read_document(path)
    assert_covered(document, segment(document))


def test_a_theme_loses_its_furniture_and_keeps_its_policy() -> None:
    text = read_document(FOLDER / "theme.html").text
    for furniture in (
        "Skip",
        "Accept",
        "Plans",
        "Newsletter",
        "tariffs",
        "2025",
        "tracking",
        "var",
    ):
        assert furniture not in text
    for kept in ("SIM cards", "This policy says", "its number", "24 hours", "Emergency calls",
                 "Cookie notice", "at any time", "whose networks", "erase", "9 Mole"):  # fmt: skip
        assert kept in text


def test_a_theme_has_its_clauses() -> None:
    found = {c.text: c for c in segment(read_document(FOLDER / "theme.html"))}
    assert found["a passport,"].lead_in == (
        "When you activate a SIM card, we ask for: a document that proves who you are:"
    )
    assert found["Call records\nBilling\n13 months"].lead_in == "Data Purpose Kept for"
    assert "Your rights\n\nYou may see" in next(text for text in found if "erase" in text)


def test_a_page_saved_by_word_has_headings_and_items() -> None:
    document = read_document(FOLDER / "word.html")
    assert blocks(document)[:2] == [
        ("heading", 3, "Privacy Statement"),
        ("heading", 5, "Whom this statement concerns"),
    ]
    assert ("item", 1, "the name of the owner") in blocks(document)
    assert "Security. Our records" in document.text


def test_a_page_without_paragraphs_is_cut_at_its_line_breaks() -> None:
    found = blocks(read_document(FOLDER / "soup.html"))
    assert ("heading", 5, "PRIVACY") in found
    assert ("heading", 3, "What we keep") in found
    assert [text for kind, _, text in found if kind == "item"] == [
        "your name", "your address", "what you bought",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("markup", "items"),
    [
        # The shapes of trafilatura's issues 318, 430, 431 and 432: items that get lost.
        ("<ul><li><p>one</p></li><li><div>two</div></li></ul>", ["one", "two"]),
        ("<ul><li>one<ul><li>two</li></ul></li><li>three</li></ul>", ["one", "two", "three"]),
        ("<ul>\n<li>one\n<li>two</ul>", ["one", "two"]),
        ("<div role=list><div role=listitem>one</div></div>", ["one"]),
        ("<ol><li><a href=x>one</a></li><li><b>two</b> or so</li></ol>", ["one", "two or so"]),
        ("<ul><li>one</li><p>astray</p><ul><li>two</li></ul></ul>", ["one", "two"]),
        ("<ul><li><span>one</span><br>more</li></ul>", ["one more"]),
        ("<div><ul><li>one</li></ul><p>Text.</p><ul><li>two</li></ul></div>", ["one", "two"]),
    ],
)  # fmt: skip
def test_every_list_item_is_kept(markup: str, items: list[str]) -> None:
    found = blocks(html(f"<main><p>We keep the following:</p>{markup}</main>"))
    assert [text for kind, _, text in found if kind == "item"] == items


def test_every_cell_is_kept_and_rows_are_told_apart() -> None:
    table = "<table><tr><th>A<th>B<tr><td>1<td><p>2</p><p>3</p><tr><td><td>4</table>"
    assert blocks(html(f"<p>See the table.</p>{table}"))[1:] == [
        ("cell", 0, "A"), ("cell", 0, "B"), ("cell", 1, "1"), ("cell", 2, "2 3"), ("cell", 1, "4"),
    ]  # fmt: skip


def test_a_caption_and_a_bold_first_row_head_a_table() -> None:
    table = "<caption>Cookies</caption><tr><td><b>Name</b><td><b>Use</b><tr><td>sid<td>login"
    assert blocks(html(f"<table>{table}</table>")) == [
        ("heading", 5, "Cookies"), ("cell", 0, "Name"), ("cell", 0, "Use"),
        ("cell", 1, "sid"), ("cell", 2, "login"),
    ]  # fmt: skip


def test_a_header_row_may_begin_with_an_empty_corner() -> None:
    rows = "<tr><td><th>Ads<th>Bills<tr><th>Names<td><td>Yes<tr><th>Logs<td>No<td>"
    assert blocks(html(f"<table>{rows}</table>")) == [
        ("cell", 0, "Ads"), ("cell", 0, "Bills"), ("cell", 1, "Names"), ("cell", 2, "Yes"),
        ("cell", 1, "Logs"), ("cell", 2, "No"),
    ]  # fmt: skip


def test_a_cell_of_nothing_but_a_picture_says_what_stands_for_it() -> None:
    rows = "<tr><th>Data<th>Sold<tr><td>Names<td><img alt='No'><tr><td>Logs <img alt=x><td>Yes"
    document = html(f"<table>{rows}</table>")
    assert document.text.split("\n")[2:] == ["Names", "No", "Logs", "Yes"]


def test_spacers_of_nothing_visible_are_no_paragraphs() -> None:
    document = html(
        "<h1>Our&#8203; policy</h1><p>&#8203;</p><p>&#65279;</p><p>We keep e&shy;mail.&#8288;</p>"
        "<ul><li>&#8203;</li><li>na&zwnj;me</li></ul><p>&shy;</p>"
    )
    assert blocks(document) == [
        ("heading", 1, "Our policy"), ("paragraph", 0, "We keep email."), ("item", 1, "na\u200cme"),
    ]  # fmt: skip


def test_text_astray_in_a_table_is_kept() -> None:
    document = html("<table><tr>astray<td>1<td>2</tr><tr><td>3<td>4</tr></table>")
    assert set("1234") | {"astray"} <= set(document.text.split())


def test_inline_elements_break_no_words() -> None:
    document = html("<p>per<b>son</b><i>al</i> in<!-- x -->for<span>ma</span>tion&nbsp;here</p>")
    assert document.text == "personal information here"


def test_elements_of_the_pages_own_are_blocks_unless_among_text() -> None:
    markup = "<x-page><x-p>We sell SIM<x-i>s</x-i>.</x-p><x-p>Much.</x-p></x-page>"
    assert html(markup).text == "We sell SIMs.\n\nMuch."


def test_entities_and_cdata_are_read() -> None:
    assert html("<p>a &amp; b &lt;c&gt; &#8217;s &eacute; <![CDATA[x < y]]></p>").text == (
        "a & b <c> ’s é x < y"
    )


@pytest.mark.parametrize(
    ("charset", "declaration"),
    [
        ("cp1252", '<meta charset="windows-1252">'),
        ("cp1252", '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">'),
        ("cp1251", "<meta charset=windows-1251>"),
        ("cp1251", '<?xml version="1.0" encoding="windows-1251"?>'),
        ("utf-8", "<meta charset=iso-8859-1>"),
        ("utf-16", ""),
    ],
)
def test_a_declared_charset_is_heeded(charset: str, declaration: str) -> None:
    text = "Überall – “€ 5”" if charset != "cp1251" else "Ваше имя – “€ 5”"
    data = f"{declaration}<html><body><p>{text}</p></body></html>".encode(charset)
    assert parse_document(data, name="p.html").text == text


LONG = "This notice explains what Example Inc. does with what it knows of its customers. " * 12


@pytest.mark.parametrize(
    ("markup", "kept"),
    [
        ('<h2 id="information-sharing">Information sharing</h2>', "Information sharing"),
        ('<h2 id="social-media" class="social">Social media</h2>', "Social media"),
        ('<div id="newsletter"><h3>Newsletter</h3></div>', "Newsletter"),
        ('<section id="sharing"><p>We sell your location to brokers.</p></section>', "We sell"),
        ('<p id="footer-note">You can delete your account at any time.</p>', "You can delete"),
        ('<li class="sharing">We share data with the police.</li>', "the police"),
        (
            '<section id="ccpa-notice"><p>We sell identifiers.</p><a class="btn">Opt out</a>',
            "We sell identifiers",
        ),
        ('<section id="trusted-partners"><p>We share.</p><a class="btn">List</a>', "We share"),
        ('<div class="sticky-section"><p>We keep calls.</p><button>More</button>', "We keep calls"),
        (
            '<section id="cookie-notice"><p>We set cookies.</p><button>Manage cookies</button>',
            "We set cookies",
        ),
        ('<div class="panel" hidden>We sell your location.</div>', "We sell your location"),
        ('<div class="panel" hidden>Email privacy@example.org</div>', "privacy@example.org"),
        ('<h3><span class="mw-headline" id="Sharing">Sharing</span></h3>', "Sharing"),
        ('<h3><a id="newsletter" href="#newsletter">Newsletter</a></h3>', "Newsletter"),
        ('<div id="newsletter"><h2>Newsletter</h2><a href="#newsletter">#</a></div>', "Newsletter"),
        ('<table><tr><td class="social">Posts</td><td>We keep them.</td></tr></table>', "Posts"),
        ('<p>Ads come from <span id="social">social media</span> firms.</p>', "social media"),
        ('<li id="newsletter">Newsletter: name and address</li>', "name and address"),
    ],
)
def test_a_section_named_like_furniture_is_kept(markup: str, kept: str) -> None:
    assert kept in html(f"<body><p>{LONG}</p>{markup}</body>").text


@pytest.mark.parametrize(
    "markup",
    [
        '<div class="share"><h3>GONE</h3><a href="/f"></a><a href="/t"></a></div>',
        '<div class="social">GONE us on <a href="/f">Chirper and Facepage</a></div>',
        '<div class="newsletter"><p>GONE to get our news by mail.</p><input type="email"></div>',
        '<div class="site-footer footer">© 2026 GONE Inc. All rights reserved.</div>',
        '<h2 class="sr-only">GONE</h2>',
        '<p class="post-meta">GONE on the first of May by Jo.</p>',
        '<div class="cookie-banner">We use GONE cookies.<button>Accept all</button></div>',
        '<div id="consent-box">You see GONE cookies.<button></button></div>',
        '<div id="onetrust-consent-sdk">Your GONE data.<button>Settings</button></div>',
        '<div class="panel" hidden>GONE</div>',
        '<div class="drawer" hidden><a href="/">GONE</a> <a href="/u">what you can buy</a></div>',
        '<div class="details" hidden><p>GONE in to your account</p><input></div>',
        '<div class="table-loading" aria-hidden="true">GONE loading your data now</div>',
        '<div class="modal"><h5>GONE</h5><p>You were away from our site for too long.</p></div>',
        '<div class="comments"><p>GONE are closed, but you can still write to us.</p></div>',
        '<div id="breadcrumbs"><a href="/">GONE</a> / <a href="/l">Legal</a> / Privacy</div>',
        '<div id="back-to-top">GONE to top</div>',
        '<div class="cookie-banner">We use GONE cookies. Fine?<button>Yes</button></div>',
        '<div class="cookie-banner">GONE cookies.<button aria-label="Close">Oh</button></div>',
        '<div class="cookie-banner">GONE cookies.<input type="submit" value="Save"></div>',
        "<p hidden>We keep your GONE data for ever and ever.</p>",
        "<p>We keep it for <s>GONE</s> <del>GONE</del> <strike>GONE</strike> five years.</p>",
    ],
)
def test_furniture_is_left_out(markup: str) -> None:
    text = html(f"<body><p>{LONG}</p>{markup}<p>The end.</p></body>").text
    assert "GONE" not in text
    assert "The end." in text


@pytest.mark.parametrize(("level", "expected"), [("3", 3), ("0", 2), ("³", 2), ("9" * 5000, 6)])
def test_a_headings_level_may_be_any_text(level: str, expected: int) -> None:
    page = html(f'<p role="heading" aria-level="{level}">Retention</p><p>We keep it.</p>')
    assert blocks(page)[0] == ("heading", expected, "Retention")


def test_a_charset_that_is_none_is_not_heeded() -> None:
    page = b'<meta charset="undefined"><p>We keep caf\xe9 data.</p>'
    assert "café data" in parse_document(page, name="policy.html").text


def test_what_holds_the_text_is_the_body_whatever_it_is_called() -> None:
    policy = "<p>We keep your name for a year and then delete it.</p>" * 9
    for wrapper in (
        f'<div id="cookie-notice" class="modal">{policy}<button>OK</button></div>',
        f"<aside>{policy}</aside>",
        f'<nav role="navigation">{policy}</nav>',
        f'<div style="display:none">{policy}</div>',
        f"<form>{policy}<input type=submit></form>",
    ):
        assert html(f"<body><p>Short.</p>{wrapper}</body>").text.count("a year") == 9


@pytest.mark.parametrize("tag", ["main", "article", "section", "header", "div"])
def test_a_page_without_a_body_element_is_read(tag: str) -> None:
    head = "<!doctype html><title>Ours</title><style>p {color: red}</style><link rel=icon>"
    markup = f"{head}<{tag}><h1>Privacy</h1><p>We share data.</p></{tag}><p>Write to us.</p>"
    assert [text for _, _, text in blocks(html(markup))] == [
        "Privacy", "We share data.", "Write to us.",
    ]  # fmt: skip


def test_main_is_chosen_only_if_it_holds_most_of_the_text() -> None:
    policy = "<p>We keep your name for a year and then delete it.</p>" * 9
    assert "Short" not in html(f"<body><div>Short.</div><main>{policy}</main></body>").text
    assert "a year" in html(f"<body><main>Short.</main><div>{policy}</div></body>").text


@pytest.mark.parametrize("tag", ["div", "ul><li", "table><tr><td", "b", "blockquote", "span"])
def test_deep_nesting_loses_nothing(tag: str) -> None:
    deep = f"<{tag}>" * 10_000
    document = html(f"<body><p>Above.</p>{deep}<p>We keep nothing.</p>")
    assert "We keep nothing." in document.text


def test_one_line_of_many_paragraphs_is_read() -> None:
    assert len(html("<p>We keep nothing.</p>" * 10_000).blocks) == 10_000


@pytest.mark.parametrize(
    "markup", ["<p>a&#xD800;b", "<p>a\x00b", "<p>\x01\x02 b", "<p <p>", "<p>b<"]
)
def test_odd_characters_do_not_crash(markup: str) -> None:
    assert "text" in html(f"{markup} text </p>").text


_TAGS = """
    p div section ul ol li table tr td th thead b span h2 h5 a dl dt dd details summary center
    blockquote pre caption label font
"""
_TREES = st.recursive(
    st.just(" word "),
    lambda inner: st.tuples(st.sampled_from(_TAGS.split()), st.lists(inner, max_size=4)).map(
        lambda node: f"<{node[0]}>{' '.join(node[1])}</{node[0]}>"
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(_TREES)
def test_no_word_of_any_nesting_is_lost(markup: str) -> None:
    numbers = count()
    numbered = re.sub("word", lambda _: f"word{next(numbers)}", markup)
    words = re.findall(r"word\d+", numbered)
    document = html(f"<body>Start {numbered} end.</body>")
    assert re.findall(r"word\d+", document.text) == words
    assert_covered(document, segment(document))
