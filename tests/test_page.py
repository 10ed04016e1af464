"""The annotated policy: as it reads, each clause once, its labels and what leads to them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import lxml.html
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from page_fixtures import (
    FACTS,
    FICTIONAL,
    POLICY,
    labelled,
    page_of,
    policy_words,
    read,
    tree_of,
    words,
)

from clausemark.document import read_document
from clausemark.errors import DocumentError
from clausemark.labels import OPP115
from clausemark.page import PageFacts, clause_anchor, policy_page, policy_title

if TYPE_CHECKING:
    from pathlib import Path

POLICIES = sorted(FICTIONAL.glob("*-*.*"))
#: What policies in Markdown are made of, to be put together at random.
MARKS = [
    *"#-*_`[]()|>",
    "1.",
    "a)",
    "**",
    "---",
    "\n",
    "\n\n",
    "\n  -",
    "\n#",
    "\n|",
    "Words:",
    "share",
]


def anchors(page: str) -> list[str]:
    return lxml.html.fromstring(page).xpath("//*[starts-with(@id, 'clause-')]/@id")


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_a_page_says_what_its_policy_says_and_each_clause_once(path: Path) -> None:
    document = read_document(path)
    tree = tree_of(document)
    assert words(tree.xpath("string(//h1)")) + policy_words(tree) == words(document.text)
    assert anchors(page_of(document)) == [clause_anchor(c.index) for c in labelled(document)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(MARKS), min_size=1, max_size=30).map(" ".join))
@example("# \n|")
@example("| | 1. |")
def test_whatever_a_policy_is_made_of_its_page_is_whole(text: str) -> None:
    try:
        document = read(text)
    except DocumentError:
        return
    tree = tree_of(document)
    said = policy_words(tree)
    assert words(document.text) in (said, words(tree.xpath("string(//h1)")) + said)
    assert anchors(page_of(document)) == [clause_anchor(c.index) for c in labelled(document)]


def test_lists_are_lists_without_their_marks() -> None:
    tree = tree_of(read(POLICY))
    items = tree.xpath("//article/div/ul/li/div/p")
    assert [item.text_content() for item in items] == [
        "We collect addresses",
        "We retain logs",
        "We secure both",
    ]
    inner = tree.xpath("//article/div/ul/li[2]/ul/li/div/p")
    assert [item.text_content() for item in inner] == ["for a year", "then nothing"]


def test_numbers_stay_and_what_goes_on_an_item_has_no_bullet() -> None:
    tree = tree_of(read("We do:\n\n1. One thing\n\n   and more of it\n\n2. Another\n"))
    assert tree.xpath("//li/@class") == ["number", "bare", "number"]
    assert tree.xpath("string(//li[1]//p)") == "1. One thing"


def test_a_table_has_headers_rows_and_no_ruling() -> None:
    rows = ["| What | Why |", "|---|---|", "| We collect names | to bill |", "| We retain logs |"]
    tree = tree_of(read("\n".join(rows)))
    assert tree.xpath("//th[@scope='col']/text()") == ["What", "Why"]
    below = [row.xpath("td[not(@class)]/text()") for row in tree.xpath("//tr[position() > 1]")]
    assert below == [["We collect names", "to bill"], ["We retain logs"]]
    assert tree.xpath("//tr[3]/td[1]/@colspan") == ["2"]
    assert tree.xpath("//tr/@id") == ["clause-0", "clause-1", "clause-2"]


def test_headings_go_down_one_level_at_a_time() -> None:
    tree = tree_of(read("# Top\n\nWe.\n\n#### Deep down\n\nGo.\n\n## Up again\n\nBye.\n"))
    heads = tree.xpath("//h1|//article//*[self::h2 or self::h3 or self::h4 or self::h5]")
    assert [(head.tag, head.text) for head in heads] == [
        ("h1", "Top"),
        ("h2", "Deep down"),
        ("h2", "Up again"),
    ]


def test_a_clause_that_is_only_a_heading_is_in_the_policy() -> None:
    tree = tree_of(read("# Nothing but a title\n"))
    assert tree.xpath("string(//h1)") == "Nothing but a title"
    assert tree.xpath("string(//div[@id='clause-0']/h2)") == "Nothing but a title"


def test_a_long_paragraph_is_shown_in_its_clauses() -> None:
    document = read("We collect a name. We share it with a friend of ours. " * 60)
    parts = tree_of(document).xpath("//article//div[starts-with(@id, 'clause-')]/p")
    assert len(parts) == len(labelled(document)) > 1
    assert " ".join(part.text_content() for part in parts).split() == document.text.split()


def test_markdown_shows_as_it_reads_and_its_links_lead_nowhere() -> None:
    text = "We **share** *it*, `all`, with [them](https://example.org/a_b_c).\n"
    shown = tree_of(read(text)).xpath("//article//p")[0]
    assert shown.text_content() == "We share it, all, with them (https://example.org/a_b_c)."
    assert [inner.tag for inner in shown] == ["strong", "em", "code", "span"]
    plain = tree_of(read(text, "policy.txt")).xpath("//article//p")[0]
    assert [inner.tag for inner in plain] == ["strong"]


def test_an_address_keeps_its_lines() -> None:
    address = "the shop, 1 Main St\nroom 4, 10115 Town\nor call 555 1234 567"
    tree = tree_of(read(f"Write to:\n\n{address}\n"))
    assert tree.xpath("//p[@class='lines']")[0].text_content() == address


def test_the_strongest_label_tints_and_all_stand_in_the_margin() -> None:
    tree = tree_of(read("We collect and share and retain.\n\nWe share.\n\nBye.\n"))
    retention, sharing, collection = (OPP115.index(c) for c in (
        "Data Retention", "Third Party Sharing/Collection", "First Party Collection/Use"
    ))  # fmt: skip
    order = [f"cat-{k}" for k in (retention, sharing, collection)]
    assert tree.xpath("//div[@id]/@class")[:3] == [
        f"clause lit {order[0]}",
        f"clause lit {order[1]}",
        "clause",
    ]
    assert tree.xpath("//span[@class='bars']/i/@class") == order
    chips = tree.xpath("//div[@id='clause-0']//summary/span/text()")
    assert chips == ["Retention", "Sharing", "Collection"]


def test_every_score_can_be_read_without_scripts() -> None:
    document = read("We collect and share.\n\nBye.\n")
    tags = tree_of(document).xpath("//article//details")
    assert tags[0][0].tail == "Sharing .70; Collection .60; the others below .01"
    assert tags[1][0].tail == "all below .01"
    assert tags[0].get("data-s") == "60 70 0 0 0 0 0 0 0 0 0 0"


def test_the_outline_counts_and_leads_to_the_clauses_of_each_category() -> None:
    document = read(POLICY)
    tree, clauses = tree_of(document), labelled(document)
    counted = Counter(name for clause in clauses for name in clause.labels or ["No label"])
    for entry in tree.xpath("//ul[@class='legend']/li"):
        name = entry.xpath("string(.//span[@class='name'])")
        links = entry.xpath(".//ol//a/@href")
        having = [c.index for c in clauses if name in (c.labels or ["No label"])]
        assert links == [f"#{clause_anchor(index)}" for index in having]
        said = entry.xpath("string(details/summary)") or f"{name}: {entry.xpath('string(span)')}"
        plural = "clause" if counted[name] == 1 else "clauses"
        assert said == f"{name}: {counted[name] or 'none'}" + (f" {plural}" if having else "")


def test_a_link_of_the_outline_begins_as_its_clause_does() -> None:
    links = tree_of(read(POLICY)).xpath("//ul[@class='legend']/li[5]//a/text()")
    assert links == ["We retain logs", "They retain nothing."]


def test_what_no_clause_is_labelled_is_named() -> None:
    named = tree_of(read(POLICY)).xpath("//section[@class='silent']//b/text()")
    found = {name for clause in labelled(read(POLICY)) for name in clause.labels}
    assert named == [name for name in OPP115.names if name not in found]
    assert len(named) == 8


def test_a_policy_without_labels_is_plain_and_silent_on_all() -> None:
    tree = tree_of(read("Hello.\n\nGoodbye.\n"))
    assert tree.xpath("//article//@class[contains(., 'cat-')]") == []
    assert tree.xpath("//section[@class='silent']//b/text()") == list(OPP115.names)
    assert tree.xpath("//ul[@class='legend']/li[last()]//a/@href") == ["#clause-0", "#clause-1"]


def test_the_bar_gives_each_clause_room_by_its_length() -> None:
    document = read(POLICY)
    total = sum(len(clause.text) for clause in labelled(document))
    segments = tree_of(document).xpath("//*[local-name()='svg']/*[local-name()='a']")
    assert len(segments) == len(labelled(document))
    for segment, clause in zip(segments, labelled(document), strict=True):
        shapes = segment.xpath("*/@d")
        assert len(shapes) == max(1, len(clause.labels))
        width = int(shapes[0].split("h")[1].split("v")[0])
        assert width == pytest.approx(10_000 * len(clause.text) / total, abs=1)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# **Our** policy\n\nWe.\n", "Our policy"),
        ("We collect things, and that is all there is to say.\n", "policy.md"),
        ("Some words first, all in a row.\n\n# Later\n\nWe.\n", "Later"),
        ("Some words first, all in a row.\n\n## Privacy Notice\n\nWe.\n", "Privacy Notice"),
        ("Some words first, all in a row.\n\n## Accountability\n\nWe.\n", "policy.md"),
        (f"# {'long ' * 40}\n\nWe.\n", "policy.md"),
    ],
)
def test_the_title_is_a_first_heading_that_names_the_policy_or_the_file(
    text: str, title: str
) -> None:
    document = read(text, "folder/policy.md")
    assert policy_title(document) == title
    assert tree_of(document).xpath("string(//h1)") == title


def test_the_page_names_its_model_and_its_limits_and_leads_back() -> None:
    document = read(POLICY)
    facts = PageFacts("tiny", "0.0.1", back="index.html#x")
    page = policy_page(document, labelled(document), OPP115.labels, facts=facts)
    tree = lxml.html.fromstring(page)
    assert tree.xpath("//header//a/@href") == ["index.html#x"]
    assert "tiny 0.0.1" in tree.xpath("string(//footer)")
    assert "not legal advice" in tree.xpath("string(//footer)")
    assert "2026-01-01" in tree_of(document).xpath("string(//footer)")


def test_the_page_says_where_the_likeliest_label_may_stand_in() -> None:
    document, said = read(POLICY), "where none does, the likeliest is one"
    facts = PageFacts("tiny", "0.0.1", fallback=True)
    page = policy_page(document, labelled(document), OPP115.labels, facts=facts)
    assert said in lxml.html.fromstring(page).xpath("string(//footer)")
    assert said not in tree_of(document).xpath("string(//footer)")


def test_a_label_of_another_scheme_is_refused() -> None:
    document = read("We collect.\n")
    with pytest.raises(KeyError, match="First Party"):
        policy_page(document, labelled(document), OPP115.labels[1:], facts=FACTS)


def test_the_same_policy_makes_the_same_page() -> None:
    assert page_of(read(POLICY)) == page_of(read(POLICY))


def test_backquotes_are_code_in_pairs_and_a_fence_keeps_its_three() -> None:
    code = tree_of(read("Call `erase me` to go.\n\n```\nerase me\n```\n")).xpath("//article")[0]
    assert code.xpath(".//code/text()") == ["erase me"]
    assert code.text_content().count("```") == 2
