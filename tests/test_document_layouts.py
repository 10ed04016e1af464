"""Layouts that generators and word processors give to policies: headings, lead-ins and clauses."""

from __future__ import annotations

import pytest

from clausemark.document import parse_document
from clausemark.segment import segment

LONG = "We keep what you give us for as long as we need it, and we do not sell it. " * 10
LONG_CLAUSE = (None, None, LONG.strip())

Found = list[tuple[str | None, str | None, str]]


def clauses(text: str, name: str = "policy.html") -> Found:
    document = parse_document(text.encode(), name=name)
    return [(c.heading, c.lead_in, c.text) for c in segment(document)]


def test_a_section_beside_the_article_is_kept_and_a_teaser_is_not() -> None:
    article, teaser = (
        f"<article><p>{LONG}</p></article>",
        "<p>Read our blog about your next phone.</p>",
    )
    section = (
        "<section><h2>California</h2><p>We sold your name in California last year.</p></section>"
    )
    found = clauses(f"<main><section><h1>Privacy</h1></section>{article}{section}</main>")
    assert [text for *_, text in found] == [
        f"Privacy\n\n{LONG.strip()}",
        "California\n\nWe sold your name in California last year.",
    ]
    assert clauses(f"<main>{article}</main><div>{teaser}</div>") == [LONG_CLAUSE]
    assert clauses(f"<main>{article}{teaser}</main>") == [LONG_CLAUSE]
    trial = "<h2>Ready?</h2><p>Start your free trial today and see how it helps your team.</p>"
    assert clauses(f"<main>{article}<section>{trial}</section></main>") == [LONG_CLAUSE]


@pytest.mark.parametrize(
    "opener",
    [
        '<h2><button aria-expanded="false">Selling</button></h2><div hidden>{}</div>',
        '<h2>Selling</h2><div class="answer" style="display:none">{}</div>',
        '<h2>Selling</h2><span aria-expanded="false"></span><div class="px-4" hidden>{}</div>',
    ],
)
def test_a_section_folded_under_its_heading_is_kept(opener: str) -> None:
    sale = "<p>We sell your location to data brokers.</p>"
    page = f"<p>{LONG}</p>{{}}<h2>End</h2><p>That is all that we have to say.</p>"
    assert clauses(page.format(opener.format(sale)))[1] == (
        "Selling",
        None,
        "Selling\n\nWe sell your location to data brokers.",
    )
    form = opener.format(f"{sale}<form><input></form>")
    assert "brokers" not in str(clauses(page.format(form)))


def test_what_waits_hidden_under_a_menu_or_a_title_is_not_read() -> None:
    old = "<div hidden>You use an outdated browser, which puts your data at risk.</div>"
    menu = '<header><button aria-expanded="false">Menu</button></header>'
    assert clauses(f"{menu}{old}<p>{LONG}</p>") == [LONG_CLAUSE]
    assert "outdated" not in str(clauses(f"<h1>Privacy</h1>{old}<p>{LONG}</p>"))


def test_asides_and_footers_in_the_flow_of_the_text_are_kept() -> None:
    box = "<p>We sell your location to data brokers.</p>"
    contact = f"<section><h2>Contact</h2><footer>{box}</footer></section>"
    page = f"<p>{LONG}</p><h2>Selling</h2><aside>{box}</aside>{contact}"
    assert [text for *_, text in clauses(page)][1:] == [
        "Selling\n\nWe sell your location to data brokers.",
        "Contact\n\nWe sell your location to data brokers.",
    ]
    assert clauses(f"<div><p>{LONG}</p></div><footer>{box}</footer>") == [LONG_CLAUSE]
    for imprint in (box, "<p>© Acme. All rights reserved. We sell telephones to people.</p>"):
        assert clauses(f"<p>{LONG}</p><footer>{imprint}</footer>") == [LONG_CLAUSE]
        after = "<footer>© Acme, and we like what we do here.</footer><script></script><b></b>"
        assert clauses(f"<p>{LONG}</p>{after}") == [LONG_CLAUSE]
    links = '<a href="/">Read about us and your next telephone.</a>'
    assert clauses(f"<p>{LONG}</p><aside>{links}</aside>") == [LONG_CLAUSE]


def test_numbered_headings_stand_over_numbered_text() -> None:
    contract = """ACME PRIVACY POLICY

Last updated: 1 March 2024

1. INFORMATION WE COLLECT

1.1 We collect the name that you give us when you open an account.

2. HOW WE SHARE INFORMATION

(a) With service providers who host our website for us.

3. Data Retention

3.1 We keep your data for as long as you have an account.

3.2 We then erase it.

4. Cookies

We use cookies to remember what you put into your basket.
"""
    found = clauses(contract, "policy.txt")
    assert [heading for heading, *_ in found] == [
        "ACME PRIVACY POLICY",
        "1. INFORMATION WE COLLECT",
        "2. HOW WE SHARE INFORMATION",
        "3. Data Retention",
        "3. Data Retention",
        "4. Cookies",
    ]
    assert not any(lead and "updated" in lead for _, lead, _ in found)


def test_a_numbered_list_of_titles_stays_a_list() -> None:
    listed = "We list here:\n\n1. Your Names\n\n1.1 Your First Name\n\n2. Your Bills\n\n"
    after = "And we keep all of that for as long as we need it.\n"
    found = clauses(listed + after, "policy.txt")
    assert {heading for heading, *_ in found} == {None}
    assert [text for *_, text in found][1:4] == [
        "1. Your Names",
        "1.1 Your First Name",
        "2. Your Bills",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Last updated March 01, 2024",
        "We may disclose your data to the police.",
        "We sell it to no one.",
    ],
)
@pytest.mark.parametrize(("name", "bold"), [("a.html", "<p><b>{}</b></p>"), ("a.md", "**{}**")])
def test_bold_dates_and_statements_are_no_headings(name: str, bold: str, line: str) -> None:
    rest = "We tell in this notice what we do with your data."
    page = "{}\n\n" + ("<p>{}</p>" if name == "a.html" else "{}")
    assert [heading for heading, *_ in clauses(page.format(bold.format(line), rest), name)] == [
        None
    ] * 2


@pytest.mark.parametrize(
    "line",
    [
        "Who we are.",
        "How we share your information.",
        "Acme Inc.",
        "Transfers outside the EEA.",
        "Log data we gather automatically.",
        "Notice to California residents, effective January 1, 2023",
    ],
)
def test_a_bold_title_may_end_in_a_stop(line: str) -> None:
    ((heading, _, _),) = clauses(f"<p><b>{line}</b></p><p>We sell telephones to people.</p>")
    assert heading == line


def test_a_list_of_bold_names_is_a_list() -> None:
    names = "<li><strong>Contact data</strong></li><li><strong>Payment data</strong></li>"
    lead = "We collect these kinds of data:"
    found = clauses(f"<p>{lead}</p><ul>{names}</ul><h2>Retention</h2><p>We keep it for a year.</p>")
    assert found[1:3] == [(None, lead, "Contact data"), (None, lead, "Payment data")]
    sections = (
        "<li><b>Contact data</b><p>We keep it.</p></li><li><b>Bills</b><p>We sell none.</p></li>"
    )
    assert [heading for heading, *_ in clauses(f"<ul>{sections}</ul>")] == ["Contact data", "Bills"]


def test_bold_that_is_styled_plain_makes_no_heading() -> None:
    plain = '<p><b style="font-weight:normal"><span>We keep it for ever</span></b></p>'
    assert clauses(f"{plain}<p>That is all of it.</p>")[0] == (None, None, "We keep it for ever")


def test_icons_of_a_cell_say_what_they_say_to_screen_readers() -> None:
    head = "<tr><th>Data</th><th>Collected</th><th>Sold</th></tr>"
    unseen = '<i class="fa" aria-hidden="true"></i><span class="sr-only">{}</span>'
    rows = (
        f"<tr><td>Names</td><td>{unseen.format('Yes')}</td><td>{unseen.format('No')}</td></tr>"
        '<tr><td>Faces</td><td><span role="img" aria-label="No"></span></td>'
        '<td><svg aria-label="Never"><title>x</title></svg></td></tr>'
        '<tr><td>Mail</td><td><del>1 year</del></td><td aria-label="Sold"></td></tr>'
        "<tr><td>Bills</td><td><button>Open</button></td><td><i hidden>7</i></td></tr>"
    )
    texts = [text for *_, text in clauses(f"<table>{head}{rows}</table>")]
    assert texts[1:] == ["Names\nYes\nNo", "Faces\nNo\nNever", "Mail", "Bills"]


@pytest.mark.parametrize("cell", ["<th colspan=2>{}</th>", "<td colspan=2><b>{}</b></td>"])
def test_a_row_over_all_columns_names_the_rows_below_it(cell: str) -> None:
    def group(name: str, row: str) -> str:
        return f"<tr>{cell.format(name)}</tr><tr><td>{row}</td><td>1 day</td></tr>"

    groups = group("Necessary", "sid") + group("Advertising", "fbp")
    found = clauses(f"<table><tr><th>Name</th><th>Duration</th></tr>{groups}</table>")
    assert [(lead, text) for _, lead, text in found] == [
        (None, "Name\nDuration"),
        ("Name Duration", "Necessary"),
        ("Name Duration Necessary", "sid\n1 day"),
        ("Name Duration", "Advertising"),
        ("Name Duration Advertising", "fbp\n1 day"),
    ]
    assert [lead for _, lead, _ in clauses(f"<table>{groups}</table><p>We end.</p>")] == [
        None, "Necessary", None, "Advertising", None,
    ]  # fmt: skip


def test_a_group_ends_with_its_table_and_is_no_part_of_the_header() -> None:
    head = "<tr><th>Name</th><th>Duration</th></tr>"
    group = "<tr><th colspan=2>Necessary</th></tr>"
    first = f"<table>{head}{group}<tr><td></td><td>1 day</td></tr></table>"
    second = (
        "<table><tr><th>Right</th><th>How</th></tr><tr><td>Access</td><td>Write</td></tr></table>"
    )
    assert [lead for _, lead, _ in clauses(first + second)] == [
        None, "Name Duration", "Name Duration Necessary", "Name Duration", "Right How",
    ]  # fmt: skip
    note = "<tr><td colspan=2><b>Please note that we never sell any of what stands above, whoever "
    noted = f"{note}asks us to do so.</b></td></tr><tr><td>bid</td><td>2 days</td></tr>"
    assert clauses(f"<table>{head}<tr><td>sid</td><td>1 day</td></tr>{noted}</table>")[-1][1] == (
        "Name Duration"
    )


def test_words_own_bullets_are_bullets_on_their_level() -> None:
    def item(level: int, sign: str, text: str) -> str:
        style = f"<p style='mso-list:l0 level{level} lfo1'><span style='mso-list:Ignore'>{sign}"
        return f"{style}<span>&nbsp; </span></span>{text}</p>"

    items = (
        item(1, "·", "To deliver, that is:")
        + item(2, "o", "to send it.")
        + item(1, "Ø", "To bill.")
    )
    found = clauses(f"<p>We use your data:</p>{items}{item(1, '4.', 'To end.')}")
    assert [(lead, text) for _, lead, text in found][1:] == [
        ("We use your data:", "To deliver, that is:"),
        ("We use your data: To deliver, that is:", "to send it."),
        ("We use your data:", "To bill."),
        ("We use your data:", "4. To end."),
    ]
